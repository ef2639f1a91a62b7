"""What the portfolio grants each setup that stands at one instant, beside all that is held.

Refuses to count on diversification that nobody measured: an unknown correlation is 1, a negative
one is 0, and a covariance is never made smaller to make it fit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.sizing.arguments import require
from engine.sizing.portfolio import Vector, portfolio_weights

Correlations = Mapping[tuple[str, str], float]
# Least eigenvalue of a correlation matrix that the programme is solved with.
_FLOOR = 1e-6


@dataclass(frozen=True, slots=True)
class Standing:
    """A setup that has passed the gate.

    Attributes
    ----------
    mean_frac : float, fraction of entry
        Expected net return at the lower bound, over the whole horizon.
    horizon_days : float, days, > 0
    volatility : float, per square-root day, > 0
        Forecast of layer 5.
    loss_frac : float, fraction of entry, > 0
        Net loss at the stop.
    alone_frac : float, notional over equity, >= 0
        What it would take if nothing stood beside it.
    """

    instrument: str
    mean_frac: float
    horizon_days: float
    volatility: float
    loss_frac: float
    alone_frac: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.mean_frac):
            raise ValueError(f"mean_frac must be finite, was {self.mean_frac!r}")
        require("horizon_days", self.horizon_days, 0.0, open_low=True)
        require("volatility", self.volatility, 0.0, open_low=True)
        require("loss_frac", self.loss_frac, 0.0, open_low=True)
        require("alone_frac", self.alone_frac, 0.0)


@dataclass(frozen=True, slots=True)
class Holding:
    """What is owned already, is being bought, or has been offered to the owner.

    Attributes
    ----------
    notional_frac, risk_frac : float, over equity, >= 0
        Value, and loss at the stop.
    volatility : float, per square-root day, > 0
        Newest forecast of layer 5.
    """

    instrument: str
    notional_frac: float
    risk_frac: float
    volatility: float

    def __post_init__(self) -> None:
        require("notional_frac", self.notional_frac, 0.0)
        require("risk_frac", self.risk_frac, 0.0)
        require("volatility", self.volatility, 0.0, open_low=True)


def portfolio_shares(
    setups: Sequence[Standing],
    holdings: Sequence[Holding],
    correlations: Correlations,
    *,
    kelly_share: float,
    total_cap: float,
    heat_cap: float,
) -> tuple[float, ...]:
    """Most that each setup may take, so that all of them together still make one sound portfolio.

    The growth-optimal ``f >= 0`` beside fixed holdings ``h`` maximises
    ``mu'f - (f + h)'S(f + h) / (2 c)``, which is the programme of `portfolio_weights` at
    ``mu - S h / c``. Means and covariances are per day. What the caps on total and heat leave is
    then split in proportion to what each setup would take alone.

    Parameters
    ----------
    setups : sequence of at most 8 Standing
    correlations : mapping of pairs of instruments to float in [-1, 1]
        Of returns, in either order; a pair that is missing or not finite counts as 1.
    kelly_share : float in (0, 1]
    total_cap : float, notional over equity, >= 0
    heat_cap : float, loss at all stops over equity, >= 0

    Returns
    -------
    tuple of float, notional over equity, >= 0
        One a setup, in their order.

    Raises
    ------
    ValueError
        If a number is NaN or out of its range.

    Notes
    -----
    The caps are shared by proportion, not by a shadow price within the programme, because under a
    shadow price a setup can *grow* with its own risk: what it frees by pushing the others out it
    takes itself, as a Giffen good does. With both caps tight, a stop moved from 0.60 % to 0.66 %
    raises a size from 25 % to 29 % of equity; so can a higher volatility. Shared this way no size
    can. In ``y = f * volatility`` a setup's own volatility and costs only lower its own linear
    term, and the maximiser over a fixed set is monotone in it; ``B / (1 + rest / v)`` and
    ``H / (loss + rest / v)`` are monotone in the setup's own `alone_frac` and `loss_frac`.

    References
    ----------
    Kelly 1956 in its quadratic form (Thorp 2006, section 7); MATH.md section 3, step 6.

    Examples
    --------
    >>> gold = Standing("XAU-USD", 0.004, 2.0, 0.01, 0.01, 0.30)
    >>> silver = Holding("XAG-USD", 0.20, 0.004, 0.02)
    >>> terms = {"kelly_share": 0.25, "total_cap": 0.60, "heat_cap": 0.03}
    >>> portfolio_shares([gold], [], {}, **terms)
    (0.6,)
    >>> [round(f, 9) for f in portfolio_shares([gold], [silver], {}, **terms)]
    [0.4]
    >>> quiet = Standing("XAU-USD", 0.0004, 2.0, 0.01, 0.01, 0.30)
    >>> [round(f, 9) for f in portfolio_shares([quiet], [silver], {}, **terms)]
    [0.1]
    """
    require("total_cap", total_cap, 0.0)
    require("heat_cap", heat_cap, 0.0)
    if not setups:
        return ()
    total = max(0.0, total_cap - math.fsum(h.notional_frac for h in holdings))
    heat = max(0.0, heat_cap - math.fsum(h.risk_frac for h in holdings))
    best = _best(setups, holdings, correlations, kelly_share)
    return tuple(min(f, _split(n, setups, total, heat)) for n, f in enumerate(best))


def _split(number: int, setups: Sequence[Standing], total: float, heat: float) -> float:
    """What one setup gets of the total and of the heat, in proportion to what each takes alone.

    Written so that every rounded operation is monotone, too: not even a last digit grows.
    """
    own = setups[number]
    if own.alone_frac <= 0.0:
        return 0.0
    others = [setup for place, setup in enumerate(setups) if place != number]
    taken = math.fsum(other.alone_frac for other in others)
    at_risk = math.fsum(other.alone_frac * other.loss_frac for other in others)
    by_total = total / (1.0 + taken / own.alone_frac)
    by_heat = heat / (own.loss_frac + at_risk / own.alone_frac)
    return min(by_total, by_heat)


def _best(
    setups: Sequence[Standing],
    holdings: Sequence[Holding],
    correlations: Correlations,
    kelly_share: float,
) -> tuple[float, ...]:
    """The programme without shared caps, all per day."""
    tied = _matrix(setups, setups, correlations)
    tied += np.eye(len(setups)) * max(0.0, _FLOOR - float(np.linalg.eigvalsh(tied).min()))
    spread = np.array([setup.volatility for setup in setups])
    mean = np.array([setup.mean_frac / setup.horizon_days for setup in setups])
    if holdings:
        beside = np.array([holding.volatility * holding.notional_frac for holding in holdings])
        mean -= spread * (_matrix(setups, holdings, correlations) @ beside) / kelly_share
    return portfolio_weights(
        tuple(mean), tied * np.outer(spread, spread), kelly_share=kelly_share, total_cap=math.inf
    )


def _matrix(
    rows: Sequence[Standing], columns: Sequence[Standing | Holding], correlations: Correlations
) -> Vector:
    return np.array(
        [[_tie(row.instrument, col.instrument, correlations) for col in columns] for row in rows]
    )


def _tie(one: str, other: str, correlations: Correlations) -> float:
    """Correlation of two instruments as far as it can hurt.

    Nothing known is 1, for long-only risk is largest where all moves as one. A negative one is no
    hedge to lean on: in a crash it is the first to go.
    """
    if one == other:
        return 1.0
    known = correlations.get((one, other), correlations.get((other, one), 1.0))
    return min(1.0, max(0.0, known)) if math.isfinite(known) else 1.0
