"""Layer 4: whether a fall is losing its force.

Refuses to date a signal before it could be known: a swing low exists only once the bars that
confirm it have closed. With fewer than two of its components it says nothing.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from engine.model.setups import LayerRole
from engine.probability.checks import Floats, finite_array, positive_array, whole
from engine.probability.layer import FloatArray, IntArray, LayerSpec, kernel
from engine.probability.ring import latest, push, ring

SPEC = LayerSpec(
    name="exhaustion",
    number=4,
    role=LayerRole.EVIDENCE,
    title="Trend exhaustion",
    summary="Asks whether a fall is tiring: slowing momentum, low RSI, bullish divergence, and "
    "returns that reverse more often than a random walk's.",
    needs="two of its four components; the variance ratio alone needs 100 closed bars",
)
RSI_LENGTH = 14
_FAST, _SLOW = 12, 26
_BACK = 3
"""Bars over which momentum's change is taken, and bars a swing low needs on either side."""
_DIVERGENCE_BARS = 60
MIN_RETURNS = 100


def rsi(closes: Floats, length: int = RSI_LENGTH) -> FloatArray:
    """Relative strength index after each close from number `length` on.

    Parameters
    ----------
    closes : sequence of at least ``length + 1`` floats, > 0

    Returns
    -------
    ndarray of shape (n - length,), float64 in [0, 100]
        50 when nothing moved, 100 when nothing fell.

    References
    ----------
    Wilder 1978; averages seeded with a simple mean.

    Examples
    --------
    >>> rsi([1.0, 2.0, 3.0, 2.0], length=2).tolist()
    [100.0, 50.0]
    """
    length = whole("length", length, 1)
    values = positive_array("closes", closes, length + 1)
    state = np.zeros(2)
    answers = np.empty(values.size - length)
    for i in range(1, values.size):
        answer = rsi_step(state, i, values[i] - values[i - 1], length)
        if i >= length:
            answers[i - length] = answer
    return answers


def variance_ratio(log_prices: Floats, q: int, robust: bool = True) -> tuple[float, float]:
    """Variance of q-step returns over q times that of single steps, with a z-score.

    Parameters
    ----------
    log_prices : sequence of at least ``2 q + 1`` floats
    q : int, >= 2
    robust : bool
        False takes the variance of the returns for constant.

    Returns
    -------
    tuple of two floats
        The unbiased overlapping ratio (1 for a random walk, below 1 when moves reverse) and its
        z-score, by default under heteroskedasticity.

    References
    ----------
    Lo and MacKinlay 1988, equations 13, 14, 18 and 20.
    """
    q = whole("q", q, 2)
    values = finite_array("log_prices", log_prices, 2 * q + 1)
    ratio, z = variance_ratio_step(values, q)
    if math.isnan(ratio):
        raise ValueError("log_prices must not be constant or a straight line")
    if not robust:
        spread = 2.0 * (2.0 * q - 1.0) * (q - 1.0) / (3.0 * q * (values.size - 1))
        z = (ratio - 1.0) / math.sqrt(spread)
    return ratio, z


def hurst_exponent(ratio: float, q: int) -> float:
    """Hurst exponent that a variance ratio at `q` implies; 1/2 for a random walk.

    Examples
    --------
    >>> hurst_exponent(1.0, 8)
    0.5
    """
    if not ratio > 0.0:
        raise ValueError(f"ratio must be > 0, was {ratio:g}")
    if q < 2:
        raise ValueError(f"q must be >= 2, was {q}")
    return 0.5 + math.log(ratio) / (2.0 * math.log(q))


def rescaled_range_expectation(n: int) -> float:
    """Expected rescaled range of `n` independent normal values (Anis and Lloyd 1976).

    Examples
    --------
    >>> round(rescaled_range_expectation(16), 10)
    4.0355306813
    """
    n = whole("n", n, 2)
    lead = math.exp(math.lgamma((n - 1) / 2) - math.lgamma(n / 2)) / math.sqrt(math.pi)
    return lead * sum(math.sqrt((n - i) / i) for i in range(1, n))


@kernel
def rsi_step(averages: FloatArray, index: int, change: float, length: int) -> float:
    """Take the close numbered `index` >= 1 into Wilder's averages and return the RSI."""
    gain, loss = max(change, 0.0), max(-change, 0.0)
    if index <= length:
        averages[0] += gain / length
        averages[1] += loss / length
    else:
        averages[0] += (gain - averages[0]) / length
        averages[1] += (loss - averages[1]) / length
    if averages[1] == 0.0:
        return 50.0 if averages[0] == 0.0 else 100.0
    return 100.0 - 100.0 / (1.0 + float(averages[0] / averages[1]))


@kernel
def variance_ratio_step(x: FloatArray, q: int) -> tuple[float, float]:
    """Variance ratio and robust z of a window; NaN twice when nothing varies."""
    n = x.shape[0] - 1
    mean = (x[n] - x[0]) / n
    single = x[1:] - x[:-1] - mean
    squares = single * single
    total = np.sum(squares)
    if not total > 1e-20 * n * max(mean * mean, 1e-30):
        return math.nan, math.nan
    longer = x[q:] - x[:-q] - q * mean
    # Both variances unbiased: n - 1 for single steps, m of equation 13 for overlapping ones.
    m = q * (n - q + 1) * (1.0 - q / n)
    ratio = (np.sum(longer * longer) / m) / (total / (n - 1))
    spread = 0.0
    for j in range(1, q):
        weight = 2.0 * (q - j) / q
        spread += weight * weight * np.sum(squares[j:] * squares[:-j])
    if spread <= 0.0:
        return ratio, 0.0
    return ratio, (ratio - 1.0) * total / math.sqrt(spread)


class MomentumState(NamedTuple):
    """Memory of layer 4: averages, the last bars' momenta, lows and RSI, and two swing lows."""

    averages: FloatArray
    wilder: FloatArray
    momenta: FloatArray
    lows: FloatArray
    strengths: FloatArray
    swings: FloatArray
    counts: IntArray


class Momentum(NamedTuple):
    """What layer 4 knows after a bar.

    `momentum` in sigmas of one bar, its `change` over three bars and that of the bar before,
    `divergence` 1 while a bullish one stands, 0 when not, NaN before two confirmed swing lows.
    """

    momentum: float
    change: float
    change_before: float
    rsi: float
    divergence: float
    valid: bool


_SIDE = 2 * _BACK + 1


def start() -> MomentumState:
    """Empty memory."""
    return MomentumState(
        averages=np.zeros(3),
        wilder=np.zeros(2),
        momenta=ring(_BACK + 2),
        lows=ring(_SIDE),
        strengths=ring(_SIDE),
        swings=np.full(6, np.nan),
        counts=np.zeros(1, dtype=np.int64),
    )


@kernel
def step(state: MomentumState, x: float, low: float, close: float, bar_sigma: float) -> Momentum:
    """Take one closed bar in; `bar_sigma` is layer 5's volatility of a bar, 0 without one."""
    averages, seen = state.averages, state.counts[0]
    if seen == 0:
        averages[0], averages[1], averages[2] = x, x, close
    strength = rsi_step(state.wilder, seen, close - averages[2], RSI_LENGTH) if seen > 0 else 50.0
    averages[0] += (x - averages[0]) * 2.0 / (_FAST + 1.0)
    averages[1] += (x - averages[1]) * 2.0 / (_SLOW + 1.0)
    averages[2] = close
    momentum = (averages[0] - averages[1]) / bar_sigma if bar_sigma > 0.0 else 0.0
    push(state.momenta, seen, momentum)
    divergence = _divergence(state, seen, low, strength)
    state.counts[0] += 1
    if seen < 2 * _SLOW or not bar_sigma > 0.0:
        return Momentum(momentum, 0.0, 0.0, strength, divergence, False)
    last = latest(state.momenta, seen, _BACK + 2)
    change, before = last[_BACK + 1] - last[1], last[_BACK] - last[0]
    return Momentum(momentum, change, before, strength, divergence, True)


@kernel
def _divergence(state: MomentumState, seen: int, low: float, strength: float) -> float:
    """Confirm the swing low three bars back, if it is one, and compare the last two.

    A lower low with an RSI at least 3 points higher, within 60 bars, is bullish. The signal dates
    from the confirming bar: at the swing itself nobody could know.
    """
    push(state.lows, seen, low)
    push(state.strengths, seen, strength)
    swings = state.swings
    if seen >= _SIDE - 1 + RSI_LENGTH:
        lows = latest(state.lows, seen, _SIDE)
        middle = lows[_BACK]
        if middle < np.min(lows[:_BACK]) and middle < np.min(lows[_BACK + 1 :]):
            swings[0], swings[1], swings[2] = swings[3], swings[4], swings[5]
            swings[3] = middle
            swings[4] = latest(state.strengths, seen, _SIDE)[_BACK]
            swings[5] = seen - _BACK
    if math.isnan(swings[0]):
        return math.nan
    fresh = seen - swings[5] <= _DIVERGENCE_BARS and swings[5] - swings[2] <= _DIVERGENCE_BARS
    bullish = swings[3] < swings[0] and swings[4] >= swings[1] + 3.0
    return 1.0 if fresh and bullish else 0.0


@kernel
def reversal(x: FloatArray) -> float:
    """How much a window's returns reverse: minus the mean robust z of VR(2), VR(4), VR(8)."""
    total, count = 0.0, 0
    for q in (2, 4, 8):
        z = variance_ratio_step(x, q)[1]
        if not math.isnan(z):
            total -= z
            count += 1
    return total / count if count > 0 else math.nan


@kernel
def exhaustion_score(momentum: Momentum, window: FloatArray) -> float:
    """Raw score: mean of the standardised components that exist; NaN with fewer than two.

    Each component is cut at +-2, so that none of them can outshout the rest.
    """
    total, count = 0.0, 0
    if momentum.valid:
        slowing = momentum.change / max(abs(momentum.momentum), 0.5)
        total += min(max(2.0 * slowing, -2.0), 2.0)
        total += min(max((40.0 - momentum.rsi) / 10.0, -2.0), 2.0)
        count += 2
    if not math.isnan(momentum.divergence):
        total += 2.0 * momentum.divergence - 0.5
        count += 1
    if window.shape[0] > MIN_RETURNS:
        turning = reversal(window)
        if not math.isnan(turning):
            total += min(max(turning, -2.0), 2.0)
            count += 1
    return total / count if count >= 2 else math.nan
