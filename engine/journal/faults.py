"""What SQLite says, in one line of ours: the file, what is wrong, and the mend.

Refuses to guess: a code that is not listed is passed on in SQLite's own words.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import CorruptJournal, ExecutorError, JournalError, SequenceConflict

_MENDS: dict[int, tuple[type[JournalError], str, str]] = {
    sqlite3.SQLITE_NOTADB: (
        JournalError,
        "not a journal",
        "move that file away, or give another --db",
    ),
    sqlite3.SQLITE_CORRUPT: (CorruptJournal, "damaged", "keep the file, and restore a backup"),
    sqlite3.SQLITE_FULL: (JournalError, "the disk is full", "free some space; nothing was lost"),
    sqlite3.SQLITE_BUSY: (
        JournalError,
        "locked by another program",
        "close whatever has it open, and try again",
    ),
    sqlite3.SQLITE_READONLY: (
        JournalError,
        "read-only",
        "make the file and its folder writable, or give another --db",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        JournalError,
        "cannot be opened",
        "check the path and its rights, or give another --db",
    ),
    sqlite3.SQLITE_IOERR: (
        JournalError,
        "the disk does not take or give the data",
        "check the disk and its quota; what was acknowledged is kept",
    ),
    sqlite3.SQLITE_CONSTRAINT: (
        SequenceConflict,
        "somebody else has written to it",
        "stop the other Executor and start this one again",
    ),
}


def journal_error(path: Path, fault: sqlite3.Error) -> JournalError:
    """The fault of ours that says what `fault` means for the journal at `path`."""
    code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
    kind, what, mend = _MENDS.get(code, (JournalError, "", "check the file and the disk"))
    said = str(fault).partition("\n")[0]
    return kind(f"{path}: {f'{what} ({said})' if what else said}; {mend}")


@contextmanager
def told_plainly(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors inside into one `JournalError`."""
    try:
        yield
    except ExecutorError:
        raise
    except sqlite3.Error as fault:
        raise journal_error(path, fault) from fault
    except OSError as fault:
        raise JournalError(
            f"{path}: {fault.strerror or fault}; check the path and its rights"
        ) from fault
