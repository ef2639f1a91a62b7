"""Whether the odds that were given live keep their word.

Refuses odds of history: only candidates that were seen, and ended, since the plan was registered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from engine.model.setups import Label
from engine.probability.calibration import spiegelhalter_z
from engine.probability.layer import FloatArray
from engine.probability.special import logistic
from engine.review.statistics.reliability import ReliabilityBin, bins_for, reliability_bins


@dataclass(frozen=True, slots=True)
class LiveOdds:
    """Odds given live, against what happened.

    Attributes
    ----------
    count : int
        Candidates that have ended.
    apart : int
        Of those, candidates that overlap no other one of their instrument.
    brier, brier_driftless : float in [0, 1], or None
        Mean squared error of the odds, and of a price without drift; each candidate counts as
        much as it is unique.
    skill : float or None
        One less the ratio of both; above 0 the odds say more.
    z : float, standard deviations, or None
        Spiegelhalter's, over the candidates apart.
    bins, bins_driftless : tuple of ReliabilityBin
    """

    count: int
    apart: int
    brier: float | None
    brier_driftless: float | None
    skill: float | None
    z: float | None
    bins: tuple[ReliabilityBin, ...]
    bins_driftless: tuple[ReliabilityBin, ...]


def live_odds(labels: Sequence[Label]) -> LiveOdds:
    """Score the odds of candidates, in the order of their end."""
    if not labels:
        return LiveOdds(0, 0, None, None, None, None, (), ())
    p = np.array([each.p_mean for each in labels])
    driftless = np.array([logistic(each.log_odds_prior) for each in labels])
    y = np.array([float(each.hit) for each in labels])
    unique = np.array([each.uniqueness for each in labels])
    brier = _brier(p, y, unique)
    reference = _brier(driftless, y, unique)
    apart = labels_apart(labels)
    return LiveOdds(
        count=len(labels),
        apart=len(apart),
        brier=brier,
        brier_driftless=reference,
        skill=1.0 - brier / reference if reference > 0.0 else None,
        z=_z(apart),
        bins=reliability_bins(p, y, bins_for(p)),
        bins_driftless=reliability_bins(driftless, y, bins_for(driftless)),
    )


def labels_apart(labels: Sequence[Label]) -> list[Label]:
    """Candidates none of which began before the one before had ended, by instrument.

    Examples
    --------
    >>> labels_apart([])
    []
    """
    until: dict[str, datetime] = {}
    found = []
    for label in labels:
        if label.instrument in until and label.opened_at < until[label.instrument]:
            continue
        until[label.instrument] = label.closed_at
        found.append(label)
    return found


def _brier(p: FloatArray, y: FloatArray, weights: FloatArray) -> float:
    return float(np.average((p - y) ** 2, weights=weights))


def _z(apart: Sequence[Label]) -> float | None:
    p = np.array([each.p_mean for each in apart])
    if not float(np.sum((1.0 - 2.0 * p) ** 2 * p * (1.0 - p))) > 0.0:
        return None
    return spiegelhalter_z(p, np.array([float(each.hit) for each in apart]))
