"""How a sweep scales: ``python bench/sweep.py --data SYMBOL=FILE [--points 200] [--workers 2]``.

The same points by one process and by several. The clock starts when each worker has answered once,
so that starting and loading of kernels are apart. Beside the wall's time stands the processor's:
what a point costs its worker, and what handing out and taking back costs the process that asks.
On a machine that does other work the wall's ratio says little. The processor's says how much of
the other cores a sweep would use if it had them: it falls short of the number of workers by what
several cost more than one, and by what the asking process does meanwhile.
"""

from __future__ import annotations

import argparse
import os
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
    """One run: answers by name, wall seconds, processor seconds a point and of the asking one."""

    answers: dict[str, Trial]
    start: float
    rest: float
    worked: float
    asked: float


def timed(recorded: Recorded, piece: Piece) -> tuple[Trial, float]:
    """A point, and the seconds of processor that it took."""
    began = time.process_time()
    return evaluate(recorded, piece), time.process_time() - began


def main() -> int:
    """Print the table; 1 where the answers differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, metavar="SYMBOL=FILE")
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--workers", type=int, default=max(os.cpu_count() or 2, 2))
    given = parser.parse_args()
    symbol, _, file = given.data.partition("=")
    files = {symbol: Path(file)}
    recorded = read_histories(load_settings(None), files, None).until_lock()
    pieces = _pieces(given.points, files)
    alone, several = (_run(workers, recorded, pieces) for workers in (1, given.workers))
    for workers, run in ((1, alone), (given.workers, several)):
        left = given.points - workers
        print(
            f"{workers} worker(s): start {run.start:.1f} s, then {left} points in "
            f"{run.rest:.1f} s of wall; {run.worked:.3f} s of processor a point, "
            f"{run.asked:.3f} s to ask"
        )
    wall = (alone.rest / (given.points - 1)) / (several.rest / (given.points - given.workers))
    busiest = max(several.worked / given.workers, several.asked)
    same = alone.answers == several.answers
    print(
        f"{wall:.2f} times as fast by the wall, {alone.worked / busiest:.2f} by the processor; "
        f"answers {'equal' if same else 'DIFFER'}"
    )
    return 0 if same else 1


def _run(workers: int, recorded: Recorded, pieces: dict[str, Piece]) -> Run:
    began, first, asked = time.perf_counter(), 0.0, time.process_time()
    answers: dict[str, Trial] = {}
    seconds: list[float] = []
    for name, (trial, took) in LocalCrew(workers).run(timed, recorded, pieces):
        answers[name] = trial
        seconds.append(took)
        if len(answers) == workers:
            first, asked = time.perf_counter(), time.process_time()
    ended = time.perf_counter()
    left = len(seconds) - workers
    # Alone, the one who asks is the one who works.
    own = (time.process_time() - asked - (sum(seconds[1:]) if workers == 1 else 0.0)) / left
    return Run(answers, first - began, ended - first, sum(seconds[workers:]) / left, max(own, 0.0))


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
