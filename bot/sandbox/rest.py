"""The front door for the bot: Discord's REST API v10.

One middleware does what is the same for every route: authorization, rate limits, injected
faults, reading the body, recording, and errors in Discord's shape. Routes are in ``rest_*``.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from aiohttp import web

from bot.sandbox.errors import ApiError
from bot.sandbox.faults import Faults, RecordedRequest
from bot.sandbox.rate_limits import RateLimits, Verdict
from bot.sandbox.wire import Form, json_answer, read_form
from bot.sandbox.world import World

API = "/api/v10"
# One task answers one request at a time, so this is the request being answered.
_FORM: ContextVar[Form] = ContextVar("sandbox_form")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# These carry their own token, and Discord does not count the callback at all.
_BY_TOKEN = ("/interactions/", "/webhooks/")
_MAJOR = ("channel_id", "guild_id", "webhook_token", "interaction_token")


class RestDoor:
    """The middleware of the API.

    Parameters
    ----------
    world : World
    bot_token : str
    limits : RateLimits
    faults : Faults
    requests : deque of RecordedRequest
        Filled with every request, after its answer is made.
    """

    def __init__(
        self,
        world: World,
        bot_token: str,
        limits: RateLimits,
        faults: Faults,
        requests: deque[RecordedRequest],
    ) -> None:
        self._world = world
        self._expected = f"Bot {bot_token}".encode()
        self._limits = limits
        self._faults = faults
        self._requests = requests

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Wrap one request."""
        if not request.path.startswith("/api/"):
            return await handler(request)
        form = Form(None)
        try:
            form = await read_form(request)
            _FORM.set(form)
            response = await self._answer(request, handler)
        except ApiError as refused:
            response = json_answer(refused.body, refused.status)
        except web.HTTPException as missing:
            text = f"{missing.status}: {missing.reason}"
            response = json_answer({"message": text, "code": 0}, missing.status)
        await self._world.store.flush()
        self._record(request, form, response.status)
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path.removeprefix(API)
        fault = self._faults.take(request.method, path)
        if fault is not None:
            wrong = json_answer(fault.body, fault.status)
            wrong.headers.update(fault.headers)
            return wrong
        self._authorize(request, path)
        if path.startswith("/interactions/"):
            return await handler(request)
        verdict = self._limits.take(f"{request.method} {template(request)}", _major(request))
        limited = verdict.retry_after_s > 0
        response = _limited(verdict) if limited else await _handled(request, handler)
        response.headers.update(verdict.headers)
        return response

    def _authorize(self, request: web.Request, path: str) -> None:
        if path.startswith(_BY_TOKEN):
            return
        given = request.headers.get("Authorization", "").encode()
        if not secrets.compare_digest(given, self._expected):
            raise ApiError(401, 0, "401: Unauthorized")

    def _record(self, request: web.Request, form: Form, status: int) -> None:
        files = tuple((each.filename, len(each.data)) for each in form.files)
        path = request.path.removeprefix(API)
        record = RecordedRequest(request.method, path, template(request), form.body, files, status)
        self._requests.append(record)


async def _handled(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as refused:
        return json_answer(refused.body, refused.status)


def _limited(verdict: Verdict) -> web.StreamResponse:
    body = {
        "message": "You are being rate limited.",
        "retry_after": verdict.retry_after_s,
        "global": False,
    }
    return json_answer(body, 429)


def current_form() -> Form:
    """Return the body that the middleware read for the request being answered."""
    return _FORM.get()


def template(request: web.Request) -> str:
    """Return the route's template below the API, or the path where no route matched."""
    resource = request.match_info.route.resource
    canonical = request.path if resource is None else resource.canonical
    return canonical.removeprefix(API)


def _major(request: web.Request) -> str:
    return "/".join(request.match_info[key] for key in _MAJOR if key in request.match_info)


def whole_number(request: web.Request, name: str) -> int | None:
    """Return a query parameter as a number, None where it is absent.

    Raises
    ------
    ApiError
        400 if it is something else.
    """
    text = request.query.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise ApiError(400, 50035, f"Invalid Form Body: {name} must be a number")
    return int(text)
