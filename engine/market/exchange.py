"""Live public data of Kraken and Coinbase: history, bars as they close, books between them.

Refuses candles that are still forming, and never passes off late bars as fresh ones.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta

from engine.clock import EPOCH, Clock, as_utc
from engine.errors import BadTick, MarketDataError
from engine.market.candle_pages import candle_pages
from engine.market.feed import FindingSink, Gate, log_finding
from engine.market.polls import Polls, floor_to_bar, tell_silence
from engine.market.public_api import PublicApi, VenueUnreachable
from engine.market.venues import venue_named
from engine.model.bars import Bar, Depth, MarketEvent, Timeframe
from engine.model.instruments import Calendar

CLOCK_TOLERANCE = timedelta(seconds=10)
"""A local clock further off than this would cut candles while they still form."""


TIME_RESOLUTION = timedelta(seconds=1)
"""Venues name their time in whole seconds."""


class ExchangeFeed:
    """Public data of one exchange, polled when its candles close.

    Fresh events come in time order. Bars that closed before the stream began, or that the venue
    gave late, are flagged as caught up; those are in order for each instrument, and may be older
    than quotes or than another instrument's bars already given. A venue that does not answer is
    told as a finding and asked again; the stream goes on when it is back, without a hole as far as
    the venue's history reaches (Kraken: 720 bars).

    Parameters
    ----------
    venue : str
        ``"kraken"`` or ``"coinbase"``.
    instruments : mapping of str to str
        Name inside Executor to ccxt's unified symbol: ``{"BTC-USD": "BTC/USD"}``.
    timeframe : Timeframe
    clock : Clock
    base_url : str, optional
        Another root, for tests.
    books_every : timedelta, > 0, or None
        Between two rounds of books; None streams none.
    timeout : timedelta, > 0
        For one request.
    spacing : timedelta, optional
        Least time between two requests; the venue's own limit where not given.
    tell : callable of Finding
        Is told of rejected bars, gaps and silences.

    Raises
    ------
    MarketDataError
        If there is no such venue, or no instrument.
    """

    simulated = False

    def __init__(
        self,
        venue: str,
        instruments: Mapping[str, str],
        timeframe: Timeframe,
        clock: Clock,
        *,
        base_url: str | None = None,
        books_every: timedelta | None = timedelta(seconds=30),
        timeout: timedelta = timedelta(seconds=10),
        spacing: timedelta | None = None,
        tell: FindingSink = log_finding,
    ) -> None:
        self._venue = venue_named(venue)
        if not instruments:
            raise MarketDataError(f"nothing to watch on {venue}: configure an instrument")
        self.name = self._venue.name
        self.timeframe = timeframe
        self._symbols = dict(instruments)
        self._clock = clock
        self._books_every = books_every
        self._tell = tell
        self._api = PublicApi(
            self._venue, clock, base_url=base_url, timeout=timeout, spacing=spacing
        )

    def beside(self, venue: str, base_url: str | None = None) -> ExchangeFeed:
        """The same instruments at another exchange, without a stream of books.

        Raises
        ------
        MarketDataError
            If there is no such venue.
        """
        return ExchangeFeed(
            venue,
            self._symbols,
            self.timeframe,
            self._clock,
            base_url=base_url,
            books_every=None,
            tell=self._tell,
        )

    @property
    def description(self) -> str:
        """One line for humans: which exchange, and what of it."""
        pairs = ", ".join(self._symbols.values())
        return f"{self._venue.title} public data: {pairs}, {self.timeframe} bars"

    async def history(self, instrument: str, until: datetime, count: int) -> tuple[Bar, ...]:
        """The last `count` bars closed by `until` and by now, oldest first.

        Parameters
        ----------
        instrument : str
        until : datetime, aware
        count : int, >= 0
            Kraken keeps 720; where the venue has fewer, fewer are returned.

        Raises
        ------
        MarketDataError
            If the venue cannot be asked or does not list the instrument.
        """
        end = min(as_utc(until), self._clock.now())
        begin = floor_to_bar(end, self.timeframe) - count * self.timeframe.length
        gate = Gate(Calendar.CONTINUOUS, self._tell)
        bars = await self._closed(instrument, begin, end)
        return tuple(bar for bar in bars if gate.admits(bar))

    async def stream(self, after: datetime | None) -> AsyncIterator[MarketEvent]:
        """Bars that close after `after` (None: after now), and books between them.

        Parameters
        ----------
        after : datetime, aware, or None
            What closed between it and the present comes first, as caught up.
        """
        polls = Polls(
            list(self._symbols),
            self.timeframe,
            self._clock,
            as_utc(after) if after else self._clock.now(),
            fetch=self._closed,
            delay=self._venue.publication_delay,
            tell=self._tell,
        )
        asked_at = self._next_books()
        while True:
            while asked_at < min(polls.due_at, polls.quiet_from):
                await self._clock.sleep_until(asked_at)
                for book in await self._books():
                    yield book
                asked_at = self._next_books()
            await self._clock.sleep_until(polls.due_at)
            for closed in await polls.poll():
                yield closed
            asked_at = max(asked_at, self._clock.now())

    async def depth(self, instrument: str) -> Depth | None:
        """The book now, a few levels deep; None where it has an empty side.

        Parameters
        ----------
        instrument : str

        Raises
        ------
        BadTick
            If the book is crossed, out of order or holds no positive numbers.
        MarketDataError
            If the venue cannot be asked or does not list the instrument.
        """
        sides = await self._api.book(self._symbol(instrument))
        if sides is None:
            return None
        book = Depth(instrument, self._clock.now(), *sides)
        if book.fault:
            raise BadTick(
                f"{self._venue.title} shows a book of {instrument} that cannot be "
                f"({book.fault}): ask again"
            )
        return book

    async def offset_seconds(self) -> float:
        """How far the clock is off the venue's time, as far as its answer proves it, in seconds.

        The answer was given at some instant between question and answer, and names a whole
        second: only what lies outside all that is a difference. Positive means that the clock
        runs ahead.

        Raises
        ------
        MarketDataError
            If the venue cannot be asked.
        """
        asked = self._clock.now()
        told = await self._api.now()
        answered = self._clock.now()
        ahead = (asked - (told + TIME_RESOLUTION)).total_seconds()
        behind = (told - answered).total_seconds()
        return max(ahead, 0.0) - max(behind, 0.0)

    async def listed(self) -> frozenset[str]:
        """Watched instruments that the venue lists.

        Raises
        ------
        VenueUnreachable
            If it does not answer.
        MarketDataError
            If it answers something else.
        """
        there = await self._api.markets()
        return frozenset(name for name, symbol in self._symbols.items() if symbol in there)

    async def check(self) -> None:
        """Ask the venue for its time and its list of markets.

        Raises
        ------
        MarketDataError
            If it does not answer, lacks an instrument or the timeframe, or if this machine's time
            is wrong: candles would then be cut while they still form.
        """
        await self._api.require(list(self._symbols.values()), self.timeframe)
        off = self._clock.now() - await self._api.now()
        if abs(off) > CLOCK_TOLERANCE:
            raise MarketDataError(
                f"this machine's clock is {abs(off).total_seconds():.0f} s "
                f"{'ahead of' if off > timedelta(0) else 'behind'} {self._venue.title}: "
                "turn on time synchronisation"
            )

    async def aclose(self) -> None:
        """Close the connections to the venue."""
        await self._api.aclose()

    def _symbol(self, instrument: str) -> str:
        try:
            return self._symbols[instrument]
        except KeyError:
            known = ", ".join(self._symbols)
            raise MarketDataError(
                f"{instrument!r} is not watched on {self.name} (there are: {known}): "
                "add it to config.toml"
            ) from None

    def _next_books(self) -> datetime:
        if self._books_every is None:
            return datetime.max.replace(tzinfo=EPOCH.tzinfo)
        return self._clock.now() + self._books_every

    async def _closed(self, instrument: str, begin: datetime, end: datetime) -> list[Bar]:
        """Bars that open at or after `begin` and have closed by `end`, page by page."""
        symbol = self._symbol(instrument)
        pages = candle_pages(self._api, instrument, symbol, self.timeframe, begin, end)
        bars = {bar.open_at: bar async for page in pages for bar in page.bars}
        return [bars[open_at] for open_at in sorted(bars)]

    async def _books(self) -> list[Depth]:
        """A book of every instrument that gives one; a fault is told and the stream lives."""
        books = []
        for instrument in self._symbols:
            try:
                book = await self.depth(instrument)
            except (BadTick, VenueUnreachable) as fault:
                tell_silence(self._tell, instrument, self._clock.now(), fault)
                continue
            if book:
                books.append(book)
        return books
