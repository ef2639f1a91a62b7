"""The kill file: whatever lies at its path halts, and so does what cannot be looked at."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.killswitch import KillFile, KillFileError, kill_path, release, throw
from engine.ports import Thrown


def looked_at(path: Path) -> Thrown:
    thrown = KillFile(path).look()
    assert thrown is not None
    return thrown


def test_no_file_is_no_halt(tmp_path: Path) -> None:
    assert KillFile(tmp_path / "halt").look() is None


def test_touch_alone_halts_and_tells_since_when_and_how_to_release_it(tmp_path: Path) -> None:
    path = tmp_path / "halt"
    path.touch()
    os.utime(path, (1_700_000_000, 1_700_000_000))
    thrown = looked_at(path)
    assert thrown.reason == "no reason given"
    assert thrown.since == datetime.fromtimestamp(1_700_000_000, UTC)
    assert thrown.mend == f"remove the file {path}"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"odd prices\n", "odd prices"),
        ("stop\r\nnow".encode("utf-16"), "stop now"),
        (b"\xef\xbb\xbfmarked", "marked"),
        (b"\x00\x01\x1b[31m\x07", "[31m"),
        ("evil \u202etext\u200b".encode(), "evil text"),
        (b"   \n\t", "no reason given"),
    ],
    ids=["plain", "utf-16", "bom", "controls", "bidi", "blank"],
)
def test_its_text_is_the_reason_on_one_printable_line(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "halt"
    path.write_bytes(content)
    assert looked_at(path).reason == reason


def test_garbage_of_any_length_halts_and_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "halt"
    path.write_bytes(bytes(range(256)) * 40_000)
    reason = looked_at(path).reason
    assert reason.isprintable()
    assert len(reason) <= 300


def test_what_is_no_plain_file_halts_too(tmp_path: Path) -> None:
    folder, dangling, pipe = (tmp_path / name for name in ("folder", "dangling", "pipe"))
    folder.mkdir()
    dangling.symlink_to(tmp_path / "nowhere")
    os.mkfifo(pipe)  # whoever opened it to read would hang
    for path in (folder, dangling, pipe):
        assert looked_at(path).reason == "no reason given"


def test_what_cannot_be_looked_at_halts(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be looked at" in looked_at(tmp_path / "file" / "halt").reason
    thrown = looked_at(tmp_path / "gone" / "halt")
    assert (thrown.reason, thrown.since) == ("its folder is gone", None)
    assert str(tmp_path / "gone") in thrown.mend


def test_any_one_of_several_files_halts(tmp_path: Path) -> None:
    switch = KillFile(tmp_path / "one", tmp_path / "two")
    (tmp_path / "two").write_text("the second")
    thrown = switch.look()
    assert thrown is not None
    assert thrown.reason == "the second"
    assert switch.places == (str(tmp_path / "one"), str(tmp_path / "two"))


def test_thrown_file_is_whole_and_leaves_nothing_else_behind(tmp_path: Path) -> None:
    path = tmp_path / "halt"
    throw(path, "odd\nprices \x00here")
    assert path.read_text() == "odd prices here\n"
    throw(path, "again")
    assert [each.name for each in tmp_path.iterdir()] == ["halt"]
    assert looked_at(path).reason == "again"
    assert (release(path), release(path)) == (True, False)
    assert KillFile(path).look() is None


def test_file_that_cannot_be_put_there_is_told_with_what_still_helps(tmp_path: Path) -> None:
    with pytest.raises(KillFileError, match=r"cannot be written: .*; use /halt on Discord"):
        throw(tmp_path / "gone" / "halt", "why")


def test_file_that_cannot_be_removed_is_told(tmp_path: Path) -> None:
    (tmp_path / "halt").mkdir()
    with pytest.raises(KillFileError, match="cannot be removed"):
        release(tmp_path / "halt")


def test_it_lies_beside_the_journal_itself_not_beside_a_link_to_it(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link.sqlite").symlink_to(real / "desk.sqlite")
    assert kill_path(tmp_path / "link.sqlite") == real / "desk.sqlite.halt"
