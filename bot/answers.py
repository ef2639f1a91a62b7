"""How a card gets back to the person who asked, in time and in the right privacy.

Refuses to answer twice: a deferred answer is edited, a fresh one sent.
"""

from __future__ import annotations

from typing import TypeVar

import discord

from bot.errors import Unusable
from bot.host import Host
from bot.ui.card import Card
from engine.facade import Refused

_Interaction = discord.Interaction[Host]

_View = TypeVar("_View")


def is_private(interaction: _Interaction) -> bool:
    """Whether an answer must be ephemeral: everywhere but in the bot's own two channels."""
    return not interaction.client.channels.is_ours(interaction.channel_id)


async def defer(interaction: _Interaction, *, private: bool | None = None) -> None:
    """Win fifteen minutes for work that may outlast three seconds."""
    hidden = is_private(interaction) if private is None else private
    await interaction.response.defer(ephemeral=hidden, thinking=True)


async def answer(interaction: _Interaction, card: Card, *, private: bool | None = None) -> None:
    """Show `card`: the first reply, or the deferred one's content."""
    if interaction.response.is_done():
        await interaction.edit_original_response(view=card.view(), attachments=card.files())
        return
    hidden = is_private(interaction) if private is None else private
    await interaction.response.send_message(view=card.view(), files=card.files(), ephemeral=hidden)


def accepted(result: _View | Refused) -> _View:
    """The view, or the refusal's sentence for the error handler to show.

    Raises
    ------
    Unusable
        If the desk refused.
    """
    if isinstance(result, Refused):
        raise Unusable(result.sentence)
    return result
