from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from engine.errors import JournalError, SequenceConflict
from engine.journal.faults import journal_error
from engine.journal.schema import NEWEST
from engine.journal.sqlite import SqliteJournal
from engine.journal.verify import verify
from tests.engine.journal.samples import AT, SETTINGS, halted, journal_of, three_events


async def opened(path: Path) -> SqliteJournal:
    return await SqliteJournal.open(path, SETTINGS, patience=timedelta(0))


async def refusal(path: Path) -> str:
    with pytest.raises(JournalError) as caught:
        await opened(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    async with await opened(path) as journal:
        written = await journal.append(three_events(), AT, durable=True)
    async with await opened(path) as journal:
        assert [envelope async for envelope in journal.read()] == list(written)
        assert await journal.head() == (3, written[-1].hash)


async def test_more_than_a_page_is_read_in_order(tmp_path: Path) -> None:
    async with await opened(tmp_path / "journal.sqlite") as journal:
        await journal.append([halted()] * 1234, AT)
        assert [envelope.seq async for envelope in journal.read()] == list(range(1, 1235))


async def test_the_file_is_in_wal_mode_and_append_only(tmp_path: Path) -> None:
    path = await journal_of(tmp_path / "journal.sqlite", 1)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        for statement in ("UPDATE events SET kind = 'x'", "DELETE FROM events"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                database.execute(statement)


async def test_a_second_desk_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    async with await opened(path):
        said = await refusal(path)
    assert f"in use by another Executor (process {os.getpid()})" in said


async def test_a_closed_journal_can_be_opened_by_another(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    await (await opened(path)).aclose()
    await (await opened(path)).aclose()


async def test_a_foreign_write_is_a_sequence_conflict(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    async with await opened(path) as journal:
        await journal.append([halted()], AT)
        with closing(sqlite3.connect(path)) as database:
            database.execute(
                "INSERT INTO events SELECT stream, 2, at, kind, version, cause, config_hash, "
                "payload, prev_hash, hash FROM events"
            )
            database.commit()
        with pytest.raises(SequenceConflict, match="somebody else has written"):
            await journal.append(three_events(), AT)
    assert verify(path).events == 2


async def test_a_cancelled_append_is_finished_and_the_journal_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    async with await opened(path) as journal:
        task = asyncio.create_task(journal.append(three_events(), AT))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await journal.append([halted()], AT)
        assert (await journal.head())[0] == 4
    assert verify(path).ok


async def test_a_backup_is_a_whole_journal(tmp_path: Path) -> None:
    copy = tmp_path / "backup.sqlite"
    async with await opened(tmp_path / "journal.sqlite") as journal:
        await journal.append(three_events(), AT)
        await journal.backup(copy)
        with pytest.raises(JournalError, match="exists already"):
            await journal.backup(copy)
    assert verify(copy).events == 3
    async with await opened(copy) as again:
        assert (await again.head())[0] == 3


async def test_streams_of_one_file_count_for_themselves(tmp_path: Path) -> None:
    path = await journal_of(tmp_path / "journal.sqlite", 2)
    async with await SqliteJournal.open(path, SETTINGS, stream="other") as journal:
        (first,) = await journal.append([halted()], AT)
    assert first.seq == 1
    assert verify(path, stream="other").events == 1


async def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    assert "create it, or give another --db" in await refusal(tmp_path / "none" / "j.sqlite")


async def test_a_file_that_is_no_database_is_told_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes\n" * 100)
    assert "not a journal" in await refusal(path)
    assert path.read_text() == "these are my notes\n" * 100


async def test_a_folder_instead_of_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").mkdir()
    assert "cannot be opened" in await refusal(tmp_path / "journal.sqlite")


async def test_another_programs_database_is_told_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE mine (x)")
    before = path.read_bytes()
    assert "not a journal" in await refusal(path)
    assert path.read_bytes() == before


async def test_a_journal_of_a_newer_executor_is_told(tmp_path: Path) -> None:
    path = await journal_of(tmp_path / "journal.sqlite", 1)
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE schema_version SET version = ?", (NEWEST + 1,))
        database.commit()
    assert "newer Executor" in await refusal(path)


async def test_a_file_locked_by_another_program_is_told(tmp_path: Path) -> None:
    path = await journal_of(tmp_path / "journal.sqlite", 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        assert "locked by another program" in await refusal(path)
    await (await opened(path)).aclose()


async def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = await journal_of(tmp_path / "journal.sqlite", 1)
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 8192)
    assert str(path) in await refusal(path)


def in_child(work: Callable[[Path], str], path: Path) -> str:
    """What `work` answers in a process of its own, whose rights and limits it may change."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (path,))


def open_without_rights(path: Path) -> str:
    if os.geteuid() == 0:
        os.setuid(65534)

    async def attempt() -> str:
        try:
            await opened(path)
        except JournalError as fault:
            return str(fault)
        return "opened"

    return asyncio.run(attempt())


def make_read_only(folder: Path) -> None:
    for above in (folder.parent.parent, folder.parent):
        above.chmod(0o755)
    folder.chmod(0o555)


@pytest.mark.parametrize("holds_a_journal", [False, True])
async def test_a_read_only_folder_is_told(tmp_path: Path, holds_a_journal: bool) -> None:
    path = tmp_path / "journal.sqlite"
    if holds_a_journal:
        await journal_of(path, 1)
    make_read_only(tmp_path)
    said = in_child(open_without_rights, path)
    assert "cannot be written: Permission denied; make the folder" in said


def write_past_the_quota(path: Path) -> str:
    async def attempt() -> str:
        async with await opened(path) as journal:
            await journal.append([halted()], AT, durable=True)
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
            try:
                await journal.append([halted("x" * 1000)] * 1000, AT, durable=True)
            except JournalError as fault:
                said = str(fault)
            await journal.append([halted("still going")], AT, durable=True)
            return said

    return asyncio.run(attempt())


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    said = in_child(write_past_the_quota, path)
    assert "check the disk" in said
    assert "\n" not in said
    report = verify(path)
    assert (report.ok, report.events) == (True, 2)


def test_sqlites_own_full_is_told(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "small.sqlite")) as database:
        database.execute("PRAGMA max_page_count = 2")
        database.execute("CREATE TABLE t (x)")
        with pytest.raises(sqlite3.OperationalError) as caught:
            database.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert "the disk is full" in str(journal_error(Path("j.sqlite"), caught.value))


async def test_opening_refuses_a_file_shorter_than_a_database_header(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("x")
    with pytest.raises(JournalError, match="is no journal"):
        await SqliteJournal.open(path, "0" * 64)
    assert path.read_text() == "x"
