"""The local Discord: one loopback server with its guild, its API, its gateway and its page.

It binds 127.0.0.1 and nothing else, reaches no outside host, and knows nothing of what the bot
is for.
"""

from __future__ import annotations

import errno
import secrets
import socket
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.sandbox import permissions
from bot.sandbox.acting import Acting
from bot.sandbox.answers import Answers
from bot.sandbox.attachments import Attachments
from bot.sandbox.commands import Commands
from bot.sandbox.errors import SandboxError, SandboxPortInUse
from bot.sandbox.faults import Faults, RecordedRequest
from bot.sandbox.feed import Feed
from bot.sandbox.files import FileRoutes
from bot.sandbox.gateway import Gateway
from bot.sandbox.guild import Guild
from bot.sandbox.interactions import Interactions
from bot.sandbox.messages import Messages
from bot.sandbox.page_access import PageAccess
from bot.sandbox.page_api import PageApi
from bot.sandbox.people import Person
from bot.sandbox.rate_limits import RateLimits, RatePolicy
from bot.sandbox.rest import API, RestDoor
from bot.sandbox.rest_commands import AnswerRoutes, CommandRoutes
from bot.sandbox.rest_guild import GuildRoutes
from bot.sandbox.rest_messages import MessageRoutes
from bot.sandbox.snowflake import Snowflakes, stable_id
from bot.sandbox.store import Store
from bot.sandbox.world import World

HOST = "127.0.0.1"
PEOPLE = (
    Person(key="owner", name="B"),
    Person(key="overseer", name="Arki"),
    Person(key="stranger", name="a stranger"),
)
_REQUESTS_KEPT = 1000
_MAX_BODY = 110 * 1024 * 1024


class SandboxServer:
    """A Discord on this machine, for one bot and the people of one guild.

    Parameters
    ----------
    now : callable returning an aware datetime
        The real time, for ids and timestamps; deadlines use the event loop's clock.
    people : sequence of Person, at least one
        The first owns the guild.
    guild_name, bot_name : str
    port : int, TCP port, 0 for a free one
    store : Path or None
        The SQLite file that keeps the guild over restarts; None forgets at ``stop``.
    rate : RatePolicy
        How many requests each rate limit bucket allows.
    answer_within_s : float, seconds, > 0
        The deadline for the first answer to an interaction; Discord's is 3.
    bot_permissions : int, permission bits
        What the bot's own role grants.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> SandboxServer(now=lambda: datetime(2026, 1, 1, tzinfo=UTC)).user_id("owner").isdigit()
    True
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        people: Sequence[Person] = PEOPLE,
        guild_name: str = "Executor desk",
        bot_name: str = "Executor",
        port: int = 0,
        store: Path | None = None,
        rate: RatePolicy | None = None,
        answer_within_s: float = 3.0,
        bot_permissions: int = permissions.BOT,
    ) -> None:
        if not people:
            raise ValueError("people must name at least one person")
        self.people = tuple(people)
        self.bot_token = f"sandbox.{secrets.token_urlsafe(32)}"
        self.faults = Faults()
        self.requests: deque[RecordedRequest] = deque(maxlen=_REQUESTS_KEPT)
        self.feed = Feed()
        self._now = now
        self._guild_name = guild_name
        self._bot_name = bot_name
        self._wanted_port = port
        self._store_path = store
        self._rate = rate or RatePolicy()
        self._answer_within_s = answer_within_s
        self._bot_permissions = bot_permissions
        self._running: _Running | None = None

    # ---- identity ------------------------------------------------------------------------

    def person(self, key: str) -> Person:
        """Return one of the people.

        Raises
        ------
        SandboxError
            If there is no such person.
        """
        for person in self.people:
            if person.key == key:
                return person
        raise SandboxError(f"There is no person {key!r} in the sandbox.")

    def user_id(self, key: str) -> str:
        """Return a person's snowflake, the same in every run."""
        return self.person(key).user_id

    @property
    def guild_id(self) -> str:
        """The guild's snowflake, the same in every run."""
        return stable_id("guild")

    @property
    def application_id(self) -> str:
        """The bot's snowflake, as user and as application, the same in every run."""
        return stable_id("bot")

    @property
    def general_id(self) -> str:
        """The snowflake of #general, the channel a new guild starts with."""
        return stable_id("general")

    # ---- addresses -----------------------------------------------------------------------

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return self._up.port

    @property
    def base_url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return self._up.world.base_url

    @property
    def api_url(self) -> str:
        """Where the REST API is."""
        return self.base_url + API

    @property
    def gateway_url(self) -> str:
        """Where the gateway is."""
        return f"ws://{HOST}:{self.port}/gateway"

    @property
    def page_url(self) -> str:
        """The page's address for a browser, with its token."""
        return f"{self.base_url}/?token={self._up.access.token}"

    @property
    def world(self) -> World:
        """The running guild's parts; for tests and for the page."""
        return self._up.world

    @property
    def acting(self) -> Acting:
        """What people do, without a browser."""
        return self._up.world.acting

    @property
    def _up(self) -> _Running:
        if self._running is None:
            raise SandboxError("The sandbox is not running: call start() first.")
        return self._running

    # ---- life ----------------------------------------------------------------------------

    async def start(self) -> None:
        """Bind the port, open the store and serve.

        Raises
        ------
        SandboxPortInUse
            If the port is taken.
        SandboxError
            If it runs already, or the store is of a newer layout.
        """
        if self._running is not None:
            raise SandboxError("The sandbox is running already.")
        listener = _listen(self._wanted_port)
        store = Store(self._store_path)
        try:
            await store.open()
            self._running = await self._serve(listener, store)
        except BaseException:
            listener.close()
            await store.close()
            raise

    async def stop(self) -> None:
        """Say goodbye to the bot and the pages, write what is left, free the port."""
        running, self._running = self._running, None
        if running is None:
            return
        running.world.interactions.close()
        await running.gateway.close()
        await running.page.close()
        await running.runner.cleanup()
        await running.world.store.close()

    async def drop_gateway(self) -> int:
        """Cut the bot's gateway socket as a bad network would; it is expected to resume.

        Returns
        -------
        int
            How many sockets were cut.
        """
        return await self._up.gateway.drop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    # ---- wiring --------------------------------------------------------------------------

    async def _serve(self, listener: socket.socket, store: Store) -> _Running:
        port: int = listener.getsockname()[1]
        base_url = f"http://{HOST}:{port}"
        feed = Feed()
        feed.listen(self.feed.publish)
        world = self._world(base_url, feed, store)
        await _restore(world)
        gateway = Gateway(world.guild, feed, self.bot_token, f"ws://{HOST}:{port}/gateway")
        access = PageAccess(port)
        page = PageApi(world, access, lambda: gateway.online)
        feed.listen(gateway.on_event)
        feed.listen(page.on_event)
        app = self._app(world, gateway, access, page)
        runner = web.AppRunner(app, shutdown_timeout=1.0, access_log=None)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        return _Running(port, world, gateway, access, page, runner)

    def _world(self, base_url: str, feed: Feed, store: Store) -> World:
        ids = Snowflakes(self._now)
        guild = Guild(
            name=self._guild_name,
            people=self.people,
            bot_name=self._bot_name,
            bot_permissions=self._bot_permissions,
            now=self._now,
            ids=ids,
            feed=feed,
            store=store,
        )
        messages = Messages(guild, ids, feed, store, Attachments(base_url, ids, store))
        commands = Commands(guild.bot_id, ids, feed)
        interactions = Interactions(guild, ids, feed, answer_within_s=self._answer_within_s)
        return World(
            now=self._now,
            base_url=base_url,
            feed=feed,
            store=store,
            guild=guild,
            messages=messages,
            commands=commands,
            interactions=interactions,
            answers=Answers(guild, messages, interactions),
            acting=Acting(guild, messages, commands, interactions),
        )

    def _app(
        self, world: World, gateway: Gateway, access: PageAccess, page: PageApi
    ) -> web.Application:
        limits = RateLimits(self._rate, self._now)
        door = RestDoor(world, self.bot_token, limits, self.faults, self.requests)
        app = web.Application(
            middlewares=[access.middleware, door.middleware], client_max_size=_MAX_BODY
        )
        GuildRoutes(world, f"ws://{world.base_url.removeprefix('http://')}/gateway").add_to(
            app.router
        )
        MessageRoutes(world).add_to(app.router)
        CommandRoutes(world).add_to(app.router)
        AnswerRoutes(world).add_to(app.router)
        FileRoutes(world.store).add_to(app.router)
        page.add_to(app.router)
        app.router.add_get("/gateway", gateway.handle)
        app.router.add_get("/gateway/", gateway.handle)
        return app


class _Running:
    """What exists only between start and stop."""

    def __init__(
        self,
        port: int,
        world: World,
        gateway: Gateway,
        access: PageAccess,
        page: PageApi,
        runner: web.AppRunner,
    ) -> None:
        self.port = port
        self.world = world
        self.gateway = gateway
        self.access = access
        self.page = page
        self.runner = runner


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as refused:
        listener.close()
        if refused.errno == errno.EADDRINUSE:
            raise SandboxPortInUse(port) from None
        raise
    listener.setblocking(False)
    return listener


async def _restore(world: World) -> None:
    store = world.store
    for known in await store.documents("address"):
        if known["url"] != world.base_url:
            await store.rebase(known["url"], world.base_url)
    store.put("address", "0", {"url": world.base_url})
    world.guild.restore(await store.documents("channel"), await store.documents("role"))
    world.messages.restore(await store.documents("message"))
    await store.flush()
