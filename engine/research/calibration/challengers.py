"""Challengers on the same features: a plain logistic regression and gradient boosting.

Refuses to learn from anything but the purged past: a fold is judged by models whose training
labels had closed an embargo before it began.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.probability.layer import FloatArray, IntArray
from engine.research.calibration.rows import FOLDS, Rows

CHALLENGERS = ("logistic_regression", "gradient_boosting")
EMBARGO_SHARE = 0.01
"""Least embargo as a share of the history's span."""


def available() -> bool:
    """Whether scikit-learn, an optional test dependency, is installed."""
    return find_spec("sklearn") is not None


def training_rows(rows: Rows, fold: int, embargo_seconds: float) -> NDArray[np.bool_]:
    """Which rows may teach a fold: label closed an embargo before the fold's first candidate."""
    begins = rows.opened_at[rows.fold == fold].min()
    return np.asarray(rows.closed_at <= begins - embargo_seconds)


def embargo_seconds(opened_at: IntArray, horizon_days: float) -> float:
    """The longer of the horizon and one hundredth of the history."""
    span = float(opened_at[-1] - opened_at[0])
    return max(horizon_days * 86_400.0, EMBARGO_SHARE * span)


def walk_forward(
    rows: Rows, horizon_days: float, seed: int, tell: Callable[[], None] = lambda: None
) -> dict[str, FloatArray]:
    """Odds of each challenger, NaN in the first fold and where its past has one class only."""
    embargo = embargo_seconds(rows.opened_at, horizon_days)
    odds = {name: np.full(rows.count, np.nan) for name in CHALLENGERS}
    for fold in range(1, FOLDS):
        train, judged = training_rows(rows, fold, embargo), rows.fold == fold
        if np.unique(rows.y[train]).size == 2:
            for name, values in odds.items():
                values[judged] = _fitted(name, rows, train, judged, seed)
        tell()
    return odds


def _fitted(
    name: str, rows: Rows, train: NDArray[np.bool_], judged: NDArray[np.bool_], seed: int
) -> FloatArray:
    varied = np.array([_varies(column) for column in rows.features[train].T])
    design, coming = rows.features[train][:, varied], rows.features[judged][:, varied]
    if name == "logistic_regression":
        design, coming = _standardised(design, coming)
    model = _model(name, seed)
    model.fit(design, rows.y[train], sample_weight=rows.weight[train])
    odds = np.asarray(model.predict_proba(coming)[:, 1], dtype=np.float64)
    return np.asarray(np.clip(odds, 1e-3, 1.0 - 1e-3))


def _varies(column: FloatArray) -> bool:
    return np.unique(column[np.isfinite(column)]).size > 1


def _model(name: str, seed: int) -> Any:
    """Regularised once and for all: no setting is chosen by looking at how it scores."""
    if name == "logistic_regression":
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=0.1, max_iter=1000)
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=50, max_depth=3, l2_regularization=10.0,
        min_samples_leaf=30, early_stopping=False, random_state=seed,
    )  # fmt: skip


def _standardised(design: FloatArray, coming: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Both in units of the past's spread; a missing score is the past's mean."""
    known = np.isfinite(design)
    counts = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, design, 0.0)
    mean = filled.sum(axis=0) / counts
    spread = np.sqrt(np.where(known, (design - mean) ** 2, 0.0).sum(axis=0) / counts)
    scale = np.where(spread > 1e-12, spread, np.inf)
    return tuple(  # type: ignore[return-value]
        np.where(np.isfinite(part), (part - mean) / scale, 0.0) for part in (design, coming)
    )
