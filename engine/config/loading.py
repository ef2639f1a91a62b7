"""Finds and reads config.toml, and turns whatever is wrong with it into one `ConfigError`.

Refuses unknown keys, secrets and files that cannot be read; never falls back to defaults past one.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import TomlConfigSettingsSource

from engine.config.faults import refused_values, unknown_key
from engine.config.keys import table_of, unknown_keys
from engine.config.settings import Settings
from engine.errors import ConfigError

VARIABLE = "EXECUTOR_CONFIG"
DEFAULT_PATH = Path("config.toml")


def locate_config(path: Path | None = None) -> Path | None:
    """The file that settings are read from: `path`, else $EXECUTOR_CONFIG, else ./config.toml.

    Returns
    -------
    Path or None
        None when nothing was named and ./config.toml does not exist: defaults are used.

    Raises
    ------
    ConfigError
        If a file was named and is not there.
    """
    named = os.environ.get(VARIABLE, "")
    chosen = path or (Path(named) if named else None)
    if chosen is None:
        return DEFAULT_PATH if DEFAULT_PATH.exists() else None
    if not chosen.exists():
        origin = "--config" if path else VARIABLE
        raise ConfigError(f"{chosen}: no such file; correct {origin} or create the file")
    return chosen


def load_settings(
    path: Path | None = None, overrides: Mapping[str, object] | None = None
) -> Settings:
    """Read every setting, with `overrides` on top of the file.

    Parameters
    ----------
    path : Path or None
        As in `locate_config`.
    overrides : mapping of dotted key to value, optional
        For example ``{"journal.path": "x.sqlite"}``, from the command line.

    Raises
    ------
    ConfigError
        One line a fault: each names the key, the value, the rule and the mend.
    """
    found = locate_config(path)
    where = str(found) if found else "settings"
    data = _read(found) if found else {}
    for dotted, value in (overrides or {}).items():
        _put(data, dotted.split("."), value)
    return settings_from(data, where)


def settings_from(data: dict[str, Any], where: str = "config.toml") -> Settings:
    """Settings from plain nested data.

    Parameters
    ----------
    where : str
        Name of the source, with which each fault begins.

    Raises
    ------
    ConfigError
        As in `load_settings`.
    """
    root = table_of(Settings)
    strangers = list(unknown_keys(data, root))
    faults = [unknown_key(where, stranger, root) for stranger in strangers]
    known = data
    for stranger in strangers:
        known = _without(known, stranger)
    try:
        settings = Settings(**known)
    except ValidationError as fault:
        faults += refused_values(where, fault, Settings)
    if faults:
        raise ConfigError("\n".join(faults))
    return settings


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():  # pydantic-settings would pass over it in silence
        raise ConfigError(f"{path}: not a file; give the path of a TOML file")
    try:
        return dict(TomlConfigSettingsSource(Settings, path)())
    except tomllib.TOMLDecodeError as fault:
        raise ConfigError(f"{path}: not valid TOML: {fault}; mend that line") from None
    except UnicodeDecodeError as fault:
        raise ConfigError(f"{path}: not UTF-8 at byte {fault.start}; save it as UTF-8") from None
    except OSError as fault:
        raise ConfigError(
            f"{path}: cannot be read: {fault.strerror}; check the path and its rights"
        ) from None


def _put(data: dict[str, Any], path: list[str], value: object) -> None:
    *parents, name = path
    for parent in parents:
        below = data.setdefault(parent, {})
        if not isinstance(below, dict):
            raise ConfigError(f"{parent} must be a table, for {'.'.join(path)} to stand in it")
        data = below
    data[name] = value


def _without(data: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    name, *rest = path
    if not rest:
        return {key: value for key, value in data.items() if key != name}
    return data | {name: _without(data[name], tuple(rest))}
