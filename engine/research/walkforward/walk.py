"""The walk itself: points over the whole for choosing, then each fold afresh with what was chosen.

Refuses to carry a position into a fold: each begins with cash, and with layers that have learnt
from labels closed before it, as they learn live; nothing is fitted on what comes later.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from engine.errors import ResearchError
from engine.model.canonical import digest
from engine.probability.layer import FloatArray, IntArray
from engine.research.calibration.histories import Recorded
from engine.research.daily import DAY_SECONDS
from engine.research.sweeping.crew import Crew
from engine.research.sweeping.evaluate import Piece, enrolled
from engine.research.sweeping.sweep import Swept, Tell, sweep
from engine.research.trials import (
    Enrolment,
    Knob,
    Moments,
    Trial,
    TrialLog,
    chance_in_words,
    moments_of,
)
from engine.research.walkforward.folds import (
    Stretch,
    combinations,
    embargo_for,
    stretches,
)
from engine.review.statistics import automatic_block_length, probabilistic_sharpe_ratio
from engine.review.statistics.resampling import Interval, stationary_rows

SEARCH = "walk-forward"
FOLD_SEARCH = "walk-forward folds"
STITCHED_SEARCH = "walk-forward stitched"
DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold and what came of it.

    Attributes
    ----------
    chosen : int
        Which point of the grid was best on what taught.
    taught_sharpe : float or None, per day
        Of that point on what taught; None where no point took any risk there.
    trial : Trial
        The fold traded afresh with it.
    """

    stretch: Stretch
    chosen: int
    taught_sharpe: float | None
    trial: Trial


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found.

    Attributes
    ----------
    returns : ndarray of shape (n_days,), float64, fraction of equity
        Of the folds one after another: what choosing anew each time would have earned.
    days : ndarray of shape (n_days,), int64, days since 1970
    moments : Moments or None
        Of `returns`; None where no risk was taken.
    mean : Interval or None, fraction a day
        With its 95 % interval (stationary bootstrap).
    above_zero : float in [0, 1] or None
        Probability that the true Sharpe ratio is above zero.
    judged : tuple of float, Sharpe ratio a day
        Of what was chosen in each combination of the cross-validation; 0 where no risk was taken.
    points : Swept
        The points over the whole.
    embargo : timedelta
    """

    folds: tuple[Fold, ...]
    returns: FloatArray
    days: IntArray
    moments: Moments | None
    mean: Interval | None
    above_zero: float | None
    judged: tuple[float, ...]
    points: Swept
    embargo: timedelta

    @property
    def sentence(self) -> str:
        """What it means, in plain words."""
        if self.moments is None or self.mean is None or self.above_zero is None:
            return (
                f"in {len(self.folds)} folds nothing was traded: what the gate does not let pass "
                "has no result; --exploratory trades candidates on paper"
            )
        yearly = math.sqrt(365.0)
        total = float(np.prod(1.0 + self.returns)) - 1.0
        won = sum(fold.trial.metrics["total_return_frac"] > 0.0 for fold in self.folds)
        return (
            f"out of sample {total:+.1%} in {self.returns.size} days, Sharpe ratio "
            f"{self.moments.sharpe * yearly:+.2f} a year, {won} of {len(self.folds)} folds above "
            f"zero; mean {1e4 * self.mean.value:+.2f} bp a day [{1e4 * self.mean.low:+.2f}, "
            f"{1e4 * self.mean.high:+.2f}]; the chance that the true ratio is above zero is "
            f"{chance_in_words(self.above_zero)}"
        )


def walk_forward(
    pieces: Sequence[Piece],
    recorded: Recorded,
    folds: int,
    crew: Crew,
    folder: Path,
    log: TrialLog,
    tell: Tell = lambda _done, _all, _what: None,
) -> Walk | None:
    """Walk forward through what may be seen.

    Parameters
    ----------
    pieces : sequence of Piece
        Points to choose from; one point is traded in every fold.
    recorded : Recorded
        Already cut at its lock.

    Returns
    -------
    Walk or None
        None where it was stopped: what is done is kept, and the same call goes on.

    Raises
    ------
    ResearchError
        If there is too little to walk on.
    """
    points = sweep(pieces, recorded, crew, folder, log, tell)
    if not points.complete:
        return None
    first, last = _common_stretch(points.trials)
    horizon = timedelta(days=max(each.settings.pipeline.horizon_days for each in pieces))
    embargo = embargo_for(first, last, horizon)
    judged = stretches(first, last, folds, embargo)
    table, days = table_of(points.trials, first)
    chosen = [best_of(table[:, days < day_of(each.taught_until)]) for each in judged]
    anew = [
        _fold_piece(pieces[best], stretch)
        for (best, _), stretch in zip(chosen, judged, strict=True)
    ]
    traded = sweep(anew, recorded, crew, folder, None, tell)
    if not traded.complete:
        return None
    found = tuple(
        Fold(stretch, best, sharpe, trial)
        for stretch, (best, sharpe), trial in zip(judged, chosen, traded.trials, strict=True)
    )
    spread = _judged(table, days, embargo, horizon)
    walk = _stitched(found, points, embargo, spread, pieces[0].plan.seed)
    log.append([_entry(pieces[0].enrolment, walk, folds)])
    return walk


def _common_stretch(trials: Sequence[Trial]) -> tuple[datetime, datetime]:
    return max(each.first_at for each in trials), min(each.last_at for each in trials)


def table_of(trials: Sequence[Trial], first: datetime) -> tuple[FloatArray, IntArray]:
    """Daily returns of every point over the days that all have, and those days."""
    begins = [day_of(each.first_at) for each in trials]
    ends = [begin + len(each.returns) for begin, each in zip(begins, trials, strict=True)]
    low, high = max(*begins, day_of(first)), min(ends)
    if high - low < 2:
        raise ResearchError("the points share no day: give longer files")
    rows = [
        each.returns[low - begin : high - begin]
        for begin, each in zip(begins, trials, strict=True)
    ]
    return np.array(rows, dtype=np.float64), np.arange(low, high)


def day_of(at: datetime) -> int:
    """UTC day of an instant, as `daily_returns` counts: midnight belongs to the day it ends."""
    return (int(at.timestamp()) - 1) // DAY_SECONDS


def best_of(table: FloatArray) -> tuple[int, float | None]:
    """The point with the highest Sharpe ratio; the first one where none took any risk."""
    sharpes = [found.sharpe if (found := moments_of(row)) else -math.inf for row in table]
    best = int(np.argmax(sharpes))
    return best, sharpes[best] if math.isfinite(sharpes[best]) else None


def _fold_piece(piece: Piece, stretch: Stretch) -> Piece:
    plan = replace(piece.plan, start=stretch.begin, until=stretch.end)
    knobs = piece.enrolment.knobs
    return enrolled(FOLD_SEARCH, knobs, piece.settings, plan, piece.enrolment.data)


def _judged(
    table: FloatArray, days: IntArray, embargo: timedelta, horizon: timedelta
) -> tuple[float, ...]:
    """Sharpe ratios out of sample over all combinations."""
    found = []
    for split in combinations(days, math.ceil(embargo.days), math.ceil(horizon.days)):
        if split.chooses.sum() < 3:
            continue
        best, _ = best_of(table[:, split.chooses])
        moments = moments_of(table[best, split.judges])
        found.append(moments.sharpe if moments else 0.0)
    return tuple(found)


def _stitched(
    folds: tuple[Fold, ...],
    points: Swept,
    embargo: timedelta,
    judged: tuple[float, ...],
    seed: int,
) -> Walk:
    returns = np.concatenate([np.array(fold.trial.returns) for fold in folds])
    days = np.concatenate(
        [day_of(f.trial.first_at) + np.arange(len(f.trial.returns)) for f in folds]
    )
    moments = moments_of(returns)
    mean = above = None
    if moments is not None:
        block = automatic_block_length(returns)
        mean = stationary_rows(returns.size, block, DRAWS, seed).mean(returns)
        above = probabilistic_sharpe_ratio(
            moments.sharpe, moments.periods, moments.skew, moments.kurtosis
        )
    return Walk(folds, returns, days, moments, mean, above, judged, points, embargo)


def _entry(enrolment: Enrolment, walk: Walk, folds: int) -> Trial:
    """The stitched result as one trial: a search that chose anew is a configuration too."""
    first, last = walk.folds[0].stretch.begin, walk.folds[-1].stretch.end
    knobs: dict[str, Knob] = {
        "folds": folds,
        "points": walk.points.of,
        "points_hash": _hash_of(walk.points.trials),
    }
    one = replace(enrolment, search=STITCHED_SEARCH, knobs=knobs)
    return one.trial(first, last, {"folds_count": float(folds)}, walk.returns.tolist())


def _hash_of(trials: Sequence[Trial]) -> str:
    return digest(tuple(each.identity for each in trials))
