"""Writes config.toml: every key with its default, and its words, unit and range as a comment.

Refuses to be edited by hand: ``python -m engine.config > config.toml`` makes the file anew.
"""

from __future__ import annotations

import dataclasses
import json
import textwrap
from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from engine.config.credentials import Secrets
from engine.config.descriptions import describe
from engine.config.settings import Settings

_WIDTH = 99

_HEADER = """\
Settings of Executor. Every key is shown with its default; a key that is left out keeps it.
Found as: --config PATH, else $EXECUTOR_CONFIG, else ./config.toml, else the defaults.
Secrets never stand here. They are read from the environment only:
{variables}.
[meter], [discord], [schedule], [journal], [log] and [zakat] decide no trade; everything else does,
and is covered by the hash that goes into the journal. Made by: python -m engine.config"""


def render_default_toml() -> str:
    """Return the text of the repository's config.toml.

    Examples
    --------
    >>> "daily_loss_frac = 0.02" in render_default_toml()
    True
    """
    header = _HEADER.format(variables=", ".join(Secrets.variables()))
    lines = list(_comment(header))
    described: set[type[Any]] = set()
    for name, value in Settings():
        lines += _table((name,), value, described)
    return "\n".join(lines) + "\n"


def _table(path: tuple[str, ...], table: Any, described: set[type[Any]]) -> Iterator[str]:
    """One table and those below it; the keys of a kind are told in full only once."""
    in_full = type(table) not in described
    described.add(type(table))
    below = {name: value for name, value in _items(table) if _is_table(value)}
    own = {name: value for name, value in _items(table) if name not in below}
    if own:
        yield ""
        yield from _comment(_about(table)) if in_full else ()
        yield f"[{'.'.join(path)}]"
    for name, value in own.items():
        yield from _key((*path, name), value, in_full=in_full)
    for name, inner in below.items():
        yield from _table((*path, name), inner, described)


def _key(path: tuple[str, ...], value: Any, *, in_full: bool) -> Iterator[str]:
    line = f"{path[-1]} = {_toml(value)}"
    words = describe(path, Settings)
    if in_full:
        yield from _comment(words)
        yield line
    else:
        yield f"{line}  # {words.rpartition(' (')[2].partition(';')[0].removesuffix(')')}"


def _items(table: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(table, BaseModel | dict):
        yield from dict(table).items()
    else:
        yield from (
            (field.name, getattr(table, field.name)) for field in dataclasses.fields(table)
        )


def _is_table(value: Any) -> bool:
    return isinstance(value, BaseModel | dict) or dataclasses.is_dataclass(value)


def _about(table: Any) -> str:
    return (type(table).__doc__ or "").partition("\n\n")[0]


def _comment(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from (f"# {part}" for part in textwrap.wrap(line, _WIDTH - 2))


def _toml(value: Any) -> str:
    """One value as TOML, in the form in which a person would type it."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, time):
        return json.dumps(value.strftime("%H:%M"))
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(str(value), ensure_ascii=False)
