"""When a setup begins: marks of the bars at whose close its condition first holds.

Refuses to look ahead: a mark depends on closes up to its own bar alone.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from engine.probability.exhaustion import RSI_LENGTH, rsi
from engine.probability.layer import FloatArray

Marks = NDArray[np.bool_]
FAST_BARS, SLOW_BARS, BACK_BARS = 12, 26, 3
"""Averages of the momentum, and how far back its slowing is measured."""


def stretch(x: FloatArray, window: int) -> FloatArray:
    """Distance of each value from the mean of its window, in the window's standard deviations.

    Returns
    -------
    ndarray of shape (n,), float64
        NaN in the first ``window - 1`` places and where nothing varied.
    """
    scores = np.full(x.size, np.nan)
    if x.size >= window:
        seen = sliding_window_view(x, window)
        spread = seen.std(axis=1, ddof=1)
        away = x[window - 1 :] - seen.mean(axis=1)
        np.divide(away, spread, out=scores[window - 1 :], where=spread > 1e-12)
    return scores


def exhausted(close: FloatArray, rsi_at_most: float) -> Marks:
    """Where an oversold fall slows."""
    x = np.log(close)
    momentum = _ema(x, FAST_BARS) - _ema(x, SLOW_BARS)
    slowing = np.full(x.size, -np.inf)
    slowing[BACK_BARS:] = momentum[BACK_BARS:] - momentum[:-BACK_BARS]
    strength = np.full(x.size, np.inf)
    strength[RSI_LENGTH:] = rsi(close, RSI_LENGTH)
    holds = (momentum < 0.0) & (slowing > 0.0) & (strength <= rsi_at_most)
    holds[: SLOW_BARS + RSI_LENGTH] = False
    return begins(holds)


def begins(holds: Marks) -> Marks:
    """Places at which a condition holds that did not hold at the place before."""
    first = holds.copy()
    first[1:] &= ~holds[:-1]
    return first


def return_spread(close: FloatArray, window: int) -> FloatArray:
    """Standard deviation of the last `window` log-returns; NaN before there are so many."""
    spread = np.full(close.size, np.nan)
    moves = np.diff(np.log(close))
    if moves.size >= window:
        spread[window:] = sliding_window_view(moves, window).std(axis=1, ddof=1)
    return spread


def _ema(x: FloatArray, span: int) -> FloatArray:
    from scipy.signal import lfilter

    gain = 2.0 / (span + 1.0)
    smooth, _ = lfilter([gain], [1.0, gain - 1.0], x, zi=[(1.0 - gain) * x[0]])
    return np.asarray(smooth)
