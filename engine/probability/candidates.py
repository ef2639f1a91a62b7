"""Which closed bars are candidates, and where their barriers stand.

Refuses to fire twice on one stretch: a candidate is a crossing, and the trigger must be re-armed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from engine.probability.exhaustion import Momentum
from engine.probability.layer import FloatArray, kernel
from engine.probability.mean_reversion import Reversion

REVERSION, EXHAUSTION = 1, 2
"""Bits of what `detect` answers."""


class Triggers(NamedTuple):
    """Thresholds of the two kinds of setup.

    `stretch` in standard deviations below the mean, `depth` in sigmas of one bar below zero
    momentum, `rsi` the ceiling of the index.
    """

    stretch: float
    depth: float
    rsi: float


def start() -> FloatArray:
    """Both triggers armed: [reversion armed, exhaustion armed, momentum at the last firing]."""
    return np.array([1.0, 1.0, 0.0])


@kernel
def detect(state: FloatArray, reversion: Reversion, momentum: Momentum, triggers: Triggers) -> int:
    """Bits of the setups that this bar begins, and the triggers' new state."""
    found = 0
    if reversion.valid:
        if reversion.stretch <= -triggers.stretch and state[0] > 0.0:
            found += REVERSION
            state[0] = 0.0
        elif reversion.stretch > -0.5 * triggers.stretch:
            state[0] = 1.0
    if momentum.valid:
        # A new low of momentum, or the end of the fall, makes the next slowing news again.
        if momentum.momentum >= 0.0 or momentum.momentum < state[2]:
            state[1] = 1.0
            state[2] = 0.0
        slowing = momentum.change > 0.0 and momentum.change_before <= 0.0
        deep = momentum.momentum <= -triggers.depth and momentum.rsi <= triggers.rsi
        if slowing and deep and state[1] > 0.0:
            found += EXHAUSTION
            state[1] = 0.0
            state[2] = momentum.momentum
    return found


@kernel
def barrier_levels(
    price: float, spread: float, target_sigmas: float, stop_sigmas: float, tick: float
) -> tuple[float, float]:
    """Target and stop on the tick, rounded against us; (0, 0) when they do not fit.

    Parameters
    ----------
    price : float, quote currency, > 0
    spread : float
        Volatility over the horizon, log price.
    """
    target = tick * math.ceil(price * math.exp(target_sigmas * spread) / tick - 1e-9)
    stop = tick * math.floor(price * math.exp(-stop_sigmas * spread) / tick + 1e-9)
    target, stop = round(target, 9), round(stop, 9)
    if not 0.0 < stop < price < target < math.inf:
        return 0.0, 0.0
    return target, stop
