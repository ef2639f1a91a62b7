"""Gateway intents: which dispatches a session asked for, and what it may read of them.

A session without the message content intent gets blank content, as on Discord.
"""

from __future__ import annotations

from enum import IntFlag

from bot.sandbox.feed import Event
from bot.sandbox.wire import Json


class Intent(IntFlag):
    """The intents that matter here."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    MESSAGE_CONTENT = 1 << 15


_BY_PREFIX: tuple[tuple[str, Intent], ...] = (
    ("MESSAGE_REACTION", Intent.GUILD_MESSAGE_REACTIONS),
    ("MESSAGE_", Intent.GUILD_MESSAGES),
    ("TYPING_", Intent.GUILD_MESSAGE_TYPING),
    ("GUILD_MEMBER_", Intent.GUILD_MEMBERS),
    ("GUILD_", Intent.GUILDS),
    ("CHANNEL_", Intent.GUILDS),
)
_BLANK: Json = {"content": "", "embeds": [], "attachments": [], "components": []}


def asked_for(intents: int, event: Event) -> bool:
    """Tell whether a session with these intents gets an event."""
    for prefix, intent in _BY_PREFIX:
        if event.name.startswith(prefix):
            return bool(intents & intent)
    return True


def readable(intents: int, event: Event, bot_id: str) -> Json:
    """Return an event's payload as a session with these intents may read it."""
    payload = event.payload
    if not event.name.startswith("MESSAGE_") or "content" not in payload:
        return payload
    own = payload["author"]["id"] == bot_id
    mentioned = any(user["id"] == bot_id for user in payload["mentions"])
    if own or mentioned or intents & Intent.MESSAGE_CONTENT:
        return payload
    return {**payload, **_BLANK}
