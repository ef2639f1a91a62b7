"""What was asked of the analyzer, what it said, and what that did."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.model.events.root import Event
from engine.model.memos import Memo, MemoEffect, Missed


@dataclass(frozen=True, slots=True)
class MemoAsked(Event):
    """A proposal is large or contested: a memo on it is wanted.

    Attributes
    ----------
    why : str
        One clause.
    """

    proposal_id: str
    why: str


@dataclass(frozen=True, slots=True)
class MemoGiven(Event):
    """The analyzer gave a memo whose facts hold; nothing has been done about it yet.

    Attributes
    ----------
    seconds : float, real seconds
    """

    proposal_id: str
    memo: Memo
    seconds: float


@dataclass(frozen=True, slots=True)
class MemoMissed(Event):
    """There is no memo: silence, a fault, or a memo that was void."""

    proposal_id: str
    missed: Missed
    seconds: float


@dataclass(frozen=True, slots=True)
class MemoHeeded(Event):
    """What a memo, or its absence, did to the proposal.

    Attributes
    ----------
    nats : float, nats, <= 0
        What it moved the log-odds by.
    successor : str
        Id of the smaller proposal that took its place; empty if none did.
    """

    proposal_id: str
    effect: MemoEffect
    nats: float
    successor: str = ""


@dataclass(frozen=True, slots=True)
class AnalyzerRested(Event):
    """The month's budget does not cover another memo: the analyzer rests until the next.

    Attributes
    ----------
    month : str
        As ``2026-11``, UTC.
    left_usd, budget_usd : Decimal, US dollars
    """

    month: str
    left_usd: Decimal
    budget_usd: Decimal
