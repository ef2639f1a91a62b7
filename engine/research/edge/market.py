"""A recorded market as the study sees it: cut before the lock, its pauses marked.

Refuses bars that close after the lock: they are gone before anything is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import MarketDataError
from engine.market.checks import check_bars, sound_rows
from engine.market.columns import to_micros
from engine.market.files import read_bars, require_order
from engine.model.instruments import Calendar
from engine.probability.layer import FloatArray, IntArray

LOCKED_FROM = datetime(2024, 1, 15, tzinfo=UTC)
"""Where the last fifth of docs/research/calibration.md begins, the earliest lock of all files."""

_WEEK_US = 7 * 86_400 * 1_000_000
_MONDAY_US = 4 * 86_400 * 1_000_000  # 1970-01-05


@dataclass(frozen=True, slots=True)
class Market:
    """Bars of one instrument that may be seen.

    Attributes
    ----------
    opened_at : ndarray of shape (n,), int64, microseconds since 1970
    open, high, low, close : ndarrays of shape (n,), float64, quote currency
    after_pause : ndarray of shape (n,), bool
        Whether time is missing before the bar; the first counts as such.
    week : ndarray of shape (n,), int64
        UTC week in which the bar opens, counted from the first.
    """

    name: str
    opened_at: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    after_pause: NDArray[np.bool_]
    week: IntArray

    @property
    def weeks(self) -> int:
        """Number of weeks from the first bar to the last."""
        return int(self.week[-1]) + 1

    @property
    def hour(self) -> IntArray:
        """UTC hour in which each bar opens."""
        return np.asarray(self.opened_at // 3_600_000_000 % 24)

    @property
    def weekday(self) -> IntArray:
        """UTC weekday on which each bar opens; 0 is Monday."""
        return np.asarray((self.opened_at - _MONDAY_US) // 86_400_000_000 % 7)


def read_market(
    name: str, path: Path, calendar: Calendar, locked_from: datetime = LOCKED_FROM
) -> Market:
    """Bars of a file that closed by `locked_from`.

    Raises
    ------
    MarketDataError
        If the file cannot be read, is out of order, or holds nothing before the lock.
    """
    columns = read_bars(path, name)
    require_order(path, check_bars(columns, calendar))
    seen = columns.where(sound_rows(columns) & (columns.close_us <= to_micros(locked_from)))
    if len(seen) < 2:
        raise MarketDataError(f"{path} holds nothing before {locked_from:%Y-%m-%d}: give another")
    after_pause = np.append(True, np.diff(seen.open_us) > seen.length_us)
    week = (seen.open_us - _MONDAY_US) // _WEEK_US
    return Market(
        name, seen.open_us, seen.open, seen.high, seen.low, seen.close,
        after_pause, week - week[0],
    )  # fmt: skip


def shared_bars(one: Market, other: Market) -> tuple[Market, Market]:
    """Both at the bars that both have."""
    _, left, right = np.intersect1d(one.opened_at, other.opened_at, return_indices=True)
    return _rows(one, left), _rows(other, right)


def _rows(market: Market, rows: IntArray) -> Market:
    week = market.week[rows]
    return Market(
        market.name,
        market.opened_at[rows],
        market.open[rows],
        market.high[rows],
        market.low[rows],
        market.close[rows],
        market.after_pause[rows],
        week - week[0],
    )
