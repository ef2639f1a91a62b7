"""Means over rows that depend on their neighbours in time, with what chance does to them.

Refuses to treat neighbours as independent: whole stretches of rows are drawn, not rows.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from engine.probability.layer import FloatArray, IntArray


class Interval(NamedTuple):
    """A number with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    @property
    def holds_zero(self) -> bool:
        """Whether the interval cannot tell the number from 0."""
        return self.low <= 0.0 <= self.high


class Resamples(NamedTuple):
    """Rows drawn by the stationary bootstrap, one line a replication.

    Attributes
    ----------
    rows : ndarray of shape (n_draws, n_rows), int64
    """

    rows: IntArray

    def mean(self, values: FloatArray) -> Interval:
        """Mean of `values` with its interval."""
        return _interval(float(values.mean()), values[self.rows].mean(axis=1))

    def skill(self, loss: FloatArray, reference: FloatArray) -> Interval:
        """One less the ratio of mean losses, with its interval; above 0 is better."""
        draws = 1.0 - loss[self.rows].mean(axis=1) / reference[self.rows].mean(axis=1)
        return _interval(1.0 - float(loss.mean() / reference.mean()), draws)


def stationary_rows(n: int, block: float, draws: int, seed: int) -> Resamples:
    """Rows of a stationary bootstrap.

    Parameters
    ----------
    n : int, rows, >= 1
    block : float, rows, >= 1
        Mean length of a stretch; lengths are geometric and the end joins the beginning.
    draws : int, >= 1

    References
    ----------
    Politis and Romano 1994.

    Examples
    --------
    >>> stationary_rows(4, 1e9, 1, seed=1).rows.tolist()
    [[0, 1, 2, 3]]
    """
    if n < 1 or draws < 1:
        raise ValueError(f"n and draws must be >= 1, were {n} and {draws}")
    if not block >= 1.0:
        raise ValueError(f"block must be >= 1, was {block:g}")
    rng = np.random.default_rng(seed)
    begins = rng.random((draws, n)) < 1.0 / block
    begins[:, 0] = True
    starts = rng.integers(0, n, size=(draws, n))
    steps = np.arange(n)
    since = steps - np.maximum.accumulate(np.where(begins, steps, 0), axis=1)
    first = np.take_along_axis(starts, steps - since, axis=1)
    return Resamples(np.asarray((first + since) % n, dtype=np.int64))


def _interval(value: float, draws: FloatArray) -> Interval:
    low, high = np.quantile(draws[np.isfinite(draws)], (0.025, 0.975))
    if not math.isfinite(value):
        raise ValueError("values must be finite")
    return Interval(value, float(low), float(high))
