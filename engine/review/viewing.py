"""From ledger and settings to what the door shows of the review.

Refuses to change anything, and to answer where no plan is registered.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from engine.clock import Clock
from engine.config import Settings
from engine.journal.ledger import Ledger
from engine.model.verdicts import Refused
from engine.research.trials.deflation import Search, search_of
from engine.research.trials.log import TrialLog
from engine.review.goal_report import goal_report
from engine.review.measuring import Review
from engine.review.odds import live_odds
from engine.review.performance import performance_of
from engine.review.record import Record, record_of
from engine.review.standing import standing_of
from engine.views.market import MarketView
from engine.views.review import (
    GoalReportView,
    LookView,
    OddsView,
    PerformanceView,
    ReviewView,
)

_WEEK = timedelta(days=7)
NO_PLAN = Refused(
    "review", "no plan is registered on this record", "", "Open the desk on it once: it registers."
)


def search_at(path: str, clock: Clock) -> Search | None:
    """Everything in the trial log at `path`; None where there is no such file.

    Raises
    ------
    CorruptJournal
        If an entry is missing or was changed.
    """
    if not path or not Path(path).is_file():
        return None
    return search_of(TrialLog(Path(path), clock).trials())


def review_view(
    ledger: Ledger, record: Record, review: Review, market: MarketView | None
) -> ReviewView:
    """A look with what is on record of looks before it."""
    plan = record.registered.plan
    return ReviewView(
        market=market,
        review=review,
        parameters_hash=record.registered.parameters_hash,
        registrations_count=record.registrations_count,
        changed=record.registered.changed,
        standing=standing_of(ledger),
        looks=tuple(
            LookView(look.at, look.held.verdict, look.held.scheduled) for look in ledger.looks
        ),
        first_look_at=record.since + plan.first_look_weeks * _WEEK,
        full_look_at=record.since + plan.least_weeks * _WEEK,
        scheduled_spent=any(look.held.scheduled for look in ledger.looks),
    )


def performance_view(
    record: Record, days: int | None, market: MarketView | None
) -> PerformanceView | Refused:
    """How the record has done over its newest `days`, or since the registration."""
    if days is not None and days < 1:
        return Refused("performance", f"{days} days", "1 day at least")
    period = None if days is None else timedelta(days=days)
    return PerformanceView(market, performance_of(record, period))


def goal_view(
    ledger: Ledger, settings: Settings, clock: Clock, market: MarketView | None
) -> GoalReportView:
    """The stated goal beside the record; the goal alone where there is no record."""
    goal = settings.review
    record = record_of(ledger, clock.now())
    return GoalReportView(market, goal_report(record, goal.goal_low_frac, goal.goal_high_frac))


def odds_view(ledger: Ledger, record: Record, bound: float, market: MarketView | None) -> OddsView:
    """Whether the odds given live keep their word."""
    return OddsView(
        market=market,
        since=record.since,
        odds=live_odds(record.labels),
        overconfidence=ledger.monitors.e_now,
        overconfidence_bound=bound,
    )
