"""Recorded histories for the study's tests: fat-tailed walks written as Parquet files."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from engine.probability.layer import FloatArray

BARS = 6000
SYMBOLS = ("BTC-USD", "XAU-USD")


@cache
def _closes(seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    moves = 0.004 * rng.standard_t(5, size=BARS)
    return np.asarray(1000.0 * np.exp(np.concatenate([[0.0], np.cumsum(moves)])))


def write_history(path: Path, seed: int, garbage_from: int = BARS) -> Path:
    """Hourly bars; those from `garbage_from` on are of another world."""
    close = _closes(seed).copy()
    wild = np.random.default_rng(99).normal(size=close.size - garbage_from - 1)
    close[garbage_from + 1 :] *= np.exp(0.05 * np.cumsum(wild))
    noise = np.abs(np.random.default_rng(seed + 1).normal(size=(2, BARS))) * 0.001
    opening, closing = close[:-1], close[1:]
    pl.DataFrame(
        {
            "ts": 1_600_000_000_000 // 3_600_000 * 3_600_000 + 3_600_000 * np.arange(BARS),
            "open": opening,
            "high": np.maximum(opening, closing) * (1.0 + noise[0]),
            "low": np.minimum(opening, closing) * (1.0 - noise[1]),
            "close": closing,
            "volume": np.ones(BARS),
        }
    ).with_columns(pl.col("ts").cast(pl.Datetime("ms"))).write_parquet(path)
    return path
