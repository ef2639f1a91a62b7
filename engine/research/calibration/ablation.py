"""What each layer adds: the odds without it, against the odds with it.

Refuses to guess: a layer is left out by judging the whole history again without it, so that
fusion and calibration learn without it too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from engine.model.setups import Outcome
from engine.probability.base_rate import BaseRates
from engine.probability.batch import Case, judge
from engine.probability.fusion import MAX_TOTAL
from engine.probability.knowledge import EVIDENCE_LAYERS, TURBULENT, Knowledge
from engine.probability.layer import FloatArray, compiled
from engine.probability.settings import PipelineSettings
from engine.research.calibration.rows import Rows, judgement_of, logistic, logit

RETRAINED = "judged again without it"
STEP = "its step taken out"
SILENT = "never spoke"
SCALE = "sets the barriers: without a scale there is no candidate"
TAIL = "moves expected value and size, never the odds"
NAIVE = "every weight 1 instead, layer 12's step as it was"


class Without(NamedTuple):
    """Odds without one layer; None where the layer cannot be taken out, and why or how."""

    layer: str
    odds: FloatArray | None
    how: str


class SilentRates(BaseRates):
    """A layer 1 that learns nothing: the driftless price stays the prior."""

    def learn(
        self,
        path: Sequence[str],
        outcome: Outcome,
        weight: float,
        gross: float = 0.0,
        martingale: float = math.nan,
    ) -> None:
        """Forget the label."""


def rejudged(
    cases: Sequence[Case], layer: str, settings: PipelineSettings, order: Mapping[str, int]
) -> list[Case]:
    """Copies of all cases, judged in the same order of time without one layer.

    Parameters
    ----------
    layer : str
        ``base_rate`` learns nothing then; any other goes without its score.
    """
    gone = {layer, TURBULENT} if layer == "regime" else {layer}
    silent = SilentRates(settings.kappa_labels, settings.forgetting_half_life_labels)
    copies = [
        replace(case, scores={n: v for n, v in case.scores.items() if n not in gone})
        for case in cases
    ]
    base = silent if layer == "base_rate" else None
    judge(settings, copies, order, Knowledge(settings, base, compiled))
    return copies


def leave_out(
    rows: Rows,
    cases: Sequence[Case],
    settings: PipelineSettings,
    order: Mapping[str, int],
    tell: Callable[[], None] = lambda: None,
) -> list[Without]:
    """Odds without each of the twelve layers, in their order.

    Parameters
    ----------
    cases : sequence of Case
        All of the history, open ones too; `rows` are those of them that are judged.
    """
    found = {
        name: _rejudged_odds(rows, cases, name, settings, order, tell)
        for name in ("base_rate", *EVIDENCE_LAYERS)
    }
    p = rows.odds["pipeline"]
    return [
        found["base_rate"],
        found["regime"],
        found["mean_reversion"],
        found["exhaustion"],
        Without("volatility", None, SCALE),
        Without("tail", None, TAIL),
        found["alignment"],
        found["liquidity"],
        found["cross_asset"],
        found["scouts"],
        Without("fusion", _unweighted(rows), NAIVE),
        Without("calibration", logistic(logit(p) - _step(rows, "calibration")), STEP),
    ]


def _rejudged_odds(
    rows: Rows,
    cases: Sequence[Case],
    layer: str,
    settings: PipelineSettings,
    order: Mapping[str, int],
    tell: Callable[[], None],
) -> Without:
    tell()
    if layer != "base_rate" and not any(layer in case.scores for case in cases):
        return Without(layer, None, SILENT)
    again = {_key(case): case for case in rejudged(cases, layer, settings, order)}
    odds = [judgement_of(again[_key(case)]).p_mean for case in rows.cases]
    return Without(layer, np.array(odds), RETRAINED)


def _unweighted(rows: Rows) -> FloatArray:
    """The pipeline's odds with every layer's weight 1, its other steps as they are."""
    judged = [judgement_of(case) for case in rows.cases]
    moved = [sum(j.weights[n] * e.llr for n, e in j.evidence.items()) for j in judged]
    whole = [sum(e.llr for e in j.evidence.values()) for j in judged]
    shift = np.clip(np.array(whole), -MAX_TOTAL, MAX_TOTAL)
    return logistic(
        logit(rows.odds["pipeline"]) + shift - np.clip(np.array(moved), -MAX_TOTAL, MAX_TOTAL)
    )


def _step(rows: Rows, name: str) -> FloatArray:
    return np.array([dict(judgement_of(case).steps)[name] for case in rows.cases])


def _key(case: Case) -> tuple[str, int, str]:
    return case.instrument, case.index, case.kind.value
