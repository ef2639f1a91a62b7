"""Layer 3: whether the price pulls back to a mean, and how much that raises the odds.

Refuses to trust a fitted speed of reversion: the bias of small samples is taken out, the fit is
averaged with a random walk, and the result is a raw score that must earn its weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.model.setups import LayerRole
from engine.probability.checks import Floats, finite_array
from engine.probability.layer import FloatArray, IntArray, LayerSpec, kernel
from engine.probability.ornstein import quick_target
from engine.probability.ring import latest, push, ring
from engine.probability.special import logit

SPEC = LayerSpec(
    name="mean_reversion",
    number=3,
    role=LayerRole.EVIDENCE,
    title="Mean reversion",
    summary="Fits a pull back to the mean (Ornstein-Uhlenbeck), averages it with a random walk, "
    "and asks how much likelier the target becomes.",
    needs="a full window of closed bars in which the pull is statistically visible",
)
MIN_PAIRS = 99


@dataclass(frozen=True, slots=True)
class OuFit:
    """Ornstein-Uhlenbeck process fitted to a series, bias of small samples removed.

    Attributes
    ----------
    phi, phi_corrected : float
        Autoregression as estimated, and after Kendall's correction.
    kappa : float, per day (per unit of `step`); 0 when `phi_corrected` >= 1
    theta : float
        Mean, in units of the series.
    sigma : float, per square-root day; NaN when `phi_corrected` is not in (0, 1)
    half_life : float, days; inf without reversion
    z : float
        Last value's distance from `theta` in stationary standard deviations; 0 without reversion.
    dickey_fuller : float
        t-statistic of ``phi - 1``.
    """

    phi: float
    phi_corrected: float
    intercept: float
    residual_variance: float
    kappa: float
    theta: float
    sigma: float
    half_life: float
    z: float
    dickey_fuller: float


def fit_ou(x: Floats, step: float = 1.0) -> OuFit:
    """Fit an Ornstein-Uhlenbeck process by regression of each value on the one before.

    Parameters
    ----------
    x : sequence of at least 6 floats
        Log prices at equal distances.
    step : float, days, > 0
        Distance between them.

    Raises
    ------
    ValueError
        If `x` is too short, constant or not finite, or `step` is not positive.

    References
    ----------
    Kendall 1954 and Marriott and Pope 1954 (bias); Dickey and Fuller 1979; MATH.md L3.

    Examples
    --------
    >>> fit = fit_ou([0.0, 0.8, 0.5, 1.1, 0.3, -0.2, -0.6, -0.1])
    >>> fit.phi < fit.phi_corrected
    True
    """
    values = finite_array("x", x, 6)
    if not 0.0 < step < math.inf:
        raise ValueError(f"step must be > 0, was {step:g}")
    if float(np.ptp(values)) == 0.0:
        raise ValueError("x must not be constant")
    shift = float(values[0])
    a, b = values[:-1] - shift, values[1:] - shift
    moments = (float(a.sum()), float(b.sum()), float(a @ a), float(b @ b), float(a @ b))
    fit = fit_moments(a.size, *moments, float(b[-1]), step)
    if not fit.valid:
        raise ValueError("x must vary before its last value, and not be foretold without error")
    return OuFit(
        phi=fit.phi,
        phi_corrected=fit.phi_corrected,
        intercept=fit.intercept + shift * (1.0 - fit.phi),
        residual_variance=fit.residual_variance,
        kappa=fit.kappa,
        theta=fit.theta + shift,
        sigma=fit.sigma,
        half_life=math.log(2.0) / fit.kappa if fit.kappa > 0.0 else math.inf,
        z=fit.z,
        dickey_fuller=fit.dickey_fuller,
    )


class Fit(NamedTuple):
    """Kernel form of `OuFit`; positions are relative to the reference of the sums."""

    phi: float
    phi_corrected: float
    phi_error: float
    intercept: float
    residual_variance: float
    kappa: float
    theta: float
    sigma: float
    z: float
    dickey_fuller: float
    walk_weight: float
    valid: bool


@kernel
def no_fit() -> Fit:
    """What is known before there is a window."""
    nan = math.nan
    return Fit(nan, nan, nan, nan, nan, 0.0, nan, nan, 0.0, 0.0, 1.0, False)


@kernel
def fit_moments(
    n: int, sa: float, sb: float, saa: float, sbb: float, sab: float, last: float, step: float
) -> Fit:
    """Fit from the sums of a = x[t-1], b = x[t], their squares and their product."""
    xx, yy, xy = saa - sa * sa / n, sbb - sb * sb / n, sab - sa * sb / n
    if not xx > 1e-18 * max(saa, 1e-300) or not yy > 0.0:
        return no_fit()
    phi = xy / xx
    intercept = (sb - phi * sa) / n
    rss = yy - phi * xy
    if not rss > 1e-14 * yy:
        return no_fit()
    residual = rss / n
    error = math.sqrt(rss / (n - 2) / xx)
    df = (phi - 1.0) / error
    corrected = (n * phi + 1.0) / (n - 3.0)
    theta = intercept / (1.0 - phi) if phi < 1.0 else sb / n
    # Likelihoods of the regression and of the driftless walk; BIC charges two more parameters.
    walk = (sbb - 2.0 * sab + saa) / n
    gain = 0.5 * (n * math.log(walk / residual) - 2.0 * math.log(n))
    weight = 1.0 / (1.0 + math.exp(min(gain, 700.0)))
    kappa, sigma, z = 0.0, math.nan, 0.0
    if 0.0 < corrected < 1.0:
        kappa = -math.log(corrected) / step
        stationary = residual / (1.0 - corrected * corrected)
        sigma = math.sqrt(2.0 * kappa * stationary)
        z = (last - theta) / math.sqrt(stationary)
    return Fit(
        phi, corrected, error, intercept, residual, kappa, theta, sigma, z, df, weight, True
    )


class ReversionState(NamedTuple):
    """Memory of layer 3: the window of log prices and the rolling sums over its pairs."""

    memory: FloatArray
    counts: IntArray
    sums: FloatArray


class Reversion(NamedTuple):
    """What layer 3 knows after a bar.

    `stretch` is the distance from the window's mean in its standard deviations; `anchor` that
    mean and `theta` the fitted one, both log price relative to the last close.
    """

    stretch: float
    anchor: float
    theta: float
    fit: Fit
    valid: bool


_SEEN, _SINCE = 0, 1
_REF, _SA, _SB, _SAA, _SBB, _SAB = 0, 1, 2, 3, 4, 5


def start(window: int) -> ReversionState:
    """Empty memory for a window of `window` pairs of bars."""
    return ReversionState(ring(window + 1), np.zeros(2, dtype=np.int64), np.zeros(6))


@kernel
def step(state: ReversionState, x: float, bar_days: float) -> Reversion:
    """Take the log price of one closed bar in; O(1), re-based once a window."""
    counts, sums, memory = state.counts, state.sums, state.memory
    window = memory.shape[0] // 2 - 1
    seen = counts[_SEEN]
    if seen == 0:
        sums[_REF] = x
    else:
        previous = memory[(seen - 1) % (window + 1)] - sums[_REF]
        _pair(sums, previous, x - sums[_REF], 1.0)
    if seen > window:
        old = memory[seen % (window + 1)] - sums[_REF]
        _pair(sums, old, memory[(seen + 1) % (window + 1)] - sums[_REF], -1.0)
    push(memory, seen, x)
    counts[_SEEN] += 1
    counts[_SINCE] += 1
    if seen < window:
        return Reversion(0.0, 0.0, 0.0, no_fit(), False)
    if counts[_SINCE] >= window:
        _rebase(state, x)
    fit = fit_moments(
        window, sums[_SA], sums[_SB], sums[_SAA], sums[_SBB], sums[_SAB], x - sums[_REF], bar_days
    )
    mean = sums[_SB] / window
    variance = sums[_SBB] / window - mean * mean
    if not fit.valid or not variance > 0.0:
        return Reversion(0.0, 0.0, 0.0, fit, False)
    here = x - sums[_REF]
    return Reversion((here - mean) / math.sqrt(variance), mean - here, fit.theta - here, fit, True)


@kernel
def reversion_window(state: ReversionState) -> FloatArray:
    """Log prices of the window, oldest first; empty before it is full."""
    size = state.memory.shape[0] // 2
    if state.counts[_SEEN] < size:
        return state.memory[:0]
    return latest(state.memory, state.counts[_SEEN] - 1, size)


@kernel
def _pair(sums: FloatArray, a: float, b: float, sign: float) -> None:
    sums[_SA] += sign * a
    sums[_SB] += sign * b
    sums[_SAA] += sign * a * a
    sums[_SBB] += sign * b * b
    sums[_SAB] += sign * a * b


@kernel
def _rebase(state: ReversionState, x: float) -> None:
    """Recompute the sums around the newest price, so that cancellation cannot build up."""
    window = state.memory.shape[0] // 2 - 1
    values = latest(state.memory, state.counts[_SEEN] - 1, window + 1) - x
    a, b = values[:-1], values[1:]
    state.sums[_REF] = x
    state.sums[_SA], state.sums[_SB] = np.sum(a), np.sum(b)
    state.sums[_SAA], state.sums[_SBB] = np.sum(a * a), np.sum(b * b)
    state.sums[_SAB] = np.sum(a * b)
    state.counts[_SINCE] = 0


# Nodes and weights of nine-point Gauss-Hermite quadrature for a standard normal variable.
_HERMITE = (
    (0.0, 0.4063492063492063),
    (1.0232556637891326, 0.2440975028949394),
    (2.0768479786778302, 0.0499164067652179),
    (3.2054290028564703, 0.0027891413212317694),
    (4.512745863399783, 2.2345844007746563e-05),
)


@kernel
def pull_is_visible(fit: Fit, bar_days: float, slowest_days: float) -> bool:
    """Gate of the layer: a half-life that matters, and a significant Dickey-Fuller t."""
    if not fit.valid or not fit.kappa > 0.0 or fit.dickey_fuller >= -2.57:
        return False
    half_life = math.log(2.0) / fit.kappa
    return 2.0 * bar_days <= half_life <= slowest_days


@kernel
def target_log_odds(
    reversion: Reversion,
    volatility: float,
    up: float,
    down: float,
    horizon_days: float,
    bar_days: float,
    martingale: float,
) -> float:
    """Raw score: how much the fitted pull raises the log-odds of the target, nats.

    The pull is integrated over the error of its estimate, cut at a random walk, then averaged
    with the random walk by BIC. The scale is layer 5's for both, so only the pull is scored.
    """
    fit = reversion.fit
    total, mass = 0.0, 0.0
    for place, weight in _HERMITE:
        for side in (-1.0, 1.0):
            phi = fit.phi_corrected + side * place * fit.phi_error
            if phi >= 1.0 or (place == 0.0 and side > 0.0):
                continue
            kappa = -math.log(max(phi, 0.01)) / bar_days
            odds = quick_target(kappa, reversion.theta, volatility, up, down, horizon_days)
            total += weight * odds
            mass += weight
    mixed = (1.0 - fit.walk_weight) * total / mass + fit.walk_weight * martingale
    mixed = min(max(mixed, 1e-6), 1.0 - 1e-6)
    return logit(mixed) - logit(martingale)
