"""Invariants and their state, questions for a scholar, and the reports that decide nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.compliance.jurisdiction import NetBuys
from engine.compliance.purification import Purification
from engine.compliance.scholar import Question
from engine.compliance.zakat import ZakatReport
from engine.model.actors import Actor
from engine.views.market import MarketView


@dataclass(frozen=True, slots=True)
class InvariantView:
    """One hard invariant: what it says, and how often something tried it.

    Attributes
    ----------
    attempts : int
        Since the owner last reset the breaker.
    """

    name: str
    says: str
    attempts: int


@dataclass(frozen=True, slots=True)
class ShariaView:
    """What is enforced, what waits, and what a scholar must still rule on.

    Attributes
    ----------
    unknown_lines : tuple of (venue, kind, count)
        Ledger lines that nobody can name; entries wait for them.
    statements : tuple of (venue, end of its newest statement or None)
        Venues of the watched instruments that tell no ledger.
    unattested : tuple of str
        Watched instruments that could not be bought live.
    unsettled : tuple of (position id, settles at)
        Lots that are not ours yet.
    """

    invariants: tuple[InvariantView, ...]
    questions: tuple[Question, ...]
    net_buys: NetBuys | None
    jurisdiction: str
    unknown_lines: tuple[tuple[str, str, int], ...]
    statements: tuple[tuple[str, datetime | None], ...]
    unattested: tuple[str, ...]
    unsettled: tuple[tuple[str, datetime | None], ...]
    market: MarketView


@dataclass(frozen=True, slots=True)
class GivenView:
    """A gift as the owner noted it."""

    amount_usd: Decimal
    by: Actor
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PurificationView:
    """Incidental interest and what was done about it."""

    account: Purification
    given: tuple[GivenView, ...]
    market: MarketView


__all__ = [
    "GivenView",
    "InvariantView",
    "PurificationView",
    "ShariaView",
    "ZakatReport",
]
