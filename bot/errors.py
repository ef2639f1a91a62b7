"""What went wrong at the door, told in one plain sentence with what to do.

Refuses to show a traceback to anybody and to lose one: the unexpected is logged under an
incident id that the user is shown.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Any

import discord
from discord import app_commands

from bot.ui.card import Card, Tone

log = logging.getLogger(__name__)


class BotError(Exception):
    """Root of the faults the bot raises on purpose; the message names the thing and the mend."""


class NoOwner(BotError):
    """No owner id is configured, so nobody could ever approve."""


class NoPlace(BotError):
    """A channel to post in is missing or closed to the bot."""


class AccessDenied(app_commands.AppCommandError):
    """The user may not do that; the message is the sentence to show."""


class Unusable(app_commands.AppCommandError):
    """What the user gave cannot be used; the message is the sentence to show."""


_SENTENCES: dict[type[Exception], str] = {
    app_commands.NoPrivateMessage: (
        "Executor works in its guild only: use the command in a channel there."
    ),
    app_commands.CommandNotFound: "That command is gone: reload Discord to see the present ones.",
    app_commands.CommandSignatureMismatch: (
        "That command has changed since Discord loaded it: reload Discord and try again."
    ),
    discord.Forbidden: (
        "Discord did not let the bot do that: run /setup to see which right is missing."
    ),
}


async def on_tree_error(
    interaction: discord.Interaction, error: app_commands.AppCommandError
) -> None:
    """The handler of every slash command's fault."""
    await report(interaction, error)


async def report(interaction: discord.Interaction, error: Exception) -> None:
    """Tell the user of `error` by whichever way is still open, and log the unexpected."""
    sentence = explain(error)
    if sentence is None:
        incident = secrets.token_hex(4)
        log.error("incident %s in %s", incident, _name(interaction), exc_info=error)
        sentence = (
            f"Something failed on our side and nothing more was done. Look for incident "
            f"`{incident}` in the log, check /status, then try again."
        )
    await tell(interaction, sentence)


def explain(error: Exception) -> str | None:
    """One sentence for an expected fault; None for the unexpected.

    Examples
    --------
    >>> explain(AccessDenied("Only the owner may do that."))
    'Only the owner may do that.'
    >>> explain(ValueError("bug")) is None
    True
    """
    if isinstance(error, app_commands.CommandInvokeError):
        return explain(error.original)
    if isinstance(error, AccessDenied | Unusable | BotError):
        return str(error)
    if isinstance(error, app_commands.TransformerError):
        return f"`{error.value}` cannot be used there: pick one of the offered choices."
    return next((said for kind, said in _SENTENCES.items() if isinstance(error, kind)), None)


async def tell(interaction: discord.Interaction, sentence: str) -> None:
    """Answer an interaction privately: first reply, else follow-up, else the channel."""
    view = Card(Tone.BAD).text(sentence).view()
    try:
        if interaction.response.is_done():
            await interaction.followup.send(view=view, ephemeral=True)
        else:
            await interaction.response.send_message(view=view, ephemeral=True)
    except (discord.NotFound, discord.InteractionResponded) as late:
        log.warning("interaction %s is gone (%s): answering in the channel", interaction.id, late)
        if isinstance(interaction.channel, discord.abc.Messageable):
            await interaction.channel.send(view=view)


def _name(interaction: discord.Interaction) -> str:
    if interaction.command is not None:
        return f"/{interaction.command.qualified_name}"
    data: Mapping[str, Any] = interaction.data or {}
    return str(data.get("custom_id", "an interaction"))
