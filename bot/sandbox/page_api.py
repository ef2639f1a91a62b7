"""What the page talks to: its files, its socket, and one route for each thing a person does.

Answers are JSON; a refusal is ``{"error": sentence}`` with status 400, to be shown as it is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from importlib import resources
from typing import Any

from aiohttp import web

from bot.sandbox.errors import ApiError, PersonError
from bot.sandbox.feed import Event
from bot.sandbox.page_access import PageAccess
from bot.sandbox.page_view import PageView
from bot.sandbox.people import Person
from bot.sandbox.rest import whole_number
from bot.sandbox.validation import EPHEMERAL
from bot.sandbox.wire import Json, json_answer
from bot.sandbox.world import World

_KINDS = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
_QUEUE = 2000
_PAGE_SIZE = 50
_GONE = None
Act = Callable[[Person, Json], Awaitable[Json]]


class PageSocket:
    """One open page: what is new for its person, in order."""

    def __init__(self, view: PageView) -> None:
        self.socket = web.WebSocketResponse(heartbeat=20.0)
        self._view = view
        self._queue: asyncio.Queue[Json | None] = asyncio.Queue()

    def offer(self, event: Event) -> None:
        """Queue an event; a page that does not keep up is let go, and will come back."""
        news = self._view.news(event)
        if news is not None:
            full = self._queue.qsize() >= _QUEUE
            # Payloads change in place later on; the page gets them as they are now.
            self._queue.put_nowait(_GONE if full else json.loads(json.dumps(news)))

    def stop(self) -> None:
        """End the sending."""
        self._queue.put_nowait(_GONE)

    async def drain(self, first: Json) -> None:
        """Send the snapshot, then what is queued, until the end."""
        message: Json | None = first
        try:
            while message is not None:
                await self.socket.send_json(message)
                message = await self._queue.get()
            await self.socket.close(code=1013)
        except ConnectionError:
            return  # the page was closed; it asks for a snapshot when it comes back


class PageApi:
    """Routes of the page.

    Parameters
    ----------
    world : World
    access : PageAccess
    bot_online : callable returning bool
    """

    def __init__(self, world: World, access: PageAccess, bot_online: Callable[[], bool]) -> None:
        self._world = world
        self._access = access
        self._bot_online = bot_online
        self._sockets: set[PageSocket] = set()

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the routes."""
        router.add_get("/", self.index)
        router.add_get("/page/api/socket", self.live)
        router.add_get("/page/api/messages", self.history)
        for name, act in self._acts().items():
            router.add_post(f"/page/api/{name}", self._posted(act))
        router.add_get("/page/{name}", self.file)

    def on_event(self, event: Event) -> None:
        """Offer an event to every open page."""
        for socket in self._sockets:
            socket.offer(event)

    async def close(self) -> None:
        """Close every open page's socket."""
        for socket in list(self._sockets):
            socket.stop()
            await socket.socket.close(code=1001)

    # ---- files ---------------------------------------------------------------------------

    async def index(self, request: web.Request) -> web.StreamResponse:
        """Serve the page, and its session cookie to who came with the token."""
        response = _page_file("index.html")
        self._access.admit(request, response)
        return response

    async def file(self, request: web.Request) -> web.Response:
        """Serve one of the page's files."""
        return _page_file(request.match_info["name"])

    # ---- reading -------------------------------------------------------------------------

    def _view(self, request: web.Request) -> PageView:
        person = self._world.guild.person(request.query.get("as", ""))
        return PageView(self._world, person)

    async def live(self, request: web.Request) -> web.StreamResponse:
        """Serve the live feed of one page: a snapshot, then what is new."""
        people = self._world.guild.people
        # A browser may remember a person of another run: the snapshot says who one is now.
        first = next(iter(people.values()))
        view = PageView(self._world, people.get(request.query.get("as", ""), first))
        page = PageSocket(view)
        await page.socket.prepare(request)
        snapshot = {"t": "SNAPSHOT", "d": view.snapshot(bot_online=self._bot_online())}
        self._sockets.add(page)
        sender = asyncio.create_task(page.drain(snapshot), name="sandbox-page-sender")
        try:
            async for _ in page.socket:
                pass  # the page speaks through its POST routes only
        finally:
            self._sockets.discard(page)
            page.stop()
            await sender
        return page.socket

    async def history(self, request: web.Request) -> web.Response:
        """Return up to 50 messages of a channel, newest first."""
        try:
            found = self._view(request).history(
                request.query.get("channel", ""),
                limit=_PAGE_SIZE,
                before=whole_number(request, "before"),
            )
        except (PersonError, ApiError) as refused:
            return json_answer({"error": str(refused)}, 400)
        return json_answer(found)

    # ---- acting --------------------------------------------------------------------------

    def _acts(self) -> dict[str, Act]:
        return {
            "say": self._say,
            "slash": self._slash,
            "autocomplete": self._autocomplete,
            "component": self._component,
            "submit": self._submit,
            "dismiss": self._dismiss,
        }

    def _posted(self, act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                body = await request.json()
                person = self._world.guild.person(str(body["as"]))
                answer = json_answer(await act(person, body))
            except (PersonError, ApiError) as refused:
                answer = json_answer({"error": _sentence(refused)}, 400)
            except (KeyError, TypeError, ValueError) as malformed:
                answer = json_answer({"error": f"Malformed request: {malformed}"}, 400)
            await self._world.store.flush()
            return answer

        return handle

    async def _say(self, person: Person, body: Json) -> Json:
        message = self._world.acting.say(person, str(body["channel"]), str(body["content"]))
        return {"id": message["id"]}

    async def _slash(self, person: Person, body: Json) -> Json:
        outcome = await self._world.acting.slash(
            person, str(body["channel"]), str(body["command"]), _mapping(body["options"])
        )
        return asdict(outcome)

    async def _autocomplete(self, person: Person, body: Json) -> Json:
        outcome = await self._world.acting.autocomplete(
            person,
            str(body["channel"]),
            str(body["command"]),
            _mapping(body["options"]),
            str(body["focused"]),
        )
        return asdict(outcome)

    async def _component(self, person: Person, body: Json) -> Json:
        outcome = await self._world.acting.component(
            person, str(body["message"]), str(body["custom_id"]), body.get("values")
        )
        return asdict(outcome)

    async def _submit(self, person: Person, body: Json) -> Json:
        outcome = await self._world.acting.submit_modal(
            person, str(body["channel"]), str(body["custom_id"]), _mapping(body["values"])
        )
        return asdict(outcome)

    async def _dismiss(self, person: Person, body: Json) -> Json:
        message = self._world.messages.get(str(body["message"]))
        mine = self._world.messages.visible_to(message["id"], person.user_id)
        if not mine or not message["flags"] & EPHEMERAL:
            raise PersonError("Only an answer that you alone see can be dismissed.")
        self._world.messages.delete(message)
        return {}


def _mapping(value: Any) -> Json:
    if not isinstance(value, dict):
        raise TypeError("an object was expected")
    return value


def _sentence(refused: Exception) -> str:
    if isinstance(refused, ApiError):
        return str(refused.body["message"])
    return str(refused)


def _page_file(name: str) -> web.Response:
    kind = _KINDS.get(name.rpartition(".")[2])
    file = resources.files("bot.sandbox").joinpath("page", name)
    if kind is None or "/" in name or "\\" in name or not file.is_file():
        raise web.HTTPNotFound(text="There is no such file on this page.")
    return web.Response(
        body=file.read_bytes(),
        content_type=kind,
        charset="utf-8",
        headers={"Cache-Control": "no-cache"},
    )
