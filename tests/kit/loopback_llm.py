"""A language model's server on 127.0.0.1 that behaves like LM Studio, DeepSeek or a plain one.

Refuses what the real ones refuse, in their words, and misbehaves only when told to.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web

Say = Callable[[Mapping[str, Any]], str]
"""What a model answers to a request's body."""


class LlmFault(StrEnum):
    """What may happen to one completion."""

    HANG = "hang"
    STRING_ERROR = "400 with a plain string"
    TOO_MANY = "429"
    OVERLOADED = "503"
    BROKEN = "500"
    BROKEN_BODY = "200 with an error in it"
    DISCONNECT = "disconnect"
    CUT_BODY = "disconnect within the answer"
    GARBAGE = "not JSON"
    ENDLESS = "a body without end"
    ENDLESS_ERROR = "500 with a body without end"
    BLANK = "blank"
    LENGTH = "cut short by its cap"
    WRONG_MODEL = "another model"
    NOT_LOADED = "not loaded"
    NO_USAGE = "no usage"
    REDIRECT = "redirect"


@dataclass(frozen=True)
class Asked:
    """One completion that was asked for."""

    body: dict[str, Any]
    authorization: str

    @property
    def system(self) -> str:
        """What the model was told to do."""
        return str(self.body["messages"][0]["content"])

    @property
    def user(self) -> str:
        """The text of what it was asked about."""
        content = self.body["messages"][1]["content"]
        return str(content if isinstance(content, str) else content[0]["text"])

    @property
    def pictures(self) -> list[str]:
        """Data URLs of the pictures."""
        content = self.body["messages"][1]["content"]
        parts = [] if isinstance(content, str) else content
        return [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]


class LoopbackLlm:
    """One server.

    Attributes
    ----------
    flavour : str
        ``lm_studio``, ``deepseek`` or ``generic``.
    models : list of str
        What ``/v1/models`` lists; a model is loaded by the first call of it.
    say : callable (body) -> str
        The text of each answer.
    asked : list of Asked
        Every completion that reached the server, refused ones included.
    moment_seconds : float, real seconds
        How long each answer takes.
    loads : list of str
        Models in the order in which they were loaded; one at a time is kept.
    """

    key = "sk-loopback"

    def __init__(self, flavour: str, models: list[str], say: Say) -> None:
        self.flavour, self.models, self.say = flavour, models, say
        self.asked: list[Asked] = []
        self.loads: list[str] = []
        self.at_once = self.most_at_once = 0
        self.moment_seconds = 0.0
        self.hanging = asyncio.Event()
        self.base_url = ""
        self._faults: list[LlmFault] = []
        self._stopping = asyncio.Event()

    def fail(self, *faults: LlmFault) -> None:
        """Meet the next completions with these, one each."""
        self._faults += faults

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[LoopbackLlm]:
        """Listen on a free port while the block runs."""
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.router.add_get("/v1/models", self._list)
        app.router.add_post("/v1/chat/completions", self._complete)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        self.base_url = f"http://127.0.0.1:{port}/v1"
        try:
            yield self
        finally:
            self._stopping.set()
            await runner.cleanup()

    # ---------------------------------------------------------------- answers

    async def _list(self, request: web.Request) -> web.StreamResponse:
        rows = [{"id": name, "object": "model"} for name in self.models]
        return web.json_response({"object": "list", "data": rows})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(Asked(body, request.headers.get("Authorization", "")))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            fault = self._faults.pop(0) if self._faults else None
            refused = self._refusal(request, body)
            if refused is not None:
                return refused
            if self.moment_seconds:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self.moment_seconds):
                        await self._stopping.wait()
            if fault is not None:
                return await self._spoilt(request, body, fault)
            return web.json_response(self._completion(body))
        finally:
            self.at_once -= 1

    def _refusal(self, request: web.Request, body: dict[str, Any]) -> web.Response | None:
        """What the real ones refuse."""
        kind = body.get("response_format", {}).get("type", "text")
        match self.flavour:
            case "lm_studio":
                return self._refused_by_lm_studio(body, kind)
            case "deepseek":
                return self._refused_by_deepseek(request, body, kind)
            case _:
                return None

    def _refused_by_lm_studio(self, body: dict[str, Any], kind: str) -> web.Response | None:
        if kind not in {"json_schema", "text"}:
            return _plain("'response_format.type' must be 'json_schema' or 'text'")
        if body["model"] not in self.models:
            told = f'Model "{body["model"]}" not found. Please specify a valid model.'
            return _plain(told, 404)
        return None

    def _refused_by_deepseek(
        self, request: web.Request, body: dict[str, Any], kind: str
    ) -> web.Response | None:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return _error(401, "Authentication Fails (governor)")
        if kind not in {"json_object", "text"}:
            return _error(400, "This response_format type is unavailable now")
        if kind == "json_object" and "json" not in json.dumps(body["messages"]).lower():
            return _error(400, "Prompt must contain the word 'json' in some form")
        return None if body["model"] in self.models else _error(400, "Model Not Exist")

    def _completion(self, body: dict[str, Any], **changed: Any) -> dict[str, Any]:
        if not self.loads or self.loads[-1] != body["model"]:
            self.loads.append(body["model"])
        text, finish = changed.get("text"), changed.get("finish", "stop")
        usage: dict[str, Any] = {
            "prompt_tokens": 120, "completion_tokens": 40, "total_tokens": 160
        }  # fmt: skip
        if self.flavour == "deepseek":
            usage |= {"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 56}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": changed.get("model", body["model"]),
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish,
                    "message": {
                        "role": "assistant",
                        "content": self.say(body) if text is None else text,
                    },
                }
            ],
            "usage": usage,
        }

    async def _spoilt(
        self, request: web.Request, body: dict[str, Any], fault: LlmFault
    ) -> web.StreamResponse:
        if fault in _REFUSALS:
            return _REFUSALS[fault]()
        match fault:
            case LlmFault.HANG:
                self.hanging.set()
                await self._stopping.wait()
                return web.Response(status=503)
            case LlmFault.DISCONNECT:
                _drop(request)
                return web.Response()
            case LlmFault.CUT_BODY | LlmFault.ENDLESS | LlmFault.ENDLESS_ERROR:
                return await self._broken_stream(request, body, fault)
            case _:
                return web.json_response(self._spoilt_completion(body, fault))

    def _spoilt_completion(self, body: dict[str, Any], fault: LlmFault) -> dict[str, Any]:
        match fault:
            case LlmFault.BLANK:
                return self._completion(body, text="  \n")
            case LlmFault.LENGTH:
                return self._completion(body, text='{"stance": "lo', finish="length")
            case LlmFault.WRONG_MODEL:
                return self._completion(body, model="llama-3.2-1b-instruct")
            case _:
                completion = self._completion(body)
                del completion["usage"]
                return completion

    async def _broken_stream(
        self, request: web.Request, body: dict[str, Any], fault: LlmFault
    ) -> web.StreamResponse:
        status = 500 if fault is LlmFault.ENDLESS_ERROR else 200
        response = web.StreamResponse(status=status, headers={"Content-Type": "application/json"})
        if fault is LlmFault.CUT_BODY:
            response.content_length = 10_000
        await response.prepare(request)
        await response.write(json.dumps(self._completion(body)).encode()[:80])
        if fault is not LlmFault.CUT_BODY:
            with contextlib.suppress(ConnectionError):
                while not self._stopping.is_set():
                    await response.write(b" " * 65_536)
        _drop(request)
        return response


def _error(status: int, words: str, headers: Mapping[str, str] | None = None) -> web.Response:
    body = {"error": {"message": words, "type": "server_error", "code": str(status)}}
    return web.json_response(body, status=status, headers=headers)


def _drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _plain(words: str, status: int = 400) -> web.Response:
    """An error as LM Studio words it: a string, not a table."""
    return web.json_response({"error": words}, status=status)


_REFUSALS: dict[LlmFault, Callable[[], web.Response]] = {
    LlmFault.STRING_ERROR: lambda: _plain("Channel Error"),
    LlmFault.NOT_LOADED: lambda: _plain(
        "No models loaded. Please load a model in the developer page."
    ),
    LlmFault.BROKEN_BODY: lambda: _plain("Unexpected endpoint or method.", 200),
    LlmFault.TOO_MANY: lambda: _error(429, "Rate limit reached", {"Retry-After": "0"}),
    LlmFault.OVERLOADED: lambda: _error(503, "Server overloaded"),
    LlmFault.BROKEN: lambda: _error(500, "Internal error"),
    LlmFault.GARBAGE: lambda: web.Response(text="<html>busy</html>", content_type="text/html"),
    LlmFault.REDIRECT: lambda: web.Response(
        status=307, headers={"Location": "http://127.0.0.1:1/v1/chat/completions"}
    ),
}


def opinion(**changed: Any) -> Say:
    """A model that fills the scouts' form in well; `changed` fields take its place."""
    said: dict[str, Any] = {
        "stance": "long",
        "confidence": 0.7,
        "pattern": "exhaustion",
        "reason": "Selling dries up near the low.",
        "evidence": ["The last candles have long lower wicks."],
        "levels": [],
    }
    return lambda body: json.dumps(said | changed)
