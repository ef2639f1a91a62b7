"""One instrument, one bar: everything the layers compute from its own prices.

Refuses to look ahead: `advance` sees the state left by earlier bars and one closed bar. Live calls
it in plain Python, research compiles the same function.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from engine.probability import (
    alignment,
    candidates,
    exhaustion,
    liquidity,
    mean_reversion,
    regime,
    tail,
    volatility,
)
from engine.probability.alignment import Alignment, AlignmentState
from engine.probability.alignment import step as alignment_step
from engine.probability.brownian import exit_odds
from engine.probability.candidates import Triggers, barrier_levels, detect
from engine.probability.exhaustion import Momentum, MomentumState, exhaustion_score
from engine.probability.exhaustion import step as momentum_step
from engine.probability.layer import FloatArray, InstrumentScale, kernel
from engine.probability.liquidity import Liquidity, LiquidityState
from engine.probability.liquidity import bar_step as liquidity_step
from engine.probability.mean_reversion import (
    Reversion,
    ReversionState,
    pull_is_visible,
    reversion_window,
    target_log_odds,
)
from engine.probability.mean_reversion import step as reversion_step
from engine.probability.regime import Regime, RegimeState
from engine.probability.regime import reading as regime_reading
from engine.probability.regime import step as regime_step
from engine.probability.ring import latest
from engine.probability.settings import PipelineSettings
from engine.probability.tail import Tail, TailState, beyond_stop, no_tail
from engine.probability.tail import step as tail_step
from engine.probability.volatility import Scale, VolatilityState
from engine.probability.volatility import step as volatility_step

DAY_SECONDS = 86_400
LONG_WINDOWS = 32
"""Length of layer 3's long window, in windows."""
SESSION_SHIFT_SECONDS = 22 * 3600
"""Metals' day ends with the New York session: 21:00 or 22:00 UTC."""


class Scaling(NamedTuple):
    """Settings of the kernels for one instrument; days, fractions and sigmas as named there."""

    bar_days: float
    horizon_days: float
    decay_per_day: float
    target_sigmas: float
    stop_sigmas: float
    tick: float
    shift_seconds: int
    triggers: Triggers


class InstrumentState(NamedTuple):
    """Memories of all layers for one instrument."""

    volatility: VolatilityState
    reversion: ReversionState
    long_reversion: ReversionState
    momentum: MomentumState
    alignment: AlignmentState
    regime: RegimeState
    tail: TailState
    liquidity: LiquidityState
    triggers: FloatArray


class Features(NamedTuple):
    """What the layers know of one instrument after one bar; `kinds` are bits of new setups."""

    scale: Scale
    reversion: Reversion
    long_reversion: Reversion
    momentum: Momentum
    alignment: Alignment
    regime: Regime
    tail: Tail
    liquidity: Liquidity
    kinds: int


class Scores(NamedTuple):
    """Raw scores of a candidate, NaN where a layer has none, and its martingale odds.

    `beyond_stop_frac` is the mean loss beyond the stop given a gap through it, fraction of price.
    """

    target_odds: float
    stop_odds: float
    regime: float
    mean_reversion: float
    exhaustion: float
    alignment: float
    liquidity: float
    beyond_stop_frac: float


def scaling(
    settings: PipelineSettings, instrument: InstrumentScale, timeframe_days: float
) -> Scaling:
    """Kernel settings of one instrument."""
    return Scaling(
        bar_days=timeframe_days,
        horizon_days=settings.horizon_days,
        decay_per_day=settings.ewma_decay_per_day,
        target_sigmas=settings.target_sigmas,
        stop_sigmas=settings.stop_sigmas,
        tick=instrument.tick,
        shift_seconds=0 if instrument.continuous else SESSION_SHIFT_SECONDS,
        triggers=Triggers(
            settings.stretch_sigmas, settings.exhaustion_depth_sigmas, settings.exhaustion_rsi
        ),
    )


def start(settings: PipelineSettings, timeframe_days: float) -> InstrumentState:
    """Empty memories."""
    return InstrumentState(
        volatility=volatility.start(max(1, round(1.0 / timeframe_days))),
        reversion=mean_reversion.start(settings.reversion_window_bars),
        long_reversion=mean_reversion.start(LONG_WINDOWS * settings.reversion_window_bars),
        momentum=exhaustion.start(),
        alignment=alignment.start(round(timeframe_days * DAY_SECONDS)),
        regime=regime.start(),
        tail=tail.start(),
        liquidity=liquidity.start(),
        triggers=candidates.start(),
    )


@kernel
def advance(
    state: InstrumentState,
    closed_at: int,
    high: float,
    low: float,
    close: float,
    setting: Scaling,
) -> Features:
    """Take one closed bar in; `closed_at` is in seconds since 1970."""
    day = (closed_at - 1 - setting.shift_seconds) // DAY_SECONDS
    scale = volatility_step(
        state.volatility,
        day,
        close,
        setting.bar_days,
        setting.horizon_days,
        setting.decay_per_day,
    )
    x = math.log(close)
    bar_sigma = math.sqrt(scale.variance * setting.bar_days) if scale.valid else 0.0
    reversion = reversion_step(state.reversion, x, setting.bar_days)
    long_reversion = reversion_step(state.long_reversion, x, setting.bar_days)
    momentum = momentum_step(state.momentum, x, low, close, bar_sigma)
    frames = alignment_step(state.alignment, closed_at, x, setting.shift_seconds)
    span_days = state.alignment.spans[1] / 86400.0
    if frames.closed & 2 != 0:
        frame = state.alignment
        newest = latest(frame.memory[1], frame.counts[1] - 1, 1)[0]
        weather = regime_step(state.regime, newest, span_days)
    else:
        weather = regime_reading(state.regime, span_days)
    losses = tail_step(state.tail, scale.surprise) if scale.valid else no_tail()
    flow = liquidity_step(state.liquidity, high, low)
    kinds = detect(state.triggers, reversion, momentum, setting.triggers)
    # The triggers keep their memory, but without a scale there are no barriers to set.
    return Features(
        scale,
        reversion,
        long_reversion,
        momentum,
        frames,
        weather,
        losses,
        flow,
        kinds if scale.valid else 0,
    )


@kernel
def levels(features: Features, price: float, setting: Scaling) -> tuple[float, float]:
    """Target and stop of a candidate; (0, 0) when they do not fit the tick."""
    spread = math.sqrt(features.scale.variance * setting.horizon_days)
    return barrier_levels(price, spread, setting.target_sigmas, setting.stop_sigmas, setting.tick)


@kernel
def telling_reversion(features: Features, setting: Scaling) -> tuple[Reversion, bool]:
    """The longest window in which a pull is visible, and whether there is one.

    The long window errs less, of the mean above all: over ten days of hours the mean of a pull
    with a half-life of one day is known to half a standard deviation only. Its slower limit allows
    for the error of a slow speed: half-lives near twice the horizon are often fitted longer.
    """
    horizon, bar_days = setting.horizon_days, setting.bar_days
    if pull_is_visible(features.long_reversion.fit, bar_days, 4.0 * horizon):
        return features.long_reversion, True
    return features.reversion, pull_is_visible(features.reversion.fit, bar_days, 2.0 * horizon)


@kernel
def score(
    state: InstrumentState,
    features: Features,
    price: float,
    target: float,
    stop: float,
    setting: Scaling,
) -> Scores:
    """Raw scores of a candidate with the given barriers."""
    variance, horizon = features.scale.variance, setting.horizon_days
    volatility = math.sqrt(variance)
    up, down = math.log(target / price), math.log(price / stop)
    hit, miss, _ = exit_odds(-0.5 * variance, variance, up, down, horizon)
    pull = math.nan
    reversion, visible = telling_reversion(features, setting)
    if reversion.valid and visible and 1e-9 < hit < 1.0 - 1e-9:
        pull = target_log_odds(reversion, volatility, up, down, horizon, setting.bar_days, hit)
    weather, frames = features.regime, features.alignment
    calm = 1.0 - 0.5 * weather.turbulent if weather.valid else 1.0
    bar_sigma = volatility * math.sqrt(setting.bar_days)
    return Scores(
        target_odds=hit,
        stop_odds=miss,
        regime=weather.turbulent if weather.valid else math.nan,
        mean_reversion=pull,
        exhaustion=exhaustion_score(features.momentum, reversion_window(state.reversion)),
        alignment=calm * frames.support if frames.valid else math.nan,
        liquidity=features.liquidity.pressure if features.liquidity.valid else math.nan,
        beyond_stop_frac=bar_sigma * beyond_stop(features.tail, down / bar_sigma),
    )


@kernel
def martingale_only(
    features: Features, price: float, target: float, stop: float, setting: Scaling
) -> Scores:
    """Scores of a candidate about which no layer could be asked."""
    nan, variance = math.nan, features.scale.variance
    hit, miss, _ = exit_odds(
        -0.5 * variance,
        variance,
        math.log(target / price),
        math.log(price / stop),
        setting.horizon_days,
    )
    return Scores(hit, miss, nan, nan, nan, nan, nan, nan)
