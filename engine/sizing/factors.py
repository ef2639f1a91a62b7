"""What shrinks a stake: the volatility target, the drawdown ramp, and what a Kelly share means.

Refuses to enlarge: every factor lies in [0, 1].
"""

from __future__ import annotations

import math

from engine.sizing.arguments import require

RAMP_FROM_FRAC = 0.05
RAMP_TO_FRAC = 0.15


def volatility_factor(target: float, forecast: float) -> float:
    """How far a stake is cut so that its volatility does not pass the target.

    Parameters
    ----------
    target, forecast : float, per square-root year, > 0

    Returns
    -------
    float in (0, 1]

    Examples
    --------
    >>> round(volatility_factor(0.10, 0.45), 10)
    0.2222222222
    >>> volatility_factor(0.10, 0.05)
    1.0
    """
    require("target", target, 0.0, open_low=True)
    require("forecast", forecast, 0.0, open_low=True)
    return min(1.0, target / forecast)


def drawdown_factor(
    drawdown: float, ramp_from: float = RAMP_FROM_FRAC, ramp_to: float = RAMP_TO_FRAC
) -> float:
    """Linear ramp: whole size to 5 % below the high-water mark, none from 15 %.

    Parameters
    ----------
    drawdown : float, fraction of the high-water mark, in [0, 1]
    ramp_from, ramp_to : float, fraction of the high-water mark, 0 <= from < to <= 1

    Returns
    -------
    float in [0, 1]

    Examples
    --------
    >>> [round(drawdown_factor(d), 10) for d in (0.05, 0.08, 0.10, 0.15)]
    [1.0, 0.7, 0.5, 0.0]
    """
    require("drawdown", drawdown, 0.0, 1.0)
    require("ramp_from", ramp_from, 0.0, 1.0)
    require("ramp_to", ramp_to, ramp_from, 1.0, open_low=True)
    room = (ramp_to - drawdown) / (ramp_to - ramp_from)
    return min(1.0, max(0.0, room))


def grossman_zhou_factor(drawdown: float, halt: float = RAMP_TO_FRAC) -> float:
    """Cushion rule that could stand in for the ramp; shown beside it, not used by the chain.

    Parameters
    ----------
    drawdown : float, fraction of the high-water mark, in [0, 1]
    halt : float in (0, 1]
        Drawdown that must never be passed.

    Returns
    -------
    float in [0, 1]

    References
    ----------
    Grossman and Zhou 1993, normalised to 1 at no drawdown.

    Examples
    --------
    >>> round(grossman_zhou_factor(0.10), 10)
    0.3703703704
    """
    require("drawdown", drawdown, 0.0, 1.0)
    require("halt", halt, 0.0, 1.0, open_low=True)
    if drawdown >= halt:
        return 0.0
    return (halt - drawdown) / (halt * (1.0 - drawdown))


def growth_share(kelly_share: float) -> float:
    """Part of the full-Kelly growth that a share of the stake keeps.

    Parameters
    ----------
    kelly_share : float in [0, 2]

    References
    ----------
    Thorp 2006, section 7.3: ``2c - c**2`` in continuous time with the true drift.

    Examples
    --------
    >>> growth_share(0.25)
    0.4375
    """
    require("kelly_share", kelly_share, 0.0, 2.0)
    return 2.0 * kelly_share - kelly_share**2


def chance_of_falling_to(level_frac: float, kelly_share: float) -> float:
    """Chance that equity ever falls to `level_frac` of its start.

    Parameters
    ----------
    level_frac : float in (0, 1]
    kelly_share : float in (0, 2]

    References
    ----------
    Thorp 2006, section 7.3: ``x**(2/c - 1)`` in continuous time with the true drift.

    Examples
    --------
    >>> chance_of_falling_to(0.5, 0.25)
    0.0078125
    """
    require("level_frac", level_frac, 0.0, 1.0, open_low=True)
    require("kelly_share", kelly_share, 0.0, 2.0, open_low=True)
    return math.pow(level_frac, 2.0 / kelly_share - 1.0)
