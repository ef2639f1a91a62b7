"""A sweep: every point of a grid backtested, stored, logged, and judged as one of many.

Refuses to run a point twice, to lose one that is done, and to show the best without saying what
the best of as many worthless points would show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.research.calibration.histories import Recorded
from engine.research.sweeping.crew import Crew
from engine.research.sweeping.evaluate import Piece, evaluate
from engine.research.sweeping.store import PointStore
from engine.research.trials import Search, Trial, TrialLog, search_of

SEARCH = "sweep"
POINTS = "points"
"""Folder of results below the one that is given."""

Tell = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found.

    Attributes
    ----------
    trials : tuple of Trial
        In the order of the grid; those not reached are missing.
    found : int
        How many were there already.
    of : int
        Points of the grid.
    search : Search
        These trials as one search.
    ever : Search
        Everything in the log.
    """

    trials: tuple[Trial, ...]
    found: int
    of: int
    search: Search
    ever: Search

    @property
    def complete(self) -> bool:
        """Whether every point is done."""
        return len(self.trials) == self.of


def sweep(
    pieces: Sequence[Piece],
    recorded: Recorded,
    crew: Crew,
    folder: Path,
    log: TrialLog | None,
    tell: Tell = lambda _done, _all, _what: None,
) -> Swept:
    """Evaluate every point that has no result yet.

    A result is stored and logged as soon as it is there: whoever stops this loses what is being
    computed, nothing else, and the same call goes on. Ctrl-C answers with what there is.

    Parameters
    ----------
    folder : Path
        Results go below it.
    log : TrialLog or None
        None where these are parts of a trial that is logged as a whole.

    Raises
    ------
    ResearchError, JournalError
        If a result or the log cannot be kept; one line with its mend.
    """
    store = PointStore(folder / POINTS)
    keys = {store.key_of(piece.enrolment.identity): piece for piece in pieces}
    done = {key: trial for key in keys if (trial := store.read(key)) is not None}
    found = len(done)
    _log_missing(log, done.values())
    left = {key: piece for key, piece in keys.items() if key not in done}
    tell(found, len(keys), "backtesting")
    try:
        for key, trial in crew.run(evaluate, recorded, left):
            store.write(key, trial)
            if log is not None:
                log.append([trial])
            done[key] = trial
            tell(len(done), len(keys), "backtesting")
    except KeyboardInterrupt:
        # It may have come between a result's file and its entry in the log.
        done |= {key: trial for key in left if (trial := store.read(key)) is not None}
        _log_missing(log, done.values())
        tell(len(done), len(keys), "stopped")
    trials = tuple(done[key] for key in keys if key in done)
    ever = trials if log is None else log.trials()
    return Swept(trials, found, len(keys), search_of(trials), search_of(ever))


def _log_missing(log: TrialLog | None, stored: Iterable[Trial]) -> None:
    """Log results that were stored by a process killed before it could log them."""
    if log is not None:
        logged = {trial.identity for trial in log.trials()}
        log.append([trial for trial in stored if trial.identity not in logged])
