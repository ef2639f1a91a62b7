"""Checks recorded Discord requests against Discord's own OpenAPI description.

It judges bodies only; what the description does not say (2,000 characters, V2 together with
content) is the sandbox's own validation.
"""

from __future__ import annotations

import copy
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from bot.sandbox.faults import RecordedRequest

_ROOT = Path(__file__).resolve().parents[2]
_URI = "urn:discord"


def openapi_path() -> Path:
    """Return where the description is looked for."""
    beside = _ROOT.parent / "shared" / "discord" / "openapi.json"
    return Path(os.environ.get("EXECUTOR_DISCORD_OPENAPI", beside))


def missing_reason() -> str | None:
    """Return why bodies cannot be checked here, or None if they can."""
    path = openapi_path()
    if path.is_file():
        return None
    return f"Discord's OpenAPI description is not at {path}; set EXECUTOR_DISCORD_OPENAPI"


class OpenApi:
    """Discord's description, ready to check request bodies.

    Parameters
    ----------
    path : Path
        The ``openapi.json``.
    """

    def __init__(self, path: Path) -> None:
        spec = json.loads(path.read_text())
        resource: Resource[Any] = Resource.from_contents(spec, default_specification=DRAFT202012)
        self._registry = Registry().with_resource(_URI, resource)
        self._paths = {_shape(template): template for template in spec["paths"]}
        self._spec = spec

    def problem(self, request: RecordedRequest) -> str | None:
        """Return what is wrong with a request, or None."""
        where = f"{request.method} {request.route}"
        template = self._paths.get(_shape(request.route))
        operation = self._spec["paths"].get(template or "", {}).get(request.method.lower())
        if operation is None:
            return f"{where}: Discord has no such operation"
        body = operation.get("requestBody")
        if body is None or request.body is None:
            return None
        content = body["content"]
        kind = "application/json" if "application/json" in content else next(iter(content))
        validator = self._validator(template or "", request.method.lower(), kind)
        errors = sorted(validator.iter_errors(as_described(request.body)), key=str)
        return f"{where}: {errors[0].message[:400]}" if errors else None

    @cache  # noqa: B019 - one description lives for the whole run
    def _validator(self, template: str, method: str, kind: str) -> Draft202012Validator:
        parts = ("paths", template, method, "requestBody", "content", kind, "schema")
        pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)
        return Draft202012Validator({"$ref": f"{_URI}#/{pointer}"}, registry=self._registry)


def as_described(body: Any) -> Any:
    """Return a body with discord.py's known deviation mended.

    discord.py sends some ids as integers (new attachments, overwrites, parents, bulk deletes,
    allowed mentions, replies) where the description asks for strings, and the bits of one
    overwrite as strings where it asks for integers; Discord accepts both. Ids of components are
    integers in the description too, and stay.
    """
    mended = copy.deepcopy(body)
    for holder in (mended, mended.get("data") if isinstance(mended, dict) else None):
        if isinstance(holder, dict):
            _mend(holder)
    return mended


def _mend(holder: dict[str, Any]) -> None:
    for name in ("attachments", "permission_overwrites"):
        for each in holder.get(name) or []:
            each["id"] = str(each["id"])
    for name in ("allow", "deny"):
        if isinstance(holder.get(name), str):
            holder[name] = int(holder[name])
    if isinstance(holder.get("parent_id"), int):
        holder["parent_id"] = str(holder["parent_id"])
    for place, name in ((holder, "messages"), (holder.get("allowed_mentions") or {}, "users")):
        if name in place:
            place[name] = [str(each) for each in place[name]]
    reference = holder.get("message_reference") or {}
    for name in ("message_id", "channel_id", "guild_id"):
        if name in reference:
            reference[name] = str(reference[name])


def _shape(template: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", template)


@cache
def discord_openapi() -> OpenApi:
    """Return the description, read once.

    Raises
    ------
    FileNotFoundError
        If it is not there; ask ``missing_reason`` first.
    """
    return OpenApi(openapi_path())
