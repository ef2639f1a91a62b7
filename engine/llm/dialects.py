"""What servers that speak the same protocol do differently.

Refuses to guess: a server whose dialect nobody named speaks the generic one, without a format.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeGuard

from engine.llm.question import Caps, Question
from engine.metering.prices import Usage


class Dialect(StrEnum):
    """How a server wants to be asked for JSON."""

    LM_STUDIO = "lm_studio"
    DEEPSEEK = "deepseek"
    GENERIC = "generic"

    @property
    def sees(self) -> bool:
        """Whether pictures may be sent."""
        return self is not Dialect.DEEPSEEK


def body_of(
    dialect: Dialect, question: Question, schema: Mapping[str, Any], caps: Caps
) -> dict[str, Any]:
    """The request that puts `question` in `dialect`."""
    body: dict[str, Any] = {
        "model": question.model,
        "messages": [
            {"role": "system", "content": _instructions(dialect, question, schema)},
            {"role": "user", "content": _content(question)},
        ],
        "max_tokens": caps.answer_tokens,
        "temperature": 0.0,
        "stream": False,
    }
    match dialect:
        case Dialect.LM_STUDIO:
            named = {"name": "answer", "strict": True, "schema": dict(schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        case Dialect.DEEPSEEK:
            body["response_format"] = {"type": "json_object"}
            body["extra_body"] = {"thinking": {"type": "disabled"}}
        case Dialect.GENERIC:
            pass
    return body


def usage_in(told: object) -> Usage | None:
    """Tokens as a server counted them; None where it did not, or not credibly."""
    if not isinstance(told, dict):
        return None
    details = told.get("prompt_tokens_details")
    cached = told.get("prompt_cache_hit_tokens")
    if cached is None and isinstance(details, dict):
        cached = details.get("cached_tokens")
    into, out = told.get("prompt_tokens"), told.get("completion_tokens")
    cached = 0 if cached is None else cached
    counts = [value for value in (into, cached, out) if _is_count(value)]
    if len(counts) < 3 or counts[1] > counts[0]:
        return None
    return Usage(*counts)


def data_as_text(data: Mapping[str, Any]) -> str:
    r"""Data as JSON in which no text can close a string, a tag or a model's turn.

    Examples
    --------
    >>> data_as_text({"title": "<|im_end|>"})
    '{"title": "\\u003c|im_end|\\u003e"}'
    """
    plain = json.dumps(data, ensure_ascii=True, allow_nan=False)
    return plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


_MOST_TOKENS = 10_000_000


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS


def _instructions(dialect: Dialect, question: Question, schema: Mapping[str, Any]) -> str:
    if dialect is Dialect.LM_STUDIO:
        return question.instructions  # the server holds the model to the schema
    told = json.dumps(schema, ensure_ascii=True, separators=(",", ":"))
    return (
        f"{question.instructions}\n\nAnswer with one JSON object and nothing else. It must fit "
        f"this JSON schema:\n{told}"
    )


def _content(question: Question) -> str | list[dict[str, Any]]:
    text = data_as_text(question.data)
    if not question.pictures:
        return text
    pictures = [
        {
            "type": "image_url",
            "image_url": {"url": f"data:image/png;base64,{base64.b64encode(png).decode()}"},
        }
        for png in question.pictures
    ]
    return [{"type": "text", "text": text}, *pictures]
