"""Calls by plain message, from accounts that the owner has allow-listed, bots among them.

Refuses everything but the one strict line, said in the research channel by one of those accounts.
Text is data: what is no call is counted and passed over, and is never answered.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord

from engine.facade import Place, Refused

if TYPE_CHECKING:
    from bot.host import Host

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Overheard:
    """What the allow-listed accounts have said since the start.

    Attributes
    ----------
    heard, refused, passed_over : int, messages
        Calls on record, calls that were not taken, and everything else.
    """

    heard: int = 0
    refused: int = 0
    passed_over: int = 0


async def overhear(bot: Host, message: discord.Message) -> None:
    """Hand a call on to the desk; count whatever else an allow-listed account says."""
    if not bot.reads_signals or message.author.id not in bot.signal_ids:
        return
    if bot.user is None or message.author.id == bot.user.id or message.webhook_id is not None:
        return
    if message.guild is None or not bot.channels.is_at(message.channel.id, Place.RESEARCH):
        return
    actor = bot.people.actor(message.author)
    try:
        answer = await bot.desk.witnesses.overhear(actor, message.content)
    except Exception:
        log.exception("a signal by message could not be journaled")
        return
    if answer is None:
        bot.overheard.passed_over += 1
    elif isinstance(answer, Refused):
        bot.overheard.refused += 1
        log.info("a call by message was not taken: %s", answer.sentence)
    else:
        bot.overheard.heard += 1
