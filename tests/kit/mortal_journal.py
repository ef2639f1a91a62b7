"""A journal whose process dies at a chosen write.

Refuses to write anything after it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from engine.journal.memory import MemoryJournal
from engine.model.events import Event
from engine.ports import Envelope


class Died(BaseException):
    """The process is gone."""


class MortalJournal:
    """A journal whose process dies just after, or just before, its n-th append."""

    def __init__(self, record: MemoryJournal, appends: int, *, written: bool) -> None:
        self._record = record
        self._left = appends
        self._written = written

    def die_in(self, appends: int) -> None:
        """Die at the n-th append from now on."""
        self._left = appends

    async def append(
        self, events: Sequence[Event], at: datetime, cause: int = 0, *, durable: bool = False
    ) -> tuple[Envelope, ...]:
        self._left -= 1
        if self._left > 0:
            return await self._record.append(events, at, cause, durable=durable)
        if self._left == 0 and self._written:
            await self._record.append(events, at, cause, durable=durable)
        raise Died

    def read(self, after: int = 0) -> AsyncIterator[Envelope]:
        return self._record.read(after)

    async def head(self) -> tuple[int, str]:
        return await self._record.head()

    async def aclose(self) -> None:
        pass
