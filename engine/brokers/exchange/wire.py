"""The wire to one venue: one request at a time, each outcome named for what it proves.

Refuses to guess: only an answer that the venue is known to give proves anything, and a request
that may have arrived is never sent again from here. Refuses calls that are not allow-listed.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from engine.brokers.exchange.client import Answer, Trace
from engine.compliance import check_call
from engine.errors import BrokerUnavailable, InvariantBroken, OutcomeUnknown
from engine.ports import Clock

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(seconds=80)
"""How long nothing is sent after the venue said "too fast": doubled each time, up to a longest."""


_TRIPPED = (TypeError, ValueError, KeyError, IndexError, AttributeError)
"""What ccxt raises over an answer of another shape than it expects."""


class Meaning(StrEnum):
    """What one answer proves about a request."""

    DONE = "done"
    REFUSED = "refused"
    NOT_ACTED = "not acted on"
    LIMITED = "too fast, not acted on"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer, read.

    Attributes
    ----------
    words : str
        The venue's own, where it had any.
    """

    meaning: Meaning
    words: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The venue's definite no; nothing is live."""

    words: str


class Wire:
    """One key's private calls, in turn.

    Parameters
    ----------
    title : str
        The venue's name for people.
    client : object
        A ccxt client, or a guard around it.
    trace : Trace
        What that client tells of its wire.
    read : callable of Answer
        What an answer of this venue means.
    """

    def __init__(
        self,
        title: str,
        client: Any,
        trace: Trace,
        clock: Clock,
        read: Callable[[Answer], Reading],
    ) -> None:
        self.title = title
        self._client = client
        self._trace = trace
        self._clock = clock
        self._read = read
        self._turn = asyncio.Lock()
        self._pause = FIRST_PAUSE
        self._quiet_until: datetime | None = None

    async def act(self, name: str, *args: Any) -> Any | Refusal:
        """Make a call that may change something; the body of its answer, or the venue's no.

        Raises
        ------
        BrokerUnavailable
            If it is certain that nothing was done.
        OutcomeUnknown
            If it may have been done.
        """
        async with self._turn:
            await self._markets()
            fault = await self._call(name, *args)
            answers = self._trace.answers
            if not answers:
                if self._trace.sent == 0 or _never_left(fault):
                    raise BrokerUnavailable(f"{self.title} was not reached: {_line(fault)}")
                raise OutcomeUnknown(f"{self.title} did not answer: {_line(fault)}")
            return self._acted(answers[-1])

    async def ask(self, name: str, *args: Any, of_key: bool = False) -> tuple[Any, ...]:
        """Make a call that only reads; the body of each answer that it took.

        Parameters
        ----------
        of_key : bool
            Whether the question is about the key alone and needs no list of markets.

        Raises
        ------
        BrokerUnavailable
            If there is no whole answer.
        """
        async with self._turn:
            if not of_key:
                await self._markets()
            return await self._ask(name, *args)

    async def markets(self) -> dict[str, Any]:
        """What the venue lists, by ccxt's unified symbol.

        Raises
        ------
        BrokerUnavailable
            If the venue does not tell.
        """
        async with self._turn:
            await self._markets()
            return dict(self._client.markets)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _markets(self) -> None:
        if not self._client.markets:
            await self._ask("load_markets")
            if not self._client.markets:
                self._client.markets = None  # or ccxt would take the empty list for the truth
                raise BrokerUnavailable(f"{self.title} lists no markets")

    async def _ask(self, name: str, *args: Any) -> tuple[Any, ...]:
        fault = await self._call(name, *args)
        answers = tuple(self._trace.answers)
        for answer in answers:
            reading = self._read(answer)
            self._mind(reading)
            if reading.meaning is not Meaning.DONE:
                words = reading.words or answer.text
                raise BrokerUnavailable(f"{self.title} does not tell: {words}")
        if not answers or self._trace.sent != len(answers):
            raise BrokerUnavailable(f"{self.title} did not answer: {_line(fault)}")
        return tuple(answer.body for answer in answers)

    async def _call(self, name: str, *args: Any) -> Exception | None:
        """Make the call; what ccxt made of the answer matters less than the answer itself."""
        import ccxt

        refused = check_call(name)
        if refused is not None:
            raise InvariantBroken(refused.sentence)
        self._require_calm()
        self._trace.clear()
        try:
            await getattr(self._client, name)(*args)
        except (ccxt.BaseError, *_TRIPPED) as fault:
            caught: Exception = fault
            return caught
        return None

    def _acted(self, answer: Answer) -> Any | Refusal:
        reading = self._read(answer)
        self._mind(reading)
        words = reading.words or answer.text
        if reading.meaning is Meaning.DONE:
            return answer.body
        if reading.meaning is Meaning.REFUSED:
            return Refusal(words)
        if reading.meaning is Meaning.UNCLEAR:
            raise OutcomeUnknown(f"{self.title} gave no clear answer: {words}")
        raise BrokerUnavailable(f"{self.title} did nothing: {words}")

    def _require_calm(self) -> None:
        if self._quiet_until is not None and self._clock.now() < self._quiet_until:
            until = f"{self._quiet_until:%H:%M:%S}"
            raise BrokerUnavailable(
                f"{self.title} asked for fewer requests: nothing until {until}"
            )

    def _mind(self, reading: Reading) -> None:
        """Keep quiet for a while after "too fast", each time for twice as long."""
        if reading.meaning is not Meaning.LIMITED:
            self._pause, self._quiet_until = FIRST_PAUSE, None
            return
        self._quiet_until = self._clock.now() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)


def _never_left(fault: BaseException | None) -> bool:
    """Whether the connection itself failed, so that no byte of the request was sent."""
    import aiohttp

    before_sending = (
        aiohttp.ClientConnectorError,
        aiohttp.ConnectionTimeoutError,
        socket.gaierror,
    )
    while fault is not None:
        if isinstance(fault, before_sending):
            return True
        fault = fault.__cause__
    return False


def _line(fault: BaseException | None) -> str:
    """Why there was no answer; a failed signature is only named, its words may quote a key."""
    import ccxt

    if fault is None:
        return "no answer"
    told = str(fault) if isinstance(fault, ccxt.BaseError) else ""
    return (told or type(fault).__name__).partition("\n")[0][:160]
