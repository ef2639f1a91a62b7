"""What the desk sees and how it came to its odds: /scan, /breakdown, /chart.

Refuses to decide anything.
"""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.access import needs
from bot.answers import accepted, answer, defer
from bot.errors import Unusable
from bot.host import Host
from bot.pictures import candles_of, waterfall_of
from bot.render import Renderer
from bot.ui.breakdown import breakdown_card
from bot.ui.card import Card
from bot.ui.market import banner
from cogs import choices
from engine.facade import Permission, Timeframe

_Interaction = discord.Interaction[Host]


class Research(commands.Cog):
    """Reading the market."""

    def __init__(self, bot: Host) -> None:
        self._renderer = Renderer(bot.desk)
        self._desk = bot.desk

    @app_commands.command(description="Newest verdict on every instrument, or on one")
    @app_commands.describe(instrument="Only this one, for example BTC-USD")
    @app_commands.autocomplete(instrument=choices.instruments)
    @needs(Permission.READ)
    async def scan(self, interaction: _Interaction, instrument: str | None = None) -> None:
        """Newest verdict on every instrument, or on one."""
        view = accepted(self._desk.scan(instrument))
        await defer(interaction)
        await answer(interaction, await self._renderer.scan(view))

    @app_commands.command(description="How the odds came about, layer by layer")
    @app_commands.describe(reference="An instrument, or the id of a proposal")
    @app_commands.rename(reference="of")
    @app_commands.autocomplete(reference=choices.references)
    @needs(Permission.READ)
    async def breakdown(self, interaction: _Interaction, reference: str) -> None:
        """How the odds came about, layer by layer."""
        view = accepted(self._desk.breakdown(reference))
        await defer(interaction)
        await answer(interaction, breakdown_card(view, await waterfall_of(view)))

    @app_commands.command(description="Candles with the levels and fills worth drawing")
    @app_commands.describe(
        reference="An instrument, or the id of a proposal",
        timeframe="Length of a candle; the market's own if left out",
    )
    @app_commands.rename(reference="of")
    @app_commands.autocomplete(reference=choices.references)
    @needs(Permission.READ)
    async def chart(
        self, interaction: _Interaction, reference: str, timeframe: Timeframe | None = None
    ) -> None:
        """Candles with the levels and fills worth drawing."""
        await defer(interaction)
        view = accepted(await self._desk.chart(reference, timeframe))
        if not view.bars:
            raise Unusable(f"{view.instrument} has no closed bar yet: try after the next one.")
        marked = banner(view.market)
        card = Card().lines(
            (f"### {view.instrument} · {view.timeframe.value}", f"-# {marked}" if marked else "")
        )
        await answer(interaction, card.picture(await candles_of(view)))


async def setup(bot: Host) -> None:
    """Load the cog."""
    await bot.add_cog(Research(bot))
