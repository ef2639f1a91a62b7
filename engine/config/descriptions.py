"""What a setting is for, in words: from its field, or from the docstring below it in a dataclass.

Refuses to invent words: a key without any has none.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from functools import cache
from itertools import pairwise
from typing import Any, get_args, get_origin

from pydantic import BaseModel


def describe(path: tuple[str, ...], model: type[BaseModel]) -> str:
    """Look up the words of the setting at `path` of `model`; empty if it has none."""
    kind: Any = model
    words = ""
    for name in path:
        if get_origin(kind) is dict:
            kind, words = get_args(kind)[1], ""
        elif field := getattr(kind, "model_fields", {}).get(name):
            kind, words = field.annotation, field.description or ""
        elif isinstance(kind, type) and dataclasses.is_dataclass(kind):
            return _docstrings(kind).get(name, "")
        else:
            break
    return words


@cache
def _docstrings(kind: Any) -> dict[str, str]:
    """Text below each field of a dataclass, with its default."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    defaults = {field.name: field.default for field in dataclasses.fields(kind)}
    found = {}
    for field, text in pairwise(body.body if isinstance(body, ast.ClassDef) else []):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                found[name] = f"{words.rstrip('.')} (default {defaults[name]})"
    return found
