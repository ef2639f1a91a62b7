"""How a backtest runs: from when, at which costs, and who stands for the owner.

Refuses to leave the owner's part unsaid: when a yes comes, and what becomes of a breaker that only
the owner resets, stands in the plan and travels with the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MOST_COST_FACTOR = 10.0


class Approval(StrEnum):
    """What stands for the owner's click."""

    AT_ONCE = "at once"
    AFTER_LATENCY = "after the latency"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class BacktestPlan:
    """How one backtest runs.

    Attributes
    ----------
    start : datetime or None, aware UTC
        Nothing that closed at or before it opens anything; the layers study it. None takes the
        close of the last warm-up bar, as a replay does.
    until : datetime or None, aware UTC
        Last close that is seen; None takes all that may be seen.
    cost_factors : tuple of float, > 0
        Multiples of every cost at which the same history is traded; the first is the result, the
        others show how much it depends on costs.
    approval : Approval
    latency : timedelta, >= 0
        From a proposal to the yes, where `approval` waits for it.
    resets_after : timedelta or None
        After how long the owner resets a breaker that waits for the owner, and writes the note
        that ends a bad week; None never does.
    exploratory : bool
        Whether exploratory paper trades are made; they are booked apart.
    open_locked : bool
        Whether the last fifth is seen.
    seed : int
        Of everything that draws: random entries and bootstraps.
    every_bar : bool
        Takes every bar through the whole desk instead of those alone at which something can
        happen: slower, and the same result. Tests hold the one to the other.

    Raises
    ------
    ValueError
        If a value is out of its range, or an instant has no zone.
    """

    start: datetime | None = None
    until: datetime | None = None
    cost_factors: tuple[float, ...] = (1.0,)
    approval: Approval = Approval.AFTER_LATENCY
    latency: timedelta = timedelta(minutes=5)
    resets_after: timedelta | None = timedelta(hours=24)
    exploratory: bool = False
    open_locked: bool = False
    seed: int = 20250630
    every_bar: bool = False

    def __post_init__(self) -> None:
        if not self.cost_factors:
            raise ValueError("cost_factors must hold at least 1 factor, held 0")
        for factor in self.cost_factors:
            if not 0.0 < factor <= MOST_COST_FACTOR:
                raise ValueError(
                    f"cost_factors must be in (0, {MOST_COST_FACTOR:g}], one was {factor:g}"
                )
        if len(set(self.cost_factors)) < len(self.cost_factors):
            raise ValueError("cost_factors must differ")
        if self.latency < timedelta(0):
            raise ValueError(f"latency must be >= 0, was {self.latency}")
        if self.resets_after is not None and self.resets_after <= timedelta(0):
            raise ValueError(f"resets_after must be > 0, was {self.resets_after}")
        for name in ("start", "until"):
            at = getattr(self, name)
            if at is not None and at.tzinfo is None:
                raise ValueError(f"{name} must carry its zone, was {at.isoformat()}")
        if self.start is not None and self.until is not None and self.start >= self.until:
            raise ValueError(f"start must be before until, was {self.start} and {self.until}")

    @property
    def waits_for(self) -> timedelta | None:
        """From a proposal to the yes; None where none comes."""
        if self.approval is Approval.NEVER:
            return None
        return timedelta(0) if self.approval is Approval.AT_ONCE else self.latency

    @property
    def words(self) -> tuple[str, ...]:
        """What stands for the owner, one sentence each."""
        waited = _told(self.latency)
        yes = {
            Approval.AT_ONCE: "Every proposal that asks is approved at once.",
            Approval.AFTER_LATENCY: f"Every proposal that asks is approved after {waited}.",
            Approval.NEVER: "No proposal that asks is approved.",
        }[self.approval]
        resets = "Breakers that wait for the owner stay tripped."
        if self.resets_after is not None:
            after = _told(self.resets_after)
            resets = f"Breakers that wait for the owner are reset after {after}."
        return yes, resets


def _told(length: timedelta) -> str:
    """A length in words.

    Examples
    --------
    >>> _told(timedelta(minutes=5)), _told(timedelta(hours=24))
    ('5 minutes', '24 hours')
    """
    minutes = length / timedelta(minutes=1)
    return f"{minutes / 60:g} hours" if minutes >= 60 else f"{minutes:g} minutes"
