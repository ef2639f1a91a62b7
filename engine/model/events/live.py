"""From paper to live and back: the review's verdict, the owner's word, the money at work."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.model.actors import Actor
from engine.model.events.root import Event


@dataclass(frozen=True, slots=True)
class ReviewConcluded(Event):
    """The review was held and came to a verdict.

    Attributes
    ----------
    verdict : str
        ``GO-FULL``, ``GO-PILOT``, ``KEEP-PAPER`` or ``NO-GO``.
    reason : str
        One sentence.
    config_hash : str
        Hash of the settings that the record was made with.
    scheduled : bool
        Whether it was the one look at which a pilot may be granted.
    """

    verdict: str
    reason: str
    config_hash: str
    scheduled: bool


@dataclass(frozen=True, slots=True)
class LiveUnlocked(Event):
    """The owner typed the phrase: the desk may be live at its next start.

    Attributes
    ----------
    verdict : str
        The verdict that stood then, ``GO-FULL`` or ``GO-PILOT``.
    config_hash : str
        Of the settings that were reviewed; others lock it again.
    """

    by: Actor
    verdict: str
    config_hash: str


@dataclass(frozen=True, slots=True)
class ModeChanged(Event):
    """The desk trades with other money from here on: its cash begins anew, and it is flat.

    Attributes
    ----------
    mode : str
        ``paper``, ``live`` or ``rehearsal``.
    cash_usd : Decimal, US dollars
        What the desk may call its own.
    set_aside : mapping of str to Decimal, US dollars or base units
        What else was on the account then: the owner's, and none of the desk's business.
    why : str
        One clause.
    """

    mode: str
    cash_usd: Decimal
    set_aside: dict[str, Decimal]
    why: str
