"""How a sweep scales: ``python bench/sweep.py --data SYMBOL=FILE [--points 200] [--workers 2]``.

The same points by one process and by several; the clock starts with the first answer, when kernels
are compiled or loaded and processes are up, and that start is printed apart. On a machine that
does other work the ratio of wall times is lower than the code's own: the share of a processor that
each worker got is printed too, and a run means something where it is near 100 %.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from pathlib import Path
from typing import NamedTuple

from engine.config import load_settings
from engine.research.backtest import BacktestPlan
from engine.research.calibration.histories import Recorded, read_histories
from engine.research.sweeping import LocalCrew
from engine.research.sweeping.evaluate import Piece, enrolled, evaluate
from engine.research.sweeping.grid import Grid, settings_at
from engine.research.trials import Trial, data_used

PLAN = BacktestPlan(exploratory=True)


class Run(NamedTuple):
    """One run: answers by name, seconds until the first of each worker, seconds for the rest."""

    answers: dict[str, Trial]
    start: float
    rest: float
    processor: float


def main() -> int:
    """Print the table; 1 where the answers differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, metavar="SYMBOL=FILE")
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    symbol, _, file = given.data.partition("=")
    files = {symbol: Path(file)}
    recorded = read_histories(load_settings(None), files, None).until_lock()
    pieces = _pieces(given.points, files)
    alone, several = (_run(workers, recorded, pieces) for workers in (1, given.workers))
    for workers, run in ((1, alone), (given.workers, several)):
        left = given.points - workers
        print(
            f"{workers} worker(s): {run.rest:.1f} s for {left} points ({run.rest / left:.3f} s "
            f"each) after a start of {run.start:.1f} s; {run.processor:.0%} of a processor each"
        )
    speed = [(given.points - n) / run.rest for n, run in ((1, alone), (given.workers, several))]
    same = alone.answers == several.answers
    print(f"{speed[1] / speed[0]:.2f} times as fast; answers {'equal' if same else 'DIFFER'}")
    return 0 if same else 1


def _run(workers: int, recorded: Recorded, pieces: dict[str, Piece]) -> Run:
    began, first, spent = time.perf_counter(), 0.0, _processor()
    answers: dict[str, Trial] = {}
    for name, trial in LocalCrew(workers).run(evaluate, recorded, pieces):
        answers[name] = trial
        if len(answers) == workers:
            first, spent = time.perf_counter(), _processor()
    ended = time.perf_counter()
    used = (_processor() - spent) / (ended - first) / workers
    return Run(answers, first - began, ended - first, used)


def _processor() -> float:
    """Seconds of processor of this process and of those it has waited for."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _pieces(points: int, files: dict[str, Path]) -> dict[str, Piece]:
    """Points that all differ, as a grid over setups and sizing would have them."""
    data = data_used(files)
    values = tuple(round(0.5 + 1.5 * k / points, 6) for k in range(points))
    grid = Grid({"pipeline.stretch_sigmas": values})
    return {
        str(k): enrolled("bench", point, settings_at(None, point), PLAN, data)
        for k, point in enumerate(grid.points())
    }


if __name__ == "__main__":
    sys.exit(main())
