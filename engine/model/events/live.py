"""From paper to live and back: the owner's word, and the money that is at work."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.model.actors import Actor
from engine.model.events.root import Event
from engine.model.reconciliation import Difference
from engine.model.reviews import Verdict


@dataclass(frozen=True, slots=True)
class LiveUnlocked(Event):
    """The owner typed the phrase: the desk may be live at its next start.

    Attributes
    ----------
    verdict : Verdict
        The verdict that stood then, a go.
    plan_seq : int
        The registration that it judged by; another one locks live again.
    """

    by: Actor
    verdict: Verdict
    plan_seq: int


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


@dataclass(frozen=True, slots=True)
class AccountReconciled(Event):
    """Record and account were compared, and it came out otherwise than before.

    Attributes
    ----------
    compared : str
        What was laid beside the record, one clause.
    differences : tuple of Difference
        What stops entries, all of it; of the owner's own affairs what was not told before.
    """

    compared: str
    differences: tuple[Difference, ...]
