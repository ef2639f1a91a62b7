"""Looks into a journal file without creating or altering anything, beside a running desk or not.

Refuses files that are not journals; a file left by a killed desk is read from a private copy.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from engine.errors import JournalError
from engine.journal.chain import Record, stored
from engine.journal.faults import told_plainly
from engine.journal.lock import is_held
from engine.journal.schema import APPLICATION_ID, COLUMNS

_ALL = f"SELECT {COLUMNS} FROM events WHERE stream = ? ORDER BY seq"  # noqa: S608  constants


@contextmanager
def records_of(path: Path, stream: str = "desk") -> Iterator[Iterator[Record]]:
    """Every record of `stream`, oldest first, from one consistent view of the file.

    Raises
    ------
    JournalError
        If there is no such file, or it is no journal.
    """
    if not path.is_file():
        raise JournalError(f"{path}: no such journal; check --db")
    with told_plainly(path), _connected(path) as database:
        if database.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise JournalError(f"{path}: an SQLite file, but not a journal; check --db")
        yield _records(database, path, stream)


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
