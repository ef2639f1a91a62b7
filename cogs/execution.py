"""Deciding and keeping the books: proposals, positions, orders, portfolio, trades, profit.

Refuses to approve anything but the exact terms that the desk holds at this moment.
"""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.access import needs
from bot.answers import accepted, answer, defer
from bot.host import Host
from bot.pictures import equity_of
from bot.ui import books
from bot.ui.desk import done_card
from bot.ui.outcome import decided_sentence
from bot.ui.text import quantity
from cogs import choices
from engine.facade import Permission

_Interaction = discord.Interaction[Host]

_Note = Range[str, 1, 400]
_Reason = Range[str, 3, 400]


class Execution(commands.Cog):
    """Decisions and books."""

    def __init__(self, bot: Host) -> None:
        self._desk = bot.desk
        self._who = bot.people.actor

    @app_commands.command(description="Proposals that wait for a decision")
    @needs(Permission.READ)
    async def proposals(self, interaction: _Interaction) -> None:
        """Proposals that wait for a decision."""
        card = books.proposals_card(self._desk.proposals(), self._desk.market)
        await answer(interaction, card)

    @app_commands.command(description="Say yes to a proposal, once; checked again at this price")
    @app_commands.describe(proposal="Which one", note="Goes into the record")
    @app_commands.autocomplete(proposal=choices.open_proposals)
    @needs(Permission.DECIDE)
    async def approve(
        self, interaction: _Interaction, proposal: str, note: _Note | None = None
    ) -> None:
        """Say yes to a proposal, once; checked again at this price."""
        actor = self._who(interaction.user)
        await defer(interaction, private=True)
        terms_hash = accepted(self._desk.proposal(proposal)).short_hash
        result = await self._desk.approve(actor, proposal, terms_hash, note=note or "")
        await answer(interaction, done_card(decided_sentence(accepted(result))), private=True)

    @app_commands.command(description="Say no to a proposal, with the reason")
    @app_commands.describe(proposal="Which one", reason="Goes into the record")
    @app_commands.autocomplete(proposal=choices.open_proposals)
    @needs(Permission.DECIDE)
    async def reject(self, interaction: _Interaction, proposal: str, reason: _Reason) -> None:
        """Say no to a proposal, with the reason."""
        actor = self._who(interaction.user)
        await defer(interaction, private=True)
        result = await self._desk.reject(actor, proposal, reason)
        await answer(interaction, done_card(decided_sentence(accepted(result))), private=True)

    @app_commands.command(description="Raise an exploratory paper proposal at the present price")
    @app_commands.describe(instrument="For example BTC-USD")
    @app_commands.autocomplete(instrument=choices.instruments)
    @needs(Permission.DECIDE)
    async def propose(self, interaction: _Interaction, instrument: str) -> None:
        """Raise an exploratory paper proposal at the present price."""
        actor = self._who(interaction.user)
        await defer(interaction, private=True)
        view = accepted(await self._desk.propose(actor, instrument))
        said = f"{view.terms.id} is raised: its card is in the execution channel."
        await answer(interaction, done_card(said), private=True)

    @app_commands.command(description="What is held, at the present price")
    @needs(Permission.READ)
    async def positions(self, interaction: _Interaction) -> None:
        """What is held, at the present price."""
        card = books.positions_card(self._desk.positions(), self._desk.market)
        await answer(interaction, card)

    @app_commands.command(description="Sell a position at the market; works while halted")
    @app_commands.describe(position="Which one", reason="Goes into the record")
    @app_commands.autocomplete(position=choices.positions)
    @needs(Permission.DECIDE)
    async def close(
        self, interaction: _Interaction, position: str, reason: _Note | None = None
    ) -> None:
        """Sell a position at the market; works while halted."""
        actor = self._who(interaction.user)
        await defer(interaction, private=True)
        view = accepted(await self._desk.close_position(actor, position, reason or ""))
        held = quantity(view.position.quantity, view.position.instrument)
        said = f"Selling {held} of {position} at the market; the fill is posted when it comes."
        await answer(interaction, done_card(said), private=True)

    @app_commands.command(description="Orders that may still change")
    @needs(Permission.READ)
    async def orders(self, interaction: _Interaction) -> None:
        """Orders that may still change."""
        await answer(interaction, books.orders_card(self._desk.orders(), self._desk.market))

    @app_commands.command(description="Take a working entry order off the market")
    @app_commands.describe(order="Which one")
    @app_commands.autocomplete(order=choices.orders)
    @needs(Permission.DECIDE)
    async def cancel(self, interaction: _Interaction, order: str) -> None:
        """Take a working entry order off the market."""
        actor = self._who(interaction.user)
        await defer(interaction, private=True)
        view = accepted(await self._desk.cancel_order(actor, order))
        await answer(interaction, done_card(books.order_line(view)), private=True)

    @app_commands.command(description="Cash, positions, profit and the use of every cap")
    @needs(Permission.READ)
    async def portfolio(self, interaction: _Interaction) -> None:
        """Cash, positions, profit and the use of every cap."""
        await defer(interaction)
        view = self._desk.portfolio()
        await answer(interaction, books.portfolio_card(view, await equity_of(view)))

    @app_commands.command(description="Closed trades, newest first")
    @app_commands.describe(n="How many")
    @needs(Permission.READ)
    async def trades(self, interaction: _Interaction, n: Range[int, 1, 50] = 10) -> None:
        """Closed trades, newest first."""
        await answer(interaction, books.trades_card(self._desk.trades(n), self._desk.market))

    @app_commands.command(description="Result of each of the last days")
    @app_commands.describe(days="How many UTC days")
    @needs(Permission.READ)
    async def profit(self, interaction: _Interaction, days: Range[int, 1, 60] = 7) -> None:
        """Result of each of the last days."""
        await answer(interaction, books.profit_card(self._desk.profit(days), self._desk.market))


async def setup(bot: Host) -> None:
    """Load the cog."""
    await bot.add_cog(Execution(bot))
