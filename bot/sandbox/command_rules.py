"""Discord's rules for application commands and autocomplete choices.

Each check raises a 50035 that points at the offending field; nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.sandbox.errors import invalid_form
from bot.sandbox.wire import Json

CHAT_INPUT = 1
SUBCOMMAND, SUBCOMMAND_GROUP = 1, 2
_NAME = re.compile(r"^[-_'\w]{1,32}$")
MAX_COMMANDS = 100


def check_command(command: Json, path: str = "") -> None:
    """Check one command.

    Raises
    ------
    ApiError
        50035 naming the first field that Discord would refuse.
    """
    prefix = f"{path}." if path else ""
    if (command.get("type") or CHAT_INPUT) == CHAT_INPUT:
        _check_named(command, prefix)
        _check_options(command.get("options") or [], f"{prefix}options")
    elif not 1 <= len(command.get("name") or "") <= 32:
        message = "Must be between 1 and 32 in length."
        raise invalid_form(f"{prefix}name", "BASE_TYPE_BAD_LENGTH", message)


def check_commands(commands: Sequence[Json]) -> None:
    """Check a bulk overwrite: at most 100 commands, each sound, no name twice of one type."""
    if len(commands) > MAX_COMMANDS:
        raise invalid_form("_", "BASE_TYPE_BAD_LENGTH", "Must be 100 or fewer in length.")
    seen: set[tuple[int, str]] = set()
    for index, command in enumerate(commands):
        check_command(command, str(index))
        key = (command.get("type") or CHAT_INPUT, command["name"])
        if key in seen:
            message = "Application command names must be unique"
            code = "APPLICATION_COMMANDS_DUPLICATE_NAME"
            raise invalid_form(f"{index}.name", code, message)
        seen.add(key)


def _check_named(item: Json, prefix: str) -> None:
    name = item.get("name") or ""
    if not _NAME.match(name) or name != name.lower():
        message = "Command name is invalid"
        raise invalid_form(f"{prefix}name", "APPLICATION_COMMAND_INVALID_NAME", message)
    if not 1 <= len(item.get("description") or "") <= 100:
        message = "Must be between 1 and 100 in length."
        raise invalid_form(f"{prefix}description", "BASE_TYPE_BAD_LENGTH", message)


def _check_options(options: Sequence[Json], path: str) -> None:
    if len(options) > 25:
        raise invalid_form(path, "BASE_TYPE_BAD_LENGTH", "Must be 25 or fewer in length.")
    optional_seen = False
    names: set[str] = set()
    for index, option in enumerate(options):
        here = f"{path}.{index}"
        _check_named(option, f"{here}.")
        if option["name"] in names:
            message = "Option names must be unique"
            code = "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"
            raise invalid_form(f"{here}.name", code, message)
        names.add(option["name"])
        if option.get("type") in (SUBCOMMAND, SUBCOMMAND_GROUP):
            _check_options(option.get("options") or [], f"{here}.options")
            continue
        if option.get("required") and optional_seen:
            message = "Required options must be placed before non-required options"
            code = "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"
            raise invalid_form(f"{here}.required", code, message)
        optional_seen = optional_seen or not option.get("required")
        check_choices(option.get("choices") or [], f"{here}.choices")


def check_choices(choices: Sequence[Json], path: str) -> None:
    """Check at most 25 choices with names of 1 to 100 characters."""
    if len(choices) > 25:
        raise invalid_form(path, "BASE_TYPE_BAD_LENGTH", "Must be 25 or fewer in length.")
    for index, choice in enumerate(choices):
        if not 1 <= len(str(choice.get("name") or "")) <= 100:
            message = "Must be between 1 and 100 in length."
            raise invalid_form(f"{path}.{index}.name", "BASE_TYPE_BAD_LENGTH", message)
