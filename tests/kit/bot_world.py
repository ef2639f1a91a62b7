"""The real bot in SimCord with a real desk: a guild, the owner, an overseer and a stranger.

Refuses to run the bot's background work: a test says when posts go out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import discord
import simcord

from bot.app import ExecutorBot
from bot.settings import BotSettings
from engine.engine.telling import notices_of
from engine.facade import AnyNotice
from tests.kit.bot_desk import LiveDesk


@dataclass
class World:
    """Everything a test of the bot acts with."""

    env: Any
    bot: ExecutorBot
    live: LiveDesk
    guild: Any
    owner: Any
    overseer: Any
    stranger: Any
    lobby: Any

    def channel(self, name: str) -> Any:
        """A channel's handle by name."""
        return self.guild.channels[name]

    async def post(self) -> list[AnyNotice]:
        """Post everything that the desk has to tell, and give it back."""
        told = owed(self.live)
        for notice in told:
            self.bot.announcer.take(notice)
        await self.bot.announcer.post_due()
        return told

    async def card(self) -> Any:
        """Raise a proposal, post its card and give the message."""
        await self.live.proposal()
        await self.post()
        return self.last_card()

    def last_card(self) -> Any:
        """The newest card in the execution channel."""
        view = self.bot.desk.proposals(only_open=False)[0]
        assert view.post is not None
        history = self.channel("trader-execution").history()
        return next(each for each in history if str(each.id) == view.post.message_id)

    async def restart(self) -> None:
        """Kill the process: a new bot on a new desk, from the journal alone."""
        self.live = await self.live.restarted()
        self.bot = ExecutorBot(self.live.desk, self.bot.settings, background=False)
        await self.env.restart_bot(self.bot)


def owed(live: LiveDesk) -> list[AnyNotice]:
    """What the desk has to tell at this moment, without waiting for more."""
    untold = sorted(live.engine.ledger.untold.items())
    return [notice for _, each in untold for notice in notices_of(each, live.engine.present)]


@asynccontextmanager
async def world(live: LiveDesk, *, set_up: bool = True) -> AsyncIterator[World]:
    """The bot logged in to a guild of three people, who exist before it does."""
    env = simcord.Env(discord.Client(intents=discord.Intents(guilds=True)))
    await env.start()
    try:
        guild = env.create_guild()
        lobby = guild.create_text_channel("lobby")
        owner, overseer, stranger = (
            guild.add_member(env.create_user(name)) for name in ("B", "Arki", "Mallory")
        )
        settings = BotSettings(
            owner_id=owner.id,
            overseer_ids=frozenset({overseer.id}),
            guild_id=guild.id,
            scan_min_gap_seconds=0.0,
        )
        bot = ExecutorBot(live.desk, settings, background=False)
        await env.restart_bot(bot)
        made = World(env, bot, live, guild, owner, overseer, stranger, lobby)
        if set_up:
            await made.owner.slash(lobby, "setup")
        yield made
    finally:
        await env.shutdown()
    env.raise_errors()
