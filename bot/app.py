"""ExecutorBot: discord.py's bot with the desk behind it.

Refuses to start without an owner, and to know anything of trading: cogs, cards and the announcer
put every question to the desk.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord.ext import commands

from bot.access import GuardedTree
from bot.announcer import Announcer
from bot.channels import Channels
from bot.errors import NoOwner, on_tree_error
from bot.hearing import hear
from bot.host import Host
from bot.jobs import Jobs, table
from bot.overhearing import Overheard, overhear
from bot.people import People
from bot.posting import Poster
from bot.registering import register_commands
from bot.render import Renderer
from bot.settings import BotSettings
from bot.ui.buttons import ProposalButton
from bot.ui.risk_buttons import RiskHistoryButton
from engine.facade import Desk, ProposalView

log = logging.getLogger(__name__)

EXTENSIONS = (
    "cogs.research",
    "cogs.execution",
    "cogs.oversight",
    "cogs.review",
    "cogs.sharia",
    "cogs.live",
    "cogs.witnesses",
    "cogs.setup",
)

_RESTART_SECONDS = 5.0


class ExecutorBot(Host):
    """The guest at the desk's door that speaks Discord.

    Parameters
    ----------
    desk : Desk
        Opened by the composition root, which also closes it.
    settings : BotSettings
    background : bool
        False leaves announcer and jobs to the caller, who runs `work`; for tests.
    options
        Passed on to discord.py, for example ``guild_ready_timeout``.

    Raises
    ------
    NoOwner
        If no owner id is configured.
    """

    def __init__(
        self,
        desk: Desk,
        settings: BotSettings,
        *,
        background: bool = True,
        **options: Any,
    ) -> None:
        if settings.owner_id <= 0:
            raise NoOwner(
                "No owner: set discord.owner_id in config.toml to your Discord user id "
                "(Discord > Settings > Advanced > Developer Mode, then right-click your name)."
            )
        super().__init__(
            # There are no prefix commands: all that is heard is `halt`, and calls that are data.
            command_prefix=commands.when_mentioned,
            help_command=None,
            # Messages that name the bot can be read without the privileged intent.
            intents=discord.Intents(
                guilds=True,
                guild_messages=True,
                message_content=settings.read_halt_messages or settings.read_signals,
            ),
            tree_cls=GuardedTree,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=discord.app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=discord.app_commands.AppCommandContext(guild=True),
            **options,
        )
        self.desk = desk
        self.settings = settings
        self.people = People(settings)
        self.channels = Channels(settings)
        self.reads_messages = settings.read_halt_messages
        self.reads_signals, self.signal_ids = settings.read_signals, settings.signal_ids
        self.overheard = Overheard()
        self.renderer = Renderer(desk)
        self.poster = Poster(self.home, self.channels)
        self.announcer = Announcer(desk, self.poster, self.renderer, settings.scan_min_gap_seconds)
        self.jobs = Jobs(desk, self.poster, table(settings, self.renderer))
        self._background = background
        self._at_home = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    def home(self) -> discord.Guild | None:
        """The guild the bot works in; None until Discord has named it."""
        if self.settings.guild_id is not None:
            return self.get_guild(self.settings.guild_id)
        return next(iter(self.guilds), None)

    async def redraw(self, message: discord.Message, proposal: ProposalView) -> None:
        """Bring a card up to date whose proposal was decided elsewhere."""
        await self.announcer.redraw(message, proposal)

    async def setup_hook(self) -> None:
        """Load cogs and buttons, tell Discord of the commands, start the work."""
        self.tree.error(on_tree_error)
        for extension in EXTENSIONS:
            await self.load_extension(extension)
        self.add_dynamic_items(ProposalButton, RiskHistoryButton)
        await register_commands(self.tree, self.settings.guild_id)
        if self._background:
            self._work = asyncio.create_task(self.work(), name="executor: posts and jobs")

    async def on_ready(self) -> None:
        """Settle in; runs again after a reconnect."""
        await self._settle_in()

    async def on_message(self, message: discord.Message, /) -> None:
        """Hear a halt, or a call of an allow-listed account; nothing else that is said counts."""
        await hear(self, message)
        await overhear(self, message)

    async def on_guild_join(self, _guild: discord.Guild) -> None:
        """Settle in where the bot was invited only after it had started."""
        await self._settle_in()

    async def _settle_in(self) -> None:
        """Find the channels, or make them where that is wanted."""
        guild = self.home()
        if guild is None:
            log.error("the bot is in no guild: invite it with the bot and commands scopes")
            return
        self.channels.locate(guild)
        if self.settings.auto_setup:
            report = await self.channels.set_up(guild)
            log.info("set-up: created %s, missing %s", report.created, report.missing)
        self._at_home.set()

    async def work(self) -> None:
        """Announce and run the jobs until cancelled; a fault is logged and taken up again."""
        await self._at_home.wait()
        async with asyncio.TaskGroup() as group:
            group.create_task(_kept_up("announcer", self.announcer.run))
            group.create_task(_kept_up("jobs", self.jobs.run))

    async def close(self) -> None:
        """Stop the work, then leave Discord."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
            self._work = None
        await super().close()


async def _kept_up(name: str, run: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            return await run()
        except Exception:
            log.critical("the %s stopped: it starts again", name, exc_info=True)
            await asyncio.sleep(_RESTART_SECONDS)
