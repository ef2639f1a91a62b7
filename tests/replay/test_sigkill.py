"""A real process, killed at random moments of a fast replay, comes back with the same state."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import pytest

from engine.facade.records import verify_journal
from engine.journal.fold import fold
from engine.journal.ledger import Ledger
from engine.model.orders import Purpose
from engine.ports import Envelope
from tests.kit.desk import at_work, desk_settings, sqlite, state_of, swinging_file

SETTINGS = desk_settings(auto_below=10**6)
CHILD = Path(__file__).with_name("desk_process.py")
KILLS = 6


async def lived(file: Path, db: Path, seconds: float | None) -> bool:
    """Run a child; kill it `seconds` after it has opened. True if it reached the end."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), str(file), str(db), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        while (line := await child.stdout.readline()).strip() != b"open":
            assert line, "the desk did not open"
        rest = asyncio.create_task(child.stdout.read())
        await asyncio.wait({rest}, timeout=seconds)
        ended = rest.done() and b"ended" in rest.result()
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
        child._transport.close()  # type: ignore[attr-defined]
    await rest
    return ended


async def read(db: Path) -> list[Envelope]:
    async with await sqlite(db, SETTINGS) as journal:
        return [envelope async for envelope in journal.read()]


async def uninterrupted(file: Path) -> Ledger:
    async with at_work(file, SETTINGS) as desk:
        await desk.desk.run()
        return desk.ledger


@pytest.mark.timeout(180)
async def test_a_desk_killed_again_and_again_ends_where_it_would_have_ended(
    tmp_path: Path,
) -> None:
    file = swinging_file(tmp_path, 390, half_life=20.0)
    db, chance = tmp_path / "executor.sqlite", random.Random(11)
    kills = 0
    while kills < KILLS and not await lived(file, db, chance.uniform(0.02, 0.25)):
        kills += 1
        report = verify_journal(db)
        assert report.ok, report.sentence
    assert kills > 1
    if kills == KILLS:
        assert await lived(file, db, None)
    record = await read(db)
    assert state_of(fold(record)) == state_of(await uninterrupted(file))
    orders = [o.order for o in fold(record).orders.values()]
    entries = [o.proposal_id for o in orders if o.purpose is Purpose.ENTRY]
    approvals = sum(e.kind == "proposal_approved" for e in record)
    assert len(entries) == len(set(entries)) == approvals
