"""The desk with which IBKR joins the suite of every broker (BR-01 ...): 10 000 USD and 1 unit.

The suite trades ``BTC-USD``; here that name stands for spot gold with the suite's steps. Its
executions lie a week back, so that they are settled: settlement has its own cases (IB-50, IB-51).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal

from engine.brokers.ibkr.broker import IbkrBroker, Patience
from engine.brokers.ibkr.session import Session
from engine.brokers.ibkr.street import Street
from engine.clock import VirtualClock
from engine.model.orders import Order
from tests.engine.brokers.trading import BTC, COSTS, MONDAY, quote
from tests.kit.broker_desks import BrokerDesk
from tests.kit.ib_gateway.gateway import LoopbackGateway
from tests.kit.ib_gateway.trading import gateway_at
from tests.kit.ib_gateway.venue import Contract, LoopbackVenue, VenueOrder

D = Decimal
WINDOW = timedelta(seconds=60)
STAND_IN = Contract(
    69067924, "XAUUSD", "CMDTY", min_tick="0.1", min_size="0.001", size_increment="0.001"
)


class IbkrDesk(BrokerDesk):
    """An IBKR broker and its loopback gateway; the market stands at 1000 / 1001."""

    def __init__(self, gateway: LoopbackGateway) -> None:
        self.gateway, self.venue = gateway, gateway.venue
        self.clock = VirtualClock(MONDAY)
        self.bid, self.ask = 1000.0, 1001.0
        self._brokers: list[IbkrBroker] = []

    def open(self, told: Iterable[str] = ()) -> None:
        """A broker of a new process, which knows the fills that a journal would."""
        street = Street({BTC.symbol: BTC}, {BTC.symbol: "XAUUSD"}, COSTS, lambda _, __: True)
        session = Session(gateway_at(self.gateway.port), self.clock)
        patience = Patience(absence=WINDOW)
        broker = IbkrBroker(session, street, self.clock, patience, known_fills=frozenset(told))
        self._brokers.append(broker)
        self.broker: IbkrBroker = broker

    async def fill(self, order: Order, quantity: str = "") -> None:
        """Make the venue fill a resting order at its own price, in part or whole."""
        price = order.limit_price or order.stop_price or D(str(self.ask))
        self._execute(self.venue.named(order.client_id), quantity or str(order.quantity), price)
        await self._arrived()

    async def move(self, bid: float, ask: float) -> None:
        """Move the market: orders that it reaches fill, and the broker sees it."""
        self.bid, self.ask = bid, ask
        await self.broker.observe(quote(0.0, bid, ask))
        for order in list(self.venue.orders):
            price = self._reached(order)
            if price is not None:
                self._execute(order, str(order.quantity - order.filled), price)
        await self._arrived()

    async def restart(self, working: Sequence[tuple[Order, Decimal]], told: Iterable[str]) -> None:
        """Begin anew, as after a crash, with what a journal would know."""
        await self.broker.aclose()
        self.open(told)
        await self.broker.restore(working)

    async def wait_out_doubt(self) -> None:
        """Let the time pass after which an order that is not shown is not there."""
        self.clock.jump_to(self.clock.now() + WINDOW)

    async def aclose(self) -> None:
        """End every process."""
        for broker in self._brokers:
            await broker.aclose()

    def _reached(self, order: VenueOrder) -> Decimal | None:
        if not order.open:
            return None
        asked, buys = order.asked, order.asked["action"] == "BUY"
        touch = D(str(self.ask if buys else self.bid))
        if asked["type"] == "MKT":
            return touch
        if asked["type"] == "STP":
            return touch if touch <= D(asked["stop"]) else None
        limit = D(asked["limit"])
        return limit if (touch < limit if buys else touch > limit) else None

    def _execute(self, order: VenueOrder, quantity: str, price: Decimal) -> None:
        each = self.gateway.fill(order.order_ref, quantity, str(price))
        sign = -1 if order.asked["action"] == "BUY" else 1
        cash = D(self.venue.cash_usd) + sign * each.quantity * each.price - D(each.commission)
        self.venue.cash_usd = self.venue.settled_usd = str(cash)

    async def _arrived(self) -> None:
        wire = self.broker._session._wire
        if wire is not None and wire.alive:
            await wire.clock()


@asynccontextmanager
async def ibkr_desk() -> AsyncIterator[IbkrDesk]:
    """The desk at its gateway, for one test."""
    venue = LoopbackVenue(
        contracts=(STAND_IN,),
        positions={"XAUUSD": D(1)},
        now=MONDAY - timedelta(days=7),
        commission_frac="0.004",
    )
    async with LoopbackGateway(venue) as gateway:
        desk = IbkrDesk(gateway)
        desk.open()
        await desk.broker.observe(quote(0.0, desk.bid, desk.ask))
        try:
            yield desk
        finally:
            await desk.aclose()
