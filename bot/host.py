"""What handlers may count on of the bot that runs them.

Refuses to do anything: `bot.app` makes it work, cogs and buttons only ask.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import discord
from discord.ext import commands

from bot.channels import Channels
from bot.overhearing import Overheard
from bot.people import People
from engine.facade import Desk, ProposalView


class Host(commands.Bot, ABC):
    """A Discord bot with the desk behind it.

    Attributes
    ----------
    desk : Desk
        Where every question goes.
    people : People
        Who somebody is.
    channels : Channels
        Which channels are the bot's own.
    reads_messages : bool
        Whether it may read what is said without naming it.
    reads_signals : bool
        Whether calls of allow-listed accounts are heard.
    signal_ids : frozenset of int
        Those accounts.
    overheard : Overheard
        What they have said since the start.
    """

    desk: Desk
    people: People
    channels: Channels
    reads_messages: bool
    reads_signals: bool
    signal_ids: frozenset[int]
    overheard: Overheard

    @abstractmethod
    async def redraw(self, message: discord.Message, proposal: ProposalView) -> None:
        """Bring a card up to date whose proposal was decided elsewhere."""
