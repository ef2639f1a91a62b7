"""Layer 5, the scale: how far a price is likely to move over the life of a setup.

Refuses to give a scale before 30 closed bars, and without a scale there is no setup at all. The
forecast is Corsi's, on realised volatility: squared returns from close to close. Range estimators
are here too, as cross-checks: on hourly bars of 2018-2025 they overstate what two days then move
by 7 % (gold) to 23 % (bitcoin) in variance, and every barrier would look nearer than it is. Time
is market time: every closed bar is `timeframe_days` of it and closed hours are none, so a
weekend's jump is part of the bar that follows it.
"""

# ruff: noqa: A002 - a bar's `open` is called open, here and in MATH.md section 10

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from engine.model.setups import LayerRole
from engine.probability.checks import (
    Floats,
    at_least,
    finite_array,
    fraction,
    positive_array,
    same_length,
)
from engine.probability.layer import FloatArray, IntArray, LayerSpec, kernel
from engine.probability.ring import latest, push, ring

SPEC = LayerSpec(
    name="volatility",
    number=5,
    role=LayerRole.SCALE,
    title="Volatility",
    summary="Forecasts how far the price moves over the life of a setup; sets target and stop.",
    needs="30 closed bars",
)
MIN_BARS = 30
_YEAR_DAYS = 365
_MONTH_DAYS = 22
_HAR_DAYS = 60


def yang_zhang(open: Floats, high: Floats, low: Floats, close: Floats) -> float:
    """Per-bar variance from overnight jump, open-to-close and range, free of drift.

    Parameters
    ----------
    open, high, low, close : sequences of n + 1 floats, > 0, n >= 2
        The first bar supplies only its close.

    Raises
    ------
    ValueError
        If a price is not positive and finite, or a bar contradicts itself.

    References
    ----------
    Yang and Zhang 2000, equation 8.
    """
    o, h, low_, c = _bars(open, high, low, close, 3)
    n = c.size - 1
    jump = np.log(o[1:] / c[:-1])
    body = np.log(c[1:] / o[1:])
    up, down = np.log(h[1:] / o[1:]), np.log(low_[1:] / o[1:])
    range_variance = float(np.mean(up * (up - body) + down * (down - body)))
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    body_variance = float(np.var(body, ddof=1))
    return float(np.var(jump, ddof=1)) + k * body_variance + (1.0 - k) * range_variance


def garman_klass(open: Floats, high: Floats, low: Floats, close: Floats) -> float:
    """Per-bar variance from range and body, drift taken as zero.

    References
    ----------
    Garman and Klass 1980, the practical estimator.
    """
    o, h, low_, c = _bars(open, high, low, close, 1)
    spread, body = np.log(h / low_), np.log(c / o)
    return float(np.mean(0.5 * spread**2 - (2.0 * math.log(2.0) - 1.0) * body**2))


def parkinson(high: Floats, low: Floats) -> float:
    """Per-bar variance from the range alone, drift taken as zero (Parkinson 1980)."""
    h, low_ = positive_array("high", high), positive_array("low", low)
    same_length(high=h, low=low_)
    if np.any(h < low_):
        raise ValueError("high must be >= low in every bar")
    return float(np.mean(np.log(h / low_) ** 2) / (4.0 * math.log(2.0)))


def ewma_variance(returns: Floats, start: float, decay: float = 0.94) -> float:
    """Exponentially weighted variance after the last return (RiskMetrics 1996).

    Examples
    --------
    >>> round(ewma_variance([0.01, -0.02, 0.005], 1e-4), 10)
    0.00011242
    """
    fraction("decay", decay)
    at_least("start", start, 0.0)
    variance = float(start)
    for value in finite_array("returns", returns):
        variance = ewma_step(variance, float(value) ** 2, decay)
    return variance


def garch_forecast(
    omega: float, alpha: float, beta: float, next_variance: float, horizon: int
) -> float:
    """Mean variance of the next `horizon` periods under GARCH(1,1) (Bollerslev 1986).

    Examples
    --------
    >>> round(garch_forecast(1e-6, 0.08, 0.9, 2e-4, 5), 13)
    0.0001941188048
    """
    if not 0.0 <= alpha + beta < 1.0:
        raise ValueError(f"alpha + beta must be in [0, 1), was {alpha + beta:g}")
    if horizon < 1:
        raise ValueError(f"horizon must be >= 1, was {horizon}")
    level = omega / (1.0 - alpha - beta)
    decay = (alpha + beta) ** np.arange(horizon)
    return float(level + (next_variance - level) * decay.mean())


def qlike(realised: Floats, forecast: Floats) -> float:
    """Mean QLIKE loss of variance forecasts; 0 is perfect (Patton 2011)."""
    r, f = positive_array("realised", realised), positive_array("forecast", forecast)
    same_length(realised=r, forecast=f)
    return float(np.mean(r / f - np.log(r / f) - 1.0))


class VolatilityState(NamedTuple):
    """Memory of layer 5 for one instrument.

    `memory` holds one variance a bar for 22 days, `days` the daily variance rates and `levels`
    the forecasts at each day's close, both for a year; `ranked` are those forecasts in order.
    """

    memory: FloatArray
    days: FloatArray
    levels: FloatArray
    ranked: FloatArray
    counts: IntArray
    values: FloatArray
    coefficients: FloatArray


class Scale(NamedTuple):
    """What layer 5 says after a bar: per-day variances, and the last move in sigmas."""

    variance: float
    percentile: float
    surprise: float
    valid: bool


# Cells of VolatilityState.counts and .values.
_BARS, _DAYS, _DAY, _DAY_BARS, _FITTED = 0, 1, 2, 3, 4
_CLOSE, _EWMA, _DAY_SUM, _SUM1, _SUM5, _SUM22, _FORECAST = 0, 1, 2, 3, 4, 5, 6
# Cells of VolatilityState.coefficients after the four of HAR.
_FLOOR, _CEILING = 4, 5


def start(bars_per_day: int) -> VolatilityState:
    """Empty memory for an instrument with `bars_per_day` bars in a full day, >= 1."""
    return VolatilityState(
        memory=np.zeros(max(_MONTH_DAYS * bars_per_day, MIN_BARS)),
        days=ring(_YEAR_DAYS),
        levels=ring(_YEAR_DAYS),
        ranked=np.zeros(_YEAR_DAYS),
        counts=np.array([0, 0, -(2**62), 0, 0], dtype=np.int64),
        values=np.zeros(7),
        coefficients=np.zeros(6),
    )


@kernel
def ewma_step(variance: float, squared: float, decay: float) -> float:
    """One RiskMetrics update."""
    return decay * variance + (1.0 - decay) * squared


@kernel
def step(
    state: VolatilityState,
    day: int,
    close: float,
    bar_days: float,
    horizon_days: float,
    decay_per_day: float,
) -> Scale:
    """Take one closed bar in and forecast the variance per day over the horizon."""
    counts, values = state.counts, state.values
    if counts[_BARS] == 0:
        counts[_BARS], counts[_DAY], values[_CLOSE] = 1, day, close
        return Scale(0.0, 0.5, 0.0, False)
    if day != counts[_DAY] and counts[_DAY_BARS] * bar_days >= 0.25:
        # A stub of less than a quarter day (a Sunday evening) is counted with the next day.
        _close_day(state, bar_days, horizon_days)
    counts[_DAY] = day
    before = values[_FORECAST]
    move = math.log(close / values[_CLOSE])
    surprise = move / math.sqrt(before * bar_days) if before > 0.0 else 0.0
    values[_CLOSE] = close
    _remember(state, move * move, bar_days, decay_per_day)
    values[_FORECAST] = _forecast(state, bar_days)
    valid = counts[_BARS] > MIN_BARS and values[_FORECAST] > 0.0
    return Scale(values[_FORECAST], _percentile(state), surprise, valid)


@kernel
def _remember(
    state: VolatilityState, variance: float, bar_days: float, decay_per_day: float
) -> None:
    counts, values, memory = state.counts, state.values, state.memory
    size = memory.shape[0]
    seen = counts[_BARS] - 1
    day, week = _spans(size)
    values[_SUM1] += variance - (memory[(seen - day) % size] if seen >= day else 0.0)
    values[_SUM5] += variance - (memory[(seen - week) % size] if seen >= week else 0.0)
    values[_SUM22] += variance - (memory[seen % size] if seen >= size else 0.0)
    memory[seen % size] = variance
    rate = variance / bar_days
    # A plain mean until the exponential one would weigh its start too much.
    decay = max(1.0 / (seen + 1.0), 1.0 - decay_per_day**bar_days)
    values[_EWMA] = ewma_step(values[_EWMA], rate, 1.0 - decay)
    values[_DAY_SUM] += variance
    counts[_DAY_BARS] += 1
    counts[_BARS] += 1


@kernel
def _spans(size: int) -> tuple[int, int]:
    """Bars in a day and in five days, from the memory's 22 days."""
    day = max(1, size // _MONTH_DAYS)
    return day, 5 * day


@kernel
def _close_day(state: VolatilityState, bar_days: float, horizon_days: float) -> None:
    counts, values = state.counts, state.values
    push(state.days, counts[_DAYS], values[_DAY_SUM] / (counts[_DAY_BARS] * bar_days))
    push(state.levels, counts[_DAYS], values[_FORECAST])
    counts[_DAYS] += 1
    known = min(counts[_DAYS], _YEAR_DAYS)
    state.ranked[:known] = np.sort(latest(state.levels, counts[_DAYS] - 1, known))
    values[_DAY_SUM], counts[_DAY_BARS] = 0.0, 0
    _resum(state)
    if counts[_DAYS] >= _HAR_DAYS:
        _fit_har(state, horizon_days)


@kernel
def _resum(state: VolatilityState) -> None:
    """Recompute the rolling sums once a day, so that cancellation cannot build up."""
    memory, values = state.memory, state.values
    size = memory.shape[0]
    seen = state.counts[_BARS] - 1
    day, week = _spans(size)
    values[_SUM1], values[_SUM5] = 0.0, 0.0
    for back in range(1, min(week, seen) + 1):
        value = memory[(seen - back) % size]
        values[_SUM5] += value
        if back <= day:
            values[_SUM1] += value
    values[_SUM22] = np.sum(memory)


@kernel
def _fit_har(state: VolatilityState, horizon_days: float) -> None:
    """Regress the next days' mean volatility on the last day's, week's and month's (Corsi 2009).

    Volatility, not variance: barrier odds bend with it, and the mean of a skewed variance would
    put the barriers where the price seldom goes.
    """
    count = min(state.counts[_DAYS], _YEAR_DAYS)
    rates = latest(state.days, state.counts[_DAYS] - 1, count)
    ahead = max(1, round(horizon_days))
    scale = float(np.mean(rates))
    state.counts[_FITTED] = 0
    if scale <= 0.0:
        return
    rates = rates / scale
    scale = math.sqrt(scale)
    total = np.zeros(count + 1)
    total[1:] = np.cumsum(rates)
    rows = count - _MONTH_DAYS - ahead + 1
    first = _MONTH_DAYS
    design = np.ones((rows, 4))
    design[:, 1] = np.sqrt(rates[first - 1 : first - 1 + rows])
    week = total[first : first + rows] - total[first - 5 : first - 5 + rows]
    month = total[first : first + rows] - total[:rows]
    coming = total[first + ahead : first + ahead + rows] - total[first : first + rows]
    design[:, 2], design[:, 3] = np.sqrt(week / 5.0), np.sqrt(month / _MONTH_DAYS)
    wanted = np.sqrt(coming / ahead)
    gram = design.T @ design
    # A breath of ridge keeps a constant history solvable; it is far below the data's own noise.
    gram += np.eye(4) * (1e-8 * rows)
    state.coefficients[:4] = np.linalg.solve(gram, design.T @ wanted)
    state.coefficients[0] *= scale
    state.coefficients[_FLOOR] = math.sqrt(0.1 * np.median(rates)) * scale
    state.coefficients[_CEILING] = math.sqrt(2.0 * np.max(rates)) * scale
    state.counts[_FITTED] = 1


@kernel
def _forecast(state: VolatilityState, bar_days: float) -> float:
    """Variance per day over the horizon: HAR once it is fitted, exponential weights before."""
    counts, values, b = state.counts, state.values, state.coefficients
    size = state.memory.shape[0]
    if counts[_FITTED] == 0 or counts[_BARS] <= size:
        return float(values[_EWMA])
    day, week = _spans(size)
    daily = math.sqrt(max(values[_SUM1], 0.0) / (day * bar_days))
    weekly = math.sqrt(max(values[_SUM5], 0.0) / (week * bar_days))
    monthly = math.sqrt(max(values[_SUM22], 0.0) / (size * bar_days))
    raw = b[0] + b[1] * daily + b[2] * weekly + b[3] * monthly
    volatility = min(max(raw, float(b[_FLOOR])), float(b[_CEILING]))
    return float(volatility * volatility)


@kernel
def _percentile(state: VolatilityState) -> float:
    """Mid-rank of the forecast among the closing forecasts of the last 365 days."""
    count = min(state.counts[_DAYS], _YEAR_DAYS)
    if count == 0:
        return 0.5
    ranked, now = state.ranked[:count], state.values[_FORECAST]
    below = np.searchsorted(ranked, now)
    same = np.searchsorted(ranked, now, side="right") - below
    return float((below + 0.5 * same) / count)


def _bars(
    open: Floats, high: Floats, low: Floats, close: Floats, count: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    o, h = positive_array("open", open, count), positive_array("high", high, count)
    low_, c = positive_array("low", low, count), positive_array("close", close, count)
    same_length(open=o, high=h, low=low_, close=c)
    if np.any(h < np.maximum(o, c)):
        raise ValueError("high must be >= max(open, close) in every bar")
    if np.any(low_ > np.minimum(o, c)):
        raise ValueError("low must be <= min(open, close) in every bar")
    return o, h, low_, c
