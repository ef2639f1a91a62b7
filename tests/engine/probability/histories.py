"""Synthetic histories for the pipeline's tests: seeded, with known truth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from engine.model.bars import Bar, BarsClosed, Timeframe
from engine.probability.batch import History
from engine.probability.layer import FloatArray, InstrumentScale

HOUR = Timeframe.H1.days
START = datetime(2024, 1, 1, tzinfo=UTC)
GOLD = InstrumentScale("XAU-USD", 0.01, continuous=True)
SILVER = InstrumentScale("XAG-USD", 0.001, continuous=True)
BITCOIN = InstrumentScale("BTC-USD", 0.01, continuous=True)
COSTS = {"XAU-USD": 0.0005, "XAG-USD": 0.001, "BTC-USD": 0.004}


def bars_from(closes: FloatArray, scale: InstrumentScale, spread: float, seed: int) -> History:
    """Bars around a path of closes, each opening where the last one closed."""
    noise = np.abs(np.random.default_rng(seed).normal(size=(2, closes.size - 1))) * spread
    open_, close = closes[:-1], closes[1:]
    high = np.maximum(open_, close) * (1.0 + noise[0])
    low = np.minimum(open_, close) * (1.0 - noise[1])
    first = int(START.timestamp())
    closed_at = first + 3600 * np.arange(1, closes.size, dtype=np.int64)
    return History(scale, closed_at, open_, high, low, close)


def random_walk(n: int, scale: InstrumentScale = BITCOIN, seed: int = 1) -> History:
    """Fat-tailed walk with volatility that clusters, and no edge."""
    rng = np.random.default_rng(seed)
    variance, moves = 1.0, np.empty(n)
    for i in range(n):
        moves[i] = np.sqrt(variance) * rng.standard_t(5) * np.sqrt(3.0 / 5.0)
        variance = 0.02 + 0.08 * moves[i] ** 2 + 0.9 * variance
    closes = 1000.0 * np.exp(np.concatenate([[0.0], np.cumsum(0.004 * moves)]))
    return bars_from(closes, scale, 0.001, seed + 1)


def as_events(*histories: History) -> list[BarsClosed]:
    """The same bars as live sees them: grouped by instant, in the order given."""
    groups: dict[int, list[Bar]] = {}
    for history in histories:
        for i, at in enumerate(history.closed_at.tolist()):
            close_at = datetime.fromtimestamp(at, UTC)
            bar = Bar(
                instrument=history.scale.symbol,
                timeframe=Timeframe.H1,
                open_at=close_at - timedelta(hours=1),
                close_at=close_at,
                open=float(history.open[i]),
                high=float(history.high[i]),
                low=float(history.low[i]),
                close=float(history.close[i]),
                volume=float("nan"),
            )
            groups.setdefault(at, []).append(bar)
    return [BarsClosed(bars[0].close_at, tuple(bars)) for _, bars in sorted(groups.items())]


def cut(history: History, n: int) -> History:
    """First `n` bars."""
    open_, high, low, close = (
        column[:n] for column in (history.open, history.high, history.low, history.close)
    )
    return History(history.scale, history.closed_at[:n], open_, high, low, close)
