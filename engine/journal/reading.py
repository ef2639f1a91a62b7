"""Looks into a journal file without creating or altering anything, beside a running desk or not.

Refuses files that are not journals; a file left by a killed desk is read from a private copy.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import date
from itertools import islice
from pathlib import Path

from engine.errors import InvariantBroken, JournalError
from engine.journal.chain import Anchor, Record, stored
from engine.journal.faults import told_plainly
from engine.journal.fold import apply
from engine.journal.ledger import Ledger
from engine.journal.lock import is_held
from engine.journal.schema import APPLICATION_ID, COLUMNS
from engine.journal.sealing import EMPTY, unseal
from engine.ports import Envelope

_PAGE = 500
_ALL = f"SELECT {COLUMNS} FROM events WHERE stream = ? ORDER BY seq"  # noqa: S608  constants


def envelopes_of(path: Path, stream: str = "desk") -> Iterator[Envelope]:
    """Every event of a journal, oldest first, each checked against the chain before it is given.

    Raises
    ------
    JournalError
        If there is no such file, it is no journal, or an event does not verify.
    """
    with records_of(path, stream) as records:
        last = EMPTY
        try:
            while page := tuple(islice(records, _PAGE)):
                yield from unseal(page, last)
                last = Anchor(page[-1].seq, page[-1].hash)
        except JournalError as fault:
            told = str(fault)
            raise type(fault)(told if str(path) in told else f"{path}: {told}") from None


def ledger_of(path: Path, last_day: date | None = None, stream: str = "desk") -> Ledger:
    """What a journal adds up to, as at a boot: what contradicts it stays noted in the ledger.

    Parameters
    ----------
    last_day : date or None, UTC
        Entries of later days are left out; None takes all.

    Raises
    ------
    JournalError
        If there is no such file, it is no journal, or an event does not verify.
    """
    ledger = Ledger()
    for envelope in envelopes_of(path, stream):
        if last_day is not None and envelope.at.date() > last_day:
            break
        with suppress(InvariantBroken):
            apply(ledger, envelope)
    return ledger


def newest_of(path: Path, kinds: Sequence[str], stream: str = "desk") -> Record | None:
    """The newest record of any of `kinds`; None if there is none.

    Raises
    ------
    JournalError
        If there is no such file, or it is no journal.
    """
    wanted = f"stream = ? AND kind IN ({', '.join('?' * len(kinds))})"
    query = f"SELECT {COLUMNS} FROM events WHERE {wanted} ORDER BY seq DESC LIMIT 1"  # noqa: S608  constants
    with _opened(path) as database:
        row = database.execute(query, (stream, *kinds)).fetchone()
        return None if row is None else stored(row)


@contextmanager
def records_of(path: Path, stream: str = "desk") -> Iterator[Iterator[Record]]:
    """Every record of `stream`, oldest first, from one consistent view of the file.

    Raises
    ------
    JournalError
        If there is no such file, or it is no journal.
    """
    with _opened(path) as database:
        yield _records(database, path, stream)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.is_file():
        raise JournalError(f"{path}: no such journal; check --db")
    with told_plainly(path), _connected(path) as database:
        if database.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise JournalError(f"{path}: an SQLite file, but not a journal; check --db")
        yield database


def _records(database: sqlite3.Connection, path: Path, stream: str) -> Iterator[Record]:
    with told_plainly(path):
        for row in database.execute(_ALL, (stream,)):
            yield stored(row)


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    log = path.with_name(path.name + "-wal")
    if is_held(path):
        # The desk keeps -wal and -shm in place, so that mode=ro has nothing to create.
        with closing(_connect(path, "mode=ro")) as database:
            yield database
    elif not log.exists():
        with closing(_connect(path, "immutable=1")) as database:
            yield database
    else:
        with tempfile.TemporaryDirectory(prefix="executor-journal-") as folder:
            copy = Path(folder, path.name)
            shutil.copyfile(path, copy)
            shutil.copyfile(log, copy.with_name(log.name))
            with closing(_connect(copy, "mode=rw")) as database:
                yield database


def _connect(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True)
