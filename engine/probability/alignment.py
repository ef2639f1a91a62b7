"""Layer 7: whether the slower trends stand behind a long entry or in its way.

Refuses a bar that has not closed, in any timeframe: an hour, four hours or a day count only once
the next one has begun or their last minute has closed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from engine.model.setups import LayerRole
from engine.probability.checks import Floats, finite_array
from engine.probability.layer import FloatArray, IntArray, LayerSpec, kernel
from engine.probability.ring import latest, push

SPEC = LayerSpec(
    name="alignment",
    number=7,
    role=LayerRole.EVIDENCE,
    title="Timeframe alignment",
    summary="Asks whether the trends of one-hour, four-hour and daily bars support a long entry.",
    needs="20 closed bars in every timeframe",
)
SPANS_SECONDS = (3_600, 14_400, 86_400)
_SHARES = (0.2, 0.3, 0.5)
BARS = 20


class AlignmentState(NamedTuple):
    """Closed log prices a timeframe, the bar each is building, and the trends' t-statistics."""

    memory: FloatArray
    counts: IntArray
    buckets: IntArray
    spans: IntArray
    last: FloatArray
    trends: FloatArray


class Alignment(NamedTuple):
    """Support in [-1, 1], the daily trend's t, bits of the timeframes that just closed."""

    support: float
    daily_trend: float
    closed: int
    valid: bool


def slope_t(x: Floats) -> float:
    """t-statistic of the least-squares slope of a series over its index.

    Parameters
    ----------
    x : sequence of at least 3 floats

    Examples
    --------
    >>> slope_t([1.0, 2.0, 3.0, 5.0]) > 4.0
    True
    """
    return float(slope_t_step(finite_array("x", x, 3)))


@kernel
def slope_t_step(x: FloatArray) -> float:
    """Kernel of `slope_t`; 0 for a constant series, +-1e6 for a straight line."""
    n = x.shape[0]
    mean_time, mean = 0.5 * (n - 1), float(np.mean(x))
    sxx = n * (n * n - 1.0) / 12.0
    centred = x - mean
    sxy = float(np.sum((np.arange(n) - mean_time) * centred))
    syy = float(np.sum(centred * centred))
    slope = sxy / sxx
    rss = syy - slope * sxy
    if slope == 0.0:
        return 0.0
    if rss <= 1e-12 * syy:
        return math.copysign(1e6, slope)
    return float(slope / math.sqrt(rss / (n - 2) / sxx))


def start(bar_seconds: int) -> AlignmentState:
    """Empty memory; a timeframe shorter than the bars themselves is the bars' own."""
    frames = len(SPANS_SECONDS)
    spans = np.array([max(span, bar_seconds) for span in SPANS_SECONDS], dtype=np.int64)
    return AlignmentState(
        memory=np.full((frames, 2 * BARS), np.nan),
        counts=np.zeros(frames, dtype=np.int64),
        buckets=np.full(frames, -1, dtype=np.int64),
        spans=spans,
        last=np.zeros(1),
        trends=np.zeros(frames),
    )


@kernel
def step(state: AlignmentState, closed_at: int, x: float, shift_seconds: int) -> Alignment:
    """Take one closed bar in; `closed_at` in seconds, days begin at `shift_seconds`."""
    closed = 0
    since = closed_at - shift_seconds
    for frame in range(state.spans.shape[0]):
        span = state.spans[frame]
        bucket = (since - 1) // span
        if state.buckets[frame] >= 0 and bucket != state.buckets[frame]:
            # The earlier bar ended in silence (a session break); only now is it known.
            _close(state, frame, state.last[0])
            closed |= 1 << frame
        state.buckets[frame] = bucket
        if since % span == 0:
            _close(state, frame, x)
            closed |= 1 << frame
            state.buckets[frame] = -1
    state.last[0] = x
    if np.min(state.counts) < BARS:
        return Alignment(0.0, 0.0, closed, False)
    support = 0.0
    for frame in range(state.spans.shape[0]):
        support += _SHARES[frame] * math.tanh(0.5 * state.trends[frame])
    return Alignment(support, state.trends[2], closed, True)


@kernel
def _close(state: AlignmentState, frame: int, x: float) -> None:
    push(state.memory[frame], state.counts[frame], x)
    state.counts[frame] += 1
    if state.counts[frame] >= BARS:
        window = latest(state.memory[frame], state.counts[frame] - 1, BARS)
        state.trends[frame] = slope_t_step(window)
