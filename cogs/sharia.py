"""The law: /sharia, /zakat, /purification and the owner's word on ledger lines.

Refuses to rule and to move anything; what goes on record needs the owner and a reason.
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
from bot.ui.sharia import purification_card, sharia_card, zakat_card
from cogs import choices
from engine.facade import Permission

_Interaction = discord.Interaction[Host]

_Reason = Range[str, 3, 400]


class Sharia(commands.Cog):
    """Invariants, and reports for a scholar."""

    def __init__(self, bot: Host) -> None:
        self._desk = bot.desk
        self._who = bot.people.actor

    ledger = app_commands.Group(
        name="ledger", description="What the venue booked on the account", guild_only=True
    )
    given = app_commands.Group(
        name="given", description="What was given away of incidental interest", guild_only=True
    )

    @app_commands.command(description="What may never happen, and what a scholar must rule on")
    @needs(Permission.READ)
    async def sharia(self, interaction: _Interaction) -> None:
        """What may never happen, and what a scholar must rule on."""
        await answer(interaction, sharia_card(self._desk.sharia.state()))

    @app_commands.command(description="What zakat would come to now; a report, moves nothing")
    @app_commands.describe(
        nisab="85 g of gold or 595 g of silver; default from config.toml",
        year="2.5 % lunar or 2.5767 % solar; default from config.toml",
    )
    @needs(Permission.READ)
    async def zakat(
        self,
        interaction: _Interaction,
        nisab: Literal["gold", "silver"] | None = None,
        year: Literal["lunar", "solar"] | None = None,
    ) -> None:
        """What zakat would come to now; a report, moves nothing."""
        report = accepted(self._desk.sharia.zakat(nisab or "", year or ""))
        await answer(interaction, zakat_card(report, self._desk.market))

    @app_commands.command(description="Incidental interest and what was done about it")
    @needs(Permission.READ)
    async def purification(self, interaction: _Interaction) -> None:
        """Incidental interest and what was done about it."""
        await answer(interaction, purification_card(self._desk.sharia.purification()))

    @given.command(description="Note that incidental interest was given away; moves nothing")
    @app_commands.describe(amount_usd="US dollars", reason="To whom, why; goes into the record")
    @needs(Permission.DECIDE)
    async def note(
        self,
        interaction: _Interaction,
        amount_usd: Range[float, 0.01, 1_000_000.0],
        reason: _Reason,
    ) -> None:
        """Note that incidental interest was given away; moves nothing."""
        actor = self._who(interaction.user)
        await defer(interaction, private=True)
        amount = Decimal(str(amount_usd))
        view = accepted(await self._desk.sharia.give(actor, amount, reason))
        await answer(interaction, purification_card(view))

    @ledger.command(description="Say what an unknown kind of ledger line means")
    @app_commands.describe(
        kind="Which one", meaning="What it is", reason="How you know; goes into the record"
    )
    @app_commands.autocomplete(kind=choices.unknown_kinds)
    @needs(Permission.DECIDE)
    async def classify(
        self,
        interaction: _Interaction,
        kind: str,
        meaning: Literal["ordinary", "interest", "financing"],
        reason: _Reason,
    ) -> None:
        """Say what an unknown kind of ledger line means."""
        actor = self._who(interaction.user)
        await defer(interaction, private=True)
        venue, _, word = kind.partition(":")
        view = accepted(await self._desk.sharia.classify(actor, venue, word, meaning, reason))
        await answer(interaction, sharia_card(view))


async def setup(bot: Host) -> None:
    """Load the cog."""
    await bot.add_cog(Sharia(bot))
