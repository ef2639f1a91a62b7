"""The review: /review, /performance, /goal, /calibration.

Refuses to grant anything by being asked: a verdict counts once its weekly look is on record.
"""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.access import needs
from bot.answers import accepted, answer, defer
from bot.host import Host
from bot.pictures import performance_of, reliability_of
from bot.render import drawn
from bot.ui.review import goal_card, odds_card, performance_card, review_card
from engine.facade import Permission

_Interaction = discord.Interaction[Host]


class Review(commands.Cog):
    """What the record proves, and how little."""

    def __init__(self, bot: Host) -> None:
        self._desk = bot.desk

    @app_commands.command(description="Every gate with its number, and the verdict as it stands")
    @needs(Permission.READ)
    async def review(self, interaction: _Interaction) -> None:
        """Every gate with its number, and the verdict as it stands."""
        await defer(interaction)
        await answer(interaction, review_card(accepted(await self._desk.review.look())))

    @app_commands.command(description="Results, risk, execution and choices of the record")
    @app_commands.describe(days="Only the newest days; all since the clock began if left out")
    @needs(Permission.READ)
    async def performance(
        self, interaction: _Interaction, days: Range[int, 1, 3650] | None = None
    ) -> None:
        """Results, risk, execution and choices of the record."""
        await defer(interaction)
        view = accepted(self._desk.review.performance(days))
        await answer(interaction, performance_card(view, await drawn(performance_of(view))))

    @app_commands.command(description="The stated daily goal beside its odds; it decides nothing")
    @needs(Permission.READ)
    async def goal(self, interaction: _Interaction) -> None:
        """The stated daily goal beside its odds; it decides nothing."""
        await defer(interaction)
        await answer(interaction, goal_card(self._desk.review.goal()))

    @app_commands.command(description="Whether the odds that were given keep their word")
    @needs(Permission.READ)
    async def calibration(self, interaction: _Interaction) -> None:
        """Whether the odds that were given keep their word."""
        await defer(interaction)
        view = accepted(self._desk.review.odds())
        await answer(interaction, odds_card(view, await drawn(reliability_of(view))))


async def setup(bot: Host) -> None:
    """Load the cog."""
    await bot.add_cog(Review(bot))
