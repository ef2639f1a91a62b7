"""Results in a folder: whole files, or the ones that were there."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.research.folders import require_folder, whole_files


def write_half(folder: Path) -> None:
    with whole_files(folder) as beside:
        beside("sweep.json").write_text("of today")
        raise ValueError("no number")


def test_a_fault_in_the_second_file_leaves_the_first_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "sweep.json").write_text("of yesterday")
    with pytest.raises(ValueError, match="no number"):
        write_half(tmp_path)
    assert (tmp_path / "sweep.json").read_text() == "of yesterday"
    assert [each.name for each in tmp_path.iterdir()] == ["sweep.json"]


def test_all_files_are_moved_into_place_at_the_end(tmp_path: Path) -> None:
    with whole_files(tmp_path / "new") as beside:
        beside("a.json").write_text("1")
        beside("b.csv").write_text("2")
        assert not (tmp_path / "new" / "a.json").exists()
    assert {each.name: each.read_text() for each in (tmp_path / "new").iterdir()} == {
        "a.json": "1",
        "b.csv": "2",
    }


def test_a_file_in_the_folders_place_is_told_with_its_mend(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    for attempt in (require_folder, lambda folder: whole_files(folder).__enter__()):
        with pytest.raises(ConfigError, match=r"out cannot be written \(.*\): give another --out"):
            attempt(tmp_path / "out")
