"""What the paper venue charges that a flattering one would not, on recorded markets.

``python -m bench.paper`` makes the same trips (buy at the market, a stop and a target, sold at the
market when their time is over) under three rules: *last price* (everything fills whole at the
middle, a touch is a fill, maker fees), *top of the book* (whole at bid and ask, taker fees, no
wait) and *the paper venue* (this project's). The recordings are BTC-USD minutes of Coinbase with
sizes, gold ticks of OANDA (no sizes: 500 ounces a side are assumed), and half a minute of
Kraken's whole book of XBT/CHF.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl

from engine.brokers.latency import Latency
from engine.brokers.paper import PaperBroker
from engine.config import Settings
from engine.costs import CostModel, FeeTier
from engine.desk.policy import cost_model_of
from engine.market.recordings import read_recording
from engine.model.bars import Depth, Quote
from engine.model.instruments import Instrument
from engine.model.money import exact, floor_to
from engine.model.orders import Fill, Order, OrderType, Purpose, Side
from tests.kit.recorded import market_folder

SETTINGS = Settings()
MODEL = cost_model_of(SETTINGS)
GOLD_SIZE_OUNCES = 500.0
BPS = 1e4
ENDS = ("target", "stop", "time", "open")


@dataclass(frozen=True, slots=True)
class Plan:
    """One kind of trip.

    Attributes
    ----------
    usd : float, US dollars
    reach : float, fraction of entry
        Of target and stop.
    length : timedelta
        After which what is left is sold at the market.
    every : timedelta
        Between two trips.
    """

    symbol: str
    usd: float
    reach: float
    length: timedelta
    every: timedelta


@dataclass(frozen=True, slots=True)
class Trip:
    """What a trip gave, fraction of what was put in, and how it ended."""

    result: float
    end: str
    parts: int = 2


def main() -> int:
    """Measure and print the tables."""
    folder = market_folder()
    minutes = folder / "BTC-USD_1m-quotes_coinbase_lean.parquet"
    ticks = folder / "XAU-USD_tickquotes_oanda_lean.parquet"
    book = folder / "fixtures" / "kraken_ws_book1000_XBT-CHF_20210417.jsonl.gz"
    missing = [path for path in (minutes, ticks, book) if not path.is_file()]
    if missing:
        print(f"no {missing[0]}: set EXECUTOR_MARKET_DATA to the folder that holds it")
        return 1
    hour = timedelta(hours=1)
    bitcoin = list(_tops(minutes))
    for usd in (2_000.0, 50_000.0):
        _compare(Plan("BTC-USD", usd, 0.01, 4 * hour, hour), bitcoin)
    _compare(Plan("XAU-USD", 20_000.0, 0.002, 2 * hour, hour), list(_seconds(ticks)))
    _deep(book)
    return 0


# ---------------------------------------------------------------------- recordings


def _tops(path: Path) -> Iterator[Depth]:
    for event in read_recording(path, "BTC-USD"):
        if isinstance(event, Depth):
            yield event


def _seconds(path: Path) -> Iterator[Depth]:
    """The last tick of each second."""
    frame = pl.read_parquet(path).sort("ts")
    seconds = frame.group_by_dynamic("ts", every="1s").agg(
        pl.col("bid").last(), pl.col("ask").last()
    )
    for at, bid, ask in seconds.iter_rows():
        if bid < ask:
            size = GOLD_SIZE_OUNCES
            yield Depth.of(Quote("XAU-USD", at + timedelta(seconds=1), bid, ask, size, size))


def _windows(plan: Plan, books: Sequence[Depth]) -> Iterator[Sequence[Depth]]:
    """Stretches without a hole, each as long as a trip may take and a little more."""
    longest = timedelta(minutes=10)
    first = 0
    while first < len(books):
        ends = books[first].at + plan.length + longest
        last = first
        while last + 1 < len(books) and books[last + 1].at <= ends:
            if books[last + 1].at - books[last].at > longest:
                break
            last += 1
        if books[last].at - books[first].at > plan.length:
            yield books[first : last + 1]
        follows = books[first].at + plan.every
        while first < len(books) and books[first].at < follows:
            first += 1


# ---------------------------------------------------------------------- the three rules


def _flattering(plan: Plan, window: Sequence[Depth], *, at_middle: bool) -> Trip:
    """Whole fills at once: at the middle with maker fees, or at bid and ask with taker fees."""
    tier = MODEL.tier(SETTINGS.instrument(plan.symbol))
    fee = tier.maker_frac if at_middle else tier.taker_frac
    quotes = [book.best for book in window]
    entry = quotes[0].mid if at_middle else quotes[0].ask
    target, stop = entry * (1 + plan.reach), entry * (1 - plan.reach)
    price, end = 0.0, "time"
    for quote in quotes[1:]:
        price = quote.mid if at_middle else quote.bid
        if price <= stop:
            price, end = (stop if at_middle else price), "stop"
            break
        if price >= target:
            price, end = target, "target"
            break
        if quote.at - window[0].at >= plan.length:
            break
    return Trip(price / entry * (1 - fee) - (1 + fee), end)


async def _paper(plan: Plan, window: Sequence[Depth], number: int) -> Trip | None:
    """The paper venue; None where the entry did not come about in the trip's time."""
    instrument = SETTINGS.instrument(plan.symbol)
    broker = PaperBroker(
        (instrument,), MODEL, cash_usd=exact(plan.usd) * 2, latency=Latency(
            SETTINGS.paper.latency_median_seconds, SETTINGS.paper.latency_tail_seconds
        ),
    )  # fmt: skip
    begin = window[0].at
    quantity = floor_to(exact(plan.usd / window[0].best.ask), instrument.lot)
    trip = _Orders(instrument, number, quantity)
    await broker.observe(window[0])
    await broker.submit(trip.entry(begin))
    fills: list[Fill] = []
    for book in window[1:]:
        await broker.observe(book)
        report = await broker.report()
        fills += report.fills
        sold = [fill for fill in fills if fill.client_id != trip.entry_id]
        bought = sum((f.quantity for f in fills if f not in sold), Decimal(0))
        if bought == quantity and not trip.protected:
            for order in trip.exits(book.at, fills, plan.reach):
                await broker.submit(order)
        if book.at - begin >= plan.length and trip.protected and not trip.leaving:
            await broker.cancel(trip.stop_id)
            await broker.cancel(trip.target_id)
            left = bought - sum((f.quantity for f in sold), Decimal(0))
            if left > 0:
                await broker.submit(trip.close(book.at, left))
        if bought and sum((f.quantity for f in sold), Decimal(0)) == bought:
            break
    return trip.outcome(fills, window[-1].best)


class _Orders:
    """The orders of one trip."""

    def __init__(self, instrument: Instrument, number: int, quantity: Decimal) -> None:
        self._instrument, self._quantity = instrument, quantity
        self.entry_id, self.stop_id = f"{number}-entry", f"{number}-stop"
        self.target_id, self.close_id = f"{number}-target", f"{number}-close"
        self.protected = self.leaving = False

    def entry(self, at: datetime) -> Order:
        return self._order(self.entry_id, Side.BUY, OrderType.MARKET, Purpose.ENTRY, at)

    def exits(self, at: datetime, fills: Sequence[Fill], reach: float) -> tuple[Order, Order]:
        self.protected = True
        paid = sum((f.price * f.quantity for f in fills), Decimal(0)) / self._quantity
        tick = self._instrument.tick
        stop = self._order(
            self.stop_id, Side.SELL, OrderType.STOP, Purpose.STOP, at,
            stop_price=floor_to(paid * exact(1 - reach), tick), linked_to=self.target_id,
        )  # fmt: skip
        target = self._order(
            self.target_id, Side.SELL, OrderType.LIMIT, Purpose.TARGET, at,
            limit_price=floor_to(paid * exact(1 + reach), tick), linked_to=self.stop_id,
        )  # fmt: skip
        return stop, target

    def close(self, at: datetime, left: Decimal) -> Order:
        self.leaving, self._quantity = True, left
        return self._order(self.close_id, Side.SELL, OrderType.MARKET, Purpose.TIME_LIMIT, at)

    def outcome(self, fills: Sequence[Fill], last: Quote) -> Trip | None:
        bought = [fill for fill in fills if fill.client_id == self.entry_id]
        sold = [fill for fill in fills if fill.client_id != self.entry_id]
        if not bought:
            return None
        paid = sum((f.price * f.quantity + f.fee_usd for f in bought), Decimal(0))
        put_in = sum((f.price * f.quantity for f in bought), Decimal(0))
        got = sum((f.price * f.quantity - f.fee_usd for f in sold), Decimal(0))
        left = sum((f.quantity for f in bought), Decimal(0)) - sum(
            (f.quantity for f in sold), Decimal(0)
        )
        # What the recording ends too early for is marked at its last bid.
        got += left * exact(last.bid)
        ends = {self.stop_id: "stop", self.target_id: "target", self.close_id: "time"}
        end = ends[sold[-1].client_id] if sold else "open"
        return Trip(float((got - paid) / put_in), end, len(fills))

    def _order(
        self, client_id: str, side: Side, kind: OrderType, purpose: Purpose, at: datetime,
        stop_price: Decimal | None = None, limit_price: Decimal | None = None, linked_to: str = "",
    ) -> Order:  # fmt: skip
        return Order(
            client_id, "bench", self._instrument.symbol, side, kind, purpose, self._quantity, at,
            limit_price, stop_price, linked_to,
        )  # fmt: skip


# ---------------------------------------------------------------------- tables


def _compare(plan: Plan, books: Sequence[Depth]) -> None:
    windows = list(_windows(plan, books))
    last = [_flattering(plan, window, at_middle=True) for window in windows]
    top = [_flattering(plan, window, at_middle=False) for window in windows]

    async def all_on_paper() -> list[Trip | None]:
        return [await _paper(plan, window, k) for k, window in enumerate(windows)]

    full = asyncio.run(all_on_paper())
    print(
        f"\n{plan.symbol}, {len(windows)} trips of {plan.usd:,.0f} USD, stop and target "
        f"{plan.reach:.2%} away, at most {plan.length}"
    )
    print(f"{'rule':<18}{'mean':>10}{'targets':>9}{'stops':>7}{'time':>6}{'open':>6}{'fills':>7}")
    for name, trips in (("last price", last), ("top of the book", top), ("paper venue", full)):
        made = [trip for trip in trips if trip is not None]
        mean = sum(trip.result for trip in made) / len(made)
        ends = [
            sum(trip.end == end for trip in made) for end in ("target", "stop", "time", "open")
        ]
        parts = sum(trip.parts for trip in made) / len(made)
        shown = "".join(f"{n:>{w}}" for n, w in zip(ends, (9, 7, 6, 6), strict=True))
        print(f"{name:<18}{mean * BPS:>7.1f} bp{shown}{parts:>7.2f}")


def _deep(path: Path) -> None:
    """One purchase into a whole book, by size."""
    book = next(event for event in read_recording(path, "BTC-USD") if isinstance(event, Depth))
    bare = CostModel(
        {"kraken": FeeTier("kraken", "none", 0.0, 0.0, date(2021, 4, 17))}, slippage_frac=0.0
    )
    instrument = SETTINGS.instrument("BTC-USD")
    mid = book.best.mid
    print(f"\nXBT/CHF, one purchase into Kraken's book, against the middle of {mid:,.1f}")
    print(f"{'BTC':>6}{'last price':>13}{'top of the book':>18}{'paper venue':>14}{'fills':>7}")
    for size in ("0.1", "0.5", "1.0", "2.0"):
        fills = asyncio.run(_bought(book, instrument, bare, Decimal(size)))
        paid = sum((f.price * f.quantity for f in fills), Decimal(0))
        average = float(paid / sum((f.quantity for f in fills), Decimal(0)))
        print(
            f"{size:>6}{0.0:>10.1f} bp{(book.best.ask / mid - 1) * BPS:>15.1f} bp"
            f"{(average / mid - 1) * BPS:>11.1f} bp{len(fills):>7}"
        )


async def _bought(
    book: Depth, instrument: Instrument, costs: CostModel, quantity: Decimal
) -> tuple[Fill, ...]:
    broker = PaperBroker((instrument,), costs, cash_usd=Decimal(10**7), latency=Latency(0.0, 0.0))
    made_at = book.at - timedelta(seconds=1)
    await broker.submit(_Orders(instrument, 0, quantity).entry(made_at))
    await broker.observe(book)
    return (await broker.report()).fills


if __name__ == "__main__":
    sys.exit(main())
