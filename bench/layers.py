"""Where the time of the twelve layers goes: each layer's step alone, then each part of judging.

Printed by ``python bench/probability.py``. Layers 2 to 9 are kernels: each is looped alone,
compiled, over the very inputs that the whole pipeline gives it. Layers 1 and 10 to 12 and the
evidence adapter learn and judge one candidate at a time: each is timed inside a whole run. Times
are of the processor, so that a busy machine moves the shares little.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from engine.probability import features
from engine.probability.alignment import AlignmentState
from engine.probability.alignment import step as alignment_step
from engine.probability.batch import Case, History, judge, run
from engine.probability.exhaustion import MomentumState
from engine.probability.exhaustion import step as momentum_step
from engine.probability.features import (
    DAY_SECONDS,
    InstrumentState,
    Scaling,
    advance,
    levels,
    score,
)
from engine.probability.knowledge import Knowledge
from engine.probability.layer import FloatArray, IntArray, compiled, kernel
from engine.probability.liquidity import LiquidityState
from engine.probability.liquidity import bar_step as liquidity_step
from engine.probability.mean_reversion import ReversionState
from engine.probability.mean_reversion import step as reversion_step
from engine.probability.regime import RegimeState
from engine.probability.regime import reading as regime_reading
from engine.probability.regime import step as regime_step
from engine.probability.ring import latest
from engine.probability.scan import scan
from engine.probability.settings import PipelineSettings
from engine.probability.tail import TailState
from engine.probability.tail import step as tail_step
from engine.probability.volatility import VolatilityState
from engine.probability.volatility import step as volatility_step


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


@kernel
def loop_scores(
    state: InstrumentState,
    closed_at: IntArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    setting: Scaling,
    times: int,
) -> float:
    """The whole scan, with each candidate scored `times` over."""
    total = 0.0
    for t in range(close.shape[0]):
        found = advance(state, closed_at[t], high[t], low[t], close[t], setting)
        if found.kinds == 0:
            continue
        target, stop = levels(found, close[t], setting)
        for _ in range(times if target > 0.0 else 0):
            total += score(state, found, close[t], target, stop, setting).target_odds
    return total


class Timed:
    """Stands before a part of `Knowledge` and adds up the time spent in it."""

    def __init__(self, part: Any, spent: dict[str, float], name: str) -> None:
        self._part, self._spent, self._name = part, spent, name
        spent.setdefault(name, 0.0)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        return self._clocked(found) if callable(found) else found

    def __call__(self, *arguments: Any) -> Any:
        """What the part answers when it is called itself."""
        return self._clocked(self._part)(*arguments)

    def _clocked(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def clocked(*arguments: Any, **named: Any) -> Any:
            begin = time.process_time()
            answer = call(*arguments, **named)
            self._spent[self._name] += time.process_time() - begin
            return answer

        return clocked


def kernel_shares(history: History, settings: PipelineSettings, days: float) -> dict[str, float]:
    """Seconds of the processor that each layer's kernel takes over a history."""
    setting = features.scaling(settings, history.scale, days)
    at, high, low, close = history.closed_at, history.high, history.low, history.close
    given = compiled(inputs)(features.start(settings, days), at, high, low, close, setting)

    def state() -> InstrumentState:
        return features.start(settings, days)

    whole = at, high, low, close, setting
    loops: dict[str, Callable[[], Any]] = {
        "2 regime": lambda: compiled(loop_regime)(state().regime, given, 1 / 6),
        "3 mean reversion": lambda: compiled(loop_reversion)(
            state().reversion, state().long_reversion, close, setting
        ),
        "4 exhaustion": lambda: compiled(loop_momentum)(state().momentum, low, close, given),
        "5 volatility": lambda: compiled(loop_volatility)(state().volatility, at, close, setting),
        "6 tail": lambda: compiled(loop_tail)(state().tail, given),
        "7 alignment": lambda: compiled(loop_alignment)(state().alignment, at, close, setting),
        "8 liquidity": lambda: compiled(loop_liquidity)(state().liquidity, high, low),
        "_once": lambda: compiled(loop_scores)(state(), *whole, 1),
        "_twice": lambda: compiled(loop_scores)(state(), *whole, 2),
        "_scan": lambda: compiled(scan)(state(), *whole),
    }
    spent = {name: _seconds(call) for name, call in loops.items()}
    once, twice, scanned = (spent.pop(name) for name in ("_once", "_twice", "_scan"))
    spent["3, 4: scores of candidates"] = max(twice - once, 0.0)
    spent["bars handed from layer to layer"] = max(scanned - sum(spent.values()), 0.0)
    return spent


def judging_shares(
    history: History, settings: PipelineSettings, days: float, costs: dict[str, float]
) -> dict[str, float]:
    """Seconds that each part of judging and learning takes over a history's candidates."""
    cases = run(settings, [history], days, costs)
    order = {history.scale.symbol: 0}
    blank = [replace(case, judged=None, odds=None) for case in cases]
    plain = _clock(lambda: judge(settings, blank, order))
    spent: dict[str, float] = {}
    knowledge: Any = Knowledge(settings, speed=compiled)
    knowledge._base = Timed(knowledge._base, spent, "1 base rate")
    for name, bins in knowledge.bins.items():
        knowledge.bins[name] = Timed(bins, spent, "evidence adapter")
    knowledge.scouts = Timed(knowledge.scouts, spent, "10 scouts")
    knowledge.fusion = Timed(knowledge.fusion, spent, "11 fusion")
    for part in ("calibrator", "trust"):
        setattr(knowledge, part, Timed(getattr(knowledge, part), spent, "12 calibration"))
    again: list[Case] = [replace(case, judged=None, odds=None) for case in cases]
    judge(settings, again, order, knowledge)
    spent["cases, labels and odds built"] = max(plain - sum(spent.values()), 0.0)
    return spent


def print_shares(spent: dict[str, float]) -> None:
    """A table, the slowest first."""
    total = sum(spent.values())
    print("| part | seconds | share |\n|---|---:|---:|")
    for name, seconds in sorted(spent.items(), key=lambda row: -row[1]):
        print(f"| {name} | {seconds:.3f} | {seconds / total:.0%} |")


def _seconds(call: Callable[[], object], repeats: int = 3) -> float:
    call()  # compiles
    return float(np.median([_clock(call) for _ in range(repeats)]))


def _clock(call: Callable[[], object]) -> float:
    begin = time.process_time()
    call()
    return time.process_time() - begin
