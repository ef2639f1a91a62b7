"""What the journal adds up to about outside calls and about memos.

Refuses to weigh anybody: layer 10 does, from the labels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engine.model.memos import Memo, MemoEffect, Missed
from engine.model.signals import Signal, SignalResult


@dataclass(slots=True)
class SignalRecord:
    """An outside call and what came of it.

    Attributes
    ----------
    entry : Decimal or None, quote currency
        First close of its instrument after it was heard; None before that.
    result : SignalResult or None
        None while it is open.
    """

    signal: Signal
    entry: Decimal | None = None
    result: SignalResult | None = None
    closed_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether it still has to be held to its word."""
        return self.result is None


@dataclass(slots=True)
class MemoRecord:
    """A memo that was wanted, and what came of it.

    Attributes
    ----------
    why : str
        Why it was wanted, one clause.
    nats : float, nats, <= 0
        What it moved the log-odds by.
    """

    why: str
    asked_at: datetime
    memo: Memo | None = None
    missed: Missed | None = None
    effect: MemoEffect = MemoEffect.NONE
    nats: float = 0.0

    @property
    def pending(self) -> bool:
        """Whether its answer is still awaited."""
        return self.memo is None and self.missed is None


@dataclass(slots=True)
class Memos:
    """All memos of one desk.

    Attributes
    ----------
    records : dict of str to MemoRecord
        By id of the proposal; one that took another's place shares its memo.
    votes : dict of (instrument, instant) to (witness, yes)
        What was said in time of candidates that are still open.
    rested : str
        Month, as ``2026-11``, in which the analyzer said that its budget is used up.
    """

    records: dict[str, MemoRecord] = field(default_factory=dict)
    votes: dict[tuple[str, datetime], tuple[str, bool]] = field(default_factory=dict)
    rested: str = ""

    def pending(self) -> list[str]:
        """Ids of proposals whose memo is still awaited, oldest first."""
        return [name for name, record in self.records.items() if record.pending]
