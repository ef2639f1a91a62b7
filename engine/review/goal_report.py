"""The stated goal beside what the record says: tracked, never targeted.

Refuses to be read by anything that sizes, gates or trades.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.review.goal import GoalView, goal_probability, sharpe_for_goal, what_goal_implies
from engine.review.performance import mean_interval
from engine.review.record import Record
from engine.review.statistics.resampling import Interval

HORIZONS_DAYS = (7, 30, 90)
_DAYS_A_YEAR = 365
_SIGMAS_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class GoalOdds:
    """Chance that the mean of the next `days` days reaches a goal, as the record has it."""

    days: int
    low_goal: float
    high_goal: float


@dataclass(frozen=True, slots=True)
class GoalReport:
    """The goal, what it implies, and what the record says of it.

    Attributes
    ----------
    low, high : GoalView
        Both ends of the goal.
    days : int
        Whole days on record.
    daily_frac : Interval or None
        Mean result of a day with its 95 % stationary-bootstrap interval; None below 8 days.
    volatility : float or None, per square-root year
        Realised.
    sharpe : float or None, a year
        Realised.
    sharpe_low_goal, sharpe_high_goal : float or None, a year
        What the goal would take at the realised volatility.
    odds : tuple of GoalOdds
        Empty where the record cannot say.
    """

    low: GoalView
    high: GoalView
    days: int
    daily_frac: Interval | None
    volatility: float | None
    sharpe: float | None
    sharpe_low_goal: float | None
    sharpe_high_goal: float | None
    odds: tuple[GoalOdds, ...]


def goal_report(record: Record | None, low_frac: float, high_frac: float) -> GoalReport:
    """Track the goal of `low_frac` to `high_frac` a day.

    The chance of reaching it takes the realised mean with the error that the bootstrap gives it:
    what the record knows of tomorrow is the posterior of a mean under a flat prior.
    """
    results = daily_results(record) if record is not None else ()
    mean = mean_interval(results)
    sd = float(np.std(results, ddof=1)) if len(results) > 1 else 0.0
    if mean is None or not sd > 0.0:
        return GoalReport(
            what_goal_implies(low_frac), what_goal_implies(high_frac), len(results),
            mean, None, None, None, None, (),
        )  # fmt: skip
    volatility = sd * math.sqrt(_DAYS_A_YEAR)
    error = (mean.high - mean.low) / (2.0 * _SIGMAS_95)

    def chance(goal: float, days: int) -> float:
        return goal_probability(goal, days, mean.value, sd, error)

    return GoalReport(
        low=what_goal_implies(low_frac),
        high=what_goal_implies(high_frac),
        days=len(results),
        daily_frac=mean,
        volatility=volatility,
        sharpe=mean.value / sd * math.sqrt(_DAYS_A_YEAR),
        sharpe_low_goal=sharpe_for_goal(low_frac, volatility),
        sharpe_high_goal=sharpe_for_goal(high_frac, volatility),
        odds=tuple(
            GoalOdds(days, chance(low_frac, days), chance(high_frac, days))
            for days in HORIZONS_DAYS
        ),
    )


def daily_results(record: Record) -> Sequence[float]:
    """Simple return of equity on each whole day with a mark; the present day is not whole."""
    today = record.now.replace(hour=0, minute=0, second=0, microsecond=0)
    whole = [day for day in record.days if record.money_since < day.at <= today]
    equity = [float(record.begun_usd), *(float(day.equity_usd) for day in whole)]
    return [after / before - 1.0 for before, after in pairwise(equity) if before > 0.0]
