"""Second opinions on a public market: its own time, and another exchange's prices.

Refuses to wait for anybody for long: who does not answer in time has said nothing, and what the
desk needs and nobody says is unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from engine.desk.picture import OWN_TIME
from engine.errors import MarketDataError
from engine.model.bars import Quote
from engine.ports import Clock, MarketFeed, PriceSource, TimeSource
from engine.risk import Reading

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Who may contradict the market that the desk watches.

    Attributes
    ----------
    time : TimeSource or None
        The venue's own time; None for a market that keeps its own.
    second : PriceSource or None
    unlisted : frozenset of str
        Instruments that the second source does not have.
    streams_quotes : bool
        Whether the market streams quotes in real time.
    every : timedelta, > 0
        Pause between two looks.
    patience_seconds : float, real seconds, > 0
        How long one answer is waited for.
    """

    time: TimeSource | None = None
    second: PriceSource | None = None
    unlisted: frozenset[str] = frozenset()
    streams_quotes: bool = False
    every: timedelta = timedelta(seconds=60)
    patience_seconds: float = 20.0

    @property
    def any(self) -> bool:
        """Whether there is anybody to ask."""
        return self.time is not None or self.second is not None

    async def aclose(self) -> None:
        """Let go of the second source."""
        if self.second is not None:
            await self.second.aclose()


NOBODY = Witnesses()
"""A market that nobody can contradict: recorded or simulated."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What the witnesses said at one look.

    Attributes
    ----------
    offset_seconds : Reading, seconds
        Provable difference of the desk's clock to the venue's.
    quotes : tuple of Quote
        First prices that were asked for on the way.
    gaps : dict of str to float or None, fraction of the second price
        First price less the second; None where either is missing.
    """

    offset_seconds: Reading
    quotes: tuple[Quote, ...] = ()
    gaps: dict[str, float | None] = field(default_factory=dict)


class CrossChecks:
    """Asks the witnesses, again and again.

    Parameters
    ----------
    instruments : tuple of str
    take : coroutine function of Statement
        Is told what they said.
    """

    def __init__(
        self,
        witnesses: Witnesses,
        feed: MarketFeed,
        clock: Clock,
        instruments: tuple[str, ...],
        take: Callable[[Statement], Awaitable[None]],
    ) -> None:
        self._witnesses, self._feed, self._clock = witnesses, feed, clock
        self._instruments, self._take = instruments, take

    async def run(self) -> None:
        """Ask until cancelled; return at once where there is nobody to ask."""
        while self._witnesses.any:
            await self._clock.sleep_until(self._clock.now() + self._witnesses.every)
            await self._take(await self.look())

    async def look(self) -> Statement:
        """Ask everybody once."""
        gaps: dict[str, float | None] = {}
        quotes: list[Quote] = []
        for symbol in self._instruments:
            listed = symbol not in self._witnesses.unlisted
            second = self._witnesses.second if listed else None
            if second is None and not self._witnesses.streams_quotes:
                continue
            first, other = await asyncio.gather(
                self._quote(self._feed, symbol), self._quote(second, symbol)
            )
            if first is not None:
                quotes.append(first)
            if second is not None:
                gaps[symbol] = _gap(first, other)
        return Statement(await self._offset(), tuple(quotes), gaps)

    async def _offset(self) -> Reading:
        if self._witnesses.time is None:
            return OWN_TIME
        try:
            async with asyncio.timeout(self._witnesses.patience_seconds):
                return await self._witnesses.time.offset_seconds()
        except (MarketDataError, TimeoutError) as fault:
            _log.warning("the venue does not tell its time", why=str(fault))
            return None

    async def _quote(self, source: MarketFeed | PriceSource | None, symbol: str) -> Quote | None:
        if source is None:
            return None
        try:
            async with asyncio.timeout(self._witnesses.patience_seconds):
                book = await source.depth(symbol)
        except (MarketDataError, TimeoutError) as fault:
            _log.warning("no price to compare", source=source.name, why=str(fault))
            return None
        return book.best if book else None


def _gap(first: Quote | None, second: Quote | None) -> float | None:
    if first is None or second is None:
        return None
    return first.mid / second.mid - 1.0
