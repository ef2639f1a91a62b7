"""Where the time of the twelve layers goes: each layer's step alone, then each part of judging.

Printed by ``python bench/probability.py``. Layers 2 to 9 are kernels: each is looped alone,
compiled, over the very inputs that the whole pipeline gives it. Layers 1 and 10 to 12 and the
evidence adapter learn and judge one candidate at a time: each is timed inside a whole run.
"""

from __future__ import annotations

import math

import numpy as np

from engine.probability.alignment import AlignmentState
from engine.probability.alignment import step as alignment_step
from engine.probability.exhaustion import MomentumState
from engine.probability.exhaustion import step as momentum_step
from engine.probability.features import (
    DAY_SECONDS,
    InstrumentState,
    Scaling,
    advance,
)
from engine.probability.layer import FloatArray, IntArray, kernel
from engine.probability.liquidity import LiquidityState
from engine.probability.liquidity import bar_step as liquidity_step
from engine.probability.mean_reversion import (
    ReversionState,
)
from engine.probability.mean_reversion import step as reversion_step
from engine.probability.regime import RegimeState
from engine.probability.regime import reading as regime_reading
from engine.probability.regime import step as regime_step
from engine.probability.ring import latest
from engine.probability.tail import TailState
from engine.probability.tail import step as tail_step
from engine.probability.volatility import VolatilityState
from engine.probability.volatility import step as volatility_step

Row = tuple[str, float]


@kernel
def inputs(
    state: InstrumentState,
    closed_at: IntArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    setting: Scaling,
) -> FloatArray:
    """What later layers are given by earlier ones: bar sigma, surprise, four-hour close."""
    n = close.shape[0]
    found = np.full((n, 3), math.nan)
    for t in range(n):
        seen = advance(state, closed_at[t], high[t], low[t], close[t], setting)
        found[t, 0] = 0.0
        if seen.scale.valid:
            found[t, 0] = math.sqrt(seen.scale.variance * setting.bar_days)
            found[t, 1] = seen.scale.surprise
        if seen.alignment.closed & 2 != 0:
            frame = state.alignment
            found[t, 2] = latest(frame.memory[1], frame.counts[1] - 1, 1)[0]
    return found


@kernel
def loop_volatility(
    state: VolatilityState, closed_at: IntArray, close: FloatArray, setting: Scaling
) -> float:
    """Layer 5 alone."""
    total = 0.0
    for t in range(close.shape[0]):
        day = (closed_at[t] - 1 - setting.shift_seconds) // DAY_SECONDS
        scale = volatility_step(
            state, day, close[t], setting.bar_days, setting.horizon_days, setting.decay_per_day
        )
        total += scale.variance + scale.percentile
    return total


@kernel
def loop_reversion(
    short: ReversionState, long: ReversionState, close: FloatArray, setting: Scaling
) -> float:
    """Layer 3 alone: both windows, without the scores of candidates."""
    total = 0.0
    for t in range(close.shape[0]):
        x = math.log(close[t])
        total += reversion_step(short, x, setting.bar_days).stretch
        total += reversion_step(long, x, setting.bar_days).stretch
    return total


@kernel
def loop_momentum(
    state: MomentumState, low: FloatArray, close: FloatArray, given: FloatArray
) -> float:
    """Layer 4 alone, without the scores of candidates."""
    total = 0.0
    for t in range(close.shape[0]):
        total += momentum_step(state, math.log(close[t]), low[t], close[t], given[t, 0]).rsi
    return total


@kernel
def loop_alignment(
    state: AlignmentState, closed_at: IntArray, close: FloatArray, setting: Scaling
) -> float:
    """Layer 7 alone."""
    total = 0.0
    for t in range(close.shape[0]):
        x = math.log(close[t])
        total += alignment_step(state, closed_at[t], x, setting.shift_seconds).support
    return total


@kernel
def loop_regime(state: RegimeState, given: FloatArray, span_days: float) -> float:
    """Layer 2 alone."""
    total = 0.0
    for t in range(given.shape[0]):
        if math.isnan(given[t, 2]):
            total += regime_reading(state, span_days).turbulent
        else:
            total += regime_step(state, given[t, 2], span_days).turbulent
    return total


@kernel
def loop_tail(state: TailState, given: FloatArray) -> float:
    """Layer 6 alone."""
    total = 0.0
    for t in range(given.shape[0]):
        if not math.isnan(given[t, 1]):
            total += tail_step(state, given[t, 1]).xi
    return total


@kernel
def loop_liquidity(state: LiquidityState, high: FloatArray, low: FloatArray) -> float:
    """Layer 8 alone."""
    total = 0.0
    for t in range(high.shape[0]):
        total += liquidity_step(state, high[t], low[t]).bar_spread_frac
    return total
