"""Brokers for the conformance suite: each with one account, and hands to make its venue act.

Refuses a network: live adapters trade at loopback venues.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from engine.brokers.exchange.broker import ExchangeBroker
from engine.brokers.exchange.building import open_broker
from engine.brokers.paper import PaperBroker
from engine.brokers.routing import RoutingBroker
from engine.clock import VirtualClock
from engine.config import Secrets
from engine.config.venues import ExchangeSettings
from engine.model.orders import Order
from engine.ports import Broker
from engine.rehearsal.account import VenueAccount
from engine.rehearsal.kraken import LoopbackKraken
from engine.rehearsal.venue import LoopbackVenue
from tests.engine.brokers.trading import BTC, COSTS, HOUR, MONDAY, XAU, paper, quote
from tests.kit.loopback_coinbase import LoopbackCoinbase

WINDOW = timedelta(seconds=60)


class BrokerDesk(ABC):
    """A broker and its venue: 10 000 USD and 1 BTC, the market at 1000 / 1001."""

    broker: Broker

    @abstractmethod
    async def fill(self, order: Order, quantity: str = "") -> None:
        """Make the venue fill a resting order at its own price, in part or whole."""

    @abstractmethod
    async def move(self, bid: float, ask: float) -> None:
        """Move the market, and show it to the broker."""

    @abstractmethod
    async def restart(self, working: Sequence[tuple[Order, Decimal]], told: Iterable[str]) -> None:
        """Begin anew, as after a crash, with what a journal would know."""

    @abstractmethod
    async def wait_out_doubt(self) -> None:
        """Let the time pass after which an order that is not shown is not there."""


class PaperDesk(BrokerDesk):
    """The paper broker: the market itself makes it act."""

    def __init__(self) -> None:
        self.broker: Broker = paper(BTC="1")
        self._at = 0.001

    async def fill(self, order: Order, quantity: str = "") -> None:
        self._at += 0.001
        size = float(quantity or order.quantity)
        price = float(order.limit_price or order.stop_price or 1000)
        low = price - 0.2 if order.side == "buy" or order.stop_price else price + 0.1
        await self.broker.observe(quote(self._at, low, low + 0.1, size))

    async def move(self, bid: float, ask: float) -> None:
        self._at += 0.001
        await self.broker.observe(quote(self._at, bid, ask))

    async def restart(self, working: Sequence[tuple[Order, Decimal]], told: Iterable[str]) -> None:
        own = await self.broker.balances()
        cash = own.pop("USD")
        held: dict[str, Any] = {name: str(units) for name, units in own.items()}
        self.broker = paper(str(cash), **held)
        await self.broker.restore(working)

    async def wait_out_doubt(self) -> None:
        """Paper is never in doubt."""


class ExchangeDesk(BrokerDesk):
    """A live adapter at a loopback venue on a virtual clock."""

    def __init__(
        self, name: str, venue: LoopbackVenue, clock: VirtualClock, settings: ExchangeSettings
    ) -> None:
        self.name, self.venue, self.account, self.clock = name, venue, venue.account, clock
        self.settings = settings
        self.url = ""
        self._brokers: list[ExchangeBroker] = []

    @property
    def secrets(self) -> Secrets:
        key, secret = SecretStr(self.venue.key), SecretStr(self.venue.secret)
        pair: dict[str, Any] = {f"{self.name}_api_key": key, f"{self.name}_api_secret": secret}
        return Secrets.model_construct(**pair)

    def open(self, told: Iterable[str] = ()) -> None:
        broker = open_broker(
            self.name,
            {BTC: "BTC/USD"},
            self.settings,
            self.secrets,
            self.clock,
            known_fills=frozenset(told),
            base_url=self.url,
            spacing=timedelta(microseconds=1),
        )
        self._brokers.append(broker)
        self.broker: Broker = broker

    async def fill(self, order: Order, quantity: str = "") -> None:
        self.tick()
        self.account.fill(order.client_id, Decimal(quantity) if quantity else None)

    async def move(self, bid: float, ask: float) -> None:
        self.tick()
        self.account.move(str(bid), str(ask))
        await self.broker.observe(quote(0.0, bid, ask))

    def tick(self, seconds: float = 1) -> None:
        """Let time pass."""
        self.clock.jump_to(self.clock.now() + timedelta(seconds=seconds))

    async def restart(self, working: Sequence[tuple[Order, Decimal]], told: Iterable[str]) -> None:
        self.open(told)
        await self.broker.restore(working)

    async def wait_out_doubt(self) -> None:
        self.tick(WINDOW.total_seconds())

    async def aclose(self) -> None:
        for broker in self._brokers:
            await broker.aclose()


class RoutedDesk(ExchangeDesk):
    """Two venues behind one port: bitcoin at a loopback Kraken, gold on paper."""

    def open(self, told: Iterable[str] = ()) -> None:
        super().open(told)
        gold = PaperBroker((XAU,), COSTS, cash_usd=Decimal(0))
        venues = {BTC.symbol: self.broker, XAU.symbol: gold}
        self.broker = RoutingBroker(venues, lambda _client_id: BTC.symbol)


VENUES: dict[str, Callable[[VenueAccount], LoopbackVenue]] = {
    "kraken": LoopbackKraken,
    "coinbase": LoopbackCoinbase,
}


@contextlib.asynccontextmanager
async def exchange_desk(
    name: str,
    settings: ExchangeSettings | None = None,
    made: type[ExchangeDesk] = ExchangeDesk,
) -> AsyncIterator[ExchangeDesk]:
    """A live adapter at its loopback venue, both closed at the end."""
    clock = VirtualClock(MONDAY - HOUR)
    venue = VENUES[name](VenueAccount(clock))
    chosen = settings or ExchangeSettings(timeout_seconds=1.0)
    desk = made(name, venue, clock, chosen)
    async with venue.serving() as url:
        desk.url = url
        desk.open()
        clock.jump_to(MONDAY)
        try:
            yield desk
        finally:
            await desk.aclose()
