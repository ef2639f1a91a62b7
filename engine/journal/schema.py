"""Tables of the journal file, and the steps that bring an older file up to date.

Refuses files of other programs and of newer Executors; no step ever edits an event.
"""

from __future__ import annotations

from engine.errors import JournalError

APPLICATION_ID = 0x45584543
"""``EXEC`` in the file's header: this SQLite file is a journal."""

COLUMNS = "stream, seq, at, kind, version, cause, config_hash, payload, prev_hash, hash"

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE events (
            stream TEXT NOT NULL,
            seq INTEGER NOT NULL CHECK (seq >= 1),
            at TEXT NOT NULL,
            kind TEXT NOT NULL,
            version INTEGER NOT NULL,
            cause INTEGER NOT NULL,
            config_hash TEXT NOT NULL,
            payload TEXT NOT NULL,
            prev_hash TEXT NOT NULL,
            hash TEXT NOT NULL,
            PRIMARY KEY (stream, seq)
        )
        """,
        """
        CREATE TRIGGER events_are_not_edited BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
        """,
        """
        CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
        """,
    ),
)
"""Statements that lead from one schema version to the next; the first is version 1."""

NEWEST = len(MIGRATIONS)


def steps_from(application_id: int, tables: frozenset[str], version: int) -> tuple[str, ...]:
    """Statements that bring a file up to date; none if it is.

    Parameters
    ----------
    application_id : int
        From the file's header; 0 where no program has claimed it.
    tables : frozenset of str
        Names of the tables in it.
    version : int
        From its table ``schema_version``; 0 where there is none.

    Raises
    ------
    JournalError
        If the file belongs to another program or to a newer Executor.
    """
    if application_id == 0 and not tables:
        birth = (
            "CREATE TABLE schema_version (version INTEGER NOT NULL)",
            "INSERT INTO schema_version VALUES (0)",
            f"PRAGMA application_id = {APPLICATION_ID}",
        )
        return birth + _upgrade(0)
    if application_id != APPLICATION_ID:
        raise JournalError("an SQLite file, but not a journal; give another --db")
    if version > NEWEST:
        raise JournalError(
            f"written by a newer Executor (schema {version}, this one knows {NEWEST}); update"
        )
    return _upgrade(version) if version < NEWEST else ()


def _upgrade(version: int) -> tuple[str, ...]:
    statements = [statement for step in MIGRATIONS[version:] for statement in step]
    return (*statements, f"UPDATE schema_version SET version = {NEWEST}")  # noqa: S608  a constant
