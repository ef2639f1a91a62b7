"""The state of the one guild: its members, roles and channels, in Discord's shapes.

Changes are published to the feed and handed to the store. Messages live in ``messages``; who may
do what is computed here and enforced by the routes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from bot.sandbox import permissions
from bot.sandbox.errors import PersonError, api_error
from bot.sandbox.feed import Event, Feed
from bot.sandbox.people import Person, user_payload
from bot.sandbox.permissions import Permission
from bot.sandbox.shapes import channel_payload, guild_payload, overwrites, role_payload
from bot.sandbox.snowflake import Snowflakes, stable_id
from bot.sandbox.store import Store
from bot.sandbox.wire import Json


class Guild:
    """One guild with its people, one bot, roles and channels.

    Parameters
    ----------
    name : str
    people : sequence of Person, at least one; the first owns the guild
    bot_name : str
    bot_permissions : int, permission bits of the bot's own role
    now : callable returning an aware datetime
    ids : Snowflakes
    feed : Feed
    store : Store
    """

    def __init__(
        self,
        *,
        name: str,
        people: Sequence[Person],
        bot_name: str,
        bot_permissions: int,
        now: Callable[[], datetime],
        ids: Snowflakes,
        feed: Feed,
        store: Store,
    ) -> None:
        self.id = stable_id("guild")
        self.name = name
        self.people = {person.key: person for person in people}
        self.owner_id = people[0].user_id
        self.bot = user_payload(stable_id("bot"), bot_name, bot=True)
        self.bot_id: str = self.bot["id"]
        self.channels: dict[str, Json] = {}
        self.roles: dict[str, Json] = {}
        self.members: dict[str, Json] = {}
        self._now = now
        self._ids = ids
        self._feed = feed
        self._store = store
        self._seed(people, bot_permissions)

    # ---- the start -----------------------------------------------------------------------

    def _seed(self, people: Sequence[Person], bot_permissions: int) -> None:
        role_id = stable_id("bot-role")
        self.roles[self.id] = role_payload(self.id, "@everyone", permissions.EVERYONE, 0)
        self.roles[role_id] = role_payload(
            role_id, self.bot["username"], bot_permissions, 1, managed=True
        )
        self.roles[role_id]["tags"] = {"bot_id": self.bot_id}
        for person in people:
            self._join(user_payload(person.user_id, person.name), [])
        self._join(self.bot, [role_id])

    def restore(self, channels: Iterable[Json], roles: Iterable[Json]) -> None:
        """Take channels and roles from the store; without channels, make #general."""
        for role in roles:
            self._ids.observe(role["id"])
            self.roles[role["id"]] = role
        for channel in channels:
            self._ids.observe(channel["id"])
            self.channels[channel["id"]] = channel
        if not self.channels:
            self._put_channel(self._channel(stable_id("general"), {"name": "general"}))

    def _join(self, user: Json, role_ids: list[str]) -> None:
        self.members[user["id"]] = {
            "user": user,
            "nick": None,
            "avatar": None,
            "banner": None,
            "roles": role_ids,
            "joined_at": "2026-01-01T00:00:00+00:00",
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "communication_disabled_until": None,
            "flags": 0,
        }

    # ---- members -------------------------------------------------------------------------

    def person(self, key: str) -> Person:
        """Return a person by key.

        Raises
        ------
        PersonError
            If the guild has no such person.
        """
        if key not in self.people:
            known = ", ".join(self.people)
            raise PersonError(f"There is no person {key!r} here; there are: {known}.")
        return self.people[key]

    def member(self, user_id: str) -> Json:
        """Return a member, or raise 10007."""
        if user_id not in self.members:
            raise api_error(10007)
        return self.members[user_id]

    def user(self, user_id: str) -> Json:
        """Return a user, or raise 10013."""
        if user_id not in self.members:
            raise api_error(10013)
        user: Json = self.members[user_id]["user"]
        return user

    def set_member_role(self, user_id: str, role_id: str, *, held: bool) -> None:
        """Give a member a role or take it."""
        member = self.member(user_id)
        self.role(role_id)
        others = [each for each in member["roles"] if each != role_id]
        member["roles"] = [*others, role_id] if held else others
        payload = {**member, "guild_id": self.id}
        self._feed.publish(Event("GUILD_MEMBER_UPDATE", payload))

    # ---- permissions ---------------------------------------------------------------------

    def permissions_of(self, user_id: str, channel_id: str | None = None) -> int:
        """Return a member's permission bits, in a channel or in the guild."""
        if user_id == self.owner_id:
            return permissions.ALL
        role_ids: list[str] = self.member(user_id)["roles"]
        base = 0
        for role_id in (self.id, *role_ids):
            base |= int(self.roles[role_id]["permissions"]) if role_id in self.roles else 0
        if base & Permission.ADMINISTRATOR:
            return permissions.ALL
        if channel_id is None:
            return base
        return permissions.in_channel(
            base,
            self.channel(channel_id)["permission_overwrites"],
            guild_id=self.id,
            role_ids=role_ids,
            user_id=user_id,
        )

    def allows(self, user_id: str, channel_id: str | None, needed: Permission) -> bool:
        """Tell whether a member holds every needed bit."""
        return self.permissions_of(user_id, channel_id) & needed == needed

    def require_bot(self, channel_id: str | None, needed: Permission) -> None:
        """Raise 50001 where the bot cannot look, 50013 where it may not act."""
        if channel_id is not None and not self.allows(
            self.bot_id, channel_id, Permission.VIEW_CHANNEL
        ):
            raise api_error(50001)
        if not self.allows(self.bot_id, channel_id, needed):
            raise api_error(50013)

    # ---- roles ---------------------------------------------------------------------------

    def role(self, role_id: str) -> Json:
        """Return a role, or raise 10011."""
        if role_id not in self.roles:
            raise api_error(10011)
        return self.roles[role_id]

    def create_role(self, body: Json) -> Json:
        """Make a role above ``@everyone``."""
        granted = int(body.get("permissions") or permissions.EVERYONE)
        role = role_payload(self._ids.next(), body.get("name") or "new role", granted, 1)
        role.update({k: body[k] for k in ("hoist", "mentionable", "color") if k in body})
        self.roles[role["id"]] = role
        self._store.put("role", role["id"], role)
        self._feed.publish(Event("GUILD_ROLE_CREATE", {"guild_id": self.id, "role": role}))
        return role

    # ---- channels ------------------------------------------------------------------------

    def channel(self, channel_id: str) -> Json:
        """Return a channel, or raise 10003."""
        if channel_id not in self.channels:
            raise api_error(10003)
        return self.channels[channel_id]

    def create_channel(self, body: Json) -> Json:
        """Make a text channel or category from a checked body; an unknown parent is refused."""
        inherited: list[Json] = []
        parent_id = body.get("parent_id")
        if parent_id is not None:
            inherited = self.channel(str(parent_id))["permission_overwrites"]
        # No overwrites, or an empty list, takes over the category's, as Discord does.
        chosen = body.get("permission_overwrites") or inherited
        channel = self._channel(self._ids.next(), {**body, "permission_overwrites": chosen})
        self._put_channel(channel)
        self._announce("CHANNEL_CREATE", channel)
        return channel

    def modify_channel(self, channel_id: str, body: Json) -> Json:
        """Change the named fields of a channel."""
        channel = self.channel(channel_id)
        for field in ("name", "topic", "position", "nsfw", "rate_limit_per_user", "parent_id"):
            if field in body:
                channel[field] = body[field]
        if "permission_overwrites" in body:
            channel["permission_overwrites"] = overwrites(body["permission_overwrites"] or [])
        return self._changed(channel)

    def delete_channel(self, channel_id: str) -> Json:
        """Remove a channel; the children of a category lose their parent."""
        channel = self.channel(channel_id)
        del self.channels[channel_id]
        self._store.drop("channel", channel_id)
        for child in self.channels.values():
            if child["parent_id"] == channel_id:
                child["parent_id"] = None
                self._changed(child)
        # The channel is gone: nobody's permissions can be asked of it any more.
        self._feed.publish(Event("CHANNEL_DELETE", {**channel, "guild_id": self.id}))
        return channel

    def set_overwrite(self, channel_id: str, target_id: str, body: Json | None) -> None:
        """Set one permission overwrite, or remove it with None (10009 if there is none)."""
        channel = self.channel(channel_id)
        kept = [o for o in channel["permission_overwrites"] if o["id"] != target_id]
        if body is None and len(kept) == len(channel["permission_overwrites"]):
            raise api_error(10009)
        added = [] if body is None else overwrites([{**body, "id": target_id}])
        channel["permission_overwrites"] = [*kept, *added]
        self._changed(channel)

    def touch_channel(self, channel_id: str, message_id: str) -> None:
        """Note a channel's newest message."""
        channel = self.channel(channel_id)
        channel["last_message_id"] = message_id
        self._put_channel(channel)

    def _channel(self, channel_id: str, body: Json) -> Json:
        return channel_payload(self.id, channel_id, body, position=len(self.channels))

    def _put_channel(self, channel: Json) -> None:
        self.channels[channel["id"]] = channel
        self._store.put("channel", channel["id"], channel)

    def _changed(self, channel: Json) -> Json:
        self._put_channel(channel)
        self._announce("CHANNEL_UPDATE", channel)
        return channel

    def _announce(self, name: str, channel: Json) -> None:
        payload = {**channel, "guild_id": self.id}
        self._feed.publish(Event(name, payload, channel_id=channel["id"]))

    # ---- the whole -----------------------------------------------------------------------

    def payload(self) -> Json:
        """Return the guild as ``GET /guilds/{id}`` does."""
        roles = list(self.roles.values())
        return guild_payload(self.id, self.name, self.owner_id, roles)

    def create_payload(self, *, with_members: bool) -> Json:
        """Return the ``GUILD_CREATE`` dispatch; without the intent, only the bot is listed."""
        members = list(self.members.values()) if with_members else [self.members[self.bot_id]]
        return {
            **self.payload(),
            "joined_at": self.members[self.bot_id]["joined_at"],
            "large": False,
            "unavailable": False,
            "member_count": len(self.members),
            "members": members,
            "channels": list(self.channels.values()),
            "threads": [],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    def timestamp(self) -> str:
        """Return the present instant in ISO 8601."""
        return self._now().isoformat()
