"""A desk that dies between any two writes comes back as if nothing had happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.journal.ledger import Ledger
from engine.journal.memory import MemoryJournal
from engine.model.orders import Purpose
from tests.kit.desk import at_work, desk_settings, start, state_of, swinging_file
from tests.kit.mortal_journal import Died, MortalJournal

SETTINGS = desk_settings(auto_below=10**6)
ALL = 10**6


async def uninterrupted(file: Path) -> Ledger:
    async with at_work(file, SETTINGS) as desk:
        await desk.bars(ALL)
        return desk.ledger


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swinging_file(tmp_path_factory.mktemp("market"), 390, half_life=20.0)


@pytest.mark.parametrize("written", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("point", range(6))
async def test_death_at_any_write_leaves_the_same_state(
    market: Path, point: int, *, written: bool
) -> None:
    """Many processes, each dying a few writes later than the one before, reach the same end."""
    wanted = state_of(await uninterrupted(market))
    record = MemoryJournal(SETTINGS.hash)
    lives, ledger = 0, None
    while ledger is None:
        mortal = MortalJournal(record, 2 + point + 6 * lives, written=written)
        try:
            desk = await start(market, SETTINGS, mortal)
            await desk.bars(ALL)
            ledger = desk.ledger
        except Died:
            lives += 1
    assert lives > 3
    assert state_of(ledger) == wanted


async def test_the_market_of_these_tests_has_every_way_out(market: Path) -> None:
    ledger = await uninterrupted(market)
    assert {t.closed_by for t in ledger.trades} >= {Purpose.TARGET, Purpose.STOP}
    assert len(ledger.trades) >= 3
