from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from engine.journal.chain import Anchor
from engine.journal.sqlite import SqliteJournal
from engine.journal.verify import verify
from engine.model.events import Halted
from tests.engine.journal.samples import SETTINGS

ROOT = Path(__file__).parents[3]


def kill_after(path: Path, acknowledged: int) -> Anchor:
    """Let a desk append, SIGKILL it, and answer the last head that it acknowledged."""
    command = [sys.executable, "-m", "tests.engine.journal.appender", str(path)]
    with subprocess.Popen(  # noqa: S603  our own script
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as desk:
        assert desk.stdout is not None
        lines = [desk.stdout.readline() for _ in range(acknowledged)]
        desk.kill()
        lines += [line for line in desk.stdout if line.endswith("\n")]
    seq, head = lines[-1].split()
    return Anchor(int(seq), head)


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
async def test_a_killed_desk_keeps_what_it_acknowledged_in_whole_batches(
    tmp_path: Path, seed: int
) -> None:
    path = tmp_path / "journal.sqlite"
    for _ in range(2):
        anchor = kill_after(path, random.Random(seed).randrange(1, 200))
        files = contents(tmp_path)
        report = verify(path, anchor)
        assert report.findings == ()
        assert contents(tmp_path) == files
        async with await SqliteJournal.open(path, SETTINGS) as journal:
            events = [envelope.event async for envelope in journal.read()]
            assert await journal.head() == (report.head_seq, report.head_hash)
        last = events[-1]
        assert isinstance(last, Halted)
        part, size = last.reason.split(" of ")
        assert part == size
