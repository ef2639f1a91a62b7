"""Bytes in, Discord-shaped values out: reading request bodies and writing JSON answers.

It refuses to interpret a body: shapes are checked in ``validation``, meaning in the routes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.sandbox.errors import api_error, invalid_form

# Discord's payloads stay in their wire shape from the request to the store and the gateway: they
# are Discord's types, not ours, and converting them twice would only lose fields.
Json = dict[str, Any]

MAX_UPLOAD_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart request.

    Parameters
    ----------
    index : int
        The ``n`` of the form field ``files[n]``; a body refers to the file by it.
    filename : str
    content_type : str
    data : bytes
    """

    index: int
    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """A request body: its JSON part and its files."""

    body: Any
    files: tuple[Upload, ...] = ()


def json_answer(data: Any, status: int = 200) -> web.Response:
    """Answer with JSON; the header carries no charset, or discord.py would not parse it."""
    payload = json.dumps(data, separators=(",", ":")).encode()
    return web.Response(body=payload, status=status, headers={"Content-Type": "application/json"})


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except json.JSONDecodeError:
        raise api_error(50109) from None


async def read_form(request: web.Request) -> Form:
    """Read a JSON or multipart body.

    Raises
    ------
    ApiError
        50109 for broken JSON, 40005 for a file above 10 MiB, 50035 for a broken field name.
    """
    if request.content_type == "application/json":
        return Form(_parsed(await request.text()))
    if not request.content_type.startswith("multipart/"):
        return Form(None)
    body: Any = None
    files: list[Upload] = []
    async for part in await request.multipart():
        name = getattr(part, "name", None) or ""
        data = bytes(await part.read())  # type: ignore[union-attr]
        if name == "payload_json":
            body = _parsed(data.decode())
            continue
        files.append(_upload(name, part, data))
    return Form(body, tuple(files))


def _upload(name: str, part: Any, data: bytes) -> Upload:
    if len(data) > MAX_UPLOAD_BYTES:
        raise api_error(40005)
    digits = name.removeprefix("files[").removesuffix("]")
    if not digits.isdecimal():
        raise invalid_form(name or "file", "UNKNOWN_FIELD", "A file's field is files[n].")
    kind = part.headers.get("Content-Type", "application/octet-stream")
    return Upload(int(digits), part.filename or "unknown", kind, data)
