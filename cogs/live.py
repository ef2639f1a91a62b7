"""/golive: what live needs, and the owner's word for it.

Refuses to make anything live: that takes the desk's next start, which asks for every line again.
"""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.access import needs
from bot.answers import answer
from bot.host import Host
from bot.ui.live import live_card
from bot.ui.modals import GoLiveModal
from engine.facade import Permission

_Interaction = discord.Interaction[Host]


class Live(commands.Cog):
    """The lock on live."""

    def __init__(self, bot: Host) -> None:
        self._desk = bot.desk

    @app_commands.command(description="What live still needs; after a go, asks for your phrase")
    @needs(Permission.DECIDE)
    async def golive(self, interaction: _Interaction) -> None:
        """What live still needs; after a go, asks for your phrase."""
        phrase = self._desk.live.phrase()
        if phrase:
            await interaction.response.send_modal(GoLiveModal(phrase))
            return
        await answer(interaction, live_card(self._desk.live.needs(), self._desk.market))


async def setup(bot: Host) -> None:
    """Load the cog."""
    await bot.add_cog(Live(bot))
