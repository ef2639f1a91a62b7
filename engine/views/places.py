"""Where a post belongs, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """Where a post belongs."""

    RESEARCH = "research"
    EXECUTION = "execution"


@dataclass(frozen=True, slots=True)
class PostRef:
    """A message that tells of an event.

    Attributes
    ----------
    of_seq : int
        Sequence number of the event in the journal.
    """

    of_seq: int
    channel_id: str
    message_id: str
