"""A run of bars of one instrument as numpy columns: what files are read into.

Refuses columns of unequal length. Years of bars fit in a few megabytes, and a `Bar` is made when
it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from engine.model.bars import Bar, Timeframe
from engine.model.instants import MICROSECOND, from_micros, to_micros

__all__ = ["MICROSECOND", "BarColumns", "Floats", "Instants", "from_micros", "to_micros"]

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]
"""Microseconds since 1970-01-01 UTC."""


@dataclass(frozen=True, slots=True, eq=False)
class BarColumns:
    """Bars of one instrument, oldest first once checked.

    Attributes
    ----------
    open_us : ndarray of shape (n_bars,), int64, microseconds since 1970 UTC
    open, high, low, close : ndarray of shape (n_bars,), float64, quote currency
    volume : ndarray of shape (n_bars,), float64, base units; NaN where the source gives none
    """

    instrument: str
    timeframe: Timeframe
    open_us: Instants
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, field.name)) for field in fields(self)[2:]}
        if len(lengths) != 1:
            raise ValueError(f"columns must have one length, had {sorted(lengths)}")

    @classmethod
    def of(cls, bars: Sequence[Bar]) -> BarColumns:
        """Columns of `bars`, which share one instrument and timeframe.

        Raises
        ------
        ValueError
            If `bars` is empty or mixes instruments or timeframes.
        """
        kinds = {(bar.instrument, bar.timeframe) for bar in bars}
        if len(kinds) != 1:
            raise ValueError(f"bars must share one instrument and timeframe, had {sorted(kinds)}")
        ((instrument, timeframe),) = kinds
        prices = np.array([(b.open, b.high, b.low, b.close, b.volume) for b in bars], np.float64)
        opens = np.array([to_micros(bar.open_at) for bar in bars], np.int64)
        return cls(instrument, timeframe, opens, *prices.T)

    def __len__(self) -> int:
        return len(self.open_us)

    @property
    def length_us(self) -> int:
        """Length of one bar, microseconds."""
        return self.timeframe.length // MICROSECOND

    @property
    def close_us(self) -> Instants:
        """When each bar became known, microseconds since 1970 UTC."""
        return self.open_us + self.length_us

    def bar(self, row: int) -> Bar:
        """The bar in `row`."""
        open_at = from_micros(self.open_us[row])
        return Bar(
            self.instrument,
            self.timeframe,
            open_at,
            open_at + self.timeframe.length,
            float(self.open[row]),
            float(self.high[row]),
            float(self.low[row]),
            float(self.close[row]),
            float(self.volume[row]),
        )

    def where(self, keep: NDArray[np.bool_]) -> BarColumns:
        """The rows for which `keep` is True.

        Parameters
        ----------
        keep : ndarray of shape (n_bars,), bool
        """
        kept = (getattr(self, field.name)[keep] for field in fields(self)[2:])
        return BarColumns(self.instrument, self.timeframe, *kept)

    def until(self, at: datetime, count: int) -> tuple[Bar, ...]:
        """The last `count` bars with ``close_at <= at``, oldest first.

        Parameters
        ----------
        at : datetime, aware
        count : int, >= 0
        """
        end = int(np.searchsorted(self.close_us, to_micros(at), side="right"))
        return tuple(self.bar(row) for row in range(max(end - max(count, 0), 0), end))
