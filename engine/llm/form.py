"""The form that a model fills in, and the strict reading of what it wrote.

Refuses everything but one JSON object with exactly the form's keys: no guessing what was meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

_THOUGHT_ENDS = "</think>"
_FENCED = re.compile(r"```(?:json|JSON)?[ \t]*\r?\n(?P<inside>.*?)\r?\n?[ \t]*```", re.DOTALL)
_DETAIL_CHARS = 160


class Form(BaseModel):
    """Base of the forms: frozen, strict, finite, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


Filled = TypeVar("Filled", bound=Form)


class NotOneObject(ValueError):
    """The text is not one JSON object by the rule of `object_in`."""


def schema_of(form: type[Form]) -> dict[str, Any]:
    """JSON schema of a form, without references, for servers that enforce one."""
    schema = form.model_json_schema()
    found = _without_references(schema, schema.pop("$defs", {}))
    assert isinstance(found, dict)  # noqa: S101  an object's schema is an object
    return found


def _without_references(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_without_references(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _without_references(definitions[node["$ref"].rpartition("/")[2]], definitions)
    # Titles and class descriptions are for programmers; a property may be called either.
    kept = {
        key: value
        for key, value in node.items()
        if not (key in {"title", "description"} and isinstance(value, str))
    }
    return {key: _without_references(value, definitions) for key, value in kept.items()}


def object_in(text: str) -> str:
    """The one JSON object of an answer, as text.

    The rule: spaces around it are nothing; thoughts may come first and end with ``</think>``; what
    is left is the object, or one fence that holds it. Anything more is no object.

    Raises
    ------
    NotOneObject
        In one clause, why not.

    Examples
    --------
    >>> object_in('<think>hm</think> {"a": 1}')
    '{"a": 1}'
    """
    left = text.strip()
    if left.startswith("<think>"):
        _, closed, left = left.partition(_THOUGHT_ENDS)
        if not closed:
            raise NotOneObject("its thoughts never ended")
        left = left.strip()
    fenced = _FENCED.fullmatch(left)
    if fenced is not None:
        left = fenced["inside"].strip()
    try:
        found = json.loads(left, object_pairs_hook=_once_each, parse_constant=_no_constant)
    except NotOneObject:
        raise
    except (ValueError, RecursionError) as fault:
        raise NotOneObject(f"it is not one JSON object ({_one_line(fault)})") from None
    if not isinstance(found, dict):
        raise NotOneObject(f"it is a JSON {type(found).__name__}, not an object")
    return left


def read_form(form: type[Filled], text: str) -> Filled:
    """The form as `text` fills it in.

    Raises
    ------
    NotOneObject
        If there is not one JSON object.
    ValueError
        In one clause, which field broke which rule; what was written is not repeated.
    """
    found = object_in(text)
    try:
        return form.model_validate_json(found)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the form"
        raise ValueError(clipped(f"{where}: {first['msg']}")) from None


def clipped(words: str, most: int = _DETAIL_CHARS) -> str:
    """Words of somebody else as one short printable line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotOneObject("it gives a key twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise NotOneObject(f"it holds {name}, which is no number")


def _one_line(fault: BaseException) -> str:
    return clipped(str(fault) or type(fault).__name__, 80)
