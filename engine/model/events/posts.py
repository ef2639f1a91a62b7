"""What stands in a channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.model.events.root import Event


@dataclass(frozen=True, slots=True)
class NoticePosted(Event):
    """A post about an event stands in a channel: it is not posted again.

    Attributes
    ----------
    of_seq : int
        The event that it tells of.
    """

    of_seq: int
    channel_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class ReportPosted(Event):
    """A scheduled report was posted for its slot: it is neither skipped nor repeated."""

    job: str
    slot_at: datetime
    channel_id: str
    message_id: str
