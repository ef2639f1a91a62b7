"""An exchange's public candles, order book and time through ccxt, with faults in our own words.

Refuses to retry anything but a network fault, and to pass on an answer that is not the venue's;
the client can do nothing but what compliance has on its list.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from engine.clock import EPOCH, Clock
from engine.compliance.calls import GuardedClient
from engine.errors import BadTick, MarketDataError
from engine.market.columns import from_micros, to_micros
from engine.market.venues import Venue
from engine.model.bars import Bar, Level, Timeframe

T = TypeVar("T")

_MILLISECOND = timedelta(milliseconds=1)

BOOK_LEVELS = 25
"""Levels a side that are asked for: more than any order of this desk reaches."""

BACKOFF = (timedelta(seconds=1), timedelta(seconds=3))
"""Waits before the second and third try of a request that met a network fault."""


class PublicTrade(NamedTuple):
    """One trade of anybody's.

    Attributes
    ----------
    at : datetime, aware UTC, to the millisecond
    price : float, quote currency, > 0
    amount : float, base units, > 0
    """

    at: datetime
    price: float
    amount: float


class TradePage(NamedTuple):
    """One answer of a venue.

    Attributes
    ----------
    trades : tuple of PublicTrade, in order
    mark_ns : int, nanoseconds since 1970
        The next page begins after it; the mark asked with where there is nothing newer.
    """

    trades: tuple[PublicTrade, ...]
    mark_ns: int

    @property
    def reached_at(self) -> datetime:
        """Every trade before it is known."""
        return from_micros(self.mark_ns // 1000)


class VenueUnreachable(MarketDataError):
    """The venue did not answer; asking again later may help."""


class PublicApi:
    """One venue's public REST, one request at a time.

    ccxt is imported at the first request: it costs about half a second and 100 MB.

    Parameters
    ----------
    venue : Venue
    clock : Clock
        Measures the waits between tries.
    base_url : str, optional
        Another root, for tests.
    timeout : timedelta, > 0
        For one request.
    spacing : timedelta, optional
        Least time between two requests; the venue's own limit where not given.
    """

    def __init__(
        self,
        venue: Venue,
        clock: Clock,
        *,
        base_url: str | None = None,
        timeout: timedelta = timedelta(seconds=10),
        spacing: timedelta | None = None,
    ) -> None:
        self.venue = venue
        self._clock = clock
        self._base_url = base_url
        self._timeout = timeout
        self._spacing = spacing
        self._client: Any = None  # ccxt is untyped where it matters
        self._turn = asyncio.Lock()

    async def candles(
        self, instrument: str, symbol: str, timeframe: Timeframe, since: datetime, count: int
    ) -> list[Bar]:
        """Candles opening at or after `since`, the last perhaps still forming, oldest first.

        Parameters
        ----------
        instrument : str
            Name inside Executor, for the bars.
        symbol : str
            ccxt's unified name, such as ``BTC/USD``.
        timeframe : Timeframe
        since : datetime, aware UTC
        count : int, > 0
            At most as many as the venue gives in one answer.

        Raises
        ------
        VenueUnreachable
            If three tries met network faults.
        BadTick
            If the answer is not a list of candles.
        MarketDataError
            If the venue lists no such symbol or timeframe, or refuses.
        """
        rows = await self._call(
            lambda client: client.fetch_ohlcv(
                symbol, timeframe.value, _millis(since), min(count, self.venue.page_bars)
            )
        )
        try:
            return sorted((_bar(instrument, timeframe, row) for row in rows), key=_open_at)
        except (TypeError, ValueError, IndexError) as fault:
            raise self._unreadable(fault) from fault

    async def trades(self, symbol: str, since_ns: int) -> TradePage:
        """Trades after an instant, oldest first, as many as the venue gives in one answer.

        Parameters
        ----------
        symbol : str
            ccxt's unified name.
        since_ns : int, nanoseconds since 1970
            The mark of the page before, or an instant.

        Raises
        ------
        MarketDataError
            As `candles`.
        """
        rows = await self._call(
            lambda client: client.fetch_trades(symbol, None, None, {"since": str(since_ns)})
        )
        try:
            trades = tuple(_trade(row) for row in rows)
            # ccxt hangs Kraken's mark of the next page onto the last trade as it came.
            mark = int(rows[-1]["info"][-1]) if rows else since_ns
        except (TypeError, ValueError, KeyError, IndexError) as fault:
            raise self._unreadable(fault) from fault
        return TradePage(trades, max(mark, since_ns))

    async def book(self, symbol: str) -> tuple[tuple[Level, ...], tuple[Level, ...]] | None:
        """Bids and asks, best first, or None where one side is empty.

        Parameters
        ----------
        symbol : str

        Raises
        ------
        MarketDataError
            As `candles`.
        """
        book = await self._call(lambda client: client.fetch_order_book(symbol, BOOK_LEVELS))
        try:
            bids, asks = _levels(book["bids"]), _levels(book["asks"])
        except (TypeError, ValueError, IndexError, KeyError) as fault:
            raise self._unreadable(fault) from fault
        return (bids, asks) if bids and asks else None

    async def now(self) -> datetime:
        """The venue's own time, aware UTC.

        Raises
        ------
        MarketDataError
            As `candles`.
        """
        millis = await self._call(lambda client: client.fetch_time())
        if not isinstance(millis, int):
            raise self._unreadable(TypeError("no time in the answer"))
        return from_micros(millis * 1000)

    async def markets(self) -> frozenset[str]:
        """Symbols of every market that the venue lists."""
        return frozenset((await self._call(self._loaded)).markets)

    async def require(self, symbols: Sequence[str], timeframe: Timeframe) -> None:
        """Raise MarketDataError unless the venue lists every symbol and gives the timeframe."""
        client = await self._call(self._loaded)
        for symbol in symbols:
            if symbol not in client.markets:
                raise MarketDataError(
                    f"{self.venue.title} does not list {symbol}: correct it in config.toml"
                )
        if timeframe.value not in client.timeframes:
            known = ", ".join(client.timeframes)
            raise MarketDataError(
                f"{self.venue.title} has no {timeframe} candles: choose one of {known}"
            )

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _call(self, ask: Callable[[Any], Awaitable[T]]) -> T:
        """The answer to `ask`, tried again only after network faults."""
        import ccxt

        async with self._turn:
            for wait in BACKOFF:
                try:
                    return await self._once(ask)
                except ccxt.NetworkError:
                    await self._clock.sleep_until(self._clock.now() + wait)
            try:
                return await self._once(ask)
            except ccxt.NetworkError as fault:
                raise VenueUnreachable(
                    f"{self.venue.title} did not answer ({type(fault).__name__}): check the "
                    "network, or run on recorded or simulated data"
                ) from fault

    async def _once(self, ask: Callable[[Any], Awaitable[T]]) -> T:
        import ccxt

        try:
            client = await self._loaded(self._open())
            client.last_http_response = None
            answer = await ask(client)
        except ccxt.NetworkError:
            raise
        except ccxt.BadSymbol as fault:
            raise MarketDataError(f"{_line(fault)}: correct the symbol in config.toml") from fault
        except ccxt.BaseError as fault:
            raise MarketDataError(
                f"{self.venue.title} refused: {_line(fault)}; see its status page"
            ) from fault
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as fault:
            raise self._unreadable(fault) from fault  # ccxt trips over answers of another shape
        self._require_json(client)
        return answer

    async def _loaded(self, client: Any) -> Any:
        if not client.markets:
            await client.load_markets()
            if not client.markets:
                client.markets = None  # or ccxt would take the empty list for the truth
                raise self._unreadable(TypeError("it lists no markets"))
        return client

    def _require_json(self, client: Any) -> None:
        """A web page reads as an empty answer in ccxt; an empty answer of a venue is JSON."""
        seen = client.last_http_response
        if seen is not None and not str(seen).lstrip().startswith(("{", "[")):
            raise self._unreadable(TypeError(str(seen)[:40]))

    def _unreadable(self, fault: Exception) -> BadTick:
        return BadTick(
            f"{self.venue.title} gave an unreadable answer ({_line(fault)}): "
            "a proxy or login page may be in the way; it is asked again at the next bar"
        )

    def _open(self) -> Any:
        if self._client is None:
            import ccxt.async_support

            options = {"timeout": self._timeout / _MILLISECOND, "enableRateLimit": True}
            if self._spacing is not None:
                options["rateLimit"] = self._spacing / _MILLISECOND
            client = getattr(ccxt.async_support, self.venue.name)(options)
            client.enableLastHttpResponse = True
            if self._base_url:
                client.urls["api"] = dict.fromkeys(self.venue.url_keys, self._base_url)
            self._client = GuardedClient(client)
        return self._client


def _levels(rows: Sequence[Sequence[float]]) -> tuple[Level, ...]:
    return tuple((float(row[0]), float(row[1])) for row in rows[:BOOK_LEVELS])


def _bar(instrument: str, timeframe: Timeframe, row: Sequence[float | None]) -> Bar:
    """A candle; a value that the venue left out is NaN and will not pass the gate."""
    open_ms, *values = row
    if open_ms is None:
        raise ValueError("a candle without a time")
    open_at = from_micros(int(open_ms) * 1000)
    opening, high, low, close, volume = (
        float("nan") if value is None else float(value) for value in values
    )
    return Bar(
        instrument, timeframe, open_at, open_at + timeframe.length,
        opening, high, low, close, volume,
    )  # fmt: skip


def _trade(row: Mapping[str, Any]) -> PublicTrade:
    return PublicTrade(
        from_micros(int(row["timestamp"]) * 1000), float(row["price"]), float(row["amount"])
    )


def _open_at(bar: Bar) -> datetime:
    return bar.open_at


def _millis(at: datetime) -> int:
    return to_micros(max(at, EPOCH)) // 1000


def _line(fault: Exception) -> str:
    return (str(fault).partition("\n")[0] or type(fault).__name__)[:160]
