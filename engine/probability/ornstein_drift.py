"""Ornstein-Uhlenbeck where the drift rules: so far from the mean that noise is a thin layer.

Refuses nothing itself: `engine.probability.ornstein` comes here only when a path travels so many
of its own standard deviations that no affordable grid resolves them. There the path all but
follows its mean, to a relative error of the order of one over that number: the barrier behind can
be met in a thin layer only, the one ahead is met when the mean passes it, and a path that nears
the mean it reverts to is handed back, from there, to the exact method.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.probability.special import exp_normal_cdf

_NEAR = 6.0
"""Stationary standard deviations from the mean within which the grid takes over again."""
_TRAVEL, _PECLET = 6.5, 120.0
"""Own deviations travelled, and drift over diffusion, from which no grid can be trusted: its
operator is then so far from symmetric that round-off grows by the exponential of half the latter.
"""

Answer = tuple[float, float, float, float]


def is_carried(
    kappa: float, theta: float, sigma: float, width: float, start: float, horizon: float
) -> bool:
    """Whether the drift so outweighs the noise that `carried_odds` is nearer to the truth."""
    drift = kappa * abs(start - theta)
    if drift * width <= _PECLET * sigma * sigma:
        return False
    travel = abs(start - theta) * -math.expm1(-kappa * horizon)
    spread = sigma * math.sqrt(-math.expm1(-2.0 * kappa * horizon) / (2.0 * kappa))
    return travel > _TRAVEL * spread


def carried_odds(
    kappa: float,
    theta: float,
    sigma: float,
    low: float,
    high: float,
    start: float,
    horizon: float,
    exact: Callable[[float, float], Answer],
) -> Answer:
    """P(high first), P(low first), E[min(exit, horizon)] and E[X at horizon; no exit].

    Parameters
    ----------
    exact : function of start and horizon
        Answers nearer to the mean.
    """
    falling = start > theta
    behind, ahead = (high, low) if falling else (low, high)
    # The layer behind is thin: across it the drift is what it is at the start.
    back = first_passage(abs(behind - start), -kappa * abs(start - theta), sigma, horizon)
    noise = _NEAR * sigma / math.sqrt(2.0 * kappa)
    gate = theta + noise if falling else theta - noise
    spent = math.log((start - theta) / (gate - theta)) / kappa
    if spent >= horizon or ((ahead >= gate) if falling else (ahead <= gate)):
        forward, time, mean = _met_on_the_way(kappa, theta, sigma, start, ahead, horizon)
        up, down = (0.0, forward) if falling else (forward, 0.0)
    else:
        up, down, time, mean = exact(gate, horizon - spent)
        time += spent
    stay = 1.0 - back
    up, down = stay * up + (back if falling else 0.0), stay * down + (0.0 if falling else back)
    return up, down, stay * time, stay * mean


def _met_on_the_way(
    kappa: float, theta: float, sigma: float, start: float, ahead: float, horizon: float
) -> tuple[float, float, float]:
    """P(barrier ahead is met), E[min(time, horizon)], E[X; not met], drift across it strong."""
    rest = (start - theta) / (ahead - theta) if ahead != theta else math.inf
    due = math.log(rest) / kappa if rest > 0.0 else math.inf
    if horizon == math.inf:
        return 1.0, due, 0.0
    met = one_barrier(kappa, theta, sigma, start, ahead, horizon)
    end = theta + (start - theta) * math.exp(-kappa * horizon)
    return met, min(due, horizon), (1.0 - met) * end


def first_passage(gap: float, drift: float, sigma: float, horizon: float) -> float:
    """Chance that Brownian motion with `drift` towards a barrier meets it by the horizon."""
    tilt = 2.0 * drift * gap / sigma**2
    if horizon == math.inf:
        return math.exp(min(tilt, 0.0))
    spread, travel = sigma * math.sqrt(horizon), drift * horizon
    met = exp_normal_cdf(0.0, (travel - gap) / spread)
    return min(met + exp_normal_cdf(tilt, (-gap - travel) / spread), 1.0)


def one_barrier(
    kappa: float, theta: float, sigma: float, start: float, barrier: float, horizon: float
) -> float:
    """Chance that a single barrier is met by the horizon, the boundary's chord for the boundary.

    In the clock in which the noise is Brownian the barrier moves; the straight line with its ends
    is exact for a barrier at the mean and for a constant drift.

    References
    ----------
    Doob 1949 (the change of clock); Durbin 1985 (straight boundaries).
    """
    gap = abs(barrier - start)
    keep = math.exp(-kappa * horizon)
    clock = -math.expm1(-2.0 * kappa * horizon) / (2.0 * kappa) * sigma**2
    travel = (theta - start) * -math.expm1(-kappa * horizon)
    left = gap - travel * math.copysign(1.0, barrier - start)
    first = gap * keep  # both in the units of the horizon
    spread = math.sqrt(clock)
    tilt = -2.0 * first * (left - first) / clock
    met = exp_normal_cdf(0.0, -left / spread)
    met += exp_normal_cdf(tilt, (left - 2.0 * first) / spread)
    return min(met, 1.0)
