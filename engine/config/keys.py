"""Every key that config.toml may hold, walked from the sections' types.

Refuses nothing: it only knows names, so that a misspelt one can be answered with the nearest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel

ANY_NAME = "*"
"""Stands in a path for a name that the owner chooses, such as an instrument's symbol."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of config.toml: its own keys, and the tables below it."""

    keys: tuple[str, ...]
    tables: dict[str, Table]

    def below(self, name: str) -> Table | None:
        """The table called `name`, or the one for any name."""
        return self.tables.get(name, self.tables.get(ANY_NAME))

    def knows(self, name: str) -> bool:
        """Whether `name` is a key or a table here."""
        return name in self.keys or self.below(name) is not None


@cache
def table_of(kind: type[Any]) -> Table:
    """Keys of a settings model or dataclass, with those of its tables."""
    keys: list[str] = []
    tables: dict[str, Table] = {}
    for name, hint in _hints(kind).items():
        inner = hint if get_origin(hint) is not dict else get_args(hint)[1]
        if not _is_table(inner):
            keys.append(name)
        elif inner is hint:
            tables[name] = table_of(inner)
        else:
            tables[name] = Table((), {ANY_NAME: table_of(inner)})
    return Table(tuple(keys), tables)


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and (
        issubclass(kind, BaseModel) or dataclasses.is_dataclass(kind)
    )


def _hints(kind: type[Any]) -> dict[str, Any]:
    if issubclass(kind, BaseModel):
        return {name: field.annotation for name, field in kind.model_fields.items()}
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def unknown_keys(
    data: dict[str, Any], table: Table, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """Paths in `data` that `table` does not know, outermost first."""
    for name, value in data.items():
        here = (*path, name)
        below = table.below(name)
        if not table.knows(name):
            yield here
        elif below is not None and isinstance(value, dict):
            yield from unknown_keys(value, below, here)


def nearest(path: tuple[str, ...], root: Table) -> tuple[str, bool]:
    """The known key most like an unknown `path`, dotted, and whether it is truly alike.

    Examples
    --------
    >>> root = Table((), {"risk": Table(("daily_loss_frac",), {})})
    >>> nearest(("risk", "daly_loss_frac"), root)
    ('risk.daily_loss_frac', True)
    """
    *parents, name = path
    siblings = _at(parents, root)
    if close := get_close_matches(name, siblings, n=1, cutoff=0.6):
        return ".".join((*parents, close[0])), True
    known = [".".join(key) for key in _paths(root)]
    leaves = {key.rpartition(".")[2]: key for key in known}
    if close := get_close_matches(name, leaves, n=1, cutoff=0.7):
        return leaves[close[0]], True
    return get_close_matches(".".join(path), known, n=1, cutoff=0.0)[0], False


def _at(parents: list[str], root: Table) -> list[str]:
    table = root
    for name in parents:
        table = table.below(name) or Table((), {})
    return [*table.keys, *(name for name in table.tables if name != ANY_NAME)]


def _paths(table: Table, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield from ((*path, key) for key in table.keys)
    for name, below in table.tables.items():
        yield from _paths(below, (*path, name))
