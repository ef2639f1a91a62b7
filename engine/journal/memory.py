"""A journal that forgets when the process ends: for research and tests.

Refuses everything that the journal on disk refuses; it passes the same contract.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from engine.errors import JournalError
from engine.journal.sealing import EMPTY, Seal
from engine.model.events import Event
from engine.ports import Envelope


class MemoryJournal:
    """The `Journal` port over a list.

    Parameters
    ----------
    config_hash : str, 64 hexadecimal digits
        Hash of the settings in force.
    stream : str
        Name of the stream.
    """

    def __init__(self, config_hash: str, stream: str = "desk") -> None:
        self._seal = Seal(stream, config_hash)
        self._head = EMPTY
        self._envelopes: list[Envelope] = []
        self._closed = False

    async def append(
        self,
        events: Sequence[Event],
        at: datetime,
        cause: int = 0,
        *,
        durable: bool = False,  # noqa: ARG002  memory has no disk to wait for
    ) -> tuple[Envelope, ...]:
        """Keep all of `events` or none; `durable` promises nothing here."""
        self._must_be_open()
        batch = self._seal.batch(events, at, cause, self._head)
        self._envelopes += batch.envelopes
        self._head = batch.head
        return batch.envelopes

    async def read(self, after: int = 0) -> AsyncIterator[Envelope]:
        """Every envelope with ``seq > after``, in order, those appended meanwhile included."""
        self._must_be_open()
        place = max(after, 0)
        while place < len(self._envelopes):
            yield self._envelopes[place]
            place += 1

    async def head(self) -> tuple[int, str]:
        """Sequence number and hash of the newest envelope; (0, zeros) when empty."""
        return self._head.seq, self._head.hash

    async def aclose(self) -> None:
        """Refuse everything from now on."""
        self._closed = True

    def _must_be_open(self) -> None:
        if self._closed:
            raise JournalError("the journal is closed; open it again")
