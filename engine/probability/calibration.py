"""Layer 12: probabilities that keep their word, their lower bound, and what they are worth.

Refuses to size on the mean: the lower bound decides, and expected value is taken after costs.
Calibration is learnt only from odds that were given before the outcome was known.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from engine.model.setups import LayerRole
from engine.probability.checks import Floats, outcome_array, probability_array, same_length, whole
from engine.probability.layer import FloatArray, LayerSpec, Speed, as_written, kernel
from engine.probability.special import digamma, logistic, logit, trigamma

SPEC = LayerSpec(
    name="calibration",
    number=12,
    role=LayerRole.CALIBRATION,
    title="Calibration",
    summary="Corrects the odds by how past odds turned out, takes their lower bound, and asks "
    "whether the setup pays its costs at that bound.",
    needs="200 effective closed labels; until then the odds pass unchanged",
)
_CLIP = 1e-12
ISOTONIC_BOUNDS = (0.02, 0.98)
_INERTIA = 20.0
"""Pull of the map towards the identity: without a reason the odds stay as they are.

The shift is pulled too. Layer 1 learns the level by itself, and the record holds its errors from
before it had: a free shift would take them out a second time.
"""


def brier_score(p: Floats, y: Floats) -> float:
    """Mean squared error of probabilities.

    Parameters
    ----------
    p : sequence of floats in [0, 1]
    y : sequence of 0 or 1

    Examples
    --------
    >>> brier_score([0.5, 1.0], [0, 1])
    0.125
    """
    odds, hits = _pair(p, y)
    return float(np.mean((odds - hits) ** 2))


def log_loss(p: Floats, y: Floats) -> float:
    """Mean negative log-likelihood, nats; a wrong certainty is cut at 1e-12."""
    odds, hits = _pair(p, y)
    odds = np.clip(odds, _CLIP, 1.0 - _CLIP)
    return float(-np.mean(hits * np.log(odds) + (1.0 - hits) * np.log1p(-odds)))


def expected_calibration_error(p: Floats, y: Floats, bins: int = 10) -> float:
    """Mean distance of mean odds and hit rate over bins of equal mass; ties share a bin.

    Examples
    --------
    >>> expected_calibration_error([0.2, 0.2, 0.8, 0.8], [0, 0, 1, 1], bins=2)
    0.2
    """
    odds, hits = _pair(p, y)
    bins = whole("bins", bins, 1)
    order = np.argsort(odds, kind="stable")
    odds, hits = odds[order], hits[order]
    error = sum(
        abs(float(odds[part].sum() - hits[part].sum())) for part in _equal_mass(odds, bins)
    )
    return round(error / odds.size, 15)


def spiegelhalter_z(p: Floats, y: Floats) -> float:
    """Standardised excess of the Brier score over what the odds themselves promise.

    Raises
    ------
    ValueError
        If every probability is 0, 1/2 or 1: the statistic is then undefined.

    References
    ----------
    Spiegelhalter 1986.
    """
    odds, hits = _pair(p, y)
    spread = float(np.sum((1.0 - 2.0 * odds) ** 2 * odds * (1.0 - odds)))
    if spread == 0.0:
        raise ValueError("p must hold a value other than 0, 1/2 and 1")
    return float(np.sum((hits - odds) * (1.0 - 2.0 * odds)) / math.sqrt(spread))


@dataclass(frozen=True, slots=True)
class BetaMap:
    """Beta calibration ``logit p' = a ln p - b ln(1 - p) + c``.

    Attributes
    ----------
    a, b : float, >= 0
    c : float
    """

    a: float
    b: float
    c: float

    def __call__(self, p: float) -> float:
        """Calibrated probability of `p` in [0, 1]."""
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"p must be in [0, 1], was {p:g}")
        p = min(max(p, _CLIP), 1.0 - _CLIP)
        return logistic(self.a * math.log(p) - self.b * math.log1p(-p) + self.c)


def beta_calibration(
    p: Floats,
    y: Floats,
    weights: Floats | None = None,
    ridge: float = 1.0,
    centre: tuple[float, float] = (0.0, 0.0),
    shift_ridge: float = 1e-9,
) -> BetaMap:
    """Fit a beta calibration map by penalised maximum likelihood.

    Parameters
    ----------
    p : sequence of floats in [0, 1]
        Out-of-sample odds.
    y : sequence of 0 or 1
    weights : sequence of floats, >= 0, optional
        Of the labels; all one by default.
    ridge : float, >= 0
        Half of it times the squared distance of (a, b) from `centre` is the penalty.
    shift_ridge : float, > 0
        Half of it times the square of c is a penalty too; by default only enough to keep c
        finite when all outcomes are alike.

    References
    ----------
    Kull, Silva Filho and Flach 2017.
    """
    odds, hits = _pair(p, y)
    mass = np.ones(odds.size) if weights is None else np.asarray(weights, dtype=np.float64)
    same_length(p=odds, weights=mass)
    if ridge < 0.0:
        raise ValueError(f"ridge must be >= 0, was {ridge:g}")
    odds = np.clip(odds, _CLIP, 1.0 - _CLIP)
    design = np.column_stack([np.log(odds), -np.log1p(-odds), np.ones(odds.size)])
    for used in ([0, 1, 2], [0, 2], [1, 2], [2]):
        found = _fit_logistic(
            design[:, used],
            hits,
            mass,
            np.array([(ridge, ridge, shift_ridge)[i] for i in used]),
            np.array([(*centre, 0.0)[i] for i in used]),
        )
        slopes = [value for index, value in zip(used, found, strict=True) if index < 2]
        if all(slope >= 0.0 for slope in slopes):
            a, b, c = (found[used.index(i)] if i in used else 0.0 for i in range(3))
            return BetaMap(float(a), float(b), float(c))
    raise AssertionError("the map without slopes is always admissible")


def isotonic_fit(p: Floats, y: Floats, weights: Floats | None = None) -> FloatArray:
    """Monotone hit rates fitted to the sorted odds, by pooling adjacent violators.

    Returns
    -------
    ndarray of shape (n,), float64 in [0, 1]
        Fitted value of each observation, in the order given.
    """
    odds, hits = _pair(p, y)
    mass = np.ones(odds.size) if weights is None else np.asarray(weights, dtype=np.float64)
    same_length(p=odds, weights=mass)
    order = np.argsort(odds, kind="stable")
    fitted = np.empty(odds.size)
    fitted[order] = pool_adjacent(odds[order], hits[order], mass[order])
    return fitted


@kernel
def pool_adjacent(odds: FloatArray, hits: FloatArray, mass: FloatArray) -> FloatArray:
    """Isotonic regression of hits on ascending odds: violators pooled, equal odds kept together.

    References
    ----------
    Ayer, Brunk, Ewing, Reid and Silverman 1955.
    """
    n = len(odds)
    won, all_, ends = np.empty(n), np.empty(n), np.empty(n, dtype=np.int64)
    top = -1
    for i in range(n):
        if i > 0 and odds[i] == odds[i - 1]:  # equal odds cannot get different answers
            won[top] += mass[i] * hits[i]
            all_[top] += mass[i]
        else:
            top += 1
            won[top], all_[top] = mass[i] * hits[i], mass[i]
        ends[top] = i + 1
        while top > 0 and won[top - 1] * all_[top] >= won[top] * all_[top - 1]:
            won[top - 1] += won[top]
            all_[top - 1] += all_[top]
            ends[top - 1] = ends[top]
            top -= 1
    fitted = np.empty(n)
    begin = 0
    for block in range(top + 1):
        fitted[begin : ends[block]] = won[block] / all_[block]
        begin = ends[block]
    return fitted


def beta_lower_bound(hits: float, count: float, z: float) -> float:
    """Lower bound of a hit rate from `count` labels under Jeffreys' prior, by its log-odds."""
    a, b = hits + 0.5, count - hits + 0.5
    return logistic(digamma(a) - digamma(b) - z * math.sqrt(trigamma(a) + trigamma(b)))


class Calibrator:
    """Map from fused odds to kept odds, learnt from closed labels only.

    Identity below `few` effective labels, a beta map up to `many`, isotonic beyond.

    Parameters
    ----------
    few, many : float, effective labels
    refit_every : int, labels, >= 1
    speed : Speed
        `as_written` in live, `compiled` in research.
    """

    def __init__(
        self, few: float, many: float, refit_every: int, speed: Speed = as_written
    ) -> None:
        self._few, self._many, self._refit_every = few, many, refit_every
        self._pool = speed(pool_adjacent)
        self._odds, self._hits, self._weights = array("d"), array("d"), array("d")
        self._n_eff = 0.0
        self._beta: BetaMap | None = None
        self._steps: tuple[list[float], list[float]] | None = None
        self._bins: tuple[list[float], list[tuple[float, float]]] | None = None

    @property
    def n_eff(self) -> float:
        """Effective labels learnt."""
        return self._n_eff

    @property
    def fitted(self) -> bool:
        """Whether the map differs from the identity."""
        return self._beta is not None or self._steps is not None

    def learn(self, p: float, hit: bool, weight: float) -> None:
        """Take in the fused odds that a candidate got, now that its label has closed."""
        self._odds.append(p)
        self._hits.append(hit)
        self._weights.append(weight)
        self._n_eff += weight
        if len(self._odds) % self._refit_every == 0 and self._n_eff >= self._few:
            self._fit()

    def __call__(self, p: float) -> float:
        """Calibrated odds."""
        if self._steps is not None:
            levels = self._steps[1]
            low, high = ISOTONIC_BOUNDS
            return min(max(levels[bisect_right(self._steps[0], p)], low), high)
        return p if self._beta is None else self._beta(p)

    def lower(self, p: float, z: float) -> float:
        """Lower bound that the record near `p` supports; 1 while the record is thin."""
        if self._bins is None:
            return 1.0
        hits, count = self._bins[1][bisect_right(self._bins[0], p)]
        return beta_lower_bound(hits, count, z) if count >= 50.0 else 1.0

    def _fit(self) -> None:
        p, y, weight = (np.array(column) for column in (self._odds, self._hits, self._weights))
        order = np.argsort(p, kind="stable")
        self._bins = _record_bins(p[order], y[order], weight[order])
        if self._n_eff >= self._many:
            fitted = self._pool(p[order], y[order], weight[order])
            cuts = np.flatnonzero(np.diff(fitted) > 0.0)
            edges = 0.5 * (p[order][cuts] + p[order][cuts + 1])
            self._steps = (edges.tolist(), [*fitted[cuts].tolist(), float(fitted[-1])])
        else:
            self._beta = beta_calibration(
                p, y, weight, ridge=_INERTIA, centre=(1.0, 1.0), shift_ridge=_INERTIA
            )


def _record_bins(
    p: FloatArray, y: FloatArray, weight: FloatArray
) -> tuple[list[float], list[tuple[float, float]]]:
    parts = _equal_mass(p, 10)
    edges = [float(0.5 * (p[part.start - 1] + p[part.start])) for part in parts[1:]]
    counts = [(float(weight[part] @ y[part]), float(weight[part].sum())) for part in parts]
    return edges, counts


def _equal_mass(sorted_odds: FloatArray, bins: int) -> list[slice]:
    """Slices of about equal size over sorted odds, equal odds kept together."""
    n = sorted_odds.size
    cuts = [0]
    for k in range(1, bins):
        cut = round(k * n / bins)
        while 0 < cut < n and sorted_odds[cut] == sorted_odds[cut - 1]:
            cut += 1
        if cuts[-1] < cut < n:
            cuts.append(cut)
    return [slice(a, b) for a, b in zip(cuts, [*cuts[1:], n], strict=True)]


def _fit_logistic(
    design: FloatArray, hits: FloatArray, mass: FloatArray, penalty: FloatArray, middle: FloatArray
) -> FloatArray:
    """Newton's method; half of `penalty` times the squared distance from `middle` is paid."""
    found = middle.copy()
    for _ in range(60):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ found, -40.0, 40.0)))
        gradient = design.T @ (mass * (p - hits)) + penalty * (found - middle)
        curve = design.T @ (design * (mass * p * (1.0 - p))[:, None]) + np.diag(penalty)
        move = np.linalg.solve(curve, gradient)
        move *= min(1.0, 4.0 / max(float(np.max(np.abs(move))), 1e-300))
        found = found - move
        if float(np.max(np.abs(move))) < 1e-13:
            break
    return found


def _pair(p: Floats, y: Floats) -> tuple[FloatArray, FloatArray]:
    odds, hits = probability_array("p", p), outcome_array("y", y)
    same_length(p=odds, y=hits)
    return odds, hits


def lower_log_odds(log_odds: float, variance: float, z: float) -> float:
    """Log-odds `z` standard deviations below the mean."""
    return log_odds - z * math.sqrt(max(variance, 0.0))


def calibrated_log_odds(p: float) -> float:
    """Log-odds of a probability kept away from 0 and 1."""
    return logit(min(max(p, _CLIP), 1.0 - _CLIP))
