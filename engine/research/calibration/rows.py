"""Judged and closed candidates as arrays, in order of time.

Refuses candidates whose time limit lies beyond the data: those that closed early would be seen,
those that did not would be missing, and the rates would be wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.model.setups import Outcome, SetupKind
from engine.probability.batch import Case
from engine.probability.knowledge import EVIDENCE_LAYERS, TURBULENT, Judgement
from engine.probability.layer import FloatArray, IntArray
from engine.probability.settings import PipelineSettings
from engine.probability.worth import gate_refusal

LAYER_NAMES = (
    "base_rate", "regime", "mean_reversion", "exhaustion", "volatility", "tail", "alignment",
    "liquidity", "cross_asset", "scouts", "fusion", "calibration",
)  # fmt: skip
FOLDS = 10
"""Folds of equal count; the first only teaches."""


@dataclass(frozen=True, slots=True)
class Rows:
    """One row a candidate, by the time it was seen, then by instrument.

    Attributes
    ----------
    opened_at, closed_at : ndarrays of shape (n,), int64, seconds since 1970
    y : ndarray of shape (n,), float64, 1 where the target came first
    odds : mapping of str to ndarray of shape (n,), float64 in (0, 1)
        By name of the model that gave them.
    features : ndarray of shape (n, n_features), float64, NaN where there is none
    fold : ndarray of shape (n,), int64 in [0, FOLDS)
    """

    cases: tuple[Case, ...]
    instrument: NDArray[np.str_]
    opened_at: IntArray
    closed_at: IntArray
    y: FloatArray
    weight: FloatArray
    odds: Mapping[str, FloatArray]
    features: FloatArray
    fold: IntArray
    gated: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Rows."""
        return len(self.cases)


def closed_cases(cases: Sequence[Case], last_index: Mapping[str, int], horizon: int) -> list[Case]:
    """Cases whose whole time limit lies in the data, by time.

    Parameters
    ----------
    last_index : mapping of str to int
        Position of the last bar of each instrument.
    horizon : int, bars
    """
    return [
        case
        for case in cases
        if case.outcome is not None and case.index + horizon <= last_index[case.instrument]
    ]


def rows_of(cases: Sequence[Case], settings: PipelineSettings) -> Rows:
    """Arrays of judged, closed cases."""
    n = len(cases)
    instruments = np.array([case.instrument for case in cases])
    return Rows(
        cases=tuple(cases),
        instrument=instruments,
        opened_at=np.array([case.opened_at for case in cases], dtype=np.int64),
        closed_at=np.array([case.closed_at for case in cases], dtype=np.int64),
        y=np.array([float(case.outcome is Outcome.TARGET) for case in cases]),
        weight=np.array([case.uniqueness for case in cases]),
        odds=_odds(cases),
        features=_features(cases, sorted(set(instruments.tolist()))),
        fold=np.arange(n, dtype=np.int64) * FOLDS // max(n, 1),
        gated=np.array([_passes(case, settings) for case in cases], dtype=np.bool_),
    )


def judgement_of(case: Case) -> Judgement:
    """What was said of a case; ValueError if nothing was."""
    if case.judged is None:
        raise ValueError("case must be judged")
    return case.judged


def layer_llrs(case: Case) -> dict[str, float]:
    """What each of the twelve layers said, nats; 0 where a layer gives no evidence."""
    judged = judgement_of(case)
    said = dict.fromkeys(LAYER_NAMES, 0.0)
    said |= {name: evidence.llr for name, evidence in judged.evidence.items()}
    steps = dict(judged.steps)
    return said | {"base_rate": steps["base_rate"], "calibration": steps["calibration"]}


def logit(p: FloatArray) -> FloatArray:
    """Log-odds."""
    return np.asarray(np.log(p) - np.log1p(-p))


def logistic(x: FloatArray) -> FloatArray:
    """Probability of log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def _odds(cases: Sequence[Case]) -> dict[str, FloatArray]:
    judged = [judgement_of(case) for case in cases]
    prior = np.array([each.p_prior for each in judged])
    said = np.array([sum(e.llr for e in each.evidence.values()) for each in judged])
    return {
        "martingale": np.array([case.martingale[0] for case in cases]),
        "base_rate": prior,
        "naive_sum": logistic(logit(prior) + said),
        "pipeline": np.array([each.p_mean for each in judged]),
    }


def _features(cases: Sequence[Case], instruments: Sequence[str]) -> FloatArray:
    """What the layers knew before any label: the same for challengers as for the pipeline."""
    names = [name for name in EVIDENCE_LAYERS if name != "scouts"] + [TURBULENT]
    table = np.full((len(cases), len(names) + 4 + len(instruments)), np.nan)
    for row, case in zip(table, cases, strict=True):
        row[: len(names)] = [case.scores.get(name, np.nan) for name in names]
        row[len(names) : len(names) + 4] = (
            np.log(case.martingale[0] / (1.0 - case.martingale[0])),
            np.log(case.volatility),
            np.log(case.target / case.stop),
            float(case.kind is SetupKind.REVERSION),
        )
        row[len(names) + 4 :] = [float(case.instrument == name) for name in instruments]
    return table


def _passes(case: Case, settings: PipelineSettings) -> bool:
    odds = case.odds
    shape = case.target / case.entry - 1.0, 1.0 - case.stop / case.entry
    shares = settings.gate_risk_share, settings.gate_cost_share
    return odds is not None and not gate_refusal(odds, *shape, *shares)
