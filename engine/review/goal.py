"""The stated goal of one to two percent a day: tracked, never targeted.

Refuses to be read by anything that sizes, gates or trades: nothing in the engine imports it but
the reports.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtr

from engine.sizing.arguments import require

_DAYS_A_YEAR = 365
_TRADING_DAYS_A_YEAR = 252
_QUARTER_KELLY_GROWTH = 2 * 0.25 - 0.25**2


@dataclass(frozen=True, slots=True)
class GoalView:
    """What a daily goal implies.

    Attributes
    ----------
    daily_frac : float, a day
    factor_252_days, factor_365_days : float
        What one unit of money would become.
    sharpe_full_kelly, sharpe_quarter_kelly : float, a year
        Sharpe ratio that would grow so fast, betting the full or a quarter of the best share.
    volatility_full_kelly, volatility_quarter_kelly : float, per square-root year
        Volatility that such betting would have.
    """

    daily_frac: float
    factor_252_days: float
    factor_365_days: float
    sharpe_full_kelly: float
    volatility_full_kelly: float
    sharpe_quarter_kelly: float
    volatility_quarter_kelly: float


def what_goal_implies(daily_frac: float) -> GoalView:
    """Compounding and the skill that a daily goal would take.

    Parameters
    ----------
    daily_frac : float, a day, > 0

    References
    ----------
    MATH.md section 8: growth ``S v - v^2 / 2`` a year; quarter Kelly grows ``0.4375 S^2 / 2``.

    Examples
    --------
    >>> goal = what_goal_implies(0.01)
    >>> round(goal.factor_365_days, 2), round(goal.sharpe_quarter_kelly, 2)
    (37.78, 4.07)
    """
    require("daily_frac", daily_frac, 0.0, 1.0, open_low=True)
    growth = _DAYS_A_YEAR * math.log1p(daily_frac)
    full = math.sqrt(2.0 * growth)
    quarter = math.sqrt(2.0 * growth / _QUARTER_KELLY_GROWTH)
    return GoalView(
        daily_frac=daily_frac,
        factor_252_days=(1.0 + daily_frac) ** _TRADING_DAYS_A_YEAR,
        factor_365_days=(1.0 + daily_frac) ** _DAYS_A_YEAR,
        sharpe_full_kelly=full,
        volatility_full_kelly=full,
        sharpe_quarter_kelly=quarter,
        volatility_quarter_kelly=quarter / 4.0,
    )


def sharpe_for_goal(daily_frac: float, volatility: float) -> float:
    """Sharpe ratio a year that would reach the goal at a fixed volatility.

    Parameters
    ----------
    volatility : float, per square-root year, > 0

    Examples
    --------
    >>> [round(sharpe_for_goal(0.01, v), 1) for v in (0.15, 0.25, 0.50)]
    [24.3, 14.7, 7.5]
    """
    require("daily_frac", daily_frac, 0.0, 1.0, open_low=True)
    require("volatility", volatility, 0.0, open_low=True)
    growth = _DAYS_A_YEAR * math.log1p(daily_frac)
    return (growth + volatility**2 / 2.0) / volatility


def goal_probability(
    daily_frac: float, days: int, mean_frac: float, sd_frac: float, mean_error_frac: float = 0.0
) -> float:
    """Probability that the average of the next `days` days reaches the goal.

    Parameters
    ----------
    mean_frac, sd_frac : float, a day
        Of daily results; ``sd_frac > 0``.
    mean_error_frac : float, a day, >= 0
        Standard error of `mean_frac`: what is not known of it counts too.

    Examples
    --------
    >>> year = 0.15 / 365, 0.15 / 365**0.5
    >>> [round(goal_probability(0.01, days, *year), 4) for days in (1, 7)]
    [0.111, 0.0006]
    """
    for name, value in (("daily_frac", daily_frac), ("mean_frac", mean_frac)):
        require(name, value, -math.inf)
    require("sd_frac", sd_frac, 0.0, open_low=True)
    require("mean_error_frac", mean_error_frac, 0.0)
    if days < 1:
        raise ValueError(f"days must be >= 1, was {days!r}")
    spread = math.hypot(sd_frac / math.sqrt(days), mean_error_frac)
    return float(ndtr((mean_frac - daily_frac) / spread))
