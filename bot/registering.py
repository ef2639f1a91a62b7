"""Tells Discord of the slash commands, and only when they have changed.

Refuses to spend the daily allowance of registrations on a restart.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands

log = logging.getLogger(__name__)

_COMPARED = (
    "autocomplete",
    "choices",
    "description",
    "max_length",
    "max_value",
    "min_length",
    "min_value",
    "name",
    "required",
    "type",
)


async def register_commands(tree: app_commands.CommandTree[Any], guild_id: int | None) -> bool:
    """Bring Discord's list of commands up to date.

    Parameters
    ----------
    guild_id : int or None
        A guild's list changes at once; None uses the global one, which may take an hour.

    Returns
    -------
    bool
        Whether anything was sent.
    """
    guild = discord.Object(guild_id) if guild_id is not None else None
    if guild is not None:
        tree.copy_global_to(guild=guild)
    ours = [command.to_dict(tree) for command in tree.get_commands(guild=guild)]
    theirs = [command.to_dict() for command in await tree.fetch_commands(guild=guild)]
    if fingerprint(ours) == fingerprint([dict(each) for each in theirs]):
        log.info("Discord has these %d commands already", len(ours))
        return False
    await tree.sync(guild=guild)
    log.info("registered %d commands", len(ours))
    return True


def fingerprint(commands: Sequence[dict[str, Any]]) -> str:
    """Hash of what a user can see of the commands, whoever wrote the dicts down.

    Examples
    --------
    >>> a = {"name": "scan", "description": "x", "type": 1, "options": [], "id": "5"}
    >>> fingerprint([a]) == fingerprint([{"name": "scan", "description": "x"}])
    True
    """
    text = json.dumps(sorted((_essence(each) for each in commands), key=lambda e: e["name"]))
    return hashlib.sha256(text.encode()).hexdigest()


def _essence(node: dict[str, Any]) -> dict[str, Any]:
    kept = {key: _plain(node[key]) for key in _COMPARED if node.get(key)}
    if kept.get("type") == 1 and "required" not in kept:
        kept.pop("type")
    if node.get("options"):
        kept["options"] = [_essence(dict(option)) for option in node["options"]]
    return dict(sorted(kept.items()))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [{"name": each["name"], "value": each["value"]} for each in value]
    return value.value if hasattr(value, "value") else value
