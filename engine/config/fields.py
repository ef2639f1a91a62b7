"""How one setting is declared: its default, its words, its unit and its range, in one call.

Refuses NaN, infinity, and text or booleans where a number belongs.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_BOUND_WORDS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}


class Section(BaseModel):
    """One table of config.toml: frozen, without unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )


def plain_decimal(value: object) -> object:
    """Turn a TOML number into the decimal that was typed; leave the rest to be refused."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return Decimal(format(Decimal(str(value)), "f"))


def numbers_only(table: object) -> object:
    """Let through a table whose values are all numbers, as every pipeline setting is.

    Raises
    ------
    ValueError
        If a value is text, a boolean or a table.
    """
    for name, value in table.items() if isinstance(table, dict) else ():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name} must be a number")  # noqa: TRY004  pydantic reports only these
    return table


def whole_id(value: object) -> object:
    """Turn a Discord id that was typed as a number into text."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else value


def over_known(known: Mapping[str, Any], tables: object) -> object:
    """Tables of the file laid over the known ones, key by key; what is no table is given back."""
    if not isinstance(tables, dict):
        return tables
    merged: dict[str, Any] = dict(known)
    for name, table in tables.items():
        base = known.get(name)
        fits = isinstance(base, Section) and isinstance(table, dict)
        merged[name] = dict(base) | table if fits and base is not None else table
    return merged


Exact = Annotated[Decimal, Field(strict=True), BeforeValidator(plain_decimal)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Snowflake = Annotated[str, BeforeValidator(whole_id), Field(pattern=r"^(\d{15,20})?$")]


def _bounds_in_words(bounds: dict[str, Any]) -> str:
    if bounds.keys() == {"ge", "le"}:
        return f"{bounds['ge']} to {bounds['le']}"
    return " and ".join(f"{_BOUND_WORDS[name]} {bound}" for name, bound in bounds.items())


def setting(default: Any, text: str, unit: str, *, strict: bool = False, **bounds: Any) -> Any:
    """Declare a setting whose description holds its words, unit, range and default.

    Parameters
    ----------
    default : Any
        ``...`` for a key that has none.
    text : str
        What it sets, without a full stop.
    unit : str
        Unit, or the values that are allowed.
    strict : bool
        Whether values of another type are refused instead of converted.
    **bounds : number
        Any of ``gt``, ``ge``, ``lt``, ``le``.
    """
    ranged = ", ".join(part for part in (unit, _bounds_in_words(bounds)) if part)
    shown = "" if default is ... else f"; default {_in_words(default)}"
    return Field(
        default,
        description=f"{text} ({ranged}{shown})",
        json_schema_extra={"unit": unit},
        strict=strict or None,
        **bounds,
    )


def number(default: Any, text: str, unit: str, **bounds: Any) -> Any:
    """Declare a float or whole number, in its `unit`, that booleans and text cannot fill."""
    return setting(default, text, unit, strict=True, **bounds)


def frac(default: Any, text: str, of: str) -> Any:
    """Declare a fraction of something, in [0, 1]."""
    return number(default, text, f"fraction of {of}", ge=0, le=1)


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return str(value) if value else "empty"
    if isinstance(value, tuple):
        return ", ".join(value) if value else "none"
    return str(value)
