"""Orders, bars and quotes for broker tests, short enough to read like sentences."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.brokers.latency import AT_ONCE, Latency
from engine.brokers.paper import PaperBroker
from engine.costs import CostModel, FeeTier
from engine.model.bars import Bar, BarsClosed, Depth, Level, Print, Quote, Timeframe
from engine.model.instruments import Asset, Calendar, Instrument, InstrumentForm
from engine.model.orders import Order, OrderType, Purpose, Side

MONDAY = datetime(2025, 3, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
BTC = Instrument(
    "BTC-USD",
    Asset.BITCOIN,
    InstrumentForm.CRYPTO_SPOT,
    "kraken",
    Decimal("0.1"),
    Decimal("0.001"),
    Decimal(5),
    Calendar.CONTINUOUS,
)
XAU = Instrument(
    "XAU-USD",
    Asset.GOLD,
    InstrumentForm.ALLOCATED_METAL,
    "kraken",
    Decimal("0.1"),
    Decimal("0.001"),
    Decimal(5),
    Calendar.METALS,
)
# Ten basis points of half spread, none of slippage: on 1000.0 that is ten ticks.
COSTS = CostModel(
    {"kraken": FeeTier("kraken", "Kraken entry tier", 0.0025, 0.004, date(2026, 11, 1))},
    half_spreads={"BTC-USD": 0.001, "XAU-USD": 0.001},
    slippage_frac=0.0,
)


def hour(count: float) -> datetime:
    """So many hours after Monday midnight."""
    return MONDAY + count * HOUR


def paper(
    cash: str = "10000",
    *,
    latency: Latency = AT_ONCE,
    ahead_frac: float = 0.0,
    **held: str,
) -> PaperBroker:
    """A paper broker; `held` maps base assets to units."""
    holdings = {base: Decimal(units) for base, units in held.items()}
    return PaperBroker(
        (BTC, XAU),
        COSTS,
        cash_usd=Decimal(cash),
        holdings=holdings,
        latency=latency,
        ahead_frac=ahead_frac,
    )


def bar(
    opens: float,
    o: float = 1000,
    h: float = 1000,
    l: float = 1000,  # noqa: E741  open, high, low, close: the letters of the trade
    c: float = 1000,
    instrument: str = "BTC-USD",
    volume: float = math.nan,
) -> Bar:
    """One hour from `opens`; without a volume it has no impact."""
    h, l = max(o, h, c), min(o, l, c)  # noqa: E741
    return Bar(instrument, Timeframe.H1, hour(opens), hour(opens + 1), o, h, l, c, volume)


def closed(*bars: Bar, caught_up: bool = False) -> BarsClosed:
    """The event of bars that closed together."""
    return BarsClosed(bars[0].close_at, bars, caught_up)


def quote(at: float, bid: float, ask: float, size: float = 100.0) -> Quote:
    """Top of the book of BTC-USD, equal on both sides."""
    return Quote("BTC-USD", hour(at), bid, ask, size, size)


def book(at: float, bids: list[Level], asks: list[Level]) -> Depth:
    """A book of BTC-USD, several levels deep."""
    return Depth("BTC-USD", hour(at), tuple(bids), tuple(asks))


def printed(at: float, price: float, size: float, *, sold: bool = True) -> Print:
    """A trade of others in BTC-USD."""
    return Print("BTC-USD", hour(at), price, size, sold)


def rest(price: str = "980", at: float = 1, quantity: str = "1", **other: Any) -> Order:
    """A post-only entry."""
    fields: dict[str, Any] = {
        "type": OrderType.LIMIT,
        "limit_price": Decimal(price),
        "post_only": True,
    }
    return buy(at, quantity, **fields | other)


def buy(at: float = 0, quantity: str = "1", **other: Any) -> Order:
    """A market entry created `at` hours."""
    fields: dict[str, Any] = {
        "client_id": "entry",
        "proposal_id": "P",
        "instrument": "BTC-USD",
        "side": Side.BUY,
        "type": OrderType.MARKET,
        "purpose": Purpose.ENTRY,
        "quantity": Decimal(quantity),
        "created_at": hour(at),
    }
    return Order(**fields | other)


def sell(at: float = 1, quantity: str = "1", **other: Any) -> Order:
    """A market exit."""
    exits = {"client_id": "close", "side": Side.SELL, "purpose": Purpose.OWNER_CLOSE}
    return buy(at, quantity, **exits | other)


def stop(price: str = "950", at: float = 1, quantity: str = "1", **other: Any) -> Order:
    """A stop, linked to the target."""
    fields: dict[str, Any] = {
        "client_id": "stop",
        "type": OrderType.STOP,
        "purpose": Purpose.STOP,
        "stop_price": Decimal(price),
        "linked_to": "target",
    }
    return sell(at, quantity, **fields | other)


def target(price: str = "1100", at: float = 1, quantity: str = "1", **other: Any) -> Order:
    """A target, linked to the stop."""
    fields: dict[str, Any] = {
        "client_id": "target",
        "type": OrderType.LIMIT,
        "purpose": Purpose.TARGET,
        "limit_price": Decimal(price),
        "linked_to": "stop",
    }
    return sell(at, quantity, **fields | other)
