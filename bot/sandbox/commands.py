"""The bot's application commands, global and of the guild, as Discord keeps them.

They are not stored: a bot syncs its commands when it starts. Running one is ``acting``'s work.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.sandbox.command_rules import CHAT_INPUT, check_command, check_commands
from bot.sandbox.errors import api_error
from bot.sandbox.feed import Event, Feed
from bot.sandbox.snowflake import Snowflakes
from bot.sandbox.wire import Json

Scope = str | None


class Commands:
    """Commands by scope: None for global, else the guild's id.

    Parameters
    ----------
    application_id : str, snowflake
    ids : Snowflakes
    feed : Feed
    """

    def __init__(self, application_id: str, ids: Snowflakes, feed: Feed) -> None:
        self._application_id = application_id
        self._ids = ids
        self._feed = feed
        self._scopes: dict[Scope, dict[str, Json]] = {}

    def of(self, scope: Scope) -> list[Json]:
        """Return the commands of one scope."""
        return list(self._scopes.get(scope, {}).values())

    def offered(self, guild_id: str) -> list[Json]:
        """Return what a person may pick in the guild; its own commands hide global namesakes."""
        merged = {each["name"]: each for each in self.of(None)}
        merged |= {each["name"]: each for each in self.of(guild_id)}
        return [each for each in merged.values() if each["type"] == CHAT_INPUT]

    def get(self, scope: Scope, command_id: str) -> Json:
        """Return a command, or raise 10063."""
        commands = self._scopes.get(scope, {})
        if command_id not in commands:
            raise api_error(10063)
        return commands[command_id]

    def replace(self, scope: Scope, bodies: list[Json]) -> list[Json]:
        """Overwrite a scope; a command whose name was there keeps its id."""
        check_commands(bodies)
        earlier = self._ids_by_name(scope)
        self._scopes[scope] = {}
        made = [self._made(scope, body, earlier.get(body["name"])) for body in bodies]
        self._changed()
        return made

    def upsert(self, scope: Scope, body: Json) -> Json:
        """Create a command, or overwrite its namesake."""
        check_command(body)
        made = self._made(scope, body, self._ids_by_name(scope).get(body["name"]))
        self._changed()
        return made

    def modify(self, scope: Scope, command_id: str, body: Json) -> Json:
        """Change the named fields of a command."""
        changed = {**self.get(scope, command_id), **body, "version": self._ids.next()}
        check_command(changed)
        self._scopes[scope][command_id] = changed
        self._changed()
        return changed

    def delete(self, scope: Scope, command_id: str) -> None:
        """Remove a command."""
        self.get(scope, command_id)
        del self._scopes[scope][command_id]
        self._changed()

    def _ids_by_name(self, scope: Scope) -> dict[str, str]:
        return {each["name"]: each["id"] for each in self.of(scope)}

    def _made(self, scope: Scope, body: Json, command_id: str | None) -> Json:
        command: Json = {
            "type": CHAT_INPUT,
            "description": "",
            "options": [],
            "default_member_permissions": None,
            "dm_permission": True,
            "contexts": None,
            "integration_types": [0],
            "nsfw": False,
            **body,
            "id": command_id or self._ids.next(),
            "application_id": self._application_id,
            "version": self._ids.next(),
        }
        command["type"] = command["type"] or CHAT_INPUT
        if scope is not None:
            command["guild_id"] = scope
        self._scopes.setdefault(scope, {})[command["id"]] = command
        return command

    def _changed(self) -> None:
        self._feed.publish(Event("SANDBOX_COMMANDS", {}, page_only=True))


def leaf(command: Json, path: Iterable[str]) -> tuple[Json, list[Json]]:
    """Follow a path of subcommand names down from a command.

    Returns
    -------
    tuple of (dict, list of dict)
        The command or subcommand that runs, and the group and subcommand passed through.

    Raises
    ------
    KeyError
        If the path names no subcommand, or stops before one.
    """
    node, passed = command, []
    for name in path:
        children = {each["name"]: each for each in node.get("options") or [] if each["type"] <= 2}
        node = children[name]
        passed.append(node)
    if any(each["type"] <= 2 for each in node.get("options") or []):
        raise KeyError(command["name"])
    return node, passed
