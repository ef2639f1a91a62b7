"""One text for one value: the bytes that hashes and approvals are bound to.

Refuses NaN and infinity, which have no place in JSON nor in a decision.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import TypeAdapter

_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def adapter_for(kind: type[Any]) -> TypeAdapter[Any]:
    """The validator and serialiser of a frozen value type, built once a type."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def plain(value: Any, *, exclude_defaults: bool = False) -> Any:
    """A frozen value as JSON types: decimals and instants become strings, exactly.

    Parameters
    ----------
    exclude_defaults : bool
        Leaves out every field that holds its default.

    Examples
    --------
    >>> from decimal import Decimal
    >>> plain(Decimal("1.20"))
    '1.20'
    """
    adapter = adapter_for(type(value))
    return adapter.dump_python(value, mode="json", exclude_defaults=exclude_defaults)


def canonical_json(value: Any) -> str:
    """Sorted, compact JSON of plain data.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": [1.5, None]})
    '{"a":[1.5,null],"b":1}'
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest(value: Any, *, exclude_defaults: bool = False) -> str:
    """SHA-256 of the canonical JSON of a frozen value, 64 hexadecimal digits."""
    told = plain(value, exclude_defaults=exclude_defaults)
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()
