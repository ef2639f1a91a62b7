"""A venue's web server on 127.0.0.1 that can lose answers, act twice as slowly and talk nonsense.

Refuses to run on its own: it stops with the block that serves it, and no answer waits for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web

from engine.rehearsal.account import VenueAccount


class Fault(StrEnum):
    """What may happen to a request; "after" means that the venue has acted."""

    DROP_BEFORE = "drop before"
    DROP_AFTER = "drop after"
    ERROR_BEFORE = "500 before"
    ERROR_AFTER = "500 after"
    GARBAGE_AFTER = "garbage after"
    SLOW_AFTER = "slow after"
    TOO_FAST = "429"


AFTER = frozenset({Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.GARBAGE_AFTER, Fault.SLOW_AFTER})


@dataclass(frozen=True)
class Request:
    """One request that reached the venue."""

    path: str
    params: dict[str, Any]


class LoopbackVenue(ABC):
    """What every loopback venue has: faults, a log of requests, a clock of its own.

    Attributes
    ----------
    page : int
        Rows on one page of what it lists.
    spoiling : asyncio.Event
        Set once the first answer is being spoilt.
    clock_off_s : int
        How far the venue's clock is ahead of ours.
    can_trade, can_query, can_withdraw : bool
        Rights of the one key.
    """

    key: str
    secret: str
    page: int
    order_path: str
    cancel_path: str

    def __init__(self, account: VenueAccount) -> None:
        self.account = account
        self.requests: list[Request] = []
        self.clock_off_s = 0
        self.can_trade = self.can_query = True
        self.can_withdraw = False
        self.foul: list[str] = []
        self._faults: list[tuple[str, Fault | dict[str, Any]]] = []
        self.spoiling = asyncio.Event()
        self._stopping = asyncio.Event()

    def fail(self, word: str, fault: Fault | dict[str, Any], times: int = 1) -> None:
        """Meet the next requests whose path ends with `word` with a fault, or with a body."""
        self._faults += [(word, fault)] * times

    def sent(self, word: str) -> list[dict[str, Any]]:
        """Parameters of the requests whose path ends with `word`."""
        return [request.params for request in self.requests if request.path.endswith(word)]

    @abstractmethod
    async def answer(self, request: web.Request, params: dict[str, Any]) -> web.Response:
        """Check who asks, act, answer."""

    @abstractmethod
    async def params_of(self, request: web.Request) -> dict[str, Any]:
        """What a request asks for."""

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve; gives the root address."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            self._stopping.set()
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        params = await self.params_of(request)
        self.requests.append(Request(request.path, params))
        fault = self._next_fault(request.path)
        if isinstance(fault, dict):
            return web.json_response(fault)
        if fault is None or fault in AFTER:
            answer = await self.answer(request, params)
            if fault is None:
                return answer
        return await self._spoil(request, fault)

    def _next_fault(self, path: str) -> Fault | dict[str, Any] | None:
        for place, (word, fault) in enumerate(self._faults):
            if path.endswith(word):
                del self._faults[place]
                return fault
        return None

    async def _spoil(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        self.spoiling.set()
        if fault in (Fault.ERROR_BEFORE, Fault.ERROR_AFTER):
            return web.Response(status=500, text="<html>internal error</html>")
        if fault is Fault.GARBAGE_AFTER:
            return web.Response(text="<html>please wait</html>", content_type="text/html")
        if fault is Fault.TOO_FAST:
            return web.json_response({"error": "rate_limit_exceeded"}, status=429)
        if fault is Fault.SLOW_AFTER:
            async with asyncio.timeout(30):
                await self._stopping.wait()
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
