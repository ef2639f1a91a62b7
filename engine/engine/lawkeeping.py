"""The venue's own ledger and the owner's notes: read, classified, journaled.

Refuses to pass over a forbidden line: it halts the desk; one that nobody can name blocks entries.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import structlog

from engine.compliance.lines import WITHOUT_LEDGER, check_classification, meaning_of
from engine.desk import approving
from engine.desk.present import Present
from engine.engine.recorder import Recorder
from engine.engine.turns import Turns, halting
from engine.errors import BrokerError
from engine.journal.ledger import Ledger
from engine.model import events as happened
from engine.model.actors import DESK, Actor, Permission
from engine.model.events import Event
from engine.model.venue_lines import Meaning, VenueLine
from engine.model.verdicts import Refused
from engine.ports import Broker
from engine.risk import NotMeasured, Reading
from engine.views.sharia import PurificationView, ShariaView

_log = structlog.get_logger(__name__)
PAPER = "paper"
"""Name of the broker that has no account elsewhere."""


@dataclass(slots=True)
class Lawkeeping:
    """Ledger lines, their names, and what was given away.

    Attributes
    ----------
    unread_since : datetime or None, aware UTC
        Since when the venue's ledger could not be read; None while it can.
    ever_read : bool
        Whether this process has read it.
    """

    turns: Turns
    recorder: Recorder
    broker: Broker
    present: Present
    unread_since: datetime | None = None
    ever_read: bool = False

    @property
    def _ledger(self) -> Ledger:
        return self.recorder.ledger

    async def read(self) -> None:
        """Take in what the venue has booked since the newest known line.

        Within a turn that the caller has taken.
        """
        # What a statement told of a venue without a ledger says nothing of the others.
        told = (record.line for record in self._ledger.lines.values())
        newest = max((x.at for x in told if x.venue.lower() not in WITHOUT_LEDGER), default=None)
        try:
            lines = await self.broker.ledger_lines(newest)
        except BrokerError as fault:
            _log.warning("the venue's ledger cannot be read", why=str(fault))
            if self.unread_since is None:
                self.unread_since = self.recorder.now()
            return
        self.unread_since, self.ever_read = None, True
        await self.recorder.record(*line_events(self._ledger, lines), durable=True)

    def unread_seconds(self, now: datetime) -> Reading:
        """Seconds since when the venue's ledger could not be read.

        A process that asked and has never read it does not know what was booked meanwhile.
        """
        if self.broker.name == PAPER:
            return NotMeasured("paper keeps no ledger beside the record")
        if not self.ever_read:
            return None if self.unread_since is not None else NotMeasured("it was not yet asked")
        return 0.0 if self.unread_since is None else (now - self.unread_since).total_seconds()

    async def classify(
        self, actor: Actor, venue: str, kind: str, meaning: str, reason: str
    ) -> ShariaView | Refused:
        """Say what an unknown kind of ledger line means; needs the owner and a reason."""
        refused = await self.turns.take(
            lambda: self._classify(actor, venue.strip(), kind.strip(), meaning, reason.strip())
        )
        return self.present.sharia.state() if refused is None else refused

    async def _classify(
        self, actor: Actor, venue: str, kind: str, meaning: str, reason: str
    ) -> Refused | None:
        refused = await self.recorder.permit(
            actor, Permission.DECIDE, f"name the ledger lines {kind} of {venue}"
        )
        refused = refused or approving.without_reason("ledger lines", reason)
        if refused is not None:
            return refused
        if meaning not in tuple(Meaning):
            return Refused("ledger lines", f"{meaning!r} is no meaning", ", ".join(Meaning))
        said = Meaning(meaning)
        refused = check_classification(venue, kind, said)
        key = (venue.lower(), kind.lower().replace("-", " "))
        if refused is None and key not in self._ledger.unknown_kinds():
            told = f"no unknown line of kind {kind!r} at {venue!r}"
            refused = Refused("ledger lines", told, "", "See /sharia.")
        if refused is not None:
            return refused
        events: list[Event] = [happened.VenueKindClassified(*key, said, actor, reason)]
        if said.forbidden:
            events += halting(self._ledger, DESK, f"{actor.name} named {kind} at {venue} {said}")
        await self.recorder.record(*events, durable=True)
        return None

    async def give(
        self, actor: Actor, amount_usd: Decimal, reason: str
    ) -> PurificationView | Refused:
        """Note that incidental interest was given away; the desk moves nothing."""
        refused = await self.turns.take(lambda: self._give(actor, amount_usd, reason.strip()))
        return self.present.sharia.purification() if refused is None else refused

    async def _give(self, actor: Actor, amount_usd: Decimal, reason: str) -> Refused | None:
        refused = await self.recorder.permit(actor, Permission.DECIDE, "note a purification")
        refused = refused or approving.without_reason("purification", reason)
        if refused is None and not (amount_usd.is_finite() and amount_usd > 0):
            refused = Refused("purification", f"{amount_usd} USD", "more than 0 USD")
        if refused is None:
            await self.recorder.record(
                happened.PurificationGiven(amount_usd, actor, reason), durable=True
            )
        return refused


def line_events(ledger: Ledger, lines: Iterable[VenueLine]) -> list[Event]:
    """What new `lines` make happen: each is journaled, a forbidden one halts the desk."""
    events: list[Event] = []
    fresh = {line.line_id: line for line in lines if line.line_id not in ledger.lines}
    for line in fresh.values():
        meaning = meaning_of(line, ledger.kinds_said)
        events.append(happened.VenueLineSeen(line, meaning))
        if meaning.forbidden:
            told = f"{line.venue} booked {line.amount} {line.asset} as {line.kind}: {meaning}"
            events.append(happened.InvariantRefused("ledger lines", told, DESK))
    if any(isinstance(event, happened.InvariantRefused) for event in events):
        events += halting(ledger, DESK, "the venue's ledger has interest or financing")
    return events
