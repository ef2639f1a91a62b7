"""What is still to be posted, and the memory of what stands in a channel.

Refuses to tell twice: what is journaled as posted is not given again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING

from engine.views import AnyNotice

if TYPE_CHECKING:
    from engine.engine import Engine


class PostDesk:
    """A wing of the door.

    Parameters
    ----------
    engine : Engine
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def notices(self) -> AsyncIterator[AnyNotice]:
        """Everything that is still to be posted, oldest first, then as it happens.

        A notice comes again after a restart until `posted` is told of it. Scans are the
        exception: only the newest unposted one is given.
        """
        return self._engine.posting.notices()

    async def posted(self, seq: int, channel_id: str, message_id: str) -> None:
        """Journal that the notice `seq` stands in a channel."""
        await self._engine.posting.posted(seq, channel_id, message_id)

    def last_report(self, job: str) -> datetime | None:
        """Slot of the newest post of a scheduled job; None before the first."""
        return self._engine.ledger.reports.get(job)

    async def report_posted(
        self, job: str, slot_at: datetime, channel_id: str, message_id: str
    ) -> None:
        """Journal that a scheduled job has posted for its slot."""
        await self._engine.posting.report_posted(job, slot_at, channel_id, message_id)
