"""What may never happen, and the venue's own ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.model.actors import Actor
from engine.model.events.root import Event
from engine.model.venue_lines import Meaning, VenueLine


@dataclass(frozen=True, slots=True)
class InvariantRefused(Event):
    """Something tried what may never happen, and was refused; entries wait for the owner.

    Attributes
    ----------
    rule : str
        Name of the check that refused.
    told : str
        The refusal in one sentence.
    by : Actor
        Whose command led to it; the desk itself where nobody's did.
    """

    rule: str
    told: str
    by: Actor


@dataclass(frozen=True, slots=True)
class VenueLineSeen(Event):
    """A venue booked something on the account, and what the desk takes it for."""

    line: VenueLine
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class StatementRead(Event):
    """A venue's own statement was taken in whole: what it does not hold was not booked.

    Attributes
    ----------
    through_at : datetime, aware UTC
        The end of what it covers.
    lines, new : int
        Lines in it, and those that the record did not know.
    """

    venue: str
    through_at: datetime
    lines: int
    new: int


@dataclass(frozen=True, slots=True)
class VenueKindClassified(Event):
    """The owner said what a kind of ledger line means that the desk did not know."""

    venue: str
    kind: str
    meaning: Meaning
    by: Actor
    reason: str


@dataclass(frozen=True, slots=True)
class PurificationGiven(Event):
    """The owner noted that incidental interest was given away; the desk moved nothing.

    Attributes
    ----------
    amount_usd : Decimal, US dollars, > 0
    """

    amount_usd: Decimal
    by: Actor
    reason: str
