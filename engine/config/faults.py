"""What is wrong with a configuration, one line a fault: the key, the value, the rule, the mend.

Refuses to repeat a secret: long texts are described instead of shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from engine.config.credentials import Secrets
from engine.config.descriptions import describe
from engine.config.keys import Table, nearest

_LONGEST_SHOWN = 24
_LONGEST_KEY = 32
_SECRET_NAME = re.compile(
    r"(^|_)(token|secret|password|passphrase|api_?key|private_?key|credentials?)s?(_|$)",
    re.IGNORECASE,
)


def unknown_key(where: str, path: tuple[str, ...], root: Table) -> str:
    """Sentence about a key that does not exist, with the nearest that does."""
    dotted = shown_path(path)
    if variable := secret_variable(path[-1]):
        return (
            f"{where}: {dotted} looks like a secret; delete it here and set {variable} in the "
            "environment"
        )
    name, alike = nearest(path, root)
    if alike:
        return f"{where}: unknown key {dotted}; did you mean {name}?"
    return f"{where}: unknown key {dotted}; delete it (the nearest known key is {name})"


def secret_variable(name: str) -> str:
    """Environment variable in which a key called `name` belongs; empty if it is no secret."""
    flat = name.replace("-", "_").upper()
    if flat in Secrets.variables():
        return flat
    if not _SECRET_NAME.search(flat):
        return ""
    close = [variable for variable in Secrets.variables() if flat in variable]
    return close[0] if len(close) == 1 else "one of " + ", ".join(close or Secrets.variables())


def refused_values(where: str, fault: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """One sentence for each value that pydantic refused, one a table for what it lacks."""
    lacking: dict[str, list[str]] = {}
    for error in fault.errors(include_url=False):
        path = tuple(str(part) for part in error["loc"] if part != "[key]")
        if error["type"] == "missing":
            lacking.setdefault(shown_path(path[:-1]), []).append(path[-1])
        else:
            yield f"{where}: {_named(path, error)}{_rule(error)}{_mend(path, model)}"
    for table, names in lacking.items():
        yield f"{where}: [{table}] lacks {', '.join(names)}; add what is missing to that table"


def _named(path: tuple[str, ...], error: Any) -> str:
    dotted = shown_path(path)
    if error["type"] == "value_error" and isinstance(error["input"], dict | BaseModel):
        return f"[{dotted}]: " if dotted else ""
    return f"{dotted} = {shown(error['input'])} "


def shown_path(path: tuple[str, ...]) -> str:
    """`path` with dots; a name too long to be a key is described, for it may be a secret.

    Examples
    --------
    >>> shown_path(("risk", "daily_loss_frac"))
    'risk.daily_loss_frac'
    """
    return ".".join(
        name if len(name) <= _LONGEST_KEY else f"(a name of {len(name)} characters)"
        for name in path
    )


def shown(value: object) -> str:
    """`value` as it may stand in an error: short, and never a secret.

    Examples
    --------
    >>> shown(3), shown("MTIzNDU2Nzg5MDEyMzQ1Njc4.GhIjKl.abcdefgh")
    ('3', '(a text of 40 characters)')
    """
    if isinstance(value, str) and len(value) > _LONGEST_SHOWN:
        return f"(a text of {len(value)} characters)"
    if isinstance(value, dict | list | tuple):
        return f"(a {'table' if isinstance(value, dict) else 'list'} of {len(value)})"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, str) else str(value)


_RULES = {
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "dataclass_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be a list",
    "is_instance_of": "must be a number",
    "decimal_type": "must be a number",
    "path_type": "must be a path",
    "string_pattern_mismatch": "is not of the right form",
}


def _rule(error: Any) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    message = str(error["msg"]).replace("Input should", "must").replace("String should", "must")
    return _RULES.get(error["type"], message)


def _mend(path: tuple[str, ...], model: type[BaseModel]) -> str:
    """Unit, range and default out of the description's closing brackets."""
    _, _, allowed = describe(path, model).rpartition(" (")
    return f"; give: {allowed.removesuffix(')')}" if allowed else ""
