"""A walk as a command asks for it: files, perhaps a grid, a number of folds, a folder.

Refuses a point that settings refuse before any other is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.config import load_settings
from engine.research.calibration.histories import read_histories
from engine.research.sweeping.crew import crew_of
from engine.research.sweeping.evaluate import enrolled
from engine.research.sweeping.files import SweepPlan, pieces_of
from engine.research.sweeping.grid import read_grid
from engine.research.sweeping.sweep import Tell
from engine.research.trials import TrialLog, data_used
from engine.research.walkforward.walk import SEARCH, Walk, walk_forward


@dataclass(frozen=True, slots=True)
class WalkPlan:
    """How a walk runs.

    Attributes
    ----------
    folds : int, >= 2
        Equal stretches after a first one that only teaches.
    grid : Path or None
        Points to choose from in each fold; None walks with the settings as they are.
    """

    folds: int
    sweep: SweepPlan
    grid: Path | None = None


def walk_files(
    config: Path | None,
    files: Mapping[str, Path],
    plan: WalkPlan,
    folder: Path,
    log: TrialLog,
    tell: Tell = lambda _done, _all, _what: None,
) -> Walk | None:
    """Walk forward through recorded files; None where it was stopped.

    Raises
    ------
    ExecutorError
        One line with its mend.
    """
    tell(0, 0, "reading")
    settings = load_settings(config)
    recorded = read_histories(settings, files, None).until_lock()
    how = plan.sweep.backtest
    if plan.grid is None:
        pieces = [enrolled(SEARCH, {}, settings, how, data_used(files))]
    else:
        pieces = pieces_of(config, read_grid(plan.grid), how, files, SEARCH)
    crew = crew_of(plan.sweep.workers, plan.sweep.cluster)
    return walk_forward(pieces, recorded, plan.folds, crew, folder, log, tell)
