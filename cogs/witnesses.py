"""What witnesses say: /scouts, /signal add, /signal list, /signal sources.

Refuses to weigh anybody: the desk does, by the record.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.access import needs
from bot.answers import accepted, answer, defer
from bot.host import Host
from bot.ui.scouts import scouts_card
from bot.ui.signals import signal_card, signals_card, sources_card
from cogs import choices
from engine.facade import Permission

_Interaction = discord.Interaction[Host]

_Price = Range[float, 0.000001, 100_000_000.0]


class Witnesses(commands.Cog):
    """Outside voices, held to their word."""

    def __init__(self, bot: Host) -> None:
        self._bot = bot
        self._desk = bot.desk
        self._who = bot.people.actor

    signal = app_commands.Group(
        name="signal", description="Calls of outside voices: recorded, scored", guild_only=True
    )

    @app_commands.command(description="What the scouts say, their silences and their record")
    @needs(Permission.READ)
    async def scouts(self, interaction: _Interaction) -> None:
        """What the scouts say, their silences and their record."""
        await answer(interaction, scouts_card(self._desk.witnesses.scouts()))

    @signal.command(description="Put an outside call on record; it weighs nothing at first")
    @app_commands.describe(
        who="Who called it, for example LaylaEleira",
        instrument="Of what",
        side="long counts as a yes, short as a no; nothing is ever sold short",
        horizon="How long they give it: a number with h, d or w, for example 3d",
        target="Their target; needs a stop too",
        stop="Their stop; needs a target too",
        link="Where they said it, https",
    )
    @app_commands.autocomplete(who=choices.signal_sources, instrument=choices.instruments)
    @needs(Permission.DECIDE)
    async def add(
        self,
        interaction: _Interaction,
        who: Range[str, 2, 33],
        instrument: str,
        side: Literal["long", "short"],
        horizon: Range[str, 2, 5],
        target: _Price | None = None,
        stop: _Price | None = None,
        link: Range[str, 0, 200] = "",
    ) -> None:
        """Put an outside call on record; it weighs nothing at first."""
        actor = self._who(interaction.user)
        await defer(interaction)
        levels = {
            name: None if level is None else Decimal(str(level))
            for name, level in (("target", target), ("stop", stop))
        }
        view = accepted(
            await self._desk.witnesses.add_signal(
                actor, who, instrument, side, horizon, link=link, **levels
            )
        )
        await answer(interaction, signal_card(view, self._desk.market))

    @signal.command(name="list", description="Open calls, and how the newest ended")
    @needs(Permission.READ)
    async def list_all(self, interaction: _Interaction) -> None:
        """Open calls, and how the newest ended."""
        await answer(interaction, signals_card(self._desk.witnesses.signals()))

    @signal.command(description="Who called, how often right, and what their vote weighs")
    @needs(Permission.READ)
    async def sources(self, interaction: _Interaction) -> None:
        """Who called, how often right, and what their vote weighs."""
        overheard = self._bot.overheard if self._bot.reads_signals else None
        await answer(interaction, sources_card(self._desk.witnesses.sources(), overheard))


async def setup(bot: Host) -> None:
    """Load the cog."""
    await bot.add_cog(Witnesses(bot))
