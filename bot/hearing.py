"""A halt by plain message: for overseers that are bots, to whom Discord gives no slash commands.

Refuses everything but the word itself, said in one of the bot's two channels by somebody who may
halt. Nothing that is said here resumes, approves or loosens anything.
"""

from __future__ import annotations

import logging
import re

import discord

from bot.host import Host
from bot.ui.text import clip
from engine.facade import Permission

log = logging.getLogger(__name__)

_LONGEST_REASON = 400
_FLAGS = re.IGNORECASE | re.DOTALL
_ADDRESSED = re.compile(r"<@!?(?P<to>\d+)>\s*!?halt(?:\s+(?P<reason>.+))?", _FLAGS)
_BARE = re.compile(r"halt|!halt(?:\s+(?P<reason>.+))?", _FLAGS)
_FAILED = (
    "The halt could not be journaled. Use /halt, or `executor halt` on the desk's machine, or "
    "create its kill file; the log says what failed."
)


def halt_in(content: str, bot_id: int, *, bare: bool) -> str | None:
    """The reason of a halt that `content` is; empty without one, None if it is no halt.

    Parameters
    ----------
    bare : bool
        Whether ``halt`` and ``!halt REASON`` count without naming the bot.

    Examples
    --------
    >>> halt_in("<@7> halt odd prices", 7, bare=False)
    'odd prices'
    >>> halt_in("!halt odd prices", 7, bare=True), halt_in("Halt", 7, bare=True)
    ('odd prices', '')
    >>> halt_in("halt it?", 7, bare=True) is None, halt_in("halt", 7, bare=False) is None
    (True, True)
    """
    said = content.strip()
    found = _ADDRESSED.fullmatch(said)
    if found is not None and int(found["to"]) != bot_id:
        return None
    if found is None and bare:
        found = _BARE.fullmatch(said)
    return None if found is None else clip(found["reason"] or "", _LONGEST_REASON)


async def hear(bot: Host, message: discord.Message) -> None:
    """Halt if that is what was said, by whoever may; pass over anything else."""
    if bot.user is None or message.author.id == bot.user.id or message.webhook_id is not None:
        return
    if message.guild is None or not bot.channels.is_ours(message.channel.id):
        return
    reason = halt_in(message.content, bot.user.id, bare=bot.reads_messages)
    actor = bot.people.actor(message.author)
    if reason is None or not actor.may(Permission.HALT):
        return
    if bot.desk.status().halted_by is not None:
        # Somebody's loop must not fill the record: it is as they want it.
        log.info("%s said halt, and the desk is halted already", actor.name)
        return
    try:
        await bot.desk.halt(actor, reason or "no reason given")
    except Exception:
        log.critical("a halt by message failed", exc_info=True)
        await message.reply(_FAILED)
