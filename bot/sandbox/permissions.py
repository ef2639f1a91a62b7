"""Discord's permission bits and the one rule that combines roles and overwrites.

Pure functions on wire-shaped overwrites; nothing here knows who is asking or why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntFlag
from typing import Any


class Permission(IntFlag):
    """The bits the sandbox enforces or hands out by name."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CHANGE_NICKNAME = 1 << 26
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    SEND_MESSAGES_IN_THREADS = 1 << 38
    PIN_MESSAGES = 1 << 51


ALL = (1 << 53) - 1

EVERYONE = int(
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.ADD_REACTIONS
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.CHANGE_NICKNAME
    | Permission.USE_APPLICATION_COMMANDS
)

# What an invite of a working bot asks for; not administrator, so that a forgotten overwrite
# fails here as it would on Discord.
BOT = EVERYONE | int(
    Permission.MANAGE_CHANNELS
    | Permission.MANAGE_MESSAGES
    | Permission.MANAGE_ROLES
    | Permission.MENTION_EVERYONE
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.PIN_MESSAGES
)


def in_channel(
    base: int,
    overwrites: Iterable[Mapping[str, Any]],
    *,
    guild_id: str,
    role_ids: Iterable[str],
    user_id: str,
) -> int:
    """Combine base permissions with a channel's overwrites, in Discord's order.

    Parameters
    ----------
    base : int, permission bits
        The union of the member's roles, ``@everyone`` included.
    overwrites : iterable of mapping
        ``id``, ``type`` (0 role, 1 member), ``allow`` and ``deny`` as decimal strings.
    guild_id : str, snowflake
        Also the id of the ``@everyone`` role.
    role_ids : iterable of str, snowflakes
    user_id : str, snowflake

    Returns
    -------
    int, permission bits

    References
    ----------
    Discord developer documentation, "Permissions", section "Permission Overwrites".
    """
    if base & Permission.ADMINISTRATOR:
        return ALL
    by_id = {str(each["id"]): each for each in overwrites}
    result = base
    everyone = by_id.get(guild_id)
    if everyone is not None:
        result = (result & ~int(everyone["deny"])) | int(everyone["allow"])
    allow = deny = 0
    for role_id in role_ids:
        if role_id in by_id:
            allow |= int(by_id[role_id]["allow"])
            deny |= int(by_id[role_id]["deny"])
    result = (result & ~deny) | allow
    own = by_id.get(user_id)
    if own is not None:
        result = (result & ~int(own["deny"])) | int(own["allow"])
    return result if result & Permission.VIEW_CHANNEL else 0
