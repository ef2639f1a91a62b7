"""The review as guests see it: its gates and verdict, the record's numbers, the goal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.model.reviews import Verdict
from engine.review.goal_report import GoalReport
from engine.review.measuring import Review
from engine.review.odds import LiveOdds
from engine.review.performance import Performance
from engine.review.standing import Standing
from engine.views.market import MarketView


@dataclass(frozen=True, slots=True)
class LookView:
    """A look that is on record."""

    at: datetime
    verdict: Verdict
    scheduled: bool


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A look at the record, and what is on record of looks before.

    Attributes
    ----------
    market : MarketView or None
        None where the record was read without its desk.
    parameters_hash : str, 64 hexadecimal digits
    registrations_count : int
        How often the clock was started.
    changed : tuple of str
        What started it again.
    standing : Standing
        The verdict on record.
    looks : tuple of LookView
        By the plan in force, oldest first.
    first_look_at, full_look_at : datetime, aware UTC
        From when a look goes on record, and from when it may say go.
    scheduled_spent : bool
        Whether the one look at which a pilot may be granted has been held.
    """

    market: MarketView | None
    review: Review
    parameters_hash: str
    registrations_count: int
    changed: tuple[str, ...]
    standing: Standing
    looks: tuple[LookView, ...]
    first_look_at: datetime
    full_look_at: datetime
    scheduled_spent: bool


@dataclass(frozen=True, slots=True)
class PerformanceView:
    """How the record has done."""

    market: MarketView | None
    performance: Performance


@dataclass(frozen=True, slots=True)
class GoalReportView:
    """The stated goal beside what the record says."""

    market: MarketView | None
    report: GoalReport


@dataclass(frozen=True, slots=True)
class OddsView:
    """Whether the odds given live keep their word.

    Attributes
    ----------
    since : datetime, aware UTC
    overconfidence, overconfidence_bound : float
        The e-process of the calibration breaker, and where it trips.
    """

    market: MarketView | None
    since: datetime
    odds: LiveOdds
    overconfidence: float
    overconfidence_bound: float
