"""Between events and records: a batch is sealed whole before any of it is stored.

Refuses naive instants, and causes that lie in the future.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from engine.errors import CorruptJournal
from engine.journal.chain import GENESIS, Anchor, Record, check_chain, link_hash
from engine.journal.codec import decode, encode, kind_of
from engine.model.events import Event
from engine.ports import Envelope

EMPTY = Anchor(0, GENESIS)
"""Head of a journal that holds nothing."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of one append, sealed: record and envelope of each, in order."""

    records: tuple[Record, ...]
    envelopes: tuple[Envelope, ...]
    head: Anchor


@dataclass(frozen=True, slots=True)
class Seal:
    """What every record of one session carries."""

    stream: str
    config_hash: str

    def batch(self, events: Sequence[Event], at: datetime, cause: int, head: Anchor) -> Batch:
        """Seal `events` so that they continue `head`.

        Parameters
        ----------
        at : datetime, aware
        cause : int, from 0 to the head's sequence number

        Raises
        ------
        ValueError
            If `at` carries no zone, or `cause` is not yet written.
        JournalError
            If an event cannot be written exactly.
        """
        if at.tzinfo is None:
            raise ValueError(f"at must carry its zone, was {at.isoformat()}")
        if not 0 <= cause <= head.seq:
            raise ValueError(f"cause must be in [0, {head.seq}], was {cause}")
        records: list[Record] = []
        for event in events:
            record = self._record(event, at, cause, head)
            head = Anchor(record.seq, record.hash)
            records.append(record)
        envelopes = (
            _envelope(record, event) for record, event in zip(records, events, strict=True)
        )
        return Batch(tuple(records), tuple(envelopes), head)

    def _record(self, event: Event, at: datetime, cause: int, head: Anchor) -> Record:
        bare = Record(
            stream=self.stream,
            seq=head.seq + 1,
            at=instant_text(at),
            kind=kind_of(type(event)),
            version=event.version,
            cause=cause,
            config_hash=self.config_hash,
            payload=encode(event),
            prev_hash=head.hash,
            hash="",
        )
        return replace(bare, hash=link_hash(bare))


def unseal(records: Sequence[Record], after: Anchor | None) -> Iterator[Envelope]:
    """Envelopes of stored records, each checked against the chain before it is believed.

    Parameters
    ----------
    after : Anchor or None
        The record before the first one; None trusts the first one's own link.

    Raises
    ------
    CorruptJournal
        If a record is missing or was changed.
    UnknownEventVersion
        If a newer Executor wrote it.
    """
    if not records:
        return
    start = after or Anchor(records[0].seq - 1, records[0].prev_hash)
    for finding in check_chain(records, start):
        raise CorruptJournal(f"{finding}; stop, keep the file, and restore a backup")
    for record in records:
        yield _envelope(record, decode(record.kind, record.version, record.payload))


def instant_text(at: datetime) -> str:
    """An aware instant as stored: UTC, always with microseconds.

    Examples
    --------
    >>> instant_text(datetime(2025, 1, 31, 9, tzinfo=UTC))
    '2025-01-31T09:00:00.000000Z'
    """
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def opened(record: Record) -> Envelope:
    """The envelope of a record that was read, its chain unchecked: ``verify`` does that.

    Raises
    ------
    JournalError
        If its payload does not fit its kind.
    """
    return _envelope(record, decode(record.kind, record.version, record.payload))


def _envelope(record: Record, event: Event) -> Envelope:
    return Envelope(
        seq=record.seq,
        at=datetime.fromisoformat(record.at),
        kind=record.kind,
        version=record.version,
        cause=record.cause,
        config_hash=record.config_hash,
        event=event,
        prev_hash=record.prev_hash,
        hash=record.hash,
    )
