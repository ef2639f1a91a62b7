"""Layer 11: evidence added up with its dependence taken out.

Refuses to count one opinion twice: two copies of a layer weigh as one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.model.setups import LayerRole
from engine.probability.checks import Floats, finite_array, same_length
from engine.probability.layer import FloatArray, LayerSpec
from engine.probability.special import logistic, logit

SPEC = LayerSpec(
    name="fusion",
    number=11,
    role=LayerRole.FUSION,
    title="Fusion",
    summary="Adds the layers' evidence to the prior, each weighted down by what it shares with "
    "the others.",
    needs="nothing; with few labels it assumes that the layers share half of what they know",
)
MAX_TOTAL = 2.5
"""Most that all evidence together may move the log-odds, nats."""
ASSUMED_CORRELATION = 0.5
_WEIGHT_SD = 0.25
_MAX_ROWS = 4000


def dependence_weights(covariance: ArrayLike) -> FloatArray:
    """Weights that make the sum of dependent log-likelihood ratios calibrated.

    For ratios that are normal and each calibrated on its own, the exact posterior adds them with
    ``w = inverse(S) diag(S)``; equally correlated ones get ``1 / (1 + (K - 1) rho)`` each.

    Parameters
    ----------
    covariance : array of shape (K, K), nats squared
        Within-class covariance of the ratios; may be singular.

    Returns
    -------
    ndarray of shape (K,), float64 in [0, 1]

    Raises
    ------
    ValueError
        If the matrix is not square, symmetric, finite and positive semidefinite.

    References
    ----------
    MATH.md L11 (linear discriminant); Clemen and Winkler 1985.

    Examples
    --------
    >>> dependence_weights([[0.2, 0.2], [0.2, 0.2]]).round(12).tolist()
    [0.5, 0.5]
    """
    matrix = np.array(covariance, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ValueError(f"covariance must be square, had shape {matrix.shape}")
    if not np.all(np.isfinite(matrix)):
        raise ValueError("covariance must be finite")
    if not np.allclose(matrix, matrix.T, rtol=1e-8, atol=1e-14):
        raise ValueError("covariance must be symmetric")
    if np.any(np.diag(matrix) < 0.0):
        raise ValueError(f"covariance must have a diagonal >= 0, had {np.diag(matrix).min():g}")
    # Scaled to correlations, so that a faint layer is not taken for a singular direction.
    sd = np.sqrt(np.diag(matrix))
    safe = np.where(sd > 0.0, sd, 1.0)
    correlation = matrix / np.outer(safe, safe)
    lowest = float(np.linalg.eigvalsh(correlation)[0])
    if lowest < -1e-8:
        raise ValueError(f"covariance must have eigenvalues >= 0, had {lowest:g} once scaled")
    weights = np.linalg.pinv(correlation, rcond=1e-10, hermitian=True) @ sd / safe
    return np.asarray(np.clip(weights, 0.0, 1.0))


def fuse(prior: float, llrs: Floats, weights: Floats) -> float:
    """Posterior probability after weighted evidence.

    Parameters
    ----------
    prior : float in (0, 1)
    llrs : sequence of K floats, nats
    weights : sequence of K floats in [0, 1]

    Returns
    -------
    float in (0, 1)
        The evidence together moves the log-odds by at most 2.5.

    Examples
    --------
    >>> fuse(0.3, [], [])
    0.3
    """
    if not 0.0 < prior < 1.0:
        raise ValueError(f"prior must be in (0, 1), was {prior:g}")
    if len(llrs) == 0 and len(weights) == 0:
        return prior
    ratios, factors = finite_array("llrs", llrs), finite_array("weights", weights)
    same_length(llrs=ratios, weights=factors)
    if np.any((factors < 0.0) | (factors > 1.0)):
        worst = factors[np.argmax(np.abs(factors - 0.5))]
        raise ValueError(f"weights must be in [0, 1], was {worst:g}")
    total = float(ratios @ factors)
    if total == 0.0:
        return prior
    return logistic(logit(prior) + min(max(total, -MAX_TOTAL), MAX_TOTAL))


def equicorrelated_weight(count: int, correlation: float = ASSUMED_CORRELATION) -> float:
    """Weight of each of `count` equally correlated layers.

    Examples
    --------
    >>> round(equicorrelated_weight(12, 0.4), 7)
    0.1851852
    """
    if count < 1:
        raise ValueError(f"count must be >= 1, was {count}")
    return 1.0 / (1.0 + (count - 1) * correlation)


def ledoit_wolf(rows: FloatArray) -> FloatArray:
    """Covariance of centred rows, shrunk to a multiple of the identity (Ledoit and Wolf 2004).

    Parameters
    ----------
    rows : ndarray of shape (n, K), each column with mean zero
    """
    n, k = rows.shape
    sample = rows.T @ rows / n
    level = float(np.trace(sample)) / k
    squares = rows**2
    noise = (float((squares.sum(axis=1) ** 2).sum()) / n - float((sample**2).sum())) / n
    distance = float((sample**2).sum()) - k * level * level
    shrink = 1.0 if distance <= 0.0 else min(max(noise / distance, 0.0), 1.0)
    return np.asarray((1.0 - shrink) * sample + shrink * level * np.eye(k))


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """Weights by layer name, with the covariance of their estimate.

    Attributes
    ----------
    names : tuple of str
    weights : ndarray of shape (K,), in [0, 1]
    covariance : ndarray of shape (K, K)
    """

    names: tuple[str, ...]
    weights: FloatArray
    covariance: FloatArray

    def of(self, name: str) -> float:
        """Weight of one layer; 0 for a layer that has never spoken."""
        return float(self.weights[self.names.index(name)]) if name in self.names else 0.0

    def variance(self, llrs: Mapping[str, float]) -> float:
        """Variance that the uncertain weights give to the fused log-odds, nats squared."""
        if not self.covariance.any():
            return 0.0  # weights that were not learnt have no error of their own
        vector = np.array([llrs.get(name, 0.0) for name in self.names])
        return float(vector @ self.covariance @ vector)


class Fusion:
    """Learns the weights from what the layers said out of sample and how it ended.

    Below `few` effective labels every speaking layer gets the equicorrelated weight; below
    `enough` the weights come from the within-class covariance; beyond, they are refined by a
    Bayesian logistic regression around it.

    Parameters
    ----------
    few, enough : float, effective labels, > 0
    refit_every : int, labels, >= 1
    """

    def __init__(self, few: float, enough: float, refit_every: int) -> None:
        self._few, self._enough, self._refit_every = few, enough, refit_every
        self._rows: list[tuple[Mapping[str, float], float, bool, float]] = []
        self._n_eff = 0.0
        self._learnt: FusionWeights | None = None
        self._known: dict[tuple[str, ...], FusionWeights] = {}

    @property
    def n_eff(self) -> float:
        """Effective labels in which at least one layer spoke."""
        return self._n_eff

    def learn(self, llrs: Mapping[str, float], prior: float, hit: bool, weight: float) -> None:
        """Take in one closed label; `prior` is the log-odds before the evidence, nats."""
        if not any(llrs.values()):
            return
        self._rows.append(({n: v for n, v in llrs.items() if v != 0.0}, prior, hit, weight))
        self._n_eff += weight
        if len(self._rows) % self._refit_every == 0 and self._n_eff >= self._few:
            self._learnt = self._fit()
            self._known.clear()

    def weights(self, speaking: Sequence[str]) -> FusionWeights:
        """Weights for the layers that speak now; the same object until the next refit."""
        names = tuple(speaking)
        if names not in self._known:
            self._known[names] = self._weights(names)
        return self._known[names]

    def _weights(self, names: tuple[str, ...]) -> FusionWeights:
        each = equicorrelated_weight(len(names)) if names else 0.0
        weights, covariance = np.full(len(names), each), np.zeros((len(names), len(names)))
        if self._learnt is not None:
            known = [
                (i, self._learnt.names.index(n))
                for i, n in enumerate(names)
                if n in self._learnt.names
            ]
            for i, j in known:
                weights[i] = self._learnt.weights[j]
                for i2, j2 in known:
                    covariance[i, i2] = self._learnt.covariance[j, j2]
        return FusionWeights(names, weights, covariance)

    def _fit(self) -> FusionWeights:
        rows = self._rows[-_MAX_ROWS:]
        names = tuple(sorted({name for row in rows for name in row[0]}))
        llrs = np.array([[row[0].get(name, 0.0) for name in names] for row in rows])
        hits = np.array([row[2] for row in rows])
        start = dependence_weights(ledoit_wolf(_within_class(llrs, hits)))
        if self._n_eff < self._enough:
            return FusionWeights(names, start, np.zeros((len(names), len(names))))
        priors, labels = np.array([row[1] for row in rows]), np.array([row[3] for row in rows])
        weights, covariance = refine_weights(llrs, hits.astype(np.float64), labels, priors, start)
        return FusionWeights(names, weights, covariance)


def refine_weights(
    llrs: FloatArray,
    hits: FloatArray,
    label_weights: FloatArray,
    priors: FloatArray,
    start: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Bayesian logistic regression of outcomes on evidence, around `start`, without intercept.

    Parameters
    ----------
    llrs : ndarray of shape (n, K), nats
    hits, label_weights : ndarrays of shape (n,)
    priors : ndarray of shape (n,), nats
        Log-odds before the evidence, an offset.
    start : ndarray of shape (K,), in [0, 1]
        Mean of the weights' normal prior, whose standard deviation is 0.25.

    Returns
    -------
    tuple of ndarrays of shape (K,) and (K, K)
        Most probable weights within [0, 1], and their Laplace covariance.
    """
    precision = 1.0 / _WEIGHT_SD**2
    weights = start.copy()
    hessian = np.eye(start.size) * precision
    for _ in range(12):
        p = 1.0 / (1.0 + np.exp(-np.clip(priors + llrs @ weights, -30.0, 30.0)))
        gradient = llrs.T @ (label_weights * (p - hits)) + precision * (weights - start)
        curved = llrs * (label_weights * p * (1.0 - p))[:, None]
        hessian = llrs.T @ curved + precision * np.eye(start.size)
        # Weights that stand at a bound and want beyond it are held there.
        held = ((weights <= 0.0) & (gradient > 0.0)) | ((weights >= 1.0) & (gradient < 0.0))
        free = ~held
        if not np.any(free):
            break
        move = np.zeros_like(weights)
        move[free] = np.linalg.solve(hessian[np.ix_(free, free)], gradient[free])
        weights = np.clip(weights - move, 0.0, 1.0)
        if float(np.max(np.abs(move))) < 1e-12:
            break
    return weights, np.asarray(np.linalg.inv(hessian))


def _within_class(llrs: FloatArray, hits: FloatArray) -> FloatArray:
    """Rows less the mean of their own class."""
    centred = llrs.copy()
    for value in (False, True):
        rows = hits == value
        if np.any(rows):
            centred[rows] -= centred[rows].mean(axis=0)
    return centred


def information_count(weights: Floats) -> float:
    """Independent opinions that the weighted layers amount to: the sum of their weights."""
    return math.fsum(float(weight) for weight in weights)
