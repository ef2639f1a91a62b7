"""The client: one question in, `Answered` or `Unanswered` out, within its caps.

Refuses to ask again after what may have been billed, unless the answer was blank; and to let any
fault of a model or its server out as an exception.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.errors import ConfigError
from engine.llm.dialects import Dialect, body_of
from engine.llm.form import Filled, NotOneObject, read_form, schema_of
from engine.llm.models import same_model
from engine.llm.question import Answered, Caps, Effort, Question, Silence, Unanswered
from engine.llm.wire import LONGEST_BODY, Failure, Heard, cap_body, listed, post
from engine.metering.prices import Usage

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_CONNECT_SECONDS = 5.0
_NO_KEY = "none"  # the SDK insists on one; servers on this machine do not look at it


@dataclass(frozen=True, slots=True)
class Provider:
    """A server that completes chats.

    Attributes
    ----------
    name : str
        As it is billed, for example ``lm_studio``.
    base_url : str
        With its ``/v1``.
    key : str
        Empty where the server wants none; never shown.
    local : bool
        Whether this machine does its work.
    """

    name: str
    base_url: str
    dialect: Dialect
    key: str = field(default="", repr=False)
    local: bool = False

    def __post_init__(self) -> None:
        if not _is_address(self.base_url):
            raise ConfigError(
                f"base_url of {self.name} must begin with http:// or https:// and name a host, "
                f"was {self.base_url!r}"
            )
        if not (self.key.isascii() and self.key.isprintable()):
            raise ConfigError(f"the key of {self.name} holds a character that no key has")


@dataclass(slots=True)
class _Tally:
    """What the attempts have taken so far."""

    attempts: int = 0
    uses: list[Usage] = field(default_factory=list)
    uncounted: int = 0
    in_flight: bool = False

    def effort(self, seconds: float) -> Effort:
        uncounted = self.uncounted + self.in_flight
        return Effort(seconds, self.attempts, tuple(self.uses), uncounted)


class ChatClient:
    """Asks one provider.

    Parameters
    ----------
    provider : Provider
    """

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._sdk: AsyncOpenAI | None = None

    async def ask(
        self, question: Question, form: type[Filled], caps: Caps
    ) -> Answered[Filled] | Unanswered:
        """Have `form` filled in.

        Every fault of the model and its server is an answer here; only a cancellation passes.
        """
        if question.pictures and not self.provider.dialect.sees:
            told = f"{self.provider.name} takes no pictures"
            return Unanswered(Silence.UNSUPPORTED, told, question.model)
        loop = asyncio.get_running_loop()
        started, tally = loop.time(), _Tally()
        found: Filled | Failure
        try:
            async with asyncio.timeout(caps.seconds):
                found = await self._try(question, form, caps, tally)
        except TimeoutError:
            found = Failure(Silence.TIMEOUT, f"no answer within {caps.seconds:g} s")
        effort = tally.effort(loop.time() - started)
        if isinstance(found, Failure):
            return Unanswered(found.silence, found.detail, question.model, effort)
        return Answered(found, question.model, effort)

    async def models(self, seconds: float) -> tuple[str, ...] | Unanswered:
        """Ids of the models that the server lists, loaded or not."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout(seconds):
                found = await listed(self._client(seconds), LONGEST_BODY)
        except TimeoutError:
            found = Failure(Silence.TIMEOUT, f"no list of models within {seconds:g} s")
        if isinstance(found, Failure):
            effort = Effort(loop.time() - started, 1)
            return Unanswered(found.silence, found.detail, "", effort)
        return found

    async def aclose(self) -> None:
        """Let go of the connections."""
        if self._sdk is not None:
            await self._sdk.close()

    # ------------------------------------------------------------------ attempts

    async def _try(
        self, question: Question, form: type[Filled], caps: Caps, tally: _Tally
    ) -> Filled | Failure:
        body = body_of(self.provider.dialect, question, schema_of(form), caps)
        sdk, pause = self._client(caps.seconds), caps.pause_seconds
        while True:
            tally.attempts += 1
            tally.in_flight = True
            heard = await post(sdk, body, caps.answer_bytes)
            tally.in_flight = False
            _count(heard, tally)
            found = heard if isinstance(heard, Failure) else _filled(heard, question, form)
            last = tally.attempts >= caps.attempts
            if last or not isinstance(found, Failure) or not found.again:
                return found
            # Time spent here is bounded by the cap on all attempts together.
            await asyncio.sleep(max(pause, found.after_seconds or 0.0))
            pause *= 2.0

    def _client(self, seconds: float) -> AsyncOpenAI:
        import httpx2
        from openai import AsyncOpenAI

        if self._sdk is None:
            self._sdk = AsyncOpenAI(
                api_key=self.provider.key or _NO_KEY,
                base_url=self.provider.base_url,
                max_retries=0,
                http_client=httpx2.AsyncClient(
                    follow_redirects=False,
                    headers={"Accept-Encoding": "identity"},  # a cap on bytes means them
                    trust_env=not self.provider.local,  # no proxy stands before this machine
                    event_hooks={"response": [cap_body]},
                ),
            )
        patience = httpx2.Timeout(seconds, connect=min(_CONNECT_SECONDS, seconds))
        return self._sdk.with_options(timeout=patience)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _count(heard: Heard | Failure, tally: _Tally) -> None:
    if isinstance(heard, Failure):
        tally.uncounted += heard.uncounted
    elif heard.usage is None:
        tally.uncounted += 1
    else:
        tally.uses.append(heard.usage)


def _filled(heard: Heard, question: Question, form: type[Filled]) -> Filled | Failure:
    """The form, if the right model filled it in to the end and by the rules."""
    if not same_model(question.model, heard.model):
        told = f"{heard.model[:80]!r} answered" if heard.model else "no model named itself"
        return Failure(Silence.WRONG_MODEL, told)
    if heard.finish == "length":
        return Failure(Silence.CUT_SHORT, "it ran into the cap on its tokens")
    if not heard.text.strip():
        # JSON mode answers blanks when it fails: the one billed answer that is asked for again.
        return Failure(Silence.BLANK, "it said nothing", again=True)
    try:
        return read_form(form, heard.text)
    except NotOneObject as fault:
        return Failure(Silence.UNPARSABLE, str(fault))
    except ValueError as fault:
        return Failure(Silence.VOID, str(fault))
