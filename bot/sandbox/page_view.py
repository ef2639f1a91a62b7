"""What one person may see: the channels, messages and commands the page is given.

Pure reading; the same permissions that Discord would apply decide.
"""

from __future__ import annotations

from bot.sandbox.drafts import public_shape
from bot.sandbox.feed import Event
from bot.sandbox.people import Person
from bot.sandbox.permissions import Permission
from bot.sandbox.wire import Json
from bot.sandbox.world import World

_RESHAPES_CHANNELS = ("CHANNEL_", "GUILD_ROLE_", "GUILD_MEMBER_")


class PageView:
    """The guild as one person sees it.

    Parameters
    ----------
    world : World
    person : Person
    """

    def __init__(self, world: World, person: Person) -> None:
        self._world = world
        self._person = person

    def snapshot(self, *, bot_online: bool) -> Json:
        """Return everything the page needs before any message."""
        guild = self._world.guild
        return {
            "guild": {"id": guild.id, "name": guild.name, "owner_id": guild.owner_id},
            "person": self._person.key,
            "me": guild.user(self._person.user_id),
            "bot": guild.bot,
            "bot_online": bot_online,
            "people": [
                {"key": each.key, "name": each.name, "user_id": each.user_id}
                for each in guild.people.values()
            ],
            "users": {uid: member["user"] for uid, member in guild.members.items()},
            "roles": {role["id"]: role["name"] for role in guild.roles.values()},
            "channels": self.channels(),
            "commands": self.commands(),
        }

    def channels(self) -> list[Json]:
        """Return the visible channels, each with whether the person may write in it."""
        guild = self._world.guild
        seen = [each for each in guild.channels.values() if self.sees(each["id"])]
        ordered = sorted(seen, key=lambda each: (each["position"], int(each["id"])))
        return [{**each, "can_send": self._may_send(each["id"])} for each in ordered]

    def commands(self) -> list[Json]:
        """Return the commands on offer, by name."""
        return sorted(self._world.acting.offered(self._person), key=lambda each: each["name"])

    def history(self, channel_id: str, *, limit: int, before: int | None) -> list[Json]:
        """Return messages of a visible channel, newest first, the person's own answers too."""
        if not self.sees(channel_id):
            return []
        found = self._world.messages.latest(
            channel_id, limit=limit, before=before, user_id=self._person.user_id
        )
        return [public_shape(each) for each in found]

    def sees(self, channel_id: str) -> bool:
        """Tell whether the channel exists for this person."""
        guild = self._world.guild
        if channel_id not in guild.channels:
            return False
        return guild.allows(self._person.user_id, channel_id, Permission.VIEW_CHANNEL)

    def news(self, event: Event) -> Json | None:
        """Return an event as the page gets it, or None if it is not for this person."""
        if event.name.startswith(_RESHAPES_CHANNELS):
            return {"t": "CHANNELS", "d": self.channels()}
        if event.name == "SANDBOX_COMMANDS":
            return {"t": "COMMANDS", "d": self.commands()}
        if event.name in ("INTERACTION_CREATE", "MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"):
            return None
        if event.only_for not in (None, self._person.user_id):
            return None
        if event.channel_id is not None and not self.sees(event.channel_id):
            return None
        return {"t": event.name, "d": event.payload}

    def _may_send(self, channel_id: str) -> bool:
        return self._world.guild.allows(self._person.user_id, channel_id, Permission.SEND_MESSAGES)
