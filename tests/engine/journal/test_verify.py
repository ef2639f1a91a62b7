# ruff: noqa: S608  somebody who tampers writes SQL as he likes
from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import CorruptJournal, JournalError
from engine.journal.chain import GENESIS, Anchor, Record, check_chain, link_hash, stored
from engine.journal.export import export, lines
from engine.journal.sqlite import SqliteJournal
from engine.journal.verify import verify
from engine.model.canonical import canonical_json
from tests.engine.journal.samples import AT, SETTINGS, halted, journal_of

COUNT = 6
ROOT = Path(__file__).parents[3]


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    return await journal_of(tmp_path / "journal.sqlite", COUNT)


def tamper(path: Path, *statements: str) -> None:
    """What somebody with the file and an SQLite shell can do."""
    with closing(sqlite3.connect(path)) as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            database.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            database.execute(statement)
        database.commit()


def found(path: Path, anchor: Anchor | None = None) -> list[tuple[int, str]]:
    return [(finding.seq, finding.what) for finding in verify(path, anchor).findings]


def test_an_untouched_journal_verifies(path: Path) -> None:
    report = verify(path)
    assert (report.ok, report.events, report.head_seq) == (True, COUNT, COUNT)
    assert report.sentence.endswith(report.head_hash)


async def test_an_empty_journal_verifies(tmp_path: Path) -> None:
    report = verify(await journal_of(tmp_path / "empty.sqlite", 0))
    assert (report.ok, report.events, report.head_hash) == (True, 0, GENESIS)


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("payload", "replace(payload, 'number', 'nomber')"),
        ("at", "'2025-02-01T00:00:00.000000Z'"),
        ("kind", "'resumed'"),
        ("cause", "1"),
        ("config_hash", "'0'"),
    ],
)
@pytest.mark.parametrize("seq", [1, 3, COUNT])
def test_an_edited_event_is_named(path: Path, seq: int, change: str, value: str) -> None:
    tamper(path, f"UPDATE events SET {change} = {value} WHERE seq = {seq}")
    findings = found(path)
    assert {number for number, _ in findings} == {seq}
    assert any("content" in what for _, what in findings)


def test_an_edited_hash_is_named(path: Path) -> None:
    tamper(path, f"UPDATE events SET hash = '{'a' * 64}' WHERE seq = 3")
    assert found(path) == [(3, "its hash was changed")]


def test_an_edited_link_is_named(path: Path) -> None:
    tamper(path, f"UPDATE events SET prev_hash = '{'a' * 64}' WHERE seq = 3")
    assert found(path) == [(3, "its prev_hash was changed")]


def test_a_deleted_event_is_named(path: Path) -> None:
    tamper(path, "DELETE FROM events WHERE seq = 3")
    assert found(path) == [(3, "it is missing")]


def test_deleted_events_are_named(path: Path) -> None:
    tamper(path, "DELETE FROM events WHERE seq <= 2")
    assert found(path) == [(1, "events 1 to 2 are missing")]


def test_a_closed_gap_is_found(path: Path) -> None:
    tamper(
        path, "DELETE FROM events WHERE seq = 3", "UPDATE events SET seq = seq - 1 WHERE seq > 3"
    )
    assert found(path)[0][0] == 3


def test_swapped_events_are_found(path: Path) -> None:
    tamper(
        path,
        "UPDATE events SET seq = 99 WHERE seq = 2",
        "UPDATE events SET seq = 2 WHERE seq = 3",
        "UPDATE events SET seq = 3 WHERE seq = 99",
    )
    assert {number for number, _ in found(path)} >= {2, 3}


def test_an_event_rewritten_with_its_hash_breaks_the_next(path: Path) -> None:
    record = stored(rows(path)[2])
    changed = replace(record, payload=record.payload.replace("number", "nomber"))
    tamper(
        path,
        f"UPDATE events SET payload = '{changed.payload}', hash = '{link_hash(changed)}' "
        "WHERE seq = 3",
    )
    assert found(path) == [(4, "it does not continue the event before it: that one was rewritten")]


def test_a_cut_tail_is_found_only_against_an_anchor(path: Path) -> None:
    head = verify(path)
    tamper(path, f"DELETE FROM events WHERE seq = {COUNT}")
    assert found(path) == []
    assert found(path, Anchor(head.head_seq, head.head_hash)) == [
        (COUNT, f"the journal ends before the anchored event {COUNT}")
    ]


def test_a_rewritten_journal_is_found_against_an_anchor(path: Path) -> None:
    assert found(path, Anchor(3, "b" * 64)) == [
        (3, "its hash is not the anchored one: history was rewritten")
    ]


def test_an_older_anchor_still_holds(path: Path) -> None:
    assert verify(path, Anchor(3, rows(path)[2][9])).ok


def test_a_column_of_another_type_is_found(path: Path) -> None:
    tamper(path, "UPDATE events SET payload = x'00ff' WHERE seq = 2")
    assert found(path)[0][0] == 2


async def test_the_desk_does_not_open_an_edited_journal(path: Path) -> None:
    tamper(path, "UPDATE events SET payload = replace(payload, 'number', 'x') WHERE seq = 3")
    async with await SqliteJournal.open(path, SETTINGS) as journal:
        with pytest.raises(CorruptJournal, match="event 3"):
            [envelope async for envelope in journal.read()]


def test_a_damaged_file_is_a_finding_not_a_crash(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * 2 : 4096 * 3] = b"\xff" * 4096
    path.write_bytes(content)
    report = verify(path)
    assert not report.ok
    assert "\n" not in report.sentence


def rows(path: Path) -> Sequence[Sequence[Any]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT * FROM events ORDER BY seq").fetchall()


def test_verifying_creates_and_alters_nothing(path: Path) -> None:
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    verify(path)
    list(lines(path))
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


async def test_a_running_desk_can_be_verified(path: Path) -> None:
    async with await SqliteJournal.open(path, SETTINGS) as journal:
        await journal.append([halted()], AT)
        names = {file.name for file in path.parent.iterdir()}
        assert verify(path).events == COUNT + 1
        assert {file.name for file in path.parent.iterdir()} == names


def test_a_missing_journal_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no such journal; check --db"):
        verify(tmp_path / "none.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_another_programs_database_is_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE events (x)")
    with pytest.raises(JournalError, match="not a journal"):
        verify(path)


def test_an_export_can_be_verified_again(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "journal.jsonl"
    assert export(path, out) == COUNT
    told = [json.loads(line) for line in out.read_text().splitlines()]
    records = [Record(**{**row, "payload": canonical_json(row["payload"])}) for row in told]
    assert list(check_chain(records)) == []


def test_an_export_does_not_overwrite_the_journal(path: Path) -> None:
    with pytest.raises(JournalError, match="the journal itself"):
        export(path, path)


def test_an_export_to_a_missing_folder_is_one_line(path: Path, tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No such file"):
        export(path, tmp_path / "none" / "out.jsonl")


def documented_script() -> str:
    text = (ROOT / "docs" / "journal.md").read_text(encoding="utf-8")
    return text.partition("```python\n")[2].partition("```")[0]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("SELECT 1", f"{COUNT} events verify"),
        ("UPDATE events SET cause = 1 WHERE seq = 3", "event 3 does not verify"),
        ("DELETE FROM events WHERE seq = 3", "event 3 is missing"),
        (f"DELETE FROM events WHERE seq = {COUNT}", f"event {COUNT} is not the anchored one"),
    ],
)
def test_the_documented_script_agrees(path: Path, statement: str, said: str) -> None:
    head = verify(path)
    tamper(path, statement)
    command = [sys.executable, "-c", documented_script(), str(path), str(COUNT), head.head_hash]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert said in done.stdout + done.stderr
