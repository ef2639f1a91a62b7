"""Drifted Brownian motion between two absorbing barriers, exactly, at every time scale.

Refuses nothing itself: `engine.probability.barrier` checks the arguments before it calls.
Image sums serve short horizons, the eigenfunction series long ones; they agree to 1e-13.
"""

from __future__ import annotations

import math

from engine.probability.layer import kernel
from engine.probability.special import exp_normal_cdf, normal_density

_SWITCH = 0.3
"""Variance over squared corridor width below which images converge faster than the series."""
_TINY = 1e-17


@kernel
def long_run_up(drift: float, variance: float, up: float, down: float) -> float:
    """Chance that the upper barrier is ever met first (Darling and Siegert 1953)."""
    rate = 2.0 * abs(drift) / variance
    if rate * (up + down) < 1e-12:
        return down / (up + down) * (1.0 + math.copysign(0.5 * rate * up, drift))
    ratio = math.expm1(-rate * down) / math.expm1(-rate * (up + down))
    return ratio if drift > 0.0 else ratio * math.exp(-rate * up)


@kernel
def long_run_time(drift: float, variance: float, up: float, down: float) -> float:
    """Mean time to leave the corridor, days."""
    if abs(drift) * (up + down) < 1e-5 * variance:
        first = up * down / variance
        return first + drift * up * down * (up - down) / (3.0 * variance * variance)
    p = long_run_up(drift, variance, up, down)
    return (p * up - (1.0 - p) * down) / drift


@kernel
def _first_passage(
    distance: float, drift: float, variance: float, horizon: float, lead: float
) -> float:
    """Inverse-Gaussian chance to travel `distance` by `horizon`, times ``exp(lead)``."""
    scale = math.sqrt(variance * horizon)
    tilt = distance * abs(drift) / variance
    travelled = abs(drift) * horizon
    near = exp_normal_cdf(lead - tilt, (travelled - distance) / scale)
    return near + exp_normal_cdf(lead + tilt, (-travelled - distance) / scale)


@kernel
def _first_passage_time(
    distance: float, drift: float, variance: float, horizon: float, lead: float
) -> float:
    """Partial mean of that passage time over passages by `horizon`, times ``exp(lead)``."""
    scale = math.sqrt(variance * horizon)
    tilt = distance * abs(drift) / variance
    if tilt < 1e-5:
        z = distance / scale
        inner = 2.0 * scale * normal_density(z) - 2.0 * distance * exp_normal_cdf(0.0, -z)
        return math.exp(lead) * distance / variance * inner
    travelled = abs(drift) * horizon
    near = exp_normal_cdf(lead - tilt, (travelled - distance) / scale)
    far = exp_normal_cdf(lead + tilt, (-travelled - distance) / scale)
    return distance / abs(drift) * (near - far)


@kernel
def up_images(
    drift: float, variance: float, up: float, down: float, horizon: float
) -> tuple[float, float]:
    """P(upper barrier first by `horizon`) and the partial mean of its time, by images."""
    width = up + down
    lead = drift * up / variance
    p = _first_passage(up, drift, variance, horizon, lead)
    mean = _first_passage_time(up, drift, variance, horizon, lead)
    for k in range(1, 40):
        far, near = 2.0 * k * width + up, 2.0 * k * width - up
        plus = _first_passage(far, drift, variance, horizon, lead)
        minus = _first_passage(near, drift, variance, horizon, lead)
        p += plus - minus
        mean += _first_passage_time(far, drift, variance, horizon, lead)
        mean -= _first_passage_time(near, drift, variance, horizon, lead)
        if plus < _TINY and minus < _TINY:
            break
    return p, mean


@kernel
def up_series(
    drift: float, variance: float, up: float, down: float, horizon: float
) -> tuple[float, float]:
    """What is still missing at `horizon` from P(up) and from the mean exit time, by the series.

    Returns
    -------
    tuple of two floats
        ``P(up) - P(up by horizon)`` and the upper barrier's share of ``E[tau] - E[tau and T]``.
    """
    width = up + down
    base = drift * drift / (2.0 * variance)
    missing, missing_time = 0.0, 0.0
    for n in range(1, 60):
        wave = n * math.pi / width
        rate = base + 0.5 * wave * wave * variance
        power = drift * up / variance - rate * horizon
        if power < -80.0 and rate * horizon > 80.0:
            break
        sign = 1.0 if n % 2 == 1 else -1.0
        size = n * math.exp(power) / rate
        term = sign * math.sin(wave * down) * size
        missing += term
        missing_time += term / rate
        if size < _TINY:
            break
    factor = math.pi * variance / (width * width)
    return factor * missing, factor * missing_time


@kernel
def exit_odds(
    drift: float, variance: float, up: float, down: float, horizon: float
) -> tuple[float, float, float]:
    """P(up first), P(down first) and E[min(exit time, horizon)] from a start at zero.

    Parameters
    ----------
    drift : float, per day
    variance : float, per day, > 0
    up, down : float, > 0
        Distances to the barriers, in the units of the process.
    horizon : float, days, > 0, may be inf

    References
    ----------
    Darling and Siegert 1953; Cox and Miller 1965, section 5.7; MATH.md section 2.
    """
    width = up + down
    if horizon == math.inf:
        p = long_run_up(drift, variance, up, down)
        return p, 1.0 - p, long_run_time(drift, variance, up, down)
    if variance * horizon < _SWITCH * width * width:
        above, above_time = up_images(drift, variance, up, down, horizon)
        below, below_time = up_images(-drift, variance, down, up, horizon)
        alive = max(0.0, 1.0 - above - below)
        time = above_time + below_time + horizon * alive
    else:
        # The mirrored series stands for the lower barrier: E[tau; tau > T] needs both.
        missing, missing_time = up_series(drift, variance, up, down, horizon)
        lower, lower_time = up_series(-drift, variance, down, up, horizon)
        p = long_run_up(drift, variance, up, down)
        above = p - missing
        below = long_run_up(-drift, variance, down, up) - lower
        time = long_run_time(drift, variance, up, down) - missing_time - lower_time
    above = min(max(above, 0.0), 1.0)
    below = min(max(below, 0.0), 1.0 - above)
    return above, below, min(max(time, 0.0), horizon)
