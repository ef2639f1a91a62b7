"""What the best of everything tried is worth, once it is counted how much was tried.

Refuses to count a repetition as another trial, to compare Sharpe ratios of different periods,
and to say a number where the trials do not allow one: then it says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from engine.research.trials.entries import Moments, Trial
from engine.review.statistics import (
    deflated_sharpe_ratio,
    expected_max_sharpe,
    probability_of_backtest_overfitting,
)

T = TypeVar("T")

BLOCKS = 10
"""Blocks of the cross-validation: 252 splits."""


@dataclass(frozen=True, slots=True)
class Search:
    """Everything tried, as one search.

    Attributes
    ----------
    trials : int, >= 0
        Distinct configurations.
    repeats : int, >= 0
        Entries beyond those: the same configuration on the same data again.
    measured : int, >= 0
        Distinct trials that have returns of `period_days` with some risk in them.
    period_days : float, days
    best : Trial or None
        The one with the highest Sharpe ratio.
    moments : Moments or None
        Of its returns.
    variance : float, per period squared
        Of the Sharpe ratios of those measured.
    expected_best_sharpe : float, per period
        What the best of as many worthless trials is expected to show.
    deflated_sharpe : float in [0, 1] or None
        Probability that the best is better than that.
    overfitting : float in [0, 1] or None
        Probability that choosing the best chooses nothing (CSCV).
    compared : int, >= 0
        Trials over one common stretch that `overfitting` stands on.
    """

    trials: int
    repeats: int
    measured: int
    period_days: float
    best: Trial | None
    moments: Moments | None
    variance: float
    expected_best_sharpe: float
    deflated_sharpe: float | None
    overfitting: float | None
    compared: int

    @property
    def sentence(self) -> str:
        """What it means, in plain words."""
        if self.moments is None or self.deflated_sharpe is None:
            return f"{self.trials} configuration(s) tried, none with a result to deflate"
        yearly = self.moments.sharpe * (365.0 / self.period_days) ** 0.5
        luck = self.expected_best_sharpe * (365.0 / self.period_days) ** 0.5
        told = (
            f"the best of {self.trials} configurations shows a Sharpe ratio of {yearly:.2f} a "
            f"year; the best of as many worthless ones would show {luck:.2f}; the chance that it "
            f"is better than luck is {chance_in_words(self.deflated_sharpe)}"
        )
        if self.overfitting is None:
            return told
        return (
            f"{told}; choosing the best in one half of the time chose the worse half of "
            f"configurations for the other in {chance_in_words(self.overfitting)} of splits"
        )


def search_of(trials: Sequence[Trial]) -> Search:
    """Deflate the best of `trials`; Sharpe ratios are compared within the commonest period."""
    distinct = {(each.identity, each.first_at, each.last_at): each for each in trials}
    period = _commonest(each.period_days for each in distinct.values() if each.returns)
    measured = [
        (found, each)
        for each in distinct.values()
        if each.period_days == period and (found := each.moments) is not None
    ]
    sharpes = np.array([found.sharpe for found, _ in measured])
    variance = float(sharpes.var(ddof=1)) if sharpes.size > 1 else 0.0
    best = max(measured, key=lambda each: each[0].sharpe, default=None)
    count = len(distinct)
    pbo, compared = _overfitting([each for _, each in measured])
    return Search(
        trials=count,
        repeats=len(trials) - count,
        measured=len(measured),
        period_days=period or 1.0,
        best=best[1] if best else None,
        moments=best[0] if best else None,
        variance=variance,
        expected_best_sharpe=expected_max_sharpe(max(count, 1), variance),
        deflated_sharpe=_deflated(best[0], count, variance) if best else None,
        overfitting=pbo,
        compared=compared,
    )


def search_as_json(search: Search) -> dict[str, Any]:
    """A search as plain data."""
    return {
        "trials": search.trials,
        "repeats": search.repeats,
        "measured": search.measured,
        "period_days": search.period_days,
        "best": None if search.best is None else dict(search.best.knobs),
        "best_search": None if search.best is None else search.best.search,
        "best_sharpe": None if search.moments is None else search.moments.sharpe,
        "variance": search.variance,
        "expected_best_sharpe": search.expected_best_sharpe,
        "deflated_sharpe": search.deflated_sharpe,
        "overfitting": search.overfitting,
        "compared": search.compared,
        "sentence": search.sentence,
    }


def chance_in_words(p: float) -> str:
    """A chance in words that never say certain.

    Examples
    --------
    >>> chance_in_words(0.9999), chance_in_words(0.5)
    ('above 99 %', '50 %')
    """
    if p < 0.01:
        return "below 1 %"
    return "above 99 %" if p > 0.99 else f"{100.0 * p:.0f} %"


def _deflated(moments: Moments, trials: int, variance: float) -> float:
    return deflated_sharpe_ratio(
        moments.sharpe, moments.periods, trials, variance, moments.skew, moments.kurtosis
    )


def _overfitting(trials: Sequence[Trial]) -> tuple[float | None, int]:
    """PBO of the largest set of trials over one stretch of periods, and its size."""
    stretch = _commonest((each.first_at, len(each.returns)) for each in trials)
    shared = [each for each in trials if (each.first_at, len(each.returns)) == stretch]
    if len(shared) < 2 or len(shared[0].returns) < 2 * BLOCKS:
        return None, 0
    table = np.array([each.returns for each in shared]).T
    return probability_of_backtest_overfitting(table, BLOCKS).pbo, len(shared)


def _commonest(values: Iterable[T]) -> T | None:
    found = Counter(values).most_common(1)
    return found[0][0] if found else None
