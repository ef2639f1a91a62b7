"""Recorded histories for backtests: prices that swing around a mean, so that dips pay."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.config import Settings
from engine.market.columns import BarColumns
from engine.model.bars import Timeframe
from engine.probability.history import History
from engine.probability.layer import InstrumentScale
from engine.research.calibration.histories import Recorded
from tests.kit.desk import BTC, desk_settings, swings
from tests.kit.market import HOUR, MONDAY

GOLD = "PAXG-USD"
BARS = 1500


def history_of(columns: BarColumns, tick: float = 0.1) -> History:
    scale = InstrumentScale(columns.instrument, tick, continuous=True)
    prices = columns.open, columns.high, columns.low, columns.close
    return History(scale, columns.close_us // 1_000_000, *prices, columns.volume)


def recorded_of(*columns: BarColumns) -> Recorded:
    """As read from files, the last fifth not yet cut off."""
    histories = tuple(history_of(each) for each in columns)
    last = max(int(history.closed_at[-1]) for history in histories)
    first = min(int(history.closed_at[0]) for history in histories)
    return Recorded(histories, Timeframe.H1, first + int(0.8 * (last - first)), ())


def swinging(bars: int = BARS, seed: int = 3) -> Recorded:
    """One instrument whose dips pay."""
    return recorded_of(swings(bars, seed=seed))


def two_swinging(bars: int = BARS) -> Recorded:
    """Bitcoin, and gold that is missing for a day and a night now and then."""
    gold = swings(bars, instrument=GOLD, seed=8, price=2_000.0, start=MONDAY + 3 * HOUR)
    kept = np.ones(bars, dtype=np.bool_)
    for begin in range(400, bars - 60, 300):
        kept[begin : begin + 30] = False
    return recorded_of(swings(bars), gold.where(kept))


def cheap_settings(**changes: Any) -> Settings:
    """Cheap fees, wide limits and near barriers, so that trades come and end."""
    near = {"target_sigmas": 0.5, "stop_sigmas": 0.35}
    return desk_settings(auto_below=0, pipeline=near, **changes)


def cut(recorded: Recorded, bars: int) -> Recorded:
    """Only the first `bars` bars of each history."""
    kept = tuple(history.part(slice(bars)) for history in recorded.histories)
    return Recorded(kept, recorded.timeframe, recorded.lock_at, recorded.notes)


__all__ = [
    "BARS",
    "BTC",
    "GOLD",
    "cheap_settings",
    "cut",
    "history_of",
    "recorded_of",
    "swinging",
    "two_swinging",
]
