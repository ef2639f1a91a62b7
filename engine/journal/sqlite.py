"""The journal on disk: append-only SQLite in WAL mode, one writer, one transaction an append.

Refuses a second process, edits, and anything that would leave half a batch behind.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import astuple
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import aiosqlite

from engine.errors import CorruptJournal, JournalError
from engine.journal.chain import Anchor, Record, stored
from engine.journal.faults import told_plainly
from engine.journal.lock import FileLock
from engine.journal.schema import COLUMNS, steps_from
from engine.journal.sealing import EMPTY, Batch, Seal, unseal
from engine.model.events import Event
from engine.ports import Envelope

_INSERT = f"INSERT INTO events ({COLUMNS}) VALUES ({', '.join('?' * 10)})"  # noqa: S608  constants
_SELECT = f"SELECT {COLUMNS} FROM events WHERE stream = ?"  # noqa: S608  constants
_PAGE = 500
_SQLITE_HEADER_BYTES = 100
_PATIENCE = timedelta(seconds=5)


class SqliteJournal:
    """The `Journal` port over one file; made by `SqliteJournal.open`."""

    def __init__(
        self, path: Path, seal: Seal, lock: FileLock, database: aiosqlite.Connection
    ) -> None:
        self.path = path
        self._seal = seal
        self._lock = lock
        self._database = database
        self._head = EMPTY
        self._turn = asyncio.Lock()
        self._closed = False

    @classmethod
    async def open(
        cls, path: Path, config_hash: str, stream: str = "desk", patience: timedelta = _PATIENCE
    ) -> Self:
        """Open the journal at `path`, or begin one there.

        Parameters
        ----------
        config_hash : str, 64 hexadecimal digits
            Hash of the settings in force, kept with every event.
        patience : timedelta
            How long to wait for another program that holds the file.

        Raises
        ------
        JournalError
            If the file is in use, is no journal, or cannot be written; one line with its mend.
        """
        lock = FileLock(path)
        try:
            with told_plainly(path):
                await asyncio.to_thread(_try_to_connect, path)
                database = await aiosqlite.connect(
                    path, isolation_level=None, timeout=patience.total_seconds()
                )
        except BaseException:
            lock.release()
            raise
        journal = cls(path, Seal(stream, config_hash), lock, database)
        try:
            with told_plainly(path):
                await journal._prepare()
        except BaseException:
            await journal.aclose()
            raise
        return journal

    async def append(
        self, events: Sequence[Event], at: datetime, cause: int = 0, *, durable: bool = False
    ) -> tuple[Envelope, ...]:
        """Write all of `events` or none; `durable` waits for the disk.

        An append that has begun is finished even if its caller is cancelled.

        Raises
        ------
        SequenceConflict
            If somebody else has written since we last read.
        JournalError
            If an event or the disk does not allow it; nothing of it was written.
        """
        return await asyncio.shield(self._append(tuple(events), at, cause, durable=durable))

    async def read(self, after: int = 0) -> AsyncIterator[Envelope]:
        """Every envelope with ``seq > after``, in order, checked against the chain.

        Raises
        ------
        CorruptJournal
            If an event is missing or was changed.
        """
        last = EMPTY if after <= 0 else None
        while records := await self._page(last.seq if last else after):
            if last is None and records[0].seq != after + 1:
                raise CorruptJournal(
                    f"{self.path}: event {after + 1} is missing; restore a backup"
                )
            for envelope in unseal(records, last):
                yield envelope
            last = Anchor(records[-1].seq, records[-1].hash)

    async def head(self) -> tuple[int, str]:
        """Sequence number and hash of the newest envelope; (0, zeros) when empty."""
        return self._head.seq, self._head.hash

    async def backup(self, path: Path) -> None:
        """Write a whole, consistent copy to `path` while the desk goes on.

        Raises
        ------
        JournalError
            If `path` exists already or cannot be written.
        """
        if await asyncio.to_thread(path.exists):
            raise JournalError(f"{path}: exists already; give another name for the backup")
        async with self._turn:
            self._must_be_open()
            with told_plainly(path):
                await self._database.execute("VACUUM INTO ?", (str(path),))

    async def aclose(self) -> None:
        """Finish the append that is under way, and let go of the file."""
        async with self._turn:
            if not self._closed:
                self._closed = True
                try:
                    await self._database.close()
                finally:
                    self._lock.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _append(
        self, events: tuple[Event, ...], at: datetime, cause: int, *, durable: bool
    ) -> tuple[Envelope, ...]:
        async with self._turn:
            self._must_be_open()
            batch = self._seal.batch(events, at, cause, self._head)
            if batch.records:
                with told_plainly(self.path):
                    await self._write(batch, "FULL" if durable else "NORMAL")
                self._head = batch.head
            return batch.envelopes

    async def _write(self, batch: Batch, synchronous: str) -> None:
        await self._database.execute(f"PRAGMA synchronous = {synchronous}")
        await self._database.execute("BEGIN IMMEDIATE")
        try:
            await self._database.executemany(_INSERT, [astuple(row) for row in batch.records])
            await self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                await self._database.execute("ROLLBACK")
            raise

    async def _page(self, after: int) -> list[Record]:
        async with self._turn:
            self._must_be_open()
            with told_plainly(self.path):
                return await self._select(f"AND seq > {after:d} ORDER BY seq LIMIT {_PAGE}")

    async def _select(self, condition: str) -> list[Record]:
        rows = await self._database.execute_fetchall(
            f"{_SELECT} {condition}", (self._seal.stream,)
        )
        return [stored(row) for row in rows]

    async def _prepare(self) -> None:
        version = await self._schema_version()
        application_id = await self._number("PRAGMA application_id")
        try:
            steps = steps_from(application_id, await self._tables(), version)
        except JournalError as fault:
            raise JournalError(f"{self.path}: {fault}") from None
        await self._database.execute("PRAGMA journal_mode = WAL")
        await self._database.execute("PRAGMA synchronous = FULL")
        await self._migrate(steps)
        newest = await self._select("ORDER BY seq DESC LIMIT 1")
        self._head = Anchor(newest[0].seq, newest[0].hash) if newest else EMPTY

    async def _migrate(self, steps: Sequence[str]) -> None:
        # Begun even without steps: a file that cannot be written is refused here, not later.
        await self._database.execute("BEGIN IMMEDIATE")
        for statement in steps:
            await self._database.execute(statement)
        await self._database.execute("COMMIT")

    async def _tables(self) -> frozenset[str]:
        rows = await self._database.execute_fetchall(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        )
        return frozenset(str(row[0]) for row in rows)

    async def _schema_version(self) -> int:
        if "schema_version" not in await self._tables():
            return 0
        return await self._number("SELECT version FROM schema_version")

    async def _number(self, query: str) -> int:
        rows = list(await self._database.execute_fetchall(query))
        return int(rows[0][0])

    def _must_be_open(self) -> None:
        if self._closed:
            raise JournalError(f"{self.path}: the journal is closed; open it again")


def _try_to_connect(path: Path) -> None:
    # SQLite takes a file of less than its header for an empty one, and would write over it.
    if path.is_file() and 0 < path.stat().st_size < _SQLITE_HEADER_BYTES:
        raise JournalError(
            f"{path}: is no journal but another file of {path.stat().st_size} bytes; "
            "give another --db"
        )
    # aiosqlite leaves its thread behind when it cannot connect; sqlite3 leaves nothing.
    sqlite3.connect(path).close()
