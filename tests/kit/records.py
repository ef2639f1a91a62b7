"""Records written by hand, entry by entry, for tests of what is measured from them.

Refuses to reach around the fold: what stands in the ledger came out of an event.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from engine.journal.fold import apply
from engine.journal.ledger import Ledger
from engine.model import events as happened
from engine.model.events import Event
from engine.model.reviews import Verdict
from engine.ports import Envelope
from engine.review.plan import Watched, registration_due
from tests.kit.desk import desk_settings
from tests.kit.market import BTC, HOUR, MONDAY

NOTHING = timedelta(0)
WEEK = timedelta(days=7)


@dataclass
class Book:
    """A ledger, and the pen that writes into it."""

    plan: happened.PlanRegistered
    ledger: Ledger = field(default_factory=Ledger)
    at: datetime = MONDAY

    def add(self, event: Event, after: timedelta = NOTHING) -> None:
        """Write one entry, `after` the one before."""
        self.at += after
        seq = self.ledger.seq + 1
        link = f"{seq:064x}"
        apply(
            self.ledger,
            Envelope(seq, self.at, "", 1, 0, self.plan.parameters_hash, event, link, link),
        )


def registered(*, real: bool = True, market: str = "kraken", cash: int = 10_000) -> Book:
    """A desk that has just opened, its plan registered."""
    settings = desk_settings()
    due = registration_due(settings, Watched(market, real, (BTC,)), Ledger())
    assert due is not None
    book = Book(due)
    book.add(happened.DeskOpened("paper", market, not real, Decimal(cash), "test"))
    book.add(happened.SessionStarted("test", market, settings.hash, 0, None))
    book.add(due)
    return book


def look_at(
    book: Book, week: int, verdict: Verdict, *, scheduled: bool = False
) -> happened.ReviewHeld:
    """A look that found `verdict`."""
    assert book.ledger.registration is not None
    return happened.ReviewHeld(
        slot_at=MONDAY + week * WEEK + 7 * HOUR,
        plan_seq=book.ledger.registration.seq,
        scheduled=scheduled,
        verdict=verdict,
        reason="Because.",
        weeks=8.0 + week,
        trades=60,
        gates=(),
    )
