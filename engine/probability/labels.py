"""Triple-barrier labels of every candidate, taken or not.

Refuses a label before its barriers have closed, a target before a stop inside one bar, and a fill
before the next bar's open.

The barriers are fixed price levels set from the close of the candidate's bar. The earliest fill is
the open of the next bar. A bar that opens beyond a barrier ends the label at its open; else the
stop is looked at first. A label that meets neither ends at the close of its last bar. Time is
market time: the horizon is a number of closed bars, and a weekend is none.

References
----------
Lopez de Prado 2018, chapters 3 (triple barrier) and 4 (uniqueness).
"""

# ruff: noqa: A002 - a bar's `open` is called open, here and in MATH.md section 10

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.model.setups import Outcome
from engine.probability.layer import FloatArray, IntArray, kernel

NONE, TARGET, STOP, TIMEOUT = 0, 1, 2, 3
OUTCOMES = {TARGET: Outcome.TARGET, STOP: Outcome.STOP, TIMEOUT: Outcome.TIMEOUT}


@kernel
def first_touch(open: float, high: float, low: float, target: float, stop: float) -> int:
    """Which barrier one bar meets first, as far as a bar can tell.

    Examples
    --------
    >>> first_touch(100.0, 103.0, 97.0, 102.0, 98.0) == STOP
    True
    """
    if open <= stop:
        return STOP
    if open >= target:
        return TARGET
    if low <= stop:
        return STOP
    return TARGET if high >= target else NONE


@kernel
def exit_price(touch: int, open: float, close: float, target: float, stop: float) -> float:
    """Price at which the label ends: a gap through the stop pays the gap."""
    if touch == STOP:
        return min(stop, open)
    return max(target, open) if touch == TARGET else close


def uniqueness(spans: Sequence[tuple[int, int]]) -> FloatArray:
    """Mean over each span ``[begin, end)`` of one over the number of concurrent spans.

    Raises
    ------
    ValueError
        If a span is empty.

    Examples
    --------
    >>> uniqueness([(0, 3), (2, 5), (4, 6)]).round(7).tolist()
    [0.8333333, 0.6666667, 0.75]
    """
    bounds = np.array(spans, dtype=np.int64).reshape(-1, 2)
    if bounds.size == 0:
        return np.zeros(0)
    if np.any(bounds[:, 1] <= bounds[:, 0]):
        raise ValueError("spans must have end > begin")
    first = int(bounds[:, 0].min())
    change = np.zeros(int(bounds[:, 1].max()) - first + 1)
    np.add.at(change, bounds[:, 0] - first, 1.0)
    np.add.at(change, bounds[:, 1] - first, -1.0)
    alive = np.cumsum(change)[:-1]
    shares = np.concatenate(
        [[0.0], np.cumsum(np.where(alive > 0.0, 1.0 / np.maximum(alive, 1), 0.0))]
    )
    begin, end = bounds[:, 0] - first, bounds[:, 1] - first
    return np.asarray((shares[end] - shares[begin]) / (bounds[:, 1] - bounds[:, 0]))


class Closings(NamedTuple):
    """How a history's candidates ended: bar index, outcome code and gross fraction of each."""

    closed: IntArray
    outcome: IntArray
    gross_frac: FloatArray


@kernel
def close_labels(
    opened: IntArray,
    target: FloatArray,
    stop: FloatArray,
    open: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    horizon_bars: int,
) -> Closings:
    """Follow every candidate of one instrument to its end; still open ones keep outcome 0."""
    n = opened.shape[0]
    closed = np.full(n, -1, dtype=np.int64)
    outcome = np.zeros(n, dtype=np.int64)
    gross = np.zeros(n)
    for i in range(n):
        last = opened[i] + horizon_bars
        for t in range(opened[i] + 1, min(last + 1, close.shape[0])):
            touch = first_touch(open[t], high[t], low[t], target[i], stop[i])
            if touch == NONE and t == last:
                touch = TIMEOUT
            if touch != NONE:
                closed[i], outcome[i] = t, touch
                leave = exit_price(touch, open[t], close[t], target[i], stop[i])
                gross[i] = leave / open[opened[i] + 1] - 1.0
                break
    return Closings(closed, outcome, gross)
