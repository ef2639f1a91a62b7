"""Closed bars of one instrument as columns: what whole histories are studied from.

Refuses columns of unequal length, prices that are no prices, and bars out of order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.probability.layer import FloatArray, InstrumentScale, IntArray


@dataclass(frozen=True, slots=True)
class History:
    """Closed bars of one instrument.

    Attributes
    ----------
    closed_at : ndarray of shape (n,), int64, seconds since 1970, increasing
    open, high, low, close : ndarrays of shape (n,), float64, quote currency, > 0
    volume : ndarray of shape (n,), float64, base units, or None
        NaN where it is unknown; the layers do not read it, costs do.
    """

    scale: InstrumentScale
    closed_at: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray | None = None

    def __post_init__(self) -> None:
        symbol, n = self.scale.symbol, self.closed_at.shape[0]
        if self.volume is not None and self.volume.shape != (n,):
            raise ValueError(f"volume of {symbol} must have {n} values, had {self.volume.shape}")
        for name in ("open", "high", "low", "close"):
            values = getattr(self, name)
            if values.shape != (n,):
                raise ValueError(f"{name} of {symbol} must have {n} values, had {values.shape}")
            if not np.all((values > 0.0) & np.isfinite(values)):
                raise ValueError(f"{name} of {symbol} must be > 0 and finite in every bar")
        if np.any(np.diff(self.closed_at) <= 0):
            raise ValueError(f"closed_at of {symbol} must increase from bar to bar")
        top, bottom = np.maximum(self.open, self.close), np.minimum(self.open, self.close)
        if np.any(self.high < top) or np.any(self.low > bottom):
            raise ValueError(f"bars of {symbol} must have low <= open, close <= high")

    def part(self, rows: slice) -> History:
        """The bars in `rows`."""
        return History(
            self.scale,
            self.closed_at[rows],
            self.open[rows],
            self.high[rows],
            self.low[rows],
            self.close[rows],
            None if self.volume is None else self.volume[rows],
        )
