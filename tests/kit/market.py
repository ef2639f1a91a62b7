"""Markets for tests: small generated files, a loopback exchange, a driver for the clock.

Refuses to touch the network: the exchange listens on 127.0.0.1 and serves made-up candles.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import web

from engine.clock import EPOCH, VirtualClock
from engine.market.columns import BarColumns, from_micros, to_micros
from engine.market.sessions import bar_exists
from engine.model.bars import Bar, MarketEvent, Timeframe
from engine.model.instruments import Asset, Calendar, Instrument, InstrumentForm

MONDAY = datetime(2025, 3, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)

BTC = Instrument(
    symbol="BTC-USD",
    asset=Asset.BITCOIN,
    form=InstrumentForm.CRYPTO_SPOT,
    venue="kraken",
    tick=Decimal("0.1"),
    lot=Decimal("0.00001"),
    min_notional_usd=Decimal(5),
    calendar=Calendar.CONTINUOUS,
)
XAU = Instrument(
    symbol="XAU-USD",
    asset=Asset.GOLD,
    form=InstrumentForm.ALLOCATED_METAL,
    venue="ibkr",
    tick=Decimal("0.01"),
    lot=Decimal(1),
    min_notional_usd=Decimal(5),
    calendar=Calendar.METALS,
)


def bar_at(open_at: datetime, **values: Any) -> Bar:
    """A sound hour of BTC-USD; any field may be given."""
    fields = {"open": 100.0, "high": 102.0, "low": 99.0, "close": 101.0, "volume": 5.0} | values
    instrument = fields.pop("instrument", "BTC-USD")
    close_at = fields.pop("close_at", open_at + HOUR)
    return Bar(instrument, Timeframe.H1, open_at, close_at, **fields)


def walk(
    instrument: str = "BTC-USD",
    count: int = 200,
    *,
    start: datetime = MONDAY,
    timeframe: Timeframe = Timeframe.H1,
    calendar: Calendar = Calendar.CONTINUOUS,
    seed: int = 1,
) -> BarColumns:
    """A random walk of `count` slots; those in which the calendar rests hold no bar."""
    rng = np.random.default_rng(seed)
    slots = (start + k * timeframe.length for k in range(count))
    opens = [at for at in slots if bar_exists(calendar, timeframe, at)]
    edges = 100.0 * np.exp(np.concatenate([[0.0], rng.normal(0.0, 0.005, len(opens)).cumsum()]))
    opening, close = edges[:-1], edges[1:]
    reach = 1.0 + np.abs(rng.normal(0.0, 0.002, len(opens)))
    return BarColumns(
        instrument,
        timeframe,
        np.array([to_micros(at) for at in opens], np.int64),
        opening,
        np.maximum(opening, close) * reach,
        np.minimum(opening, close) / reach,
        close,
        rng.lognormal(1.0, 0.5, len(opens)),
    )


def write_bars(path: Path, columns: BarColumns) -> Path:
    """Save `columns` as Parquet or CSV, by the suffix, with ISO times in CSV."""
    import polars as pl

    frame = pl.DataFrame(
        {
            "ts": [from_micros(us) for us in columns.open_us.tolist()],
            "open": columns.open,
            "high": columns.high,
            "low": columns.low,
            "close": columns.close,
            "volume": columns.volume,
        }
    )
    if path.suffix == ".csv":
        frame.with_columns(pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_csv(path)
    else:
        frame.write_parquet(path)
    return path


@contextlib.asynccontextmanager
async def driven(clock: VirtualClock) -> AsyncIterator[None]:
    """Move `clock` to whatever somebody waits for, as soon as they wait."""

    async def drive() -> None:
        while True:
            if wake := clock.next_wake:
                await clock.advance_to(wake)
            await asyncio.sleep(0)

    task = asyncio.create_task(drive())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def take(events: AsyncIterator[MarketEvent], count: int) -> list[MarketEvent]:
    """The first `count` events; closes the stream."""
    taken = []
    async with contextlib.aclosing(events) as stream:  # type: ignore[type-var]
        async for event in stream:
            taken.append(event)
            if len(taken) == count:
                break
    return taken


PAIRS = {"BTC/USD": ("XXBTZUSD", "BTC-USD"), "PAXG/USD": ("PAXGUSD", "PAXG-USD")}
_GRANULARITY_S = {"ONE_MINUTE": 60, "FIVE_MINUTE": 300, "ONE_HOUR": 3600, "ONE_DAY": 86400}
Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]


class LoopbackVenue:
    """Kraken's and Coinbase's public REST as ccxt calls them, on 127.0.0.1.

    Candles are a function of pair and open time. The last is always one that still forms, and it
    is marked by a close of 1.0. Faults are answers queued for paths that contain a word.
    """

    FORMING_CLOSE = 1.0

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.absent: set[tuple[str, datetime]] = set()
        self.crossed = False
        self.clock_off_s = 0
        self.bid = 100.0
        self.trade_every_s = 600
        self.page_trades = 50
        self.requests: Counter[str] = Counter()
        self._faults: list[tuple[str, Fault]] = []

    def fail(self, word: str, fault: Fault, times: int = 1) -> None:
        """Answer the next `times` requests whose address contains `word` with `fault`."""
        self._faults += [(word, fault)] * times

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve; gives the root address."""
        app = web.Application(middlewares=[self._middleware])
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            await runner.cleanup()

    @web.middleware
    async def _middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.requests[request.path.rsplit("/", 1)[-1]] += 1
        for place, (word, fault) in enumerate(self._faults):
            if word in request.path_qs:
                del self._faults[place]
                return await fault(request)
        return await handler(request)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path, query = request.path, request.query
        routes: dict[str, Callable[[], Any]] = {
            "/0/public/Time": lambda: _kraken({"unixtime": self._now_s()}),
            "/0/public/Assets": lambda: _kraken({}),
            "/0/public/AssetPairs": lambda: _kraken(
                {k: _kraken_pair(s, k) for s, (k, _) in PAIRS.items()}
            ),
            "/0/public/OHLC": lambda: _kraken(
                self._kraken_candles(query["pair"], int(query["interval"]), int(query["since"]))
            ),
            "/0/public/Trades": lambda: _kraken(
                self._kraken_trades(query["pair"], int(query["since"]))
            ),
            "/0/public/Depth": lambda: _kraken(
                {query["pair"]: self._book(lambda p, s: [str(p), str(s), self._now_s()])}
            ),
            "/v2/time": lambda: {"data": {"epoch": self._now_s()}},
            "/api/v3/brokerage/market/products": lambda: {
                "products": [_coinbase_product(s, c) for s, (_, c) in PAIRS.items()]
            },
            "/api/v3/brokerage/market/product_book": lambda: {
                "pricebook": {
                    "product_id": query["product_id"],
                    **self._book(lambda p, s: {"price": str(p), "size": str(s)}),
                }
            },
        }
        if path in routes:
            return web.json_response(routes[path]())
        if path.endswith("/candles"):
            return web.json_response({"candles": self._coinbase_candles(request)})
        return web.json_response({"data": []})

    def _now_s(self) -> int:
        return int(self.clock.now().timestamp()) + self.clock_off_s

    def candle(self, symbol: str, open_s: int, length_s: int) -> tuple[float, ...]:
        """Open, high, low, close and volume of one candle."""

        def price(k: int) -> float:
            return 100.0 + 10.0 * math.sin(k / 7.0) + len(symbol)

        k = open_s // length_s
        begin, end = price(k), price(k + 1)
        if open_s + length_s > self._now_s():
            return begin, begin + 1, self.FORMING_CLOSE, self.FORMING_CLOSE, 0.5
        return begin, max(begin, end) + 1, min(begin, end) - 1, end, 5.0 + k % 3

    def _opens(self, symbol: str, length_s: int, begin: int, end: int) -> Iterable[int]:
        first = -(-begin // length_s) * length_s
        for open_s in range(first, min(end, self._now_s()) + 1, length_s):
            if (symbol, EPOCH + timedelta(seconds=open_s)) not in self.absent:
                yield open_s

    def _kraken_candles(self, pair: str, minutes: int, since: int) -> dict[str, Any]:
        symbol = next(s for s, (k, _) in PAIRS.items() if k == pair)
        begin = max(since + 1, self._now_s() - 720 * minutes * 60)
        rows = []
        for open_s in self._opens(symbol, minutes * 60, begin, self._now_s()):
            o, h, low, c, v = self.candle(symbol, open_s, minutes * 60)
            rows.append([open_s, str(o), str(h), str(low), str(c), str(c), str(v), 9])
        return {pair: rows, "last": rows[-2][0] if len(rows) > 1 else since}

    def trade(self, symbol: str, k: int) -> tuple[int, float, float]:
        """Nanosecond, price and amount of the k-th trade since 1970, one every `trade_every_s`."""
        return k * self.trade_every_s * 10**9 + k % 997, 100.0 + k % 89 + len(symbol), 0.5 + k % 3

    def _kraken_trades(self, pair: str, since: int) -> dict[str, Any]:
        symbol = next(s for s, (k, _) in PAIRS.items() if k == pair)
        now, k = self._now_s() * 10**9, max(since // (self.trade_every_s * 10**9) - 1, 0)
        rows: list[list[Any]] = []
        last = since
        while len(rows) < self.page_trades and (told := self.trade(symbol, k))[0] <= now:
            at_ns, price, amount = told
            if at_ns > since:
                rows.append([str(price), str(amount), at_ns / 1e9, "b", "l", "", k])
                last = at_ns
            k += 1
        return {pair: rows, "last": str(last)}

    def _coinbase_candles(self, request: web.Request) -> list[dict[str, str]]:
        product, query = request.path.split("/")[-2], request.query
        symbol = next(s for s, (_, c) in PAIRS.items() if c == product)
        length_s = _GRANULARITY_S[query["granularity"]]
        names = ("open", "high", "low", "close", "volume")
        opens = self._opens(symbol, length_s, int(query["start"]), int(query["end"]))
        return [
            {"start": str(at)}
            | {n: str(x) for n, x in zip(names, self.candle(symbol, at, length_s), strict=True)}
            for at in reversed(list(opens))
        ]

    def _book(self, level: Callable[[float, float], Any]) -> dict[str, Any]:
        bid, ask = (self.bid + 1.0, self.bid + 0.5) if self.crossed else (self.bid, self.bid + 0.5)
        return {"bids": [level(bid, 0.4)], "asks": [level(ask, 0.7)]}


def _kraken(result: Any) -> dict[str, Any]:
    return {"error": [], "result": result}


def _kraken_pair(symbol: str, pair: str) -> dict[str, Any]:
    base = symbol.partition("/")[0]
    return {
        "altname": pair, "wsname": symbol, "status": "online",
        "base": {"BTC": "XXBT"}.get(base, base), "quote": "ZUSD",
        "pair_decimals": 1, "lot_decimals": 8, "leverage_buy": [], "leverage_sell": [],
        "fees": [[0, 0.4]], "fees_maker": [[0, 0.25]], "ordermin": "0.0001",
    }  # fmt: skip


def _coinbase_product(symbol: str, product: str) -> dict[str, Any]:
    base, quote = symbol.split("/")
    return {
        "product_id": product, "price": "100", "base_increment": "0.00000001",
        "quote_increment": "0.01", "price_increment": "0.01", "base_min_size": "0.00000001",
        "base_max_size": "3400", "quote_min_size": "1", "quote_max_size": "150000000",
        "status": "online", "trading_disabled": False, "product_type": "SPOT",
        "base_currency_id": base, "quote_currency_id": quote, "fcm_trading_session_details": None,
    }  # fmt: skip


async def status_503(_: web.Request) -> web.StreamResponse:
    """A gateway that is down."""
    return web.Response(status=503, text="Service Unavailable")


async def web_page(_: web.Request) -> web.StreamResponse:
    """A login page where JSON should be."""
    return web.Response(text="<html>please log in</html>", content_type="text/html")


async def silence(_: web.Request) -> web.StreamResponse:
    """No answer for longer than any test's time limit."""
    await asyncio.Event().wait()
    return web.Response()
