"""Is the desk overconfident? Two monitors over the odds it gave and what became of them.

Refuses labels that overlap: within an instrument the first to close is counted, and after it only
those that opened once it had closed (greedy, in the order of closing). Labels of two instruments
may overlap in time; gold and silver share news, so the e-process is exact for each instrument and
approximate for the desk.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from engine.model.setups import Label

LAMBDA = 0.5
ALLOWANCE_SD = 0.5
_MOST = 1e12


def e_process(p: Sequence[float], y: Sequence[float], bet: float = LAMBDA) -> float:
    """Evidence that outcomes fall short of their odds: ``prod(1 - bet (y - p))``.

    Parameters
    ----------
    p : sequence of n floats in [0, 1]
        Odds given, in label-close order.
    y : sequence of n floats, 0 or 1
    bet : float in [0, 1/2]

    Returns
    -------
    float, >= 0
        Under calibration it passes 20 with probability at most 5 % (Ville 1939).

    Raises
    ------
    ValueError
        If the lengths differ or a value is out of its range.

    Examples
    --------
    >>> round(e_process((.6, .62, .58, .65, .6, .7), (0, 1, 0, 0, 0, 1)), 10)
    1.9888234763
    """
    if len(p) != len(y):
        raise ValueError(f"y must be as long as p ({len(p)}), was {len(y)} long")
    if not 0.0 <= bet <= 0.5:
        raise ValueError(f"bet must be in [0, 0.5], was {bet!r}")
    value = 1.0
    for odds, outcome in zip(p, y, strict=True):
        value = e_step(value, odds, outcome, bet)
    return value


def e_step(value: float, odds: float, outcome: float, bet: float = LAMBDA) -> float:
    """One more label in the e-process; held below 1e12, where nothing is left to prove."""
    _check(odds, outcome)
    return min(_MOST, value * (1.0 - bet * (outcome - odds)))


def cusum(scores: Sequence[float], allowance: float = ALLOWANCE_SD) -> float:
    """One-sided CUSUM ``S = max(0, S + x - k)`` after its last score (Page 1954).

    Examples
    --------
    >>> round(cusum((.5, 1.2, -.3, 2, .8)), 10)
    1.8
    """
    value = 0.0
    for score in scores:
        if not math.isfinite(score):
            raise ValueError(f"scores must be finite, one was {score!r}")
        value = max(0.0, value + score - allowance)
    return value


def brier_surprise(odds: float, outcome: float) -> float:
    """Brier loss less its expectation ``p (1 - p)``, over its deviation, under calibration.

    The deviation is ``sqrt(p (1 - p)) |1 - 2 p|``; at even odds, and at odds that are certain,
    the loss cannot vary and says nothing: 0, unless the certain thing did not happen. Below even
    odds it is a hit that surprises, above them a miss: a CUSUM of it also grows on odds that
    promise too little.

    Examples
    --------
    >>> [round(brier_surprise(p, y), 12) for p, y in ((0.2, 1.0), (0.2, 0.0), (0.5, 1.0))]
    [2.0, -0.5, 0.0]
    """
    _check(odds, outcome)
    loss, expected = (outcome - odds) ** 2, odds * (1.0 - odds)
    deviation = math.sqrt(expected) * abs(1.0 - 2.0 * odds)
    if deviation > 0.0:
        return (loss - expected) / deviation
    return _MOST if loss > 0.5 else 0.0


@dataclass(slots=True)
class Monitors:
    """State of both monitors since the owner last began them anew.

    Attributes
    ----------
    labels_count : int
        Labels counted.
    since : datetime or None
        When the owner last began them anew; earlier labels stay uncounted.
    e_now, e_highest : float, >= 0
    cusum_now, cusum_highest : float, standard deviations, >= 0
        Highest values: a trip must not be missed because one set of bars closed several labels.
    counted_until : dict of str to datetime
        Close of the last label counted, by instrument.
    """

    labels_count: int = 0
    since: datetime | None = None
    e_now: float = 1.0
    e_highest: float = 1.0
    cusum_now: float = 0.0
    cusum_highest: float = 0.0
    counted_until: dict[str, datetime] = field(default_factory=dict)

    def count(self, label: Label) -> None:
        """Take one closed label in, unless it overlaps one that was counted."""
        until = self.counted_until.get(label.instrument, self.since)
        if until is not None and label.opened_at < until:
            return
        self.counted_until[label.instrument] = label.closed_at
        self.labels_count += 1
        outcome = float(label.hit)
        self.e_now = e_step(self.e_now, label.p_mean, outcome)
        surprise = brier_surprise(label.p_mean, outcome)
        self.cusum_now = max(0.0, self.cusum_now + surprise - ALLOWANCE_SD)
        self.e_highest = max(self.e_highest, self.e_now)
        self.cusum_highest = max(self.cusum_highest, self.cusum_now)

    def begin_anew(self, at: datetime) -> None:
        """Forget all that was counted; labels that opened before `at` stay uncounted."""
        self.labels_count, self.since = 0, at
        self.e_now = self.e_highest = 1.0
        self.cusum_now = self.cusum_highest = 0.0
        self.counted_until.clear()


def _check(odds: float, outcome: float) -> None:
    if not 0.0 <= odds <= 1.0:
        raise ValueError(f"p must be in [0, 1], was {odds!r}")
    if outcome not in (0.0, 1.0):
        raise ValueError(f"y must be 0 or 1, was {outcome!r}")
