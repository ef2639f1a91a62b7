"""One post, once: a deterministic nonce now, and a tag on the card that is looked for later.

Refuses to post a second time what already stands in the channel, whether the first attempt's
answer was lost on the wire or its journal entry in a crash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import discord

from bot.channels import Channels
from bot.errors import NoPlace
from bot.ui.card import Card
from engine.facade import Place

_LOOK_BACK = 100


def tag_of(*parts: object) -> str:
    """Twelve digits that name one post for good.

    Examples
    --------
    >>> tag_of("scan", 7) == tag_of("scan", 7), len(tag_of("scan", 8))
    (True, 12)
    """
    text = "|".join(str(part) for part in parts)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


class Poster:
    """Sends cards to the desk's places.

    Parameters
    ----------
    guild : callable
        Gives the guild, or None while it is not available.
    channels : Channels
    """

    def __init__(self, guild: Callable[[], discord.Guild | None], channels: Channels) -> None:
        self._guild = guild
        self._channels = channels

    def channel(self, place: Place) -> discord.TextChannel:
        """Where posts of a place go.

        Raises
        ------
        NoPlace
            If the guild or the channel is missing.
        """
        guild = self._guild()
        if guild is None:
            raise NoPlace("The bot is in no guild: invite it with the bot and commands scopes.")
        return self._channels.channel(guild, place)

    async def send(
        self, place: Place, card: Card, tag: str, *, maybe_sent: bool
    ) -> discord.Message:
        """Post `card` under `tag`, or find the message that already carries it.

        Parameters
        ----------
        tag : str
            From `tag_of`; becomes the nonce, for which Discord itself answers a repeat within
            minutes, and the footer, by which it is found after longer.
        maybe_sent : bool
            True when an earlier process or attempt may have posted it.
        """
        channel = self.channel(place)
        if maybe_sent and (earlier := await self._find(channel, tag)) is not None:
            return earlier
        card.footer(f"post {tag}")
        return await channel.send(
            view=card.view(),
            files=card.files(),
            nonce=tag,
            allowed_mentions=discord.AllowedMentions.none(),
        )

    async def edit(self, channel_id: int, message_id: int, card: Card, tag: str) -> bool:
        """Show `card` in a message that stands; False if it was deleted."""
        guild = self._guild()
        channel = guild.get_channel(channel_id) if guild else None
        if not isinstance(channel, discord.TextChannel):
            return False
        message = channel.get_partial_message(message_id)
        try:
            await message.edit(view=card.footer(f"post {tag}").view(), attachments=card.files())
        except discord.NotFound:
            return False
        return True

    async def _find(self, channel: discord.TextChannel, tag: str) -> discord.Message | None:
        me = channel.guild.me.id
        async for message in channel.history(limit=_LOOK_BACK):
            if message.author.id == me and _carries(message, tag):
                return message
        return None


def _carries(message: discord.Message, tag: str) -> bool:
    view = discord.ui.LayoutView.from_message(message, timeout=None)
    texts = (item for item in view.walk_children() if isinstance(item, discord.ui.TextDisplay))
    return any(tag in text.content for text in texts)
