"""Records as JSON lines that anybody can read and check again; a whole journal written out so.

Refuses to touch the journal itself, and to leave half a file behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path

from engine.errors import CorruptJournal, JournalError
from engine.journal.chain import Record, stored
from engine.journal.faults import told_plainly
from engine.journal.reading import records_of
from engine.model.canonical import canonical_json


def export(path: Path, out: Path, stream: str = "desk") -> int:
    """Write every event of the journal at `path` to `out`, one JSON object a line.

    Returns
    -------
    int
        Number of events written.

    Raises
    ------
    JournalError
        If the journal cannot be read, or `out` cannot be written.
    """
    if out.resolve() == path.resolve():
        raise JournalError(f"{out}: is the journal itself; give another file to write to")
    part = out.with_name(out.name + ".part")
    count = 0
    with told_plainly(out):
        file = part.open("w", encoding="utf-8")
        try:
            with file:
                for line in lines(path, stream):
                    file.write(line + "\n")
                    count += 1
            part.replace(out)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return count


def lines(path: Path, stream: str = "desk") -> Iterator[str]:
    """Every event of the journal at `path` as one line of JSON, without the line's end.

    Raises
    ------
    JournalError
        If the journal cannot be read.
    """
    with records_of(path, stream) as records:
        for record in records:
            yield line_of(record)


def line_of(record: Record) -> str:
    """A record as one line of JSON, its payload readable, without the line's end."""
    return canonical_json(asdict(record) | {"payload": _payload(record)})


def record_of(line: str) -> Record:
    """The record that `line_of` wrote; its chain is not checked here.

    Raises
    ------
    CorruptJournal
        If the line is no record.
    """
    try:
        told = json.loads(line)
        row = [told[field.name] for field in fields(Record)]
        row[_PAYLOAD] = canonical_json(row[_PAYLOAD])
    except (ValueError, KeyError, TypeError) as fault:
        raise CorruptJournal(f"{line[:40]!r} is no record ({fault})") from None
    return stored(row)


_PAYLOAD = [field.name for field in fields(Record)].index("payload")


def _payload(record: Record) -> object:
    try:
        return json.loads(record.payload)
    except ValueError:
        return record.payload
