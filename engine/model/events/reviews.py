"""The plan by which the record is judged, and what a look at it said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.model.events.root import Event
from engine.model.reviews import Gate, ReviewPlan, Verdict


@dataclass(frozen=True, slots=True)
class PlanRegistered(Event):
    """The clock of the review starts here: plan and parameters are fixed.

    Attributes
    ----------
    parameters : mapping of dotted key to text
        Every setting that decides trades.
    parameters_hash, live_hash : str, 64 hexadecimal digits
        Hash of those settings, on paper and with nothing changed but ``desk.mode`` to live.
    changed : tuple of str
        What differs from the registration before, one clause each; empty for the first.
    """

    plan: ReviewPlan
    parameters: dict[str, str]
    parameters_hash: str
    live_hash: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReviewHeld(Event):
    """A look at the record, with its verdict and every gate that led to it.

    Attributes
    ----------
    slot_at : datetime, aware UTC
        The weekly slot for which it was held.
    plan_seq : int
        The registration by which it judged.
    scheduled : bool
        Whether it was the one look at which a pilot may be granted.
    weeks : float, weeks
        Since the registration.
    trades : int
        Closed since then, proposals only.
    """

    slot_at: datetime
    plan_seq: int
    scheduled: bool
    verdict: Verdict
    reason: str
    weeks: float
    trades: int
    gates: tuple[Gate, ...]
