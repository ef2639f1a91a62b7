"""A web server on 127.0.0.1 that serves feeds as the world does: well, slowly, hugely and badly.

Refuses to run on its own: it stops with the block that serves it, and no answer waits for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

from aiohttp import web

_BOMB = gzip.compress(b" " * 5_000_000, 1)

Item = tuple[datetime | str, str]
"""Date, or how somebody wrote it; and the title."""


def rss(items: Iterable[Item]) -> bytes:
    """An RSS 2.0 feed."""
    told = "".join(
        f"<item><title>{escape(title)}</title><pubDate>{_rfc(at)}</pubDate></item>"
        for at, title in items
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel>{told}</channel></rss>".encode()


def atom(items: Iterable[Item]) -> bytes:
    """An Atom feed."""
    told = "".join(
        f"<entry><title>{escape(title)}</title><updated>{_iso(at)}</updated></entry>"
        for at, title in items
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{told}</feed>".encode()


def json_feed(items: Iterable[Item]) -> bytes:
    """A JSON Feed 1.1."""
    rows = [{"title": title, "date_published": _iso(at)} for at, title in items]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": rows}).encode()


def _rfc(at: datetime | str) -> str:
    return format_datetime(at) if isinstance(at, datetime) else at


def _iso(at: datetime | str) -> str:
    return at.isoformat() if isinstance(at, datetime) else at


@dataclass
class LoopbackFeeds:
    """Feeds by path.

    Attributes
    ----------
    bodies : dict of path to bytes
    asked : list of (path, headers)
    faults : dict of path to fault
        ``slow``, ``endless``, ``gzip``, ``drop``, an HTTP status, or an address to redirect to.
    """

    bodies: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    faults: dict[str, str | int] = field(default_factory=dict)
    url: str = ""
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[LoopbackFeeds]:
        """Serve on a free port until the block ends."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            self._stopping.set()
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        self.asked.append((path, dict(request.headers)))
        fault = self.faults.get(path)
        body = self.bodies.get(path, b"")
        if isinstance(fault, int):
            return web.Response(status=fault)
        match fault:
            case "slow":
                await self._stopping.wait()
            case "endless":
                return await self._endless(request)
            case "gzip":
                return web.Response(body=_BOMB, headers={"Content-Encoding": "gzip"})
            case "drop":
                if request.transport is not None:
                    request.transport.abort()
            case str():
                return web.Response(status=302, headers={"Location": fault})
        tag = f'"{hash(body)}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        return web.Response(body=body, headers={"ETag": tag, "Last-Modified": "yesterday"})

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while not self._stopping.is_set():
                await response.write(b"<" * 65_536)
        return response
