"""A grid of settings from a TOML file: every point, named, checked and in one fixed order.

Refuses keys that no setting has, values that a setting refuses, and a grid without a choice.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.config import Settings, load_settings
from engine.errors import ConfigError
from engine.research.trials import Knob

MOST_POINTS = 100_000
"""A grid larger than this is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Values that keys of config.toml take in turn.

    Attributes
    ----------
    axes : mapping of dotted key to tuple of values
        In the order of the file.
    draw_points : int or None
        How many points are drawn from the grid, by the seed; None takes all.
    seed : int
    """

    axes: Mapping[str, tuple[Knob, ...]]
    draw_points: int | None = None
    seed: int = 20250630

    @property
    def size(self) -> int:
        """Points of the whole grid."""
        return int(np.prod([len(values) for values in self.axes.values()], dtype=object))

    def points(self) -> list[dict[str, Knob]]:
        """Knobs of each point, in the order of the file: the last axis turns fastest."""
        every = [
            dict(zip(self.axes, values, strict=True))
            for values in itertools.product(*self.axes.values())
        ]
        if self.draw_points is None or self.draw_points >= len(every):
            return every
        rng = np.random.default_rng(self.seed)
        chosen = sorted(rng.choice(len(every), self.draw_points, replace=False).tolist())
        return [every[k] for k in chosen]


def read_grid(path: Path) -> Grid:
    """A grid file.

    Raises
    ------
    ConfigError
        One line that names the file, the key and the mend.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        reason = fault.strerror or "not readable"
        raise ConfigError(f"{path} cannot be read ({reason}): check --grid") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfigError(f"{path}: not valid TOML: {fault}; mend that line") from None
    if strangers := sorted(told.keys() - {"grid", "points", "seed"}):
        raise ConfigError(
            f"{path}: {strangers[0]} is no key of a grid; there are [grid], points and seed"
        )
    axes = dict(_axes(path, told.get("grid", {})))
    if not axes:
        raise ConfigError(f'{path}: no axis; write [grid] and "pipeline.horizon_days" = [1, 2]')
    grid = Grid(axes, _count(path, told, "points"), _count(path, told, "seed") or 20250630)
    if grid.size > MOST_POINTS and grid.draw_points is None:
        raise ConfigError(f"{path}: {grid.size:,} points; give points = N to draw some of them")
    return grid


def settings_at(config: Path | None, point: Mapping[str, Knob]) -> Settings:
    """Settings of the file with the knobs of one point.

    Raises
    ------
    ConfigError
        If a key is unknown or a value is refused; it names the knobs of the point.
    """
    try:
        return load_settings(config, dict(point))
    except ConfigError as fault:
        knobs = ", ".join(f"{key} = {value}" for key, value in point.items())
        raise ConfigError(f"the point {knobs} of the grid is refused: {fault}") from None


def _axes(path: Path, table: Any, above: str = "") -> Iterator[tuple[str, tuple[Knob, ...]]]:
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: [grid] must be a table of keys with lists of values")
    for name, values in table.items():
        key = f"{above}{name}"
        if isinstance(values, dict):
            yield from _axes(path, values, f"{key}.")
            continue
        if not isinstance(values, list) or not values:
            raise ConfigError(f"{path}: {key} must be a list of values, was {values!r}")
        if any(not isinstance(value, str | int | float | bool) for value in values):
            raise ConfigError(f"{path}: {key} must hold numbers, texts or booleans")
        if len(set(map(repr, values))) < len(values):
            raise ConfigError(f"{path}: {key} holds a value twice; each point is tried once")
        yield key, tuple(values)


def _count(path: Path, told: Mapping[str, Any], name: str) -> int | None:
    value = told.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ConfigError(f"{path}: {name} must be a whole number >= 1, was {value!r}")
    return value
