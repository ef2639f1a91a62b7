"""The only writer: events go into the journal, then into the ledger, then to whoever listens.

Refuses to change the ledger by any other path.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from engine.errors import JournalError
from engine.journal.fold import apply
from engine.journal.ledger import Ledger
from engine.model.events import Event
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

    async def replay(self) -> None:
        """Boot: fold everything the journal holds.

        Raises
        ------
        JournalError
            If the journal cannot be read or its chain is broken.
        """
        async for envelope in self._journal.read():
            apply(self.ledger, envelope)

    async def record(
        self, *events: Event, cause: int = 0, durable: bool = False
    ) -> tuple[Envelope, ...]:
        """Write `events`, all or none, and let them change the ledger."""
        if not events:
            return ()
        if self.clock is None:
            raise JournalError("nothing can be recorded before the market is open: open it first")
        envelopes = await self._journal.append(events, self.clock.now(), cause, durable=durable)
        for envelope in envelopes:
            apply(self.ledger, envelope)
        async with self._changed:
            self._changed.notify_all()
        return envelopes

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
                await self._changed.wait_for(lambda: self._newer_than(given))

    def _newer_than(self, seq: int) -> bool:
        return any(other > seq for other in self.ledger.untold)
