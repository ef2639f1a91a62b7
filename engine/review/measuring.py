"""From the record to the evidence: every number of the decision rule, or why there is none.

Refuses to fill a gap: what cannot be measured is None with its reason, and stays open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from engine.journal.holdings import slippage_ratio
from engine.model.events import ReviewHeld
from engine.model.reviews import Verdict
from engine.research.trials.deflation import Search
from engine.review.decision import Decision, decide
from engine.review.entries import entries_test
from engine.review.evidence import Evidence
from engine.review.odds import LiveOdds, live_odds
from engine.review.random_entries import RandomEntryTest
from engine.review.record import PriceHistory, Record
from engine.review.series import (
    Moments,
    Series,
    Unit,
    betting_series,
    daily_series,
    edge_of,
    futility_of,
    moments_of,
)
from engine.review.statistics import deflated_sharpe_ratio
from engine.review.uptime import uptime_frac

DRAWS = 10_000
_WEEK = timedelta(days=7)
_NO_TRADE = "there is no closed trade"


@dataclass(frozen=True, slots=True)
class Beside:
    """What the review reads beside the record.

    Attributes
    ----------
    replays : bool or None
        Whether the chain verifies and the record folds to the state that it was written from;
        None where nobody looked.
    search : Search or None
        Everything ever tried; None without a trial log.
    prices : mapping of instrument to PriceHistory
        Finer or older prices than the record has; they take the place of the recorded ones.
    backtest_r : (float, float) or None, R units
        A promise that was not registered; what the plan holds goes before it.
    draws : int
        Random entries that the trades are compared with.
    """

    replays: bool | None = None
    search: Search | None = None
    prices: Mapping[str, PriceHistory] = field(default_factory=dict)
    backtest_r: tuple[float, float] | None = None
    draws: int = DRAWS


@dataclass(frozen=True, slots=True)
class Measured:
    """The evidence with what it was made from.

    Attributes
    ----------
    missing : mapping of str to str
        Why each missing number of the evidence is missing, by its name.
    edge, futility : tuple of float
        Both processes after each result; `futility` is empty where a win breaks its bets.
    moments : Moments or None
        Of the results that were bet on.
    random_entries : RandomEntryTest or None
    """

    evidence: Evidence
    missing: Mapping[str, str]
    series: Series
    edge: tuple[float, ...]
    futility: tuple[float, ...]
    moments: Moments | None
    odds: LiveOdds
    random_entries: RandomEntryTest | None


@dataclass(frozen=True, slots=True)
class Review:
    """A look at the record: what was measured, and what the rule makes of it.

    Attributes
    ----------
    scheduled : bool
        Whether this is the one look at which a pilot may be granted.
    """

    as_of: datetime
    since: datetime
    scheduled: bool
    measured: Measured
    decision: Decision


def review_of(record: Record, beside: Beside, *, scheduled: bool) -> Review:
    """Measure the record and apply the pre-registered rule."""
    measured = measure(record, beside)
    return Review(
        as_of=record.now,
        since=record.since,
        scheduled=scheduled,
        measured=measured,
        decision=decide(measured.evidence, scheduled=scheduled),
    )


def look_of(record: Record, review: Review, slot_at: datetime) -> ReviewHeld:
    """The look as it goes on record."""
    return ReviewHeld(
        slot_at=slot_at,
        plan_seq=record.plan_seq,
        scheduled=review.scheduled,
        verdict=review.decision.verdict,
        reason=review.decision.reason,
        weeks=record.weeks,
        trades=len(record.trades),
        gates=review.decision.gates,
    )


def is_scheduled(record: Record) -> bool:
    """Whether a look now is the one at which a pilot may be granted.

    It is the first with enough weeks and trades; it is spent whatever it finds.
    """
    plan = record.registered.plan
    spent = any(look.held.scheduled for look in record.looks)
    enough = record.weeks >= plan.least_weeks and len(record.trades) >= plan.least_trades
    return enough and not spent


def measure(record: Record, beside: Beside) -> Measured:
    """Every number of the decision rule, or why there is none."""
    series = betting_series(record)
    edge, futility = edge_of(series, record.registered.plan), futility_of(series)
    moments, odds = moments_of(series.results), live_odds(record.labels)
    entries = entries_test(record.trades, {**record.prices, **beside.prices}, beside.draws)
    evidence = Evidence(
        weeks=record.weeks,
        trades=len(record.trades),
        weeks_since_go=_weeks_since_go(record),
        real_market=record.registered.plan.real_market,
        replays=_replays(record, beside),
        violations_count=record.violations_count,
        uptime_frac=uptime_frac(record),
        slippage_ratio=_slippage(record),
        frozen=record.frozen,
        drawdown_frac=record.drawdown_frac if record.marks else None,
        calibration_tripped=record.calibration_tripped,
        pbo=beside.search.overfitting if beside.search else None,
        edge_peak=max(edge, default=None),
        edge_last=edge[-1] if edge else None,
        futility_peak=max(futility, default=None) if futility is not None else None,
        psr=moments.psr if moments else None,
        dsr=_deflated(record, series, moments, beside.search),
        random_entry_p=None if isinstance(entries, str) else entries.p,
        brier_skill=odds.skill,
        spiegelhalter_z=odds.z,
        expectancy=_expectancy(record),
        backtest_interval=record.registered.plan.backtest_r or beside.backtest_r,
    )
    missing = {
        name: _why(name, record, beside, entries)
        for name in (*_REASONS, "random_entry_p", "pbo", "dsr")
        if getattr(evidence, name) is None
    }
    return Measured(
        evidence=evidence,
        missing=missing,
        series=series,
        edge=edge,
        futility=futility or (),
        moments=moments,
        odds=odds,
        random_entries=None if isinstance(entries, str) else entries,
    )


def _replays(record: Record, beside: Beside) -> bool | None:
    """A record that nobody verified may still be known not to replay."""
    if record.wrong_marks:
        return False
    return beside.replays


def _slippage(record: Record) -> float | None:
    return slippage_ratio([each.execution for each in record.trades]) if record.trades else None


def _expectancy(record: Record) -> float | None:
    if not record.trades:
        return None
    return float(np.mean([each.trade.r_multiple for each in record.trades]))


def _deflated(
    record: Record, series: Series, moments: Moments | None, search: Search | None
) -> float | None:
    """Against the best of everything tried; Sharpe ratios of trials are brought to days.

    One single trial deflates nothing, so that the results that were bet on do for it.
    """
    if search is None or search.trials < 1:
        return None
    if search.trials == 1:
        return moments.psr if moments else None
    if search.measured < 2:
        return None
    days = moments if series.unit is Unit.DAY else moments_of(daily_series(record).results)
    if days is None:
        return None
    a_day = search.variance / search.period_days
    return deflated_sharpe_ratio(
        days.sharpe, days.count, search.trials, a_day, days.skew, days.kurtosis
    )


def _weeks_since_go(record: Record) -> float | None:
    going = (Verdict.GO_FULL, Verdict.GO_PILOT)
    found = [look.at for look in record.looks if look.held.verdict in going]
    return max((record.now - max(found)) / _WEEK, 0.0) if found else None


_REASONS = {
    "replays": "the record has not been replayed",
    "uptime_frac": "no close was due yet",
    "slippage_ratio": _NO_TRADE,
    "drawdown_frac": "no bar has been assessed yet",
    "edge_peak": _NO_TRADE,
    "edge_last": _NO_TRADE,
    "futility_peak": "a result larger than the futility bets allow",
    "psr": "fewer than two results, or all of them equal",
    "brier_skill": "no candidate that was seen since the registration has ended",
    "spiegelhalter_z": "no candidate that was seen since the registration has ended",
    "expectancy": _NO_TRADE,
    "backtest_interval": "no backtest is registered: name its metrics.json in review.backtest",
}
"""Why a number is missing, where one reason is all that there can be."""


def _why(name: str, record: Record, beside: Beside, entries: RandomEntryTest | str) -> str:
    if name == "random_entry_p" and isinstance(entries, str):
        return entries
    if name in ("pbo", "dsr") and beside.search is None:
        return "no trial log: name it in review.trials"
    if name == "pbo":
        return "fewer than two trials over one stretch of time"
    if name == "dsr":
        return "too few trials or days with results of different size"
    if name in ("futility_peak", "psr") and not record.trades:
        return _NO_TRADE
    return _REASONS[name]
