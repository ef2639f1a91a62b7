"""The results on which the evidence bets: one a trade, or one a day where trades overlap.

Refuses to bet on one overlapping trade after the other: what is open together is one bet.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

import numpy as np

from engine.journal.tenure import DayMark
from engine.model.reviews import ReviewPlan
from engine.review.record import JudgedTrade, Record
from engine.review.statistics import (
    edge_process,
    futility_process,
    min_track_record_length,
    probabilistic_sharpe_ratio,
)


class Unit(StrEnum):
    """What one result of a series is of."""

    TRADE = "trade"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Series:
    """Results in R units, in order.

    Attributes
    ----------
    results, design : tuple of n floats, R units
        `design` is what each would bring at the design edge: the whole of it for a trade; for a
        day as much of it as the time for which trades were open is of their time limits.
    bets : tuple of float
        Futility bets that no result can break: those planned, over as many instruments as can
        be held at once where results are of days.
    """

    unit: Unit
    results: tuple[float, ...]
    design: tuple[float, ...]
    bets: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Moments:
    """Of a series.

    Attributes
    ----------
    sharpe : float, per trade or per day
    count : int
    skew, kurtosis : float
        0 and 3 for the normal law.
    """

    sharpe: float
    count: int
    skew: float
    kurtosis: float

    @property
    def psr(self) -> float:
        """Probability that the true Sharpe ratio is above 0."""
        return probabilistic_sharpe_ratio(self.sharpe, self.count, self.skew, self.kurtosis)

    @property
    def track_record_length(self) -> float:
        """Trades or days after which this Sharpe ratio is above 0 with 95 % confidence."""
        return min_track_record_length(self.sharpe, 0.0, self.skew, self.kurtosis)


def overlapping(trades: Sequence[JudgedTrade]) -> bool:
    """Whether any two trades were open at once."""
    ordered = sorted(trades, key=lambda each: each.trade.opened_at)
    return any(
        after.trade.opened_at < before.trade.closed_at for before, after in pairwise(ordered)
    )


def betting_series(record: Record) -> Series:
    """Results of trades where none overlap, else of days marked to market."""
    plan = record.registered.plan
    if overlapping(record.trades):
        return daily_series(record)
    results = tuple(each.trade.r_multiple for each in record.trades)
    return Series(Unit.TRADE, results, (plan.design_edge_r,) * len(results), plan.futility_bets)


def daily_series(record: Record) -> Series:
    """Results of days marked to market: closed trades and what open ones stood at."""
    plan = record.registered.plan
    closed_at = np.array([_stamp(each.trade.closed_at) for each in record.trades])
    r = np.array([each.trade.r_multiple for each in record.trades])
    totals = [
        float(r[closed_at <= _stamp(day.at)].sum()) + math.fsum(day.open_r.values())
        for day in record.days
    ]
    return Series(
        Unit.DAY,
        tuple(after - before for before, after in pairwise((0.0, *totals))),
        tuple(
            plan.design_edge_r * _share_of_limits(record, begin, day.at)
            for begin, day in _spans(record.since, record.days)
        ),
        bets_of_days(plan),
    )


def bets_of_days(plan: ReviewPlan) -> tuple[float, ...]:
    """Futility bets on days: as many wins can fall on one as instruments are watched."""
    return tuple(bet / max(len(plan.instruments), 1) for bet in plan.futility_bets)


def moments_of(results: Sequence[float]) -> Moments | None:
    """Moments of at least two results that are not all equal; None otherwise."""
    if len(results) < 2:
        return None
    data = np.array(results, dtype=np.float64)
    away = data - data.mean()
    spread = float(data.std(ddof=1))
    if not spread > 1e-12 * max(float(np.abs(data).max()), 1.0):
        return None
    scaled = away / float(np.sqrt(np.mean(away**2)))
    return Moments(
        sharpe=float(data.mean()) / spread,
        count=len(results),
        skew=float(np.mean(scaled**3)),
        kurtosis=float(np.mean(scaled**4)),
    )


def edge_of(series: Series, plan: ReviewPlan) -> tuple[float, ...]:
    """Evidence against "no edge" after each result."""
    return edge_process(series.results, plan.edge_bets)


def futility_of(series: Series) -> tuple[float, ...] | None:
    """Evidence against the design edge after each result; None where a win breaks the bets."""
    over = [result - design for result, design in zip(series.results, series.design, strict=True)]
    if over and max(over) > 1.0 / max(series.bets):
        return None
    return futility_process(over, 0.0, series.bets)


def _spans(since: datetime, days: Sequence[DayMark]) -> Iterator[tuple[datetime, DayMark]]:
    begin = since
    for day in days:
        yield begin, day
        begin = day.at


def _share_of_limits(record: Record, begin: datetime, end: datetime) -> float:
    """For how much of their time limits trades were open in a span, summed over trades."""
    whole = 0.0
    for each in record.trades:
        trade = each.trade
        whole += _overlap(begin, end, trade.opened_at, trade.closed_at) / _seconds(each.open_for)
    for left in record.still_open:
        whole += _overlap(begin, end, left.opened_at, end) / _seconds(left.open_for)
    return whole


def _overlap(begin: datetime, end: datetime, opened: datetime, closed: datetime) -> float:
    return max((min(end, closed) - max(begin, opened)).total_seconds(), 0.0)


def _seconds(open_for: timedelta) -> float:
    return max(open_for.total_seconds(), 1.0)


def _stamp(at: datetime) -> float:
    return at.timestamp()
