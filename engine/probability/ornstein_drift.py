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

NEAR = 12.0
"""Stationary standard deviations from the mean within which noise matters."""

Answer = tuple[float, float, float, float]


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
    back = math.exp(-2.0 * kappa * abs(start - theta) * abs(behind - start) / sigma**2)
    noise = NEAR * sigma / math.sqrt(2.0 * kappa)
    gate = theta + noise if falling else theta - noise
    if (ahead >= gate) if falling else (ahead <= gate):
        forward, time, mean = _met_on_the_way(kappa, theta, sigma, start, ahead, horizon)
        up, down = (0.0, forward) if falling else (forward, 0.0)
    else:
        spent = math.log((start - theta) / (gate - theta)) / kappa
        if spent >= horizon:
            up, down, time = 0.0, 0.0, horizon
            mean = theta + (start - theta) * math.exp(-kappa * horizon)
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
    due = math.log((start - theta) / (ahead - theta)) / kappa
    if horizon == math.inf:
        return 1.0, due, 0.0
    keep = math.exp(-kappa * horizon)
    end = theta + (start - theta) * keep
    spread = sigma * math.sqrt(-math.expm1(-2.0 * kappa * horizon) / (2.0 * kappa))
    beyond = (end - ahead) if ahead > start else (ahead - end)
    met = exp_normal_cdf(0.0, beyond / spread)
    return met, min(due, horizon), (1.0 - met) * end
