from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.kit.bot_desk import LiveDesk, open_desk
from tests.kit.bot_world import World, world


@pytest_asyncio.fixture
async def live() -> LiveDesk:
    """A desk that has seen two bars."""
    made = await open_desk()
    await made.bars(2)
    return made


@pytest_asyncio.fixture
async def house(live: LiveDesk) -> AsyncIterator[World]:
    """The bot at home, its channels made."""
    async with world(live) as made:
        yield made
