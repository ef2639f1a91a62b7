"""A sweep as a command asks for it: files, a grid, a folder; read once, checked before it starts.

Refuses a point that settings refuse before any other is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.config import load_settings
from engine.research.backtest import BacktestPlan
from engine.research.calibration.histories import read_histories
from engine.research.sweeping.crew import crew_of
from engine.research.sweeping.evaluate import Piece, enrolled
from engine.research.sweeping.grid import Grid, read_grid, settings_at
from engine.research.sweeping.sweep import SEARCH, Swept, Tell, sweep
from engine.research.trials import TrialLog, data_used


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """How a sweep runs.

    Attributes
    ----------
    start, until : datetime or None, aware UTC
        See `BacktestPlan`.
    exploratory : bool
        Whether exploratory paper trades are made: without them a desk that finds no edge trades
        nothing, and there is nothing to compare.
    workers : int, >= 1
        Processes of this machine.
    cluster : str or None
        Address of a Dask scheduler; its workers work then.
    """

    start: datetime | None = None
    until: datetime | None = None
    exploratory: bool = False
    workers: int = 1
    cluster: str | None = None

    @property
    def backtest(self) -> BacktestPlan:
        """How each point runs; the last fifth stays locked."""
        return BacktestPlan(start=self.start, until=self.until, exploratory=self.exploratory)


def sweep_files(
    config: Path | None,
    files: Mapping[str, Path],
    grid_file: Path,
    plan: SweepPlan,
    folder: Path,
    log: TrialLog,
    tell: Tell = lambda _done, _all, _what: None,
) -> Swept:
    """Backtest every point of a grid on recorded files.

    Raises
    ------
    ExecutorError
        One line with its mend.
    """
    tell(0, 0, "reading")
    recorded = read_histories(load_settings(config), files, None).until_lock()
    pieces = pieces_of(config, read_grid(grid_file), plan.backtest, files, SEARCH)
    crew = crew_of(plan.workers, plan.cluster)
    return sweep(pieces, recorded, crew, folder, log, tell)


def pieces_of(
    config: Path | None,
    grid: Grid,
    plan: BacktestPlan,
    files: Mapping[str, Path],
    search: str,
) -> list[Piece]:
    """Every point of a grid, its settings checked.

    Raises
    ------
    ConfigError
        If a key is unknown or a value is refused.
    """
    data = data_used(files)
    return [
        enrolled(search, point, settings_at(config, point), plan, data) for point in grid.points()
    ]
