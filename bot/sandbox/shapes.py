"""The wire shapes of a guild, its roles and channels: pure functions, one a kind of object.

They fill in what a body leaves out, as Discord does, and check nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.sandbox.wire import Json

TEXT, CATEGORY = 0, 4


def role_payload(
    role_id: str, name: str, granted: int, position: int, *, managed: bool = False
) -> Json:
    """Return a role that grants the permission bits ``granted``."""
    return {
        "id": role_id,
        "name": name,
        "description": None,
        "permissions": str(granted),
        "position": position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": managed,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def channel_payload(guild_id: str, channel_id: str, body: Json, *, position: int) -> Json:
    """Return a channel from a body; ``position`` is for a body that names none."""
    parent_id = body.get("parent_id")
    named = body.get("position")
    return {
        "id": channel_id,
        "type": body.get("type") or TEXT,
        "guild_id": guild_id,
        "name": body["name"],
        "topic": body.get("topic"),
        "position": position if named is None else named,
        "permission_overwrites": overwrites(body.get("permission_overwrites") or []),
        "nsfw": bool(body.get("nsfw")),
        "parent_id": None if parent_id is None else str(parent_id),
        "rate_limit_per_user": body.get("rate_limit_per_user") or 0,
        "last_message_id": None,
        "flags": 0,
    }


def overwrites(given: Iterable[Json]) -> list[Json]:
    """Return permission overwrites with ids and bits as strings, however they were sent."""
    return [
        {
            "id": str(each["id"]),
            "type": int(each.get("type") or 0),
            "allow": str(each.get("allow") or 0),
            "deny": str(each.get("deny") or 0),
        }
        for each in given
    ]


def guild_payload(guild_id: str, name: str, owner_id: str, roles: list[Json]) -> Json:
    """Return a guild as ``GET /guilds/{id}`` does."""
    return {
        "id": guild_id,
        "name": name,
        "icon": None,
        "description": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "owner_id": owner_id,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "application_id": None,
        "vanity_url_code": None,
        "widget_enabled": False,
        "premium_progress_bar_enabled": False,
        "max_members": 500_000,
        "features": [],
        "emojis": [],
        "stickers": [],
        "roles": roles,
    }
