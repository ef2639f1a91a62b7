from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.kit.desk import DeskAtWork, at_work, desk_settings, swinging_file


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded market in which buying dips pays and every way out is taken."""
    return swinging_file(tmp_path_factory.mktemp("market"), 390, half_life=20.0)


@pytest_asyncio.fixture
async def desk(market: Path) -> AsyncIterator[DeskAtWork]:
    """A desk that asks for everything, two bars into its market."""
    async with at_work(market, desk_settings()) as made:
        await made.bars(2)
        yield made
