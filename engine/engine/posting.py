"""Posts: what is still to be told, and the memory of what stands in a channel.

Refuses to tell twice: a post is journaled, and what is journaled is not told again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from engine.desk.present import Present
from engine.engine.recorder import Recorder
from engine.engine.telling import notices_of
from engine.engine.turns import Turns
from engine.model import events as happened
from engine.views import AnyNotice


@dataclass(frozen=True, slots=True)
class Posting:
    """The desk's memory of its posts."""

    turns: Turns
    recorder: Recorder
    present: Present

    async def notices(self) -> AsyncIterator[AnyNotice]:
        """Everything still to be posted, then as it happens."""
        async for envelope in self.recorder.untold():
            for notice in notices_of(envelope, self.present):
                yield notice

    async def posted(self, seq: int, channel_id: str, message_id: str) -> None:
        """Journal that a notice stands in a channel."""
        event = happened.NoticePosted(seq, channel_id, message_id)
        await self.turns.take(lambda: self.recorder.record(event, cause=seq))

    async def report_posted(
        self, job: str, slot_at: datetime, channel_id: str, message_id: str
    ) -> None:
        """Journal that a scheduled job has posted for its slot."""
        event = happened.ReportPosted(job, slot_at, channel_id, message_id)
        await self.turns.take(lambda: self.recorder.record(event))
