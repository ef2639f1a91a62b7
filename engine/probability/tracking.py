"""Open candidates of one instrument, followed bar by bar until their triple barrier closes.

Refuses to drop one: every candidate ends as a label, whether it was traded or not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.model.bars import Bar
from engine.model.setups import Assessment, Label, Setup
from engine.probability import labels


@dataclass(slots=True)
class OpenCandidate:
    """A candidate whose barriers have not closed; `fill` is the next bar's open once known."""

    assessment: Assessment
    setup: Setup
    cost_frac: float
    opened: int
    last: int
    shared_before: float
    fill: float = math.nan


class Tracker:
    """Follows the candidates of one instrument.

    Parameters
    ----------
    horizon_bars : int, >= 1
        Closed bars after which a candidate times out.
    """

    def __init__(self, horizon_bars: int) -> None:
        self._horizon = horizon_bars
        self._open: list[OpenCandidate] = []
        self._shared = 0.0  # running sum of one over the number of concurrent candidates

    @property
    def candidates(self) -> tuple[Setup, ...]:
        """Setups still open, oldest first."""
        return tuple(candidate.setup for candidate in self._open)

    def start(self, assessment: Assessment, setup: Setup, cost_frac: float, index: int) -> None:
        """Follow a candidate that the bar numbered `index` began."""
        last = index + self._horizon
        self._open.append(OpenCandidate(assessment, setup, cost_frac, index, last, self._shared))

    def newest(self, index: int) -> OpenCandidate | None:
        """Candidate that the bar numbered `index` began, while nothing has followed it."""
        fresh = [candidate for candidate in self._open if candidate.opened == index]
        return fresh[-1] if fresh else None

    def advance(self, bar: Bar, index: int) -> list[Label]:
        """Labels that the bar numbered `index` closes, oldest first."""
        if not self._open:
            return []
        self._shared += 1.0 / len(self._open)
        closed, still = [], []
        for candidate in self._open:
            if candidate.opened == index - 1:
                candidate.fill = bar.open
            touch = _touch(candidate, bar, index)
            if touch == labels.NONE:
                still.append(candidate)
            else:
                closed.append(self._label(candidate, bar, touch, index))
        self._open = still
        return closed

    def _label(self, candidate: OpenCandidate, bar: Bar, touch: int, index: int) -> Label:
        setup, assessment = candidate.setup, candidate.assessment
        leave = labels.exit_price(touch, bar.open, bar.close, setup.target, setup.stop)
        gross = leave / candidate.fill - 1.0
        shared = (self._shared - candidate.shared_before) / (index - candidate.opened)
        return Label(
            instrument=setup.instrument,
            kind=setup.kind,
            opened_at=setup.at,
            closed_at=bar.close_at,
            outcome=labels.OUTCOMES[touch],
            target_frac=setup.target_frac,
            stop_frac=setup.stop_frac,
            horizon_days=setup.horizon_days,
            gross_frac=gross,
            net_frac=gross - candidate.cost_frac,
            uniqueness=min(shared, 1.0),
            log_odds_prior=assessment.log_odds[0][1],
            scores=dict(assessment.scores),
            llrs={reading.name: reading.llr for reading in assessment.readings},
            p_mean=assessment.odds.p_mean if assessment.odds else math.nan,
        )


def _touch(candidate: OpenCandidate, bar: Bar, index: int) -> int:
    setup = candidate.setup
    touch = labels.first_touch(bar.open, bar.high, bar.low, setup.target, setup.stop)
    if touch == labels.NONE and index >= candidate.last:
        return labels.TIMEOUT
    return touch
