"""One request to a server, and what it was worth: text with its count, or one kind of failure.

Refuses to read beyond its cap, to follow redirects, and to tell a lost answer from a billed one
where nobody can: such a call is uncounted, not free.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.llm.dialects import usage_in
from engine.llm.form import clipped
from engine.llm.question import Silence
from engine.metering.prices import Usage

LONGEST_BODY = 1_000_000
"""Bytes; nothing that a server of models has to say is longer."""
_BEYOND = "beyond the longest body"

if TYPE_CHECKING:
    import httpx2
    from openai import APIConnectionError, APIStatusError, AsyncOpenAI


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer as it came: nothing of it is believed yet.

    Attributes
    ----------
    finish : str
        Why the model stopped, in the server's words.
    usage : Usage or None
        None where the server counted nothing.
    """

    text: str
    model: str
    finish: str
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A request without an answer.

    Attributes
    ----------
    again : bool
        Whether it may be asked again, because nothing was billed.
    after_seconds : float or None, real seconds
        How long the server asked to be left alone.
    uncounted : bool
        Whether it may have been billed, with nobody to say how much.
    """

    silence: Silence
    detail: str
    again: bool = False
    after_seconds: float | None = None
    uncounted: bool = False


async def post(sdk: AsyncOpenAI, body: Mapping[str, Any], most_bytes: int) -> Heard | Failure:
    """Ask once."""
    import httpx2
    import openai

    try:
        async with sdk.chat.completions.with_streaming_response.create(**body) as response:
            raw = await _read(response.iter_bytes(), most_bytes)
    except openai.APIStatusError as fault:
        return _refused(fault)
    except openai.APIConnectionError as fault:
        return _not_connected(fault)
    except httpx2.HTTPError as fault:  # the answer had begun
        return _broken_off(fault)
    if raw is None:
        return _too_long(most_bytes)
    return _heard(raw)


async def listed(sdk: AsyncOpenAI, most_bytes: int) -> tuple[str, ...] | Failure:
    """Ids of the models that the server offers, loaded or not."""
    import httpx2
    import openai

    try:
        async with sdk.models.with_streaming_response.list() as response:
            raw = await _read(response.iter_bytes(), most_bytes)
    except openai.APIStatusError as fault:
        return _refused(fault)
    except openai.APIConnectionError as fault:
        return _not_connected(fault)
    except httpx2.HTTPError as fault:
        return _broken_off(fault)
    told = _json_of(raw or b"")
    rows = told.get("data") if isinstance(told, dict) else None
    if not isinstance(rows, list):
        return Failure(Silence.UNPARSABLE, "its list of models is none")
    names = (row.get("id") for row in rows if isinstance(row, dict))
    return tuple(clipped(name, 200) for name in names if isinstance(name, str) and name)


async def cap_body(response: httpx2.Response) -> None:
    """Let no body be read beyond `LONGEST_BODY`, error pages included; a hook of the client."""
    import httpx2

    stream = response.stream

    class Capped(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            seen = 0
            if isinstance(stream, httpx2.AsyncByteStream):
                async for chunk in stream:
                    seen += len(chunk)
                    if seen > LONGEST_BODY:
                        raise httpx2.ReadError(_BEYOND)
                    yield chunk

        async def aclose(self) -> None:
            if isinstance(stream, httpx2.AsyncByteStream):
                await stream.aclose()

    response.stream = Capped()


def _broken_off(fault: httpx2.HTTPError) -> Failure:
    if str(fault) == _BEYOND:
        return _too_long(LONGEST_BODY)
    return Failure(Silence.DISCONNECTED, _named(fault), uncounted=True)


def _too_long(most_bytes: int) -> Failure:
    told = f"the answer is longer than {most_bytes} bytes"
    return Failure(Silence.TOO_LONG, told, uncounted=True)


async def _read(chunks: Any, most_bytes: int) -> bytes | None:
    raw = bytearray()
    async for chunk in chunks:
        raw += chunk
        if len(raw) > most_bytes:
            return None
    return bytes(raw)


def _json_of(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _heard(raw: bytes) -> Heard | Failure:
    """The parts of a completion that are used; everything else in it is ignored."""
    told = _json_of(raw)
    if not isinstance(told, dict):
        return Failure(Silence.UNPARSABLE, "the server's answer is not JSON", uncounted=True)
    choices, usage = told.get("choices"), usage_in(told.get("usage"))
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(choice, dict) or not isinstance(content, str | None):
        # With `error` beside a 200, as some servers answer.
        words = _words_in(told)
        return Failure(
            Silence.SERVER_FAULT if words else Silence.UNPARSABLE,
            words or "the server's answer holds no completion",
            uncounted=True,
        )
    return Heard(
        text=content or "",
        model=str(told.get("model") or ""),
        finish=str(choice.get("finish_reason") or ""),
        usage=usage,
    )


def _refused(fault: APIStatusError) -> Failure:
    status, words = fault.status_code, _words_in(fault.body)
    detail = clipped(f"HTTP {status} {words}")
    if status in {429, 503}:
        return Failure(Silence.BUSY, detail, again=True, after_seconds=_pause_asked(fault))
    if status >= 500:
        return Failure(Silence.SERVER_FAULT, detail, uncounted=True)
    if "load" in words.lower():
        return Failure(Silence.NOT_LOADED, detail)
    return Failure(Silence.ABSENT if status == 404 else Silence.REFUSED, detail)


def _not_connected(fault: APIConnectionError) -> Failure:
    import httpx2

    cause = fault.__cause__
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.UnsupportedProtocol):
        return Failure(Silence.UNREACHABLE, _named(cause), again=True)
    if isinstance(cause, httpx2.TimeoutException):
        return Failure(Silence.TIMEOUT, _named(cause), uncounted=True)
    return Failure(Silence.DISCONNECTED, _named(cause or fault), uncounted=True)


def _words_in(body: object) -> str:
    """The server's own words: ``error`` is a table for some servers and plain text for others."""
    error = body.get("error", body) if isinstance(body, dict) else body
    words = error.get("message") if isinstance(error, dict) else error
    return clipped(words) if isinstance(words, str) else ""


def _pause_asked(fault: APIStatusError) -> float | None:
    told = fault.response.headers.get("retry-after", "")
    return float(told) if told.isdigit() and len(told) < 6 else None


def _named(fault: BaseException) -> str:
    return clipped(str(fault) or type(fault).__name__)
