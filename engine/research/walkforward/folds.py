"""Stretches of time that teach and that judge, kept apart by a purge and an embargo.

Refuses stretches too short to judge on.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from engine.errors import ResearchError
from engine.probability.layer import IntArray

EMBARGO_SHARE = 0.01
LEAST_FOLD = timedelta(days=14)
GROUPS, JUDGED_GROUPS = 6, 2
"""Combinatorial cross-validation: 15 ways to judge on two sixths."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One fold.

    Attributes
    ----------
    taught_until : datetime, aware UTC
        Nothing that closes after it may choose.
    begin, end : datetime, aware UTC
        What is judged: bars that close after `begin` and by `end`.
    """

    taught_until: datetime
    begin: datetime
    end: datetime


def embargo_for(first: datetime, last: datetime, horizon: timedelta) -> timedelta:
    """The longer of the horizon and a hundredth of the whole."""
    return max(horizon, EMBARGO_SHARE * (last - first))


def stretches(
    first: datetime, last: datetime, folds: int, embargo: timedelta
) -> tuple[Stretch, ...]:
    """Equal stretches after a first one that only teaches.

    Raises
    ------
    ResearchError
        If there are fewer than two, or they are too short.

    Examples
    --------
    >>> from datetime import UTC
    >>> first, last = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 12, 26, tzinfo=UTC)
    >>> [f"{s.begin:%b %d}" for s in stretches(first, last, 3, timedelta(days=4))]
    ['Mar 31', 'Jun 29', 'Sep 27']
    """
    if folds < 2:
        raise ResearchError(f"--folds must be >= 2, was {folds}")
    length = (last - first) / (folds + 1)
    if length < max(LEAST_FOLD, 2 * embargo):
        raise ResearchError(
            f"{folds} folds of {length.days} days each are too short for an embargo of "
            f"{embargo.days} days: give fewer --folds, or longer files"
        )
    return tuple(
        Stretch(first + k * length - embargo, first + k * length, first + (k + 1) * length)
        for k in range(1, folds + 1)
    )


def combinations(days: IntArray, embargo_days: int, horizon_days: int) -> Iterator[Split]:
    """Every way to judge on some groups of days and to choose on the rest.

    Parameters
    ----------
    days : ndarray of shape (n,), int64, consecutive days
    embargo_days, horizon_days : int
        Days after and before a judged group on which nothing may choose.

    References
    ----------
    Lopez de Prado 2018, chapter 12.
    """
    groups = np.array_split(np.arange(days.size), GROUPS)
    for chosen in itertools.combinations(range(GROUPS), JUDGED_GROUPS):
        judged = np.zeros(days.size, dtype=np.bool_)
        barred = np.zeros(days.size, dtype=np.bool_)
        for k in chosen:
            begin, end = int(groups[k][0]), int(groups[k][-1]) + 1
            judged[begin:end] = True
            barred[max(begin - horizon_days, 0) : end + embargo_days] = True
        yield Split(~(judged | barred), judged)


@dataclass(frozen=True, slots=True)
class Split:
    """Days that choose and days that judge."""

    chooses: NDArray[np.bool_]
    judges: NDArray[np.bool_]
