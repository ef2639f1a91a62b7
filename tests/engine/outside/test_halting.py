"""Halting from outside: beside a desk at work, beside one that hangs, and where none runs."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from engine.config import Settings
from engine.errors import JournalError
from engine.killswitch import KillFile, kill_path
from engine.outside.halting import halt_from_outside, release_from_outside
from tests.kit.desk import OWNER, at_work, desk_settings, sqlite, start, swinging_file


def listed(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


_PATIENT, _BRIEF = timedelta(seconds=20), timedelta(seconds=0.3)


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swinging_file(tmp_path_factory.mktemp("market"), 230)


async def test_desk_at_work_shows_the_halt_and_says_by_whom(tmp_path: Path, bars: Path) -> None:
    db, settings = tmp_path / "desk.sqlite", desk_settings()
    journal = await sqlite(db, settings)
    desk = await start(bars, settings, journal, KillFile(kill_path(db)))
    done = await halt_from_outside(db, "odd prices", _PATIENT)
    halt = desk.ledger.halt
    assert halt is not None
    assert (halt.by.id, halt.reason) == ("kill-file", "odd prices")
    assert (done.done, done.seq, done.process) == (True, desk.ledger.seq, str(os.getpid()))
    assert done.sentence == f"halted at seq {done.seq} by the kill file {done.path}; exits go on"
    again = await halt_from_outside(db, "once more", _PATIENT)
    assert again.seq == done.seq
    await desk.desk.close()


async def test_desk_that_hangs_is_not_called_halted(tmp_path: Path) -> None:
    db, settings = tmp_path / "desk.sqlite", desk_settings()
    async with await sqlite(db, settings):  # held, but nobody looks at the file
        done = await halt_from_outside(db, "odd prices", _BRIEF)
    assert (done.done, done.seq) == (False, 0)
    assert "has not journaled the halt yet" in done.sentence
    assert f"kill {os.getpid()}" in done.sentence
    assert kill_path(db).read_text() == "odd prices\n"


async def test_where_no_desk_runs_the_next_start_is_halted(tmp_path: Path, bars: Path) -> None:
    db, settings = tmp_path / "desk.sqlite", desk_settings()
    async with at_work(bars, settings, await sqlite(db, settings)):
        pass
    done = await halt_from_outside(db, "odd prices", _PATIENT)
    assert (done.done, done.seq, done.process) == (True, 0, "")
    assert "no desk runs" in done.sentence
    assert "the next start is halted" in done.sentence
    desk = await start(bars, settings, await sqlite(db, settings), KillFile(kill_path(db)))
    assert desk.ledger.halt is not None
    await desk.desk.close()


async def test_releasing_says_that_the_owner_must_still_resume(tmp_path: Path, bars: Path) -> None:
    db, settings = tmp_path / "desk.sqlite", desk_settings()
    desk = await start(bars, settings, await sqlite(db, settings), KillFile(kill_path(db)))
    await halt_from_outside(db, "odd prices", _PATIENT)
    freed = release_from_outside(db, settings)
    assert (freed.removed, freed.still) == (True, "")
    assert "until its owner gives /resume" in freed.sentence
    assert desk.desk.status().halted_by is not None
    await desk.desk.resume(OWNER, "all is well")
    assert desk.desk.status().halted_by is None
    assert "there was no" in release_from_outside(db, settings).sentence
    await desk.desk.close()


async def test_releasing_names_another_file_that_still_halts(tmp_path: Path) -> None:
    db = tmp_path / "desk.sqlite"
    other = tmp_path / "elsewhere"
    other.touch()
    settings = Settings(journal={"kill_file": str(other)})
    async with await sqlite(db, settings):
        freed = release_from_outside(db, settings)
    assert freed.still == f"remove the file {other} too"
    assert "stays halted: remove the file" in freed.sentence


@pytest.mark.parametrize("content", [None, b"", b"a letter to somebody"])
async def test_wrong_path_is_told_in_one_line_and_nothing_is_written(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "letter.txt"
    if content is not None:
        path.write_bytes(content)
    before = listed(tmp_path)
    with pytest.raises(JournalError, match=r"letter.txt: (no such|is no) journal; check --db"):
        await halt_from_outside(path, "odd prices", _BRIEF)
    assert listed(tmp_path) == before
