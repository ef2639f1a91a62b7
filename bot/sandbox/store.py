"""Keeps the guild, its messages and their files in SQLite, on disk or in memory.

One worker thread owns the connection. State changes are buffered and written as one transaction
by ``flush``, which every answer waits for; so what the bot was told exists survives a SIGKILL.
It refuses a file written by a newer layout.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bot.sandbox.errors import SandboxError
from bot.sandbox.wire import Json

LAYOUT = 1
_SCHEMA = """
CREATE TABLE document (kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL,
                       PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE file (key TEXT PRIMARY KEY, filename TEXT NOT NULL, content_type TEXT NOT NULL,
                   secret TEXT NOT NULL, data BLOB NOT NULL);
"""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An attachment's bytes.

    Parameters
    ----------
    key : str, snowflake
    filename : str
    content_type : str
    secret : str
        Part of its address, so that ids cannot be guessed.
    data : bytes
    """

    key: str
    filename: str
    content_type: str
    secret: str
    data: bytes


class Store:
    """Documents by kind and key, and files by key.

    Parameters
    ----------
    path : Path or None
        The SQLite file; None keeps everything in memory until the server stops.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-store")
        self._pending: list[tuple[str, tuple[Any, ...]]] = []
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open or create the file.

        Raises
        ------
        SandboxError
            If the file's layout is newer than this program's.
        """
        await self._run(self._open)

    def put(self, kind: str, key: str, body: Json) -> None:
        """Buffer a document as it is now; later changes to ``body`` need another ``put``."""
        text = json.dumps(body, separators=(",", ":"))
        self._pending.append(("REPLACE INTO document VALUES (?, ?, ?)", (kind, key, text)))

    def drop(self, kind: str, key: str) -> None:
        """Buffer the removal of a document, if it exists."""
        self._pending.append(("DELETE FROM document WHERE kind = ? AND key = ?", (kind, key)))

    def put_file(self, file: StoredFile) -> None:
        """Buffer a file."""
        row = (file.key, file.filename, file.content_type, file.secret, file.data)
        self._pending.append(("REPLACE INTO file VALUES (?, ?, ?, ?, ?)", row))

    def drop_file(self, key: str) -> None:
        """Buffer the removal of a file, if it exists."""
        self._pending.append(("DELETE FROM file WHERE key = ?", (key,)))

    async def flush(self) -> None:
        """Write everything buffered so far; returns when it is in the file."""
        if self._pending:
            batch, self._pending = self._pending, []
            await self._run(lambda: self._write(batch))

    async def documents(self, kind: str) -> list[Json]:
        """Return all documents of a kind, by rising numeric key."""
        query = "SELECT body FROM document WHERE kind = ? ORDER BY length(key), key"
        rows = await self._run(lambda: self._db.execute(query, (kind,)).fetchall())
        return [json.loads(body) for (body,) in rows]

    async def file(self, key: str) -> StoredFile | None:
        """Return a file, or None."""
        await self.flush()
        query = "SELECT key, filename, content_type, secret, data FROM file WHERE key = ?"
        row = await self._run(lambda: self._db.execute(query, (key,)).fetchone())
        return StoredFile(*row) if row else None

    async def rebase(self, old: str, new: str) -> None:
        """Rewrite addresses of attachments when the server came back on another port."""
        query = "UPDATE document SET body = replace(body, ?, ?)"
        await self._run(lambda: self._write([(query, (old, new))]))

    async def close(self) -> None:
        """Write what is buffered and close; safe when ``open`` failed."""
        if self._connection is not None:
            await self.flush()
            await self._run(self._db.close)
            self._connection = None
        self._worker.shutdown(wait=True)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise SandboxError("The sandbox's store is not open.")
        return self._connection

    def _open(self) -> None:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        target = ":memory:" if self._path is None else str(self._path)
        connection = sqlite3.connect(target, isolation_level=None)
        (layout,) = connection.execute("PRAGMA user_version").fetchone()
        if layout > LAYOUT:
            connection.close()
            raise SandboxError(
                f"{target} was written by a newer sandbox (layout {layout}, known {LAYOUT}): "
                "upgrade, or move the file away."
            )
        # WAL with NORMAL survives the death of the process; only a power cut may lose the tail.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if layout == 0:
            connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {LAYOUT}; COMMIT;")
        self._connection = connection

    def _write(self, batch: list[tuple[str, tuple[Any, ...]]]) -> None:
        self._db.execute("BEGIN")
        try:
            for statement, values in batch:
                self._db.execute(statement, values)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
