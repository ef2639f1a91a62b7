"""Reliability of every model on one group of a study.

Refuses odds that are not finite: a model without them is left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.research.calibration.report import POOLED
from engine.research.calibration.study import UNTOUCHED, Study
from engine.review.statistics.reliability import ReliabilityBin, bins_for, reliability_bins


def reliability_of(study: Study, group: str) -> dict[str, tuple[ReliabilityBin, ...]]:
    """Bins of every model on one group of a study's report."""
    part = _members(study, group)
    y = study.rows.y[part]
    return {
        name: reliability_bins(odds[part], y, bins_for(odds[part]))
        for name, odds in study.rows.odds.items()
        if np.isfinite(odds[part]).all()
    }


def _members(study: Study, group: str) -> NDArray[np.bool_]:
    if group == POOLED:
        return study.judged
    if group == UNTOUCHED:
        return np.asarray(study.judged & (study.rows.opened_at > study.lock_at))
    return np.asarray(study.judged & (study.rows.instrument == group))
