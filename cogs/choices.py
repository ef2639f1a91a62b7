"""What an option offers while it is typed: ids and symbols with a label that tells them apart.

Refuses to filter by right: the command tree has asked that already.
"""

from __future__ import annotations

from collections.abc import Iterable

import discord
from discord.app_commands import Choice

from bot.host import Host
from bot.ui.text import clip, duration, price, quantity, share, signed_money
from engine.facade import OrderView, PositionView, ProposalView

_Interaction = discord.Interaction[Host]

_Choices = list[Choice[str]]

_MOST = 25
_LONGEST = 100


async def instruments(interaction: _Interaction, typed: str) -> _Choices:
    """Watched symbols."""
    return _matching(typed, ((symbol, symbol) for symbol in interaction.client.desk.instruments()))


async def open_proposals(interaction: _Interaction, typed: str) -> _Choices:
    """Proposals that wait for a decision, with odds and time left."""
    desk = interaction.client.desk
    now = desk.now()
    return _matching(
        typed,
        (
            (_label(view, duration(view.terms.expires_at - now)), view.terms.id)
            for view in desk.proposals()
        ),
    )


async def references(interaction: _Interaction, typed: str) -> _Choices:
    """Symbols, then proposals of any state."""
    views = interaction.client.desk.proposals(only_open=False)
    found = await instruments(interaction, typed)
    labelled = ((_label(view, view.status.value), view.terms.id) for view in views)
    return [*found, *_matching(typed, labelled)][:_MOST]


async def positions(interaction: _Interaction, typed: str) -> _Choices:
    """Open positions with their result so far."""
    held = ((_position(view), view.position.id) for view in interaction.client.desk.positions())
    return _matching(typed, held)


async def orders(interaction: _Interaction, typed: str) -> _Choices:
    """Open orders with what they ask for."""
    working = ((_order(view), view.order.client_id) for view in interaction.client.desk.orders())
    return _matching(typed, working)


async def breakers(interaction: _Interaction, typed: str) -> _Choices:
    """Breakers, the tripped ones first."""
    known = sorted(interaction.client.desk.status().breakers, key=lambda each: not each.tripped)
    return _matching(
        typed,
        ((f"{each.name} · {'TRIPPED' if each.tripped else 'armed'}", each.name) for each in known),
    )


async def unknown_kinds(interaction: _Interaction, typed: str) -> _Choices:
    """Kinds of ledger lines that nobody can name yet."""
    waiting = interaction.client.desk.sharia.state().unknown_lines
    return _matching(
        typed,
        ((f"{venue} · {kind} · {n} lines", f"{venue}:{kind}") for venue, kind, n in waiting),
    )


async def signal_sources(interaction: _Interaction, typed: str) -> _Choices:
    """Callers on record; a new one is typed."""
    known = interaction.client.desk.witnesses.sources().sources
    return _matching(
        typed,
        ((f"{each.who} · {each.heard} calls", each.who) for each in known if ":" not in each.who),
    )


def _position(view: PositionView) -> str:
    held = view.position
    result = signed_money(view.unrealised_usd)
    return f"{held.id} · {quantity(held.quantity, held.instrument)} · {result}"


def _order(view: OrderView) -> str:
    order = view.order
    size = quantity(order.quantity, order.instrument)
    return f"{order.client_id} · {order.side.value} {size} · {order.purpose.value}"


def _label(view: ProposalView, state: str) -> str:
    terms = view.terms
    left = f"expires {state}" if state[:1].isdigit() else state
    odds = share(terms.p_mean, 0)
    return f"{terms.id} · {terms.instrument} · {odds} · at {price(terms.entry)} · {left}"


def _matching(typed: str, labelled: Iterable[tuple[str, str]]) -> _Choices:
    wanted = typed.casefold().strip()
    return [
        Choice(name=clip(label, _LONGEST), value=value)
        for label, value in labelled
        if wanted in label.casefold() and len(value) <= _LONGEST
    ][:_MOST]
