"""The loopback Discord for tests, as fixtures.

A pytest plugin: ``pytest_plugins = ("tests.kit.loopback_discord",)``. Every body the bot sent is
checked against Discord's OpenAPI description when the test ends, where that file is present.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.sandbox import SandboxServer
from tests.kit.openapi import missing_reason
from tests.kit.sandbox_tools import SteppingClock, wrong_bodies


@pytest_asyncio.fixture
async def loopback_discord() -> AsyncIterator[SandboxServer]:
    """Give a running sandbox whose requests are checked at the end."""
    async with SandboxServer(now=SteppingClock()) as server:
        yield server
        problems = wrong_bodies(server.requests)
    assert problems == []


@pytest.fixture
def needs_openapi() -> None:
    """Skip where Discord's description is absent."""
    reason = missing_reason()
    if reason is not None:
        pytest.skip(reason)
