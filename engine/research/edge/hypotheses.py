"""The six hypotheses as grids of trials, exactly as docs/research/edge states them.

Refuses a point that is not on a page: change the page first, and say so there.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.probability.layer import FloatArray, IntArray
from engine.research.edge import holding, signals
from engine.research.edge.holding import Trades
from engine.research.edge.market import Market, shared_bars
from engine.research.trials import Knob

HORIZONS = (4, 12, 24, 72, 168, 336)
COST_BPS = {"BTC": 82.0, "gold": 4.0, "silver": 8.0}
"""Judged round trips: Kraken's entry tier as taker, IBKR; see docs/research/edge/README.md."""
MAKER_COST_BPS = {"BTC": 50.0, "gold": 3.0, "silver": 3.0}
SESSIONS = {"Asia": (0, 8), "London": (8, 13), "New York": (13, 21)}
DAY_HOURS = 24
LIMIT_WINDOW, LIMIT_STRETCH, LIMIT_HORIZON = 120, 2.0, 24
TITLES = {
    "stretch": "1. Stretch",
    "exhaustion": "2. Exhaustion",
    "sessions": "3. Sessions",
    "ratio": "4. Gold-silver ratio",
    "maker": "5. Maker or taker",
    "trend": "6. Trend",
}


@dataclass(frozen=True, slots=True)
class Point:
    """One trial before it is run.

    Attributes
    ----------
    axes : mapping of name to value
        Its place on the grid.
    steps : tuple of int
        The same as positions, for neighbours; empty where it has none.
    price : ndarray
        The market's opens or closes, at which it trades.
    cost_bps : float, basis points of the value bought
        Judged round trip.
    """

    hypothesis: str
    market: Market
    axes: Mapping[str, Knob]
    steps: tuple[int, ...]
    trades: Trades
    price: FloatArray
    cost_bps: float


def every_point(hourly: Sequence[Market], daily: tuple[Market, Market]) -> Iterator[Point]:
    """All trials of all hypotheses, in the order of the pages.

    Parameters
    ----------
    hourly : sequence of Market
        BTC, gold, silver.
    daily : two Markets
        Gold and silver by day.
    """
    for market in hourly:
        yield from _stretches("stretch", market, (24, 120, 240), (1.0, 2.0, 3.0), HORIZONS, -1.0)
    for market in hourly:
        yield from _exhaustions(market)
    for market in hourly:
        yield from _sessions(market)
    yield from _ratios(*shared_bars(*daily))
    for market in hourly:
        yield from _limits(market)
    for market in hourly:
        yield from _stretches("trend", market, (24, 120, 240), (1.0, 2.0), HORIZONS[2:], 1.0)


def taker_of_limits(market: Market) -> Trades:
    """The trades that hypothesis 5 compares with: the same signals, taken at once."""
    return holding.at_market(market, _limit_marks(market), LIMIT_HORIZON)


def _stretches(
    name: str,
    market: Market,
    windows: Sequence[int],
    depths: Sequence[float],
    horizons: Sequence[int],
    side: float,
) -> Iterator[Point]:
    x = np.log(market.close)
    scores = {window: side * signals.stretch(x, window) for window in windows}
    for steps, (window, depth, horizon) in _grid(windows, depths, horizons):
        marks = signals.begins(scores[window] >= depth)
        trades = holding.at_market(market, marks, horizon)
        axes = {"window_bars": window, "stretch_sigmas": depth, "horizon_bars": horizon}
        yield _at_open(name, market, axes, steps, trades)


def _exhaustions(market: Market) -> Iterator[Point]:
    ceilings = (30.0, 40.0, 50.0)
    marks = {ceiling: signals.exhausted(market.close, ceiling) for ceiling in ceilings}
    for steps, (ceiling, horizon) in _grid(ceilings, HORIZONS):
        trades = holding.at_market(market, marks[ceiling], horizon)
        axes = {"rsi_at_most": ceiling, "horizon_bars": horizon}
        yield _at_open("exhaustion", market, axes, steps, trades)


def _sessions(market: Market) -> Iterator[Point]:
    hour, weekday = market.hour, market.weekday
    for begin in range(DAY_HOURS):
        entries = _places((hour == begin) & ~market.after_pause)
        trades = holding.spans(market, entries, 1)
        if trades.count:
            yield _at_open("sessions", market, {"hour": begin}, (begin,), trades)
    for name, (begin, end) in SESSIONS.items():
        entries = _places((hour == begin) & ~market.after_pause)
        trades = holding.spans(market, entries, _bars_until(market, entries, end - begin))
        yield _at_open("sessions", market, {"session": name}, (), trades)
    for day in range(7):
        entries = _places((hour == 0) & (weekday == day) & ~market.after_pause)
        trades = holding.spans(market, entries, _bars_until(market, entries, DAY_HOURS))
        if trades.count:
            yield _at_open("sessions", market, {"weekday": day}, (), trades)


def _bars_until(market: Market, entries: IntArray, hours: int) -> IntArray:
    """Bars from each entry to the bar that opens `hours` later, or to the last before a pause."""
    ends = market.opened_at[entries] + hours * 3_600_000_000
    exits = np.searchsorted(market.opened_at, ends, side="left")
    safe = np.minimum(exits, market.opened_at.size - 1)
    late = market.opened_at[safe] > ends
    return np.asarray(np.where(late, exits - 1, exits) - entries)


def _ratios(gold: Market, silver: Market) -> Iterator[Point]:
    spread = np.log(gold.close) - np.log(silver.close)
    windows, depths, horizons = (60, 250), (1.5, 2.0, 2.5), (1, 5, 10)
    scores = {window: signals.stretch(spread, window) for window in windows}
    for market, side in ((silver, 1.0), (gold, -1.0)):
        for steps, (window, depth, horizon) in _grid(windows, depths, horizons):
            marks = signals.begins(side * scores[window] >= depth)
            trades = holding.at_closes(market, marks, horizon)
            axes = {"window_days": window, "stretch_sigmas": depth, "horizon_days": horizon}
            yield Point("ratio", market, axes, steps, trades, market.close, COST_BPS[market.name])


def _limits(market: Market) -> Iterator[Point]:
    marks = _limit_marks(market)
    spread = signals.return_spread(market.close, LIMIT_WINDOW)
    for steps, (depth, wait) in _grid((0.0, 0.5, 1.0), (1, 4, 12)):
        trades = holding.at_limit(market, marks, depth * spread, wait, LIMIT_HORIZON)
        axes = {"below_sigmas": depth, "wait_bars": wait}
        cost = MAKER_COST_BPS[market.name]
        yield Point("maker", market, axes, steps, trades, market.open, cost)


def _limit_marks(market: Market) -> signals.Marks:
    scores = signals.stretch(np.log(market.close), LIMIT_WINDOW)
    return signals.begins(-scores >= LIMIT_STRETCH)


def _places(marks: signals.Marks) -> IntArray:
    return np.asarray(np.flatnonzero(marks), dtype=np.int64)


def _at_open(
    name: str, market: Market, axes: Mapping[str, Knob], steps: tuple[int, ...], trades: Trades
) -> Point:
    return Point(name, market, axes, steps, trades, market.open, COST_BPS[market.name])


def _grid(*axes: Sequence[Any]) -> Iterator[tuple[tuple[int, ...], tuple[Any, ...]]]:
    """Every point of a grid as positions and as values."""
    for steps in itertools.product(*(range(len(axis)) for axis in axes)):
        yield steps, tuple(axis[k] for axis, k in zip(axes, steps, strict=True))
