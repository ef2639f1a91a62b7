"""Scores of one group of candidates, each with what chance alone would show.

Refuses a bare ECE: with ten bins of finite size even perfect odds miss, and by how much is said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.probability.calibration import (
    brier_score,
    expected_calibration_error,
    log_loss,
    spiegelhalter_z,
)
from engine.probability.layer import FloatArray
from engine.review.statistics.resampling import Interval, Resamples

_NULL_DRAWS = 400


@dataclass(frozen=True, slots=True)
class ModelScore:
    """How one model's odds did.

    Attributes
    ----------
    brier : float in [0, 1]
    log_score : float, nats, lower is better
    skill : Interval
        Brier skill against the martingale prior.
    ece : float in [0, 1]
        Ten bins of equal mass.
    ece_perfect : tuple of two floats
        Median and 95 % quantile of the ECE that perfectly calibrated odds of these values show
        at this count, labels independent; overlap makes them larger.
    spiegelhalter : float, standard deviations
    mean : float in [0, 1]
        Mean odds.
    excess_brier : Interval
        Brier score of the pipeline less this model's; below 0 the pipeline is better.
    """

    name: str
    mean: float
    brier: float
    log_score: float
    skill: Interval
    ece: float
    ece_perfect: tuple[float, float]
    spiegelhalter: float
    excess_brier: Interval


@dataclass(frozen=True, slots=True)
class LayerScore:
    """What leaving one layer out costs; above 0 the layer helps.

    Attributes
    ----------
    brier, log_score : Interval or None
        Loss without the layer less loss with it; None where it cannot be left out.
    how : str
    """

    layer: str
    brier: Interval | None
    log_score: Interval | None
    how: str


def squared_error(p: FloatArray, y: FloatArray) -> FloatArray:
    """Brier loss of each row."""
    return np.asarray((p - y) ** 2)


def log_error(p: FloatArray, y: FloatArray) -> FloatArray:
    """Log loss of each row, nats."""
    q = np.clip(p, 1e-12, 1.0 - 1e-12)
    return np.asarray(-(y * np.log(q) + (1.0 - y) * np.log1p(-q)))


def score_model(
    name: str,
    p: FloatArray,
    y: FloatArray,
    martingale: FloatArray,
    pipeline: FloatArray,
    resamples: Resamples,
    seed: int,
) -> ModelScore:
    """Every measure of one model on one group."""
    loss = squared_error(p, y)
    return ModelScore(
        name=name,
        mean=float(p.mean()),
        brier=brier_score(p.tolist(), y.tolist()),
        log_score=log_loss(p.tolist(), y.tolist()),
        skill=resamples.skill(loss, squared_error(martingale, y)),
        ece=expected_calibration_error(p.tolist(), y.tolist()),
        ece_perfect=perfect_ece(p, seed),
        spiegelhalter=spiegelhalter_z(p.tolist(), y.tolist()),
        excess_brier=resamples.mean(squared_error(pipeline, y) - loss),
    )


def perfect_ece(p: FloatArray, seed: int) -> tuple[float, float]:
    """Median and 95 % quantile of the ECE when every odd is exactly right.

    Examples
    --------
    >>> import numpy as np
    >>> perfect_ece(np.array([0.0, 1.0]), seed=1)
    (0.0, 0.0)
    """
    rng = np.random.default_rng(seed)
    draws = [
        expected_calibration_error(p, (rng.random(p.size) < p).astype(np.float64))
        for _ in range(_NULL_DRAWS)
    ]
    middle, high = np.quantile(draws, (0.5, 0.95))
    return float(middle), float(high)


def score_layer(
    layer: str,
    without: FloatArray | None,
    p: FloatArray,
    y: FloatArray,
    resamples: Resamples,
    how: str,
) -> LayerScore:
    """What a layer is worth on one group."""
    if without is None:
        return LayerScore(layer, None, None, how)
    return LayerScore(
        layer,
        resamples.mean(squared_error(without, y) - squared_error(p, y)),
        resamples.mean(log_error(without, y) - log_error(p, y)),
        how,
    )
