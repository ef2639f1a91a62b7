"""Making the bot at home: /setup and /help.

Refuses to delete or rename anything that stands.
"""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.access import needs, rule_of
from bot.answers import answer, defer
from bot.errors import Unusable
from bot.host import Host
from bot.ui.desk import help_card, setup_card
from engine.facade import Permission

_Interaction = discord.Interaction[Host]


class Setup(commands.Cog):
    """First steps."""

    def __init__(self, bot: Host) -> None:
        self._bot = bot

    @app_commands.command(
        description="Create the category and channels, and mend who may see them"
    )
    @needs(Permission.DECIDE)
    async def setup(self, interaction: _Interaction) -> None:
        """Create the category and channels, and mend who may see them."""
        if interaction.guild is None:
            raise Unusable("Use /setup in the guild where the channels shall be.")
        await defer(interaction, private=True)
        report = await self._bot.channels.set_up(interaction.guild)
        await answer(interaction, setup_card(report))

    @app_commands.command(description="What Executor is and every command you may use")
    @needs(Permission.READ)
    async def help(self, interaction: _Interaction) -> None:
        """What Executor is and every command you may use."""
        actor = self._bot.people.actor(interaction.user)
        groups = []
        for name, cog in self._bot.cogs.items():
            allowed = [
                (usage(command), command.description)
                for command in cog.walk_app_commands()
                if isinstance(command, app_commands.Command)
                and (rule := rule_of(command)) is not None
                and actor.may(rule)
            ]
            groups.append((name, allowed))
        await answer(interaction, help_card([group for group in groups if group[1]]))


def usage(command: app_commands.Command[commands.Cog, ..., object]) -> str:
    """The command with its options, optional ones in brackets."""
    options = [
        f"<{each.display_name}>" if each.required else f"[{each.display_name}]"
        for each in command.parameters
    ]
    return " ".join((f"/{command.qualified_name}", *options))


async def setup(bot: Host) -> None:
    """Load the cog."""
    await bot.add_cog(Setup(bot))
