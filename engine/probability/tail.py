"""Layer 6, the veto: how bad bad is.

Refuses to raise any odds; it adds the cost of gaps beyond the stop and shows the worst to expect.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.model.setups import LayerRole
from engine.probability.checks import Floats, fraction, positive_array
from engine.probability.layer import FloatArray, IntArray, LayerSpec, kernel
from engine.probability.ring import latest, push, ring

SPEC = LayerSpec(
    name="tail",
    number=6,
    role=LayerRole.TAIL,
    title="Tail risk",
    summary="Estimates how bad the worst moves are beyond the stop; it can only take away.",
    needs="1000 closed bars, so that 50 losses lie beyond the 95th percentile",
)
_WINDOW = 2000
MIN_LOSSES = 1000
_LEVEL = 0.95
_XI_BOUNDS = (-0.2, 0.6)
_FALLBACK_XI = 0.3
_REFIT_EVERY = 250


@dataclass(frozen=True, slots=True)
class GpdTail:
    """Generalised Pareto tail of losses above a threshold.

    Attributes
    ----------
    xi : float, < 1
        Shape; 0 is exponential.
    beta : float, > 0
        Scale, in the units of the losses.
    threshold : float
    exceed_rate : float in (0, 1]
        Share of losses above the threshold.
    """

    xi: float
    beta: float
    threshold: float
    exceed_rate: float

    def exceedance(self, x: float) -> float:
        """Chance that a loss exceeds `x` >= threshold."""
        if not x >= self.threshold:
            raise ValueError(f"x must be >= threshold {self.threshold:g}, was {x:g}")
        z = (x - self.threshold) / self.beta
        if abs(self.xi) < 1e-6:
            # Second-order series of log(1 + xi z) / xi around the exponential.
            return self.exceed_rate * math.exp(-z + 0.5 * self.xi * z * z)
        base = 1.0 + self.xi * z
        return self.exceed_rate * base ** (-1.0 / self.xi) if base > 0.0 else 0.0

    def value_at_risk(self, q: float) -> float:
        """Loss that is exceeded with chance ``1 - q``; q from ``1 - exceed_rate`` to below 1."""
        if not 1.0 - self.exceed_rate <= q < 1.0:
            raise ValueError(f"q must be in [{1.0 - self.exceed_rate:g}, 1), was {q:g}")
        depth = math.log(self.exceed_rate / (1.0 - q))
        if abs(self.xi) < 1e-6:
            return self.threshold + self.beta * depth * (1.0 + 0.5 * self.xi * depth)
        return self.threshold + self.beta * math.expm1(self.xi * depth) / self.xi

    def expected_shortfall(self, q: float) -> float:
        """Mean loss beyond `value_at_risk(q)`."""
        risk = self.value_at_risk(q)
        return (risk + self.beta - self.xi * self.threshold) / (1.0 - self.xi)

    def mean_excess(self, x: float) -> float:
        """Mean loss beyond `x`, given that `x` is exceeded."""
        if not math.isfinite(x):
            raise ValueError(f"x must be finite, was {x:g}")
        size = self.beta + self.xi * (x - self.threshold)
        return max(size, 0.0) / (1.0 - self.xi)


def gpd_tail(xi: float, beta: float, threshold: float, exceed_rate: float) -> GpdTail:
    """Tail with given parameters (Pickands 1975; McNeil and Frey 2000).

    Raises
    ------
    ValueError
        If `xi` >= 1 (no mean), `beta` <= 0 or `exceed_rate` is outside (0, 1].

    Examples
    --------
    >>> tail = gpd_tail(0.2, 0.006, 0.02, 0.05)
    >>> round(tail.value_at_risk(0.99), 10), round(tail.mean_excess(0.03), 10)
    (0.0313918898, 0.01)
    """
    if not -math.inf < xi < 1.0:
        raise ValueError(f"xi must be < 1, was {xi:g}")
    if not 0.0 < beta < math.inf:
        raise ValueError(f"beta must be > 0, was {beta:g}")
    if not math.isfinite(threshold):
        raise ValueError(f"threshold must be finite, was {threshold:g}")
    fraction("exceed_rate", exceed_rate)
    if exceed_rate == 0.0:
        raise ValueError("exceed_rate must be in (0, 1], was 0")
    return GpdTail(float(xi), float(beta), float(threshold), float(exceed_rate))


def fit_gpd_moments(excesses: Floats) -> tuple[float, float]:
    """Shape and scale by probability-weighted moments (Hosking and Wallis 1987).

    Parameters
    ----------
    excesses : sequence of at least 2 floats, > 0
    """
    xi, beta = gpd_moments(np.sort(positive_array("excesses", excesses, 2)))
    return float(xi), float(beta)


def fit_gpd(excesses: Floats) -> tuple[float, float]:
    """Shape and scale by maximum likelihood, started from the weighted moments.

    References
    ----------
    Grimshaw 1993 (the likelihood profiled to one dimension).
    """
    xi, beta = gpd_likelihood(np.sort(positive_array("excesses", excesses, 5)))
    return float(xi), float(beta)


@kernel
def gpd_moments(ordered: FloatArray) -> tuple[float, float]:
    """Probability-weighted moments of ascending excesses."""
    n = ordered.shape[0]
    a0, a1 = 0.0, 0.0
    for i in range(n):
        a0 += ordered[i] / n
        a1 += ordered[i] * (1.0 - (i + 0.65) / n) / n
    gap = a0 - 2.0 * a1
    if gap <= 0.0:
        return _FALLBACK_XI, a0 * (1.0 - _FALLBACK_XI)
    return 2.0 - a0 / gap, 2.0 * a0 * a1 / gap


@kernel
def _profile(ordered: FloatArray, ratio: float) -> tuple[float, float]:
    """Log-likelihood a value at ``xi / beta = ratio``, with the best shape for it."""
    xi = float(np.mean(np.log1p(ratio * ordered)))
    if abs(ratio) < 1e-9:
        scale = float(np.mean(ordered))
        return -math.log(scale) - 1.0, ratio * scale
    size = xi / ratio
    return -math.log(size) - xi - 1.0, xi


@kernel
def _profile_slope(ordered: FloatArray, ratio: float) -> float:
    """Derivative of the profile likelihood; a series where 1 / ratio would cancel."""
    slope = float(np.mean(ordered / (1.0 + ratio * ordered)))
    first = float(np.mean(ordered))
    if abs(ratio) * first < 1e-4:
        second, third = float(np.mean(ordered**2)), float(np.mean(ordered**3))
        top = 0.5 * second - 2.0 / 3.0 * ratio * third
        return top / (first - 0.5 * ratio * second) - slope
    return 1.0 / ratio - slope / float(np.mean(np.log1p(ratio * ordered))) - slope


@kernel
def _slope_root(ordered: FloatArray, low: float, high: float) -> float:
    """Where the slope of the profile likelihood crosses zero; the middle if it does not.

    False position with the far end's value halved whenever it stays (the Illinois rule): eight
    steps or so where bisection takes forty-eight, and never outside the bracket.
    """
    at_low, at_high = _profile_slope(ordered, low), _profile_slope(ordered, high)
    if not at_low > 0.0 > at_high:
        return 0.5 * (low + high)
    ratio, side = low, 0
    for _ in range(48):
        before = ratio
        ratio = (low * at_high - high * at_low) / (at_high - at_low)
        if not low < ratio < high:
            break
        slope = _profile_slope(ordered, ratio)
        if slope == 0.0 or abs(ratio - before) <= 1e-15 * abs(ratio):
            return ratio
        if slope > 0.0:
            low, at_low = ratio, slope
            at_high *= 0.5 if side > 0 else 1.0
            side = 1
        else:
            high, at_high = ratio, slope
            at_low *= 0.5 if side < 0 else 1.0
            side = -1
    return min(max(ratio, low), high)


@kernel
def gpd_likelihood(ordered: FloatArray) -> tuple[float, float]:
    """Maximum of the profile likelihood: golden section to a bracket, then its slope's root.

    The slope crosses zero, so its root is good to round-off; a maximum's place is only good to
    the square root of it, and live and research would not agree.
    """
    n = ordered.shape[0]
    xi, beta = gpd_moments(ordered)
    centre = xi / beta
    reach = 3.0 / float(np.mean(ordered))
    low = max(centre - reach, -(1.0 - 1e-6) / float(ordered[n - 1]))
    high = centre + reach
    golden = 0.5 * (math.sqrt(5.0) - 1.0)
    a, b = high - golden * (high - low), low + golden * (high - low)
    fa, fb = _profile(ordered, a)[0], _profile(ordered, b)[0]
    for _ in range(12):
        if fa > fb:
            high, b, fb = b, a, fa
            a = high - golden * (high - low)
            fa = _profile(ordered, a)[0]
        else:
            low, a, fa = a, b, fb
            b = low + golden * (high - low)
            fb = _profile(ordered, b)[0]
    ratio = _slope_root(ordered, low, high)
    shape = _profile(ordered, ratio)[1]
    scale = float(np.mean(ordered)) if abs(ratio) < 1e-9 else shape / ratio
    return shape, scale


class TailState(NamedTuple):
    """Memory of layer 6: losses in sigmas, and [xi, beta, threshold] of their tail."""

    memory: FloatArray
    counts: IntArray
    fit: FloatArray


class Tail(NamedTuple):
    """Tail of one bar's loss in sigmas; beyond `threshold` lie 5 % of the bars."""

    xi: float
    beta: float
    threshold: float
    valid: bool


def start() -> TailState:
    """Empty memory."""
    return TailState(ring(_WINDOW), np.zeros(2, dtype=np.int64), np.zeros(3))


@kernel
def no_tail() -> Tail:
    """What is known before there are losses in sigmas."""
    return Tail(0.0, 0.0, 0.0, False)


@kernel
def step(state: TailState, surprise: float) -> Tail:
    """Take one bar's move in sigmas in (McNeil and Frey 2000); refit every 250 bars."""
    push(state.memory, state.counts[0], -surprise)
    state.counts[0] += 1
    seen = state.counts[0]
    if seen >= MIN_LOSSES and (seen - MIN_LOSSES) % _REFIT_EVERY == 0:
        _refit(state, latest(state.memory, seen - 1, min(seen, _WINDOW)))
    fit = state.fit
    return Tail(fit[0], fit[1], fit[2], state.counts[1] == 1)


@kernel
def _refit(state: TailState, losses: FloatArray) -> None:
    cut = int(_LEVEL * losses.shape[0])
    # Only the tail needs to be in order, and it is a twentieth of the losses.
    parted = np.partition(losses, cut - 1)
    threshold = parted[cut - 1]
    excesses = np.sort(parted[cut:]) - threshold
    mean = np.mean(excesses)
    if not mean > 1e-12:
        state.counts[1] = 0
        return
    xi, beta = gpd_likelihood(excesses)
    if not (_XI_BOUNDS[0] <= xi <= _XI_BOUNDS[1]) or not beta > 0.0:
        xi = min(max(xi, _XI_BOUNDS[0]), _XI_BOUNDS[1])
        beta = mean * (1.0 - xi)  # the scale that keeps the mean excess
    state.fit[0], state.fit[1], state.fit[2] = xi, beta, threshold
    state.counts[1] = 1


@kernel
def beyond_stop(tail: Tail, stop_sigmas: float) -> float:
    """Mean loss beyond a stop, in sigmas of one bar, given a bar that jumps over it."""
    if not tail.valid:
        return 1.0 / (1.0 - _FALLBACK_XI)
    depth = max(stop_sigmas, tail.threshold)
    return max(tail.beta + tail.xi * (depth - tail.threshold), 0.0) / (1.0 - tail.xi)
