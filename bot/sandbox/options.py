"""Values of slash command options: checked against their bounds, resolved to their objects.

The same checks Discord's client makes before it sends; the bot's own converters come after.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from bot.sandbox.errors import PersonError
from bot.sandbox.guild import Guild
from bot.sandbox.wire import Json

_TRUTH = {"true": True, "false": False}
_LARGEST = 2**53 - 1


class OptionKind(IntEnum):
    """Discord's option types that carry a value."""

    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


def checked_value(option: Json, given: Any) -> Any:
    """Return an option's value in its own type.

    Raises
    ------
    PersonError
        If it cannot be read, or is outside its bounds or choices.

    Examples
    --------
    >>> checked_value({"name": "n", "type": 4, "min_value": 1}, "3")
    3
    """
    name, kind = option["name"], OptionKind(option["type"])
    value = _converted(name, kind, given)
    choices = option.get("choices") or []
    if choices and value not in [each["value"] for each in choices]:
        raise PersonError(f"{name}: choose one of the listed values.")
    if kind == OptionKind.STRING:
        _bounded(name, len(value), option.get("min_length"), option.get("max_length"), "length")
    elif kind in (OptionKind.INTEGER, OptionKind.NUMBER):
        low, high = option.get("min_value"), option.get("max_value")
        _bounded(name, value, -_LARGEST if low is None else low, high, "value")
    return value


def _converted(name: str, kind: OptionKind, given: Any) -> Any:
    if kind == OptionKind.BOOLEAN:
        value = given if isinstance(given, bool) else _TRUTH.get(str(given).lower())
        if value is None:
            raise PersonError(f"{name}: must be true or false.")
        return value
    try:
        if kind == OptionKind.INTEGER:
            return int(given)
        if kind == OptionKind.NUMBER:
            return float(given)
    except ValueError:
        word = "a whole number" if kind == OptionKind.INTEGER else "a number"
        raise PersonError(f"{name}: must be {word}.") from None
    return str(given)


def _bounded(name: str, size: float, low: float | None, high: float | None, what: str) -> None:
    if low is not None and size < low:
        raise PersonError(f"{name}: {what} must be at least {low:g}.")
    top = 6000 if high is None and what == "length" else high
    if size > (_LARGEST if top is None else top):
        raise PersonError(f"{name}: {what} must be at most {top or _LARGEST:g}.")


def resolved(guild: Guild, node: Json, options: Mapping[str, Any]) -> Json:
    """Return the ``resolved`` objects of the users, channels and roles among the options.

    Raises
    ------
    PersonError
        If one of them does not exist.
    """
    tables: Json = {}
    for option in node.get("options") or []:
        given = options.get(option["name"])
        if given in (None, ""):
            continue
        _resolve(guild, tables, OptionKind(option["type"]), option["name"], str(given))
    return tables


def _resolve(guild: Guild, tables: Json, kind: OptionKind, name: str, key: str) -> None:
    people = (OptionKind.USER, OptionKind.MENTIONABLE)
    if kind in people and key in guild.members:
        member = guild.members[key]
        tables.setdefault("users", {})[key] = member["user"]
        partial = {field: member[field] for field in member if field != "user"}
        tables.setdefault("members", {})[key] = {**partial, "permissions": "0"}
    elif kind == OptionKind.CHANNEL and key in guild.channels:
        channel = {**guild.channels[key], "permissions": "0"}
        tables.setdefault("channels", {})[key] = channel
    elif kind in (OptionKind.ROLE, OptionKind.MENTIONABLE) and key in guild.roles:
        tables.setdefault("roles", {})[key] = guild.roles[key]
    elif kind in (*people, OptionKind.CHANNEL, OptionKind.ROLE):
        raise PersonError(f"{name}: there is no such {kind.name.lower()}.")
