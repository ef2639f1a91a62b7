"""The review of a desk from its record alone: beside a running desk, or without any.

Refuses to put anything on record: a verdict read here grants nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.clock import EPOCH, SystemClock
from engine.config import Settings
from engine.errors import JournalError
from engine.journal.reading import ledger_of
from engine.market.files import read_bars
from engine.model.canonical import plain
from engine.model.instants import to_micros
from engine.review.backtest import promised_r
from engine.review.goal_report import GoalReport, goal_report
from engine.review.measuring import Beside, review_of
from engine.review.odds import LiveOdds, live_odds
from engine.review.performance import Performance, performance_of
from engine.review.record import PriceHistory, Record, record_of
from engine.review.viewing import review_view, search_at
from engine.views.review import ReviewView


@dataclass(frozen=True, slots=True)
class ReviewFiles:
    """What the review is read from beside the journal.

    Attributes
    ----------
    trials : Path or None
        Trial log; None takes that of the settings.
    backtest : str
        metrics.json whose promise is taken where none is registered; empty for none.
    prices : mapping of instrument to Path
        Recorded bars that take the place of the closes on record.
    """

    trials: Path | None = None
    backtest: str = ""
    prices: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadReview:
    """Everything that the record says of itself."""

    view: ReviewView
    performance: Performance
    goal: GoalReport
    odds: LiveOdds

    @property
    def track_record_length(self) -> float | None:
        """Results after which the Sharpe ratio is above 0 with 95 % confidence."""
        moments = self.view.review.measured.moments
        return moments.track_record_length if moments else None


def read_review(settings: Settings, journal: Path, files: ReviewFiles) -> ReadReview:
    """Review the desk whose record is `journal`, as of its newest entry.

    Raises
    ------
    JournalError
        If there is no journal, it does not verify, or no plan is registered on it.
    ConfigError, MarketDataError
        If another file cannot be read, naming it.
    """
    for instrument in files.prices:
        settings.instrument(instrument)  # a name that is not configured is refused
    ledger = ledger_of(journal)
    record = None if ledger.at is None else record_of(ledger, ledger.at)
    if record is None:
        raise JournalError(f"{journal}: no plan is registered on it; open the desk on it once")
    if files.trials is not None and not files.trials.is_file():
        raise JournalError(f"{files.trials}: no such trial log; check --trials")
    search = search_at(str(files.trials or settings.review.trials), SystemClock())
    beside = Beside(
        # It has verified and been folded: what contradicted itself on the way is noted.
        replays=not ledger.broken,
        search=search,
        prices={name: _history(record, name, path) for name, path in files.prices.items()},
        backtest_r=promised_r(files.backtest),
    )
    review = review_of(record, beside, scheduled=False)
    goal = settings.review
    return ReadReview(
        view=review_view(ledger, record, review, None),
        performance=performance_of(record),
        goal=goal_report(record, goal.goal_low_frac, goal.goal_high_frac),
        odds=live_odds(record.labels),
    )


def review_as_json(read: ReadReview) -> dict[str, Any]:
    """The review as plain JSON data; money and instants are text, exactly."""
    decision = read.view.review.decision
    told = {
        "verdict": decision.verdict.value,
        "reason": decision.reason,
        "needs": list(decision.needs),
        "gates": [plain(gate) for gate in decision.gates],
        "track_record_length": read.track_record_length,
    }
    whole: dict[str, Any] = _finite(told | plain(read))
    return whole


def _history(record: Record, instrument: str, path: Path) -> PriceHistory:
    bars = read_bars(path, instrument)
    close_at = bars.open_us + to_micros(EPOCH + bars.timeframe.length)
    inside = (close_at > to_micros(record.since)) & (close_at <= to_micros(record.now))
    return PriceHistory(close_at[inside], bars.open[inside], bars.close[inside])


def _finite(value: Any) -> Any:
    """Plain data without what JSON has no word for: an infinite ratio becomes null."""
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
