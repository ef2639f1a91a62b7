"""The hash chain: each record binds its content and the record before it.

Refuses nothing and touches nothing: it computes links, and names what does not fit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from engine.errors import CorruptJournal
from engine.model.canonical import canonical_json

GENESIS = "0" * 64
"""What the first record of a stream continues from."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row of the journal, as stored.

    Attributes
    ----------
    seq : int, >= 1
    at : str
        Instant in UTC with microseconds, ``2025-01-31T09:00:00.000000Z``.
    payload : str
        Canonical JSON.
    prev_hash, hash : str, 64 hexadecimal digits
    """

    stream: str
    seq: int
    at: str
    kind: str
    version: int
    cause: int
    config_hash: str
    payload: str
    prev_hash: str
    hash: str


def stored(row: Iterable[Any]) -> Record:
    """The record of a row as the database gave it.

    Raises
    ------
    CorruptJournal
        If a column holds another type than it was written with.
    """
    record = Record(*row)
    for name, kind in _COLUMN_TYPES.items():
        if not isinstance(value := getattr(record, name), kind):
            raise CorruptJournal(
                f"event {record.seq}: {name} holds {type(value).__name__}, not {kind.__name__}; "
                "keep the file, and restore a backup"
            )
    return record


_INTEGERS = ("seq", "version", "cause")
_COLUMN_TYPES = {field.name: int if field.name in _INTEGERS else str for field in fields(Record)}


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head that was posted outside the machine, against which a cut tail shows.

    Attributes
    ----------
    seq : int, >= 1
    hash : str, 64 hexadecimal digits
    """

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not verify.

    Attributes
    ----------
    seq : int
        Event at which it shows.
    what : str
        What differs, one sentence.
    """

    seq: int
    what: str

    def __str__(self) -> str:
        return f"event {self.seq}: {self.what}"


def link_hash(record: Record) -> str:
    """SHA-256 over everything in `record` but its own hash, 64 hexadecimal digits."""
    content = [
        record.stream,
        record.seq,
        record.at,
        record.kind,
        record.version,
        record.cause,
        record.config_hash,
        record.payload,
        record.prev_hash,
    ]
    return hashlib.sha256(canonical_json(content).encode("utf-8", "surrogatepass")).hexdigest()


def check_chain(
    records: Iterable[Record], after: Anchor | None = None, anchor: Anchor | None = None
) -> Iterator[Finding]:
    """Yield what does not verify, each fault once, in order.

    Parameters
    ----------
    records : iterable of Record, ordered by seq
    after : Anchor, optional
        The record that the first one continues; the beginning of the stream if left out.
    anchor : Anchor, optional
        A head known from outside; without it a cut tail cannot be seen.
    """
    seq, heads = (after.seq, {after.hash}) if after else (0, {GENESIS})
    met = False
    for record, following in _with_next(records):
        if record.seq != seq + 1:
            yield Finding(seq + 1, _gap(seq + 1, record.seq - 1))
            heads = {record.prev_hash}
        if fault := _broken(record, heads, following):
            yield Finding(record.seq, fault)
        if anchor and record.seq == anchor.seq:
            met = True
            yield from _against(record, anchor)
        seq, heads = record.seq, {record.hash, link_hash(record)} if fault else {record.hash}
    if anchor and not met:
        yield Finding(seq + 1, f"the journal ends before the anchored event {anchor.seq}")


def _with_next(records: Iterable[Record]) -> Iterator[tuple[Record, Record | None]]:
    before: Record | None = None
    for record in records:
        if before:
            yield before, record
        before = record
    if before:
        yield before, None


def _gap(first: int, last: int) -> str:
    if last < first:
        return f"it is out of order: event {last + 1} stands in its place"
    return "it is missing" if first == last else f"events {first} to {last} are missing"


def _broken(record: Record, heads: set[str], following: Record | None) -> str:
    """What is wrong with a record that should continue one of `heads`; empty if nothing is."""
    own = link_hash(record)
    if record.prev_hash in heads:
        if own == record.hash:
            return ""
        hash_changed = following is not None and following.prev_hash == own
        return "its hash was changed" if hash_changed else f"{_CONTENT} was changed"
    if any(link_hash(replace(record, prev_hash=head)) == record.hash for head in heads):
        return "its prev_hash was changed"
    if own == record.hash:
        return "it does not continue the event before it: that one was rewritten"
    return f"{_CONTENT} was changed, and it does not continue the event before it"


_CONTENT = "its content (time, kind, cause, settings or payload)"


def _against(record: Record, anchor: Anchor) -> Iterator[Finding]:
    if record.hash != anchor.hash:
        yield Finding(record.seq, "its hash is not the anchored one: history was rewritten")
