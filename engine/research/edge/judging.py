"""Intervals and chances of weekly sums, and what many looks take from them.

Refuses to take trades of one week for independent, and one look of many for the only one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine.probability.layer import FloatArray, IntArray
from engine.research.edge.holding import Weeks
from engine.review.statistics import automatic_block_length
from engine.review.statistics.resampling import Interval, stationary_rows

DRAWS = 20_000
SEED = 20250630
LEAST_BLOCK_WEEKS = 2.0
BPS = 1e4


class Judged(NamedTuple):
    """What weekly sums of one trial say.

    Attributes
    ----------
    trades : int
    gross, net, timing : Interval, basis points a trade
    p : float in (0, 1]
        One-sided; the larger of that of net and that of timing.
    """

    trades: int
    gross: Interval
    net: Interval
    timing: Interval
    p: float


def judge(weeks: Weeks, draws: int = DRAWS, seed: int = SEED) -> Judged | None:
    """Intervals and chance of a trial; None where it has no trade."""
    count = int(weeks.trades.sum())
    if count == 0:
        return None
    rows = _rows(weeks.net.size, _block(weeks.net), draws, seed)
    return Judged(
        count,
        ratio(weeks.gross, weeks.trades, rows),
        ratio(weeks.net, weeks.trades, rows),
        ratio(weeks.timing, weeks.trades, rows),
        max(chance(weeks.net, rows), chance(weeks.timing, rows)),
    )


def judge_difference(
    one: FloatArray, other: FloatArray, counts: FloatArray, draws: int = DRAWS, seed: int = SEED
) -> Interval:
    """Mean difference of two trials for each of `counts`, week by week together, basis points."""
    return ratio(one - other, counts, _rows(one.size, _block(one - other), draws, seed))


def ratio(sums: FloatArray, counts: FloatArray, rows: IntArray) -> Interval:
    """Sum of `sums` over sum of `counts` with its 95 % interval, basis points."""
    drawn, by = sums[rows].sum(axis=1), counts[rows].sum(axis=1)
    found = drawn[by > 0.0] / by[by > 0.0]
    low, high = np.quantile(found, (0.025, 0.975))
    return Interval(*(float(BPS * x) for x in (sums.sum() / counts.sum(), low, high)))


def chance(sums: FloatArray, rows: IntArray) -> float:
    """Chance of a weekly mean like this one or higher if the true one were zero."""
    mean = float(sums.mean())
    drawn = sums[rows].mean(axis=1) - mean
    return float((1.0 + np.sum(drawn >= mean)) / (rows.shape[0] + 1.0))


def holm(p: Sequence[float]) -> FloatArray:
    """Holm's step-down correction: family-wise, whatever the dependence.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, np.float64)
    order = np.argsort(values)
    steps = (values.size - np.arange(values.size)) * values[order]
    corrected = np.empty(values.size)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected


def benjamini_hochberg(p: Sequence[float]) -> FloatArray:
    """Step-up correction of Benjamini and Hochberg: share of false discoveries.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    values = np.asarray(p, np.float64)
    order = np.argsort(values)[::-1]
    steps = values.size / np.arange(values.size, 0, -1) * values[order]
    corrected = np.empty(values.size)
    corrected[order] = np.minimum(np.minimum.accumulate(steps), 1.0)
    return corrected


def _block(sums: FloatArray) -> float:
    return round(max(automatic_block_length(sums), LEAST_BLOCK_WEEKS), 1)


@lru_cache(maxsize=4)
def _rows(n: int, block: float, draws: int, seed: int) -> IntArray:
    return stationary_rows(n, block, draws, seed).rows
