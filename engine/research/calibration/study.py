"""The study from files to report: judge online, refit challengers by fold, score, leave out.

Refuses to judge on the fold that only taught, and to see the last fifth unless it is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.config import Settings
from engine.errors import MarketDataError
from engine.probability.batch import Case, run
from engine.probability.desk import horizon_bars
from engine.probability.settings import PipelineSettings
from engine.research.calibration.ablation import Without, leave_out
from engine.research.calibration.bootstrap import block_rows
from engine.research.calibration.challengers import available, embargo_seconds, walk_forward
from engine.research.calibration.histories import Recorded, cost_fracs, read_histories
from engine.research.calibration.measures import score_layer, score_model
from engine.research.calibration.poison import count_moved
from engine.research.calibration.report import POOLED, CalibrationReport, GroupReport
from engine.research.calibration.rows import FOLDS, Rows, closed_cases, rows_of
from engine.research.trials import Enrolment, Trial, TrialLog, opening_sentence
from engine.review.statistics.resampling import stationary_rows

SEARCH = "calibration"
"""Name of these studies in the trial log."""
UNTOUCHED = "pooled, last fifth"
LEAST_ROWS = 100
"""Judged candidates below which no score means anything."""
_POISONED_AT = (0.3, 0.6, 0.9)
_STEPS = 2 + len(_POISONED_AT) + FOLDS - 1 + 8
Tell = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """How a study runs.

    Attributes
    ----------
    bars : int or None
        Last bars of each file; None takes all.
    open_locked : bool
        Judge the last fifth too; the trial log holds it before it is looked at.
    again : str
        Why a last fifth is opened that was opened before.
    seed : int
        Of the bootstrap, the null ECE and gradient boosting.
    draws : int
        Bootstrap replications.
    """

    bars: int | None = None
    open_locked: bool = False
    again: str = ""
    seed: int = 20250630
    draws: int = 1000


@dataclass(frozen=True, slots=True)
class Study:
    """The report, and the candidates behind it."""

    report: CalibrationReport
    rows: Rows
    judged: NDArray[np.bool_]
    horizon_days: float
    lock_at: int


def calibrate_files(
    settings: Settings,
    files: Mapping[str, Path],
    plan: StudyPlan,
    log: TrialLog,
    tell: Tell | None = None,
) -> Study:
    """Study recorded files.

    Parameters
    ----------
    log : TrialLog
        Is told of the study, and of the last fifth before it is opened.
    tell : function of steps done, steps in all, and what comes next

    Raises
    ------
    ExecutorError
        One line with its mend.
    """
    recorded = read_histories(settings, files, plan.bars)
    costs = cost_fracs(settings, tuple(files))
    knobs = {"bars": plan.bars, "open_locked": plan.open_locked,
             "seed": plan.seed, "draws": plan.draws}  # fmt: skip
    enrolment = Enrolment.on_files(SEARCH, knobs, settings.hash, files)
    opened = _opened(enrolment, recorded, plan, log) if plan.open_locked else ""
    study = study_histories(settings.pipeline, recorded, costs, plan, tell)
    log.append([_trial(enrolment, study.report)])
    return replace(study, report=replace(study.report, opened=opened))


def study_histories(
    settings: PipelineSettings,
    recorded: Recorded,
    costs: Mapping[str, float],
    plan: StudyPlan,
    tell: Tell | None = None,
) -> Study:
    """Study histories that are read already; see `calibrate_files`."""
    steps = _Steps(tell)
    seen = recorded if plan.open_locked else recorded.until_lock()
    order = {history.scale.symbol: place for place, history in enumerate(seen.histories)}
    steps("twelve layers over every bar")
    cases = run(settings, seen.histories, seen.timeframe.days, costs)
    last = {history.scale.symbol: history.close.size - 1 for history in seen.histories}
    horizon = horizon_bars(settings.horizon_days, seen.timeframe.days)
    rows = rows_of(closed_cases(cases, last, horizon), settings)
    _require_rows(rows)
    checked, moved = _poisoned(cases, rows, settings, order, steps)
    if available():
        found = walk_forward(
            rows, settings.horizon_days, plan.seed, lambda: steps("challengers, fold by fold")
        )
        rows = replace(rows, odds={**rows.odds, **found})
    without = leave_out(rows, cases, settings, order, lambda: steps("leaving layers out"))
    judged = rows.fold > 0
    steps("bootstrap")
    groups = _groups(rows, judged, without, seen, settings, plan)
    report = CalibrationReport(
        timeframe=str(seen.timeframe),
        seed=plan.seed,
        first_at=_instant(rows.opened_at[judged][0]),
        last_at=_instant(rows.opened_at[judged][-1]),
        locked_from=None if plan.open_locked else _instant(recorded.lock_at),
        taught=int((~judged).sum()),
        embargo_days=embargo_seconds(rows.opened_at, settings.horizon_days) / 86_400.0,
        poison_checked=checked,
        poison_moved=moved,
        challengers="" if available() else
        "scikit-learn is not installed: no challengers (pip install 'executor[test]')",
        notes=seen.notes,
        groups=groups,
    )  # fmt: skip
    steps.done()
    return Study(report, rows, judged, settings.horizon_days, recorded.lock_at)


def _opened(enrolment: Enrolment, recorded: Recorded, plan: StudyPlan, log: TrialLog) -> str:
    until = max(int(history.closed_at[-1]) for history in recorded.histories)
    since = _instant(recorded.lock_at)
    return opening_sentence(enrolment.open_lock(log, since, _instant(until), plan.again))


def _trial(enrolment: Enrolment, report: CalibrationReport) -> Trial:
    pipeline = report.pooled.model("pipeline")
    metrics = {
        "candidates_count": float(report.pooled.candidates),
        "brier_score": pipeline.brier,
        "log_score_nats": pipeline.log_score,
        "skill_frac": pipeline.skill.value,
        "ece_frac": pipeline.ece,
        "spiegelhalter_sd": pipeline.spiegelhalter,
    }
    opened = report.locked_from is None
    return enrolment.trial(report.first_at, report.last_at, metrics, opened_lock=opened)


class _Steps:
    """Counts steps towards the progress bar."""

    def __init__(self, tell: Tell | None) -> None:
        self._tell, self._at = tell, 0

    def __call__(self, what: str) -> None:
        if self._tell is not None:
            self._tell(self._at, _STEPS, what)
        self._at += 1

    def done(self) -> None:
        """All steps are behind."""
        if self._tell is not None:
            self._tell(_STEPS, _STEPS, "done")


def _poisoned(
    cases: list[Case],
    rows: Rows,
    settings: PipelineSettings,
    order: Mapping[str, int],
    steps: _Steps,
) -> tuple[int, int]:
    checked = moved = 0
    for share in _POISONED_AT:
        steps("turning the future round")
        at = int(rows.opened_at[int(share * (rows.count - 1))])
        given, other = count_moved(cases, settings, order, at)
        checked, moved = checked + given, moved + other
    return checked, moved


def _groups(
    rows: Rows,
    judged: NDArray[np.bool_],
    without: list[Without],
    seen: Recorded,
    settings: PipelineSettings,
    plan: StudyPlan,
) -> tuple[GroupReport, ...]:
    chosen = {
        history.scale.symbol: judged & (rows.instrument == history.scale.symbol)
        for history in seen.histories
    }
    chosen[POOLED] = judged
    if plan.open_locked:
        chosen[UNTOUCHED] = judged & (rows.opened_at > seen.lock_at)
    return tuple(
        _group(name, rows, part, without, settings, plan)
        for name, part in chosen.items()
        if part.any()
    )


def _group(
    name: str,
    rows: Rows,
    part: NDArray[np.bool_],
    without: list[Without],
    settings: PipelineSettings,
    plan: StudyPlan,
) -> GroupReport:
    y, p = rows.y[part], rows.odds["pipeline"][part]
    block = block_rows(rows.opened_at[part], settings.horizon_days * 86_400.0)
    draws = stationary_rows(y.size, block, plan.draws, plan.seed)
    base = rows.odds["martingale"][part]
    passed = part & rows.gated
    net = [case.gross_frac - case.cost_frac
           for case, taken in zip(rows.cases, passed, strict=True) if taken]  # fmt: skip
    return GroupReport(
        name=name,
        candidates=y.size,
        effective=float(rows.weight[part].sum()),
        base_rate=float(y.mean()),
        block_rows=block,
        gate_passed=len(net),
        gate_mean_net=float(np.mean(net)) if net else None,
        models=tuple(
            score_model(model, odds[part], y, base, p, draws, plan.seed)
            for model, odds in rows.odds.items()
            if np.isfinite(odds[part]).all()
        ),
        layers=tuple(
            score_layer(
                each.layer, None if each.odds is None else each.odds[part], p, y, draws, each.how
            )
            for each in without
        ),
    )


def _require_rows(rows: Rows) -> None:
    if rows.count < LEAST_ROWS:
        raise MarketDataError(
            f"the history holds {rows.count} closed candidates, a study needs {LEAST_ROWS}: "
            "give longer files, or raise --bars"
        )


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
