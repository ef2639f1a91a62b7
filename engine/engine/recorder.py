"""The only writer: events go into the journal, then into the ledger, then to whoever listens.

Refuses to change the ledger by any other path.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from datetime import datetime

from engine.desk.approving import not_permitted
from engine.errors import InvariantBroken, JournalError
from engine.journal.fold import apply
from engine.journal.ledger import Ledger
from engine.model import events as happened
from engine.model.actors import Actor, Permission
from engine.model.events import Event
from engine.model.verdicts import Refused
from engine.ports import Clock, Envelope, Journal


class Recorder:
    """Journal and ledger moving as one.

    Parameters
    ----------
    journal : Journal

    Attributes
    ----------
    clock : Clock or None
        Set once the market is open; before it nothing can be recorded.
    ledger : Ledger
        Always the fold of everything that the journal holds.
    """

    def __init__(self, journal: Journal, clock: Clock | None = None) -> None:
        self._journal = journal
        self.clock = clock
        self._changed = asyncio.Condition()
        self.ledger = Ledger()

    def now(self) -> datetime:
        """The desk's present instant.

        Raises
        ------
        JournalError
            Before the market is open, when there is none.
        """
        if self.clock is None:
            raise JournalError("nothing can be recorded before the market is open: open it first")
        return self.clock.now()

    async def replay(self) -> None:
        """Boot: fold everything the journal holds.

        An entry that contradicts the ledger changes nothing, as it changed nothing when it was
        written; the ledger notes it, and the desk comes up halted.

        Raises
        ------
        JournalError
            If the journal cannot be read or its chain is broken.
        """
        async for envelope in self._journal.read():
            with suppress(InvariantBroken):
                apply(self.ledger, envelope)

    async def record(
        self, *events: Event, cause: int = 0, durable: bool = False
    ) -> tuple[Envelope, ...]:
        """Write `events`, all or none, and let them change the ledger.

        Raises
        ------
        InvariantBroken
            If an event contradicts the ledger; all of them stand in the journal then.
        """
        if not events:
            return ()
        envelopes = await self._journal.append(events, self.now(), cause, durable=durable)
        try:
            self._take_in(envelopes)
        finally:
            async with self._changed:
                self._changed.notify_all()
        return envelopes

    def _take_in(self, envelopes: Iterable[Envelope]) -> None:
        """Fold all of them, also those after one that contradicts the ledger: so does a boot."""
        broken: InvariantBroken | None = None
        for envelope in envelopes:
            try:
                apply(self.ledger, envelope)
            except InvariantBroken as fault:
                broken = broken or fault
        if broken is not None:
            raise broken

    async def permit(self, actor: Actor, permission: Permission, action: str) -> Refused | None:
        """Refuse whoever may not do `action`, and keep it on record."""
        refused = not_permitted(actor, permission)
        if refused is not None:
            await self.record(happened.AccessRefused(actor, action))
        return refused

    async def untold(self) -> AsyncIterator[Envelope]:
        """Every event that is still to be told of, oldest first, then each as it happens."""
        given = 0
        while True:
            fresh = [e for seq, e in self.ledger.untold.items() if seq > given]
            for envelope in fresh:
                given = envelope.seq
                if given in self.ledger.untold:
                    yield envelope
            async with self._changed:
                while not self._newer_than(given):
                    await self._changed.wait()

    async def changed_since(self, seq: int) -> None:
        """Return once the record has gone beyond entry `seq`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.ledger.seq > seq)

    def _newer_than(self, seq: int) -> bool:
        return any(other > seq for other in self.ledger.untold)
