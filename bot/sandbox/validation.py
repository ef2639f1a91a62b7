"""Says no where Discord says no: message, embed and channel bodies.

Raises ``ApiError`` in Discord's shape and changes nothing. Components have their own rules in
``component_rules``, commands in ``command_rules``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.component_rules import check_components
from bot.sandbox.errors import ApiError, invalid_form
from bot.sandbox.wire import Form, Json

EPHEMERAL = 1 << 6
LOADING = 1 << 7
IS_COMPONENTS_V2 = 1 << 15

MAX_CONTENT = 2000
MAX_FILES = 10
_EMBED_LIMITS = {"title": 256, "description": 4096}
_LEGACY = ("content", "embeds", "poll", "sticker_ids")


def too_long(path: str, limit: int) -> ApiError:
    """Return the 50035 for a text above its limit."""
    return invalid_form(path, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")


def required(path: str) -> ApiError:
    """Return the 50035 for a missing field."""
    return invalid_form(path, "BASE_TYPE_REQUIRED", "This field is required")


def check_message(form: Form, *, v2: bool) -> None:
    """Check the body of a message to create or edit.

    Parameters
    ----------
    form : Form
    v2 : bool
        Whether the message is, or already was, a Components V2 message.

    Raises
    ------
    ApiError
        50035 with the field that is wrong.
    """
    body = as_object(form.body)
    if v2:
        _refuse_legacy(body)
    content = body.get("content")
    if content is not None and not isinstance(content, str):
        raise invalid_form("content", "STRING_TYPE_CONVERT", "Could not interpret as string.")
    if content and len(content) > MAX_CONTENT:
        raise too_long("content", MAX_CONTENT)
    if len(form.files) > MAX_FILES:
        raise invalid_form("files", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    _check_embeds(body.get("embeds") or [])
    check_components(body.get("components") or [], v2=v2)


def as_object(body: Any) -> Json:
    """Return a JSON object body; a missing one is empty.

    Raises
    ------
    ApiError
        50035 if the body is another JSON type.
    """
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise invalid_form("_", "DICT_TYPE_CONVERT", "Only dictionaries may be used here.")
    return body


def _refuse_legacy(body: Json) -> None:
    for field in _LEGACY:
        if body.get(field):
            raise invalid_form(
                field,
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                f"The '{field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
            )


def _check_embeds(embeds: Sequence[Json]) -> None:
    if len(embeds) > MAX_FILES:
        raise invalid_form("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    total = sum(_embed_length(f"embeds.{i}", embed) for i, embed in enumerate(embeds))
    if total > 6000:
        raise invalid_form(
            "embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000"
        )


def _embed_length(path: str, embed: Json) -> int:
    total = 0
    for field, limit in _EMBED_LIMITS.items():
        total += _measure(f"{path}.{field}", embed.get(field), limit)
    total += _measure(f"{path}.footer.text", (embed.get("footer") or {}).get("text"), 2048)
    total += _measure(f"{path}.author.name", (embed.get("author") or {}).get("name"), 256)
    fields = embed.get("fields") or []
    if len(fields) > 25:
        raise too_long(f"{path}.fields", 25)
    for index, field in enumerate(fields):
        here = f"{path}.fields.{index}"
        for part, limit in (("name", 256), ("value", 1024)):
            if not field.get(part):
                raise required(f"{here}.{part}")
            total += _measure(f"{here}.{part}", field[part], limit)
    return total


def _measure(path: str, text: str | None, limit: int) -> int:
    length = len(text or "")
    if length > limit:
        raise too_long(path, limit)
    return length


def check_channel(body: Json, *, creating: bool) -> None:
    """Check a channel's body; the sandbox has text channels and categories.

    Raises
    ------
    ApiError
        50035 with the field that is wrong.
    """
    name = body.get("name")
    if creating and not name:
        raise required("name")
    if name is not None and not 1 <= len(name) <= 100:
        message = "Must be between 1 and 100 in length."
        raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", message)
    if len(body.get("topic") or "") > 1024:
        raise too_long("topic", 1024)
    if creating and (body.get("type") or 0) not in (0, 4):
        raise invalid_form(
            "type", "BASE_TYPE_CHOICES", "The sandbox has text channels (0) and categories (4)."
        )
