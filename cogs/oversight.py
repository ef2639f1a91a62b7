"""Watching and stopping the desk: status, halt, flatten, resume, breakers, the journal.

Refuses to make stopping harder than starting: a halt asks for nothing, a resume for a reason.
"""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.access import needs
from bot.answers import accepted, answer, defer
from bot.host import Host
from bot.pictures import limits_of
from bot.render import drawn
from bot.ui.costs import costs_card
from bot.ui.desk import audit_card, status_card, verify_card
from bot.ui.modals import FlattenModal
from bot.ui.risk import risk_card
from bot.ui.risk_buttons import RiskHistoryButton
from cogs import choices
from engine.facade import Permission

_Interaction = discord.Interaction[Host]

_Reason = Range[str, 3, 400]


class Oversight(commands.Cog):
    """Stopping, starting and auditing."""

    def __init__(self, bot: Host) -> None:
        self._desk = bot.desk
        self._who = bot.people.actor

    breaker = app_commands.Group(
        name="breaker", description="Limits that block entries", guild_only=True
    )

    @app_commands.command(description="Is it alive, what may it do, where does the record stand")
    @needs(Permission.READ)
    async def status(self, interaction: _Interaction) -> None:
        """Is it alive, what may it do, where does the record stand."""
        await answer(interaction, status_card(self._desk.status()))

    @app_commands.command(description="Limits and their use, breakers, halts and their history")
    @needs(Permission.READ)
    async def risk(self, interaction: _Interaction) -> None:
        """Limits and their use, breakers, halts and their history."""
        await defer(interaction)
        view = self._desk.risk()
        picture = await drawn(limits_of(view))
        card = risk_card(view, picture).buttons([RiskHistoryButton()])
        await answer(interaction, card)

    @app_commands.command(description="What running the desk costs this month, against the plan")
    @needs(Permission.READ)
    async def costs(self, interaction: _Interaction) -> None:
        """What running the desk costs this month, against the plan."""
        await answer(interaction, costs_card(self._desk.costs()))

    @app_commands.command(description="Forbid entries until the owner resumes; exits go on")
    @app_commands.describe(reason="Goes into the record")
    @needs(Permission.HALT)
    async def halt(
        self, interaction: _Interaction, reason: Range[str, 1, 400] | None = None
    ) -> None:
        """Forbid entries until the owner resumes; exits go on."""
        actor = self._who(interaction.user)
        await defer(interaction, private=True)
        given = reason or "no reason given"
        await answer(interaction, status_card(accepted(await self._desk.halt(actor, given))))

    @app_commands.command(description="Sell every position at the market and halt; asks once more")
    @app_commands.describe(reason="Goes into the record")
    @needs(Permission.DECIDE)
    async def flatten(
        self, interaction: _Interaction, reason: Range[str, 1, 400] | None = None
    ) -> None:
        """Sell every position at the market and halt; asks once more."""
        held = len(self._desk.positions())
        await interaction.response.send_modal(FlattenModal(held, reason or "no reason given"))

    @app_commands.command(description="Allow entries again")
    @app_commands.describe(reason="Why it is safe now; goes into the record")
    @needs(Permission.DECIDE)
    async def resume(self, interaction: _Interaction, reason: _Reason) -> None:
        """Allow entries again."""
        actor = self._who(interaction.user)
        await defer(interaction, private=True)
        await answer(interaction, status_card(accepted(await self._desk.resume(actor, reason))))

    @breaker.command(description="Arm a tripped breaker again")
    @app_commands.describe(name="Which one", reason="Why; goes into the record")
    @app_commands.autocomplete(name=choices.breakers)
    @needs(Permission.DECIDE)
    async def reset(self, interaction: _Interaction, name: str, reason: _Reason) -> None:
        """Arm a tripped breaker again."""
        actor = self._who(interaction.user)
        await defer(interaction, private=True)
        result = await self._desk.reset_breaker(actor, name, reason)
        await answer(interaction, status_card(accepted(result)))

    @breaker.command(
        description="Write what to make of a bad week; the weekly breaker waits for it"
    )
    @app_commands.describe(text="What went wrong and what changes; goes into the record")
    @needs(Permission.DECIDE)
    async def note(self, interaction: _Interaction, text: Range[str, 20, 1500]) -> None:
        """Write what to make of a bad week; the weekly breaker waits for it."""
        actor = self._who(interaction.user)
        await defer(interaction, private=True)
        await answer(interaction, status_card(accepted(await self._desk.note_review(actor, text))))

    @app_commands.command(description="Newest journal entries in words")
    @app_commands.describe(n="How many")
    @needs(Permission.READ)
    async def audit(self, interaction: _Interaction, n: Range[int, 1, 25] = 10) -> None:
        """Newest journal entries in words."""
        await defer(interaction)
        await answer(interaction, audit_card(await self._desk.audit(n)))

    @app_commands.command(description="Recompute the journal's whole hash chain")
    @needs(Permission.READ)
    async def verify(self, interaction: _Interaction) -> None:
        """Recompute the journal's whole hash chain."""
        await defer(interaction)
        await answer(interaction, verify_card(await self._desk.verify()))


async def setup(bot: Host) -> None:
    """Load the cog."""
    await bot.add_cog(Oversight(bot))
