"""Tools around a running sandbox: a clock, waiting for something, a client logged in.

The fixtures are in ``tests.kit.loopback_discord``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import discord

from bot.sandbox import SandboxServer
from bot.sandbox.connect import point_discord_at
from bot.sandbox.faults import RecordedRequest
from tests.kit.openapi import discord_openapi, missing_reason

T = TypeVar("T")
_START = datetime.fromisoformat("2026-11-02T09:00:00+00:00").astimezone(UTC)


class SteppingClock:
    """A clock that moves one millisecond each time it is read."""

    def __init__(self, start: datetime = _START) -> None:
        self._at = start

    def __call__(self) -> datetime:
        self._at += timedelta(milliseconds=1)
        return self._at


def wrong_bodies(requests: Iterable[RecordedRequest]) -> list[str]:
    """Return what Discord's description says against requests; nothing where it is absent."""
    if missing_reason() is not None:
        return []
    description = discord_openapi()
    # A request the sandbox refused was meant to be wrong.
    accepted = [each for each in requests if each.status < 400]
    return [problem for each in accepted if (problem := description.problem(each))]


async def until(
    server: SandboxServer, probe: Callable[[], T | None], *, within_s: float = 5.0
) -> T:
    """Wait until ``probe`` gives something true; it is asked again after every event.

    Raises
    ------
    TimeoutError
        If it does not in time.
    """
    changed = asyncio.Event()
    server.feed.listen(lambda _: changed.set())
    async with asyncio.timeout(within_s):
        while not (found := probe()):
            await changed.wait()
            changed.clear()
    return found


@asynccontextmanager
async def connected(server: SandboxServer, bot: discord.Client) -> AsyncIterator[discord.Client]:
    """Log a client in to a running sandbox, and out at the end."""
    with point_discord_at(server):
        await bot.login(server.bot_token)
        running = asyncio.create_task(bot.connect())
        ready = asyncio.create_task(bot.wait_until_ready())
        try:
            await asyncio.wait({running, ready}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                await running
            yield bot
        finally:
            ready.cancel()
            await bot.close()
            await asyncio.wait_for(running, 10)
