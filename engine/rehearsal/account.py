"""One spot account as an exchange keeps it: funds, orders, executions, and how they show late.

Refuses credit, shorts, sizes off the steps and what is below the minimum, as a venue does.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engine.clock import Clock
from engine.errors import InvariantBroken

D = Decimal
NOTHING = D(0)
BID, ASK, FEE, MAKER_FEE = D(1000), D(1001), D("0.004"), D("0.0025")


class NotTaken(Exception):
    """The venue refuses an order; the argument is one of the reasons below."""


POST_ONLY, FUNDS, MINIMUM, LOT, TICK, MARKET = "post", "funds", "minimum", "lot", "tick", "market"


@dataclass
class Execution:
    """One fill at the venue; the fee is in dollars, or in base units where the order says so."""

    trade_id: str
    venue_id: str
    at: datetime
    side: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    visible: bool = True


@dataclass(frozen=True)
class Booking:
    """One line of the venue's own ledger.

    Attributes
    ----------
    amount, fee : Decimal, units of `asset`
        What came in or went out, and what was taken on top.
    subtype : str
        A second word on the kind; at Coinbase what the sender is.
    """

    line_id: str
    at: datetime
    kind: str
    asset: str
    amount: Decimal
    fee: Decimal = NOTHING
    subtype: str = ""
    status: str = "completed"


@dataclass
class VenueSideOrder:
    """One order at the venue."""

    venue_id: str
    client_id: str
    product: str
    side: str
    kind: str
    quantity: Decimal
    opened_at: datetime
    limit: Decimal | None = None
    trigger: Decimal | None = None
    post_only: bool = False
    at_once: bool = False
    fee_in_base: bool = False
    status: str = "open"
    reason: str = ""
    executed: Decimal = NOTHING
    visible: bool = True

    @property
    def left(self) -> Decimal:
        """What is still to be executed, in base units."""
        return self.quantity - self.executed


@dataclass
class Product:
    """Steps of one market."""

    base: str
    tick: Decimal
    lot: Decimal
    min_quantity: Decimal
    min_notional: Decimal


PRODUCTS = {
    "BTC-USD": Product("BTC", D("0.1"), D("0.00000001"), D("0.0001"), D(5)),
    "PAXG-USD": Product("PAXG", D("0.01"), D("0.0001"), D("0.001"), D(5)),
}


@dataclass
class VenueAccount:
    """Funds, orders and executions of one account; prices move only when a test moves them.

    Attributes
    ----------
    hides_orders, hides_trades : bool
        Whether what is new stays out of every list until `reveal`.
    tells_twice, newest_first : bool
        How executions are listed.
    cancels_post_only : bool
        Whether a post-only order that crosses is taken and then canceled, not refused.
    rests_market_orders : bool
        Whether a market order waits for `fill`, as at a slow matching engine.
    """

    clock: Clock
    own: dict[str, Decimal] = field(default_factory=lambda: {"USD": D(10_000), "BTC": D(1)})
    bid: Decimal = BID
    ask: Decimal = ASK
    fee_frac: Decimal = FEE
    maker_frac: Decimal = MAKER_FEE
    hides_orders: bool = False
    hides_trades: bool = False
    tells_twice: bool = False
    newest_first: bool = True
    cancels_post_only: bool = False
    rests_market_orders: bool = False
    fees_in_base: bool = False
    orders: dict[str, VenueSideOrder] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    bookings: list[Booking] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def new_id(self, prefix: str) -> str:
        """The next id of the venue."""
        return f"{prefix}{next(self._numbers):05d}-AAAAA-BBBBBB"

    # ---- what the owner of the account sees ------------------------------------------------

    def listed(self, *statuses: str) -> list[VenueSideOrder]:
        """Visible orders of these states, the newest first."""
        found = [o for o in self.orders.values() if o.visible and o.status in statuses]
        return found[::-1]

    def told(self) -> list[Execution]:
        """Visible executions, in the order in which this venue tells them."""
        seen = [e for e in self.executions if e.visible]
        seen = seen[::-1] if self.newest_first else seen
        return [e for e in seen for _ in range(2 if self.tells_twice else 1)]

    def named(self, client_id: str) -> list[VenueSideOrder]:
        """Every order ever placed under a client id."""
        return [o for o in self.orders.values() if o.client_id == client_id]

    def hold(self, asset: str) -> Decimal:
        """What working orders have reserved."""
        working = [o for o in self.orders.values() if o.status == "open"]
        if asset == "USD":
            return sum((self._outlay(o) for o in working if o.side == "buy"), NOTHING)
        sells = (o for o in working if o.side == "sell" and PRODUCTS[o.product].base == asset)
        return sum((o.left for o in sells), NOTHING)

    def _outlay(self, order: VenueSideOrder) -> Decimal:
        return order.left * (order.limit or self.ask) * (1 + self.fee_frac)

    # ---- orders ----------------------------------------------------------------------------

    def place(self, order: VenueSideOrder) -> VenueSideOrder:
        """Take an order, or raise `NotTaken`."""
        self._require_steps(order)
        self._require_funds(order)
        order.fee_in_base = order.fee_in_base or self.fees_in_base
        crosses = self._crosses(order)
        if order.post_only and crosses and not self.cancels_post_only:
            raise NotTaken(POST_ONLY)
        order.visible = not self.hides_orders
        self.orders[order.venue_id] = order
        if order.post_only and crosses:
            order.status, order.reason = "canceled", "Post only order"
        elif crosses and not (order.kind == "market" and self.rests_market_orders):
            self.execute(order, order.left, self.ask if order.side == "buy" else self.bid)
        if order.at_once and order.status == "open":
            order.status, order.reason = "canceled", "IOC"
        return order

    def _require_steps(self, order: VenueSideOrder) -> None:
        product = PRODUCTS.get(order.product)
        if product is None:
            raise NotTaken(MARKET)
        if order.quantity % product.lot:
            raise NotTaken(LOT)
        if any(price % product.tick for price in (order.limit, order.trigger) if price):
            raise NotTaken(TICK)
        notional = order.quantity * (order.limit or order.trigger or self.ask)
        if order.quantity < product.min_quantity or notional < product.min_notional:
            raise NotTaken(MINIMUM)

    def _require_funds(self, order: VenueSideOrder) -> None:
        buys = order.side == "buy"
        asset = "USD" if buys else PRODUCTS[order.product].base
        need = self._outlay(order) if buys else order.quantity
        if need > self.own.get(asset, NOTHING) - self.hold(asset):
            raise NotTaken(FUNDS)

    def _crosses(self, order: VenueSideOrder) -> bool:
        if order.trigger is not None:
            return False
        if order.limit is None:
            return True
        return order.limit >= self.ask if order.side == "buy" else order.limit <= self.bid

    def cancel(self, venue_id: str, reason: str = "User requested") -> bool:
        """Take a working order off; False if it does not work."""
        order = self.orders.get(venue_id)
        if order is None or order.status != "open":
            return False
        order.status, order.reason = "canceled", reason
        return True

    def execute(self, order: VenueSideOrder, quantity: Decimal, price: Decimal) -> Execution:
        """Fill part of an order, also of one that was canceled a moment ago."""
        base = PRODUCTS[order.product].base
        sign = 1 if order.side == "buy" else -1
        fee_frac = self.maker_frac if order.post_only else self.fee_frac
        fee_usd = quantity * price * fee_frac
        fee = quantity * fee_frac if order.fee_in_base else fee_usd
        self.own["USD"] -= sign * quantity * price + (NOTHING if order.fee_in_base else fee_usd)
        held = self.own.get(base, NOTHING) + sign * quantity
        self.own[base] = held - (fee if order.fee_in_base else NOTHING)
        if self.own["USD"] < NOTHING or self.own[base] < NOTHING:
            raise InvariantBroken(f"the played account went into debt or short over {order}")
        order.executed += quantity
        if order.left == 0:
            order.status = "closed"
        execution = Execution(
            self.new_id("T"), order.venue_id, self.clock.now(), order.side, price, quantity, fee,
            visible=not self.hides_trades,
        )  # fmt: skip
        self.executions.append(execution)
        self.book("trade", base, sign * quantity, fee if order.fee_in_base else NOTHING)
        self.book("trade", "USD", -sign * quantity * price, NOTHING if order.fee_in_base else fee)
        return execution

    def book(
        self, kind: str, asset: str, amount: Decimal, fee: Decimal = NOTHING, **more: str
    ) -> Booking:
        """Write a line into the venue's own ledger, as of now."""
        line = Booking(self.new_id("L"), self.clock.now(), kind, asset, amount, fee, **more)
        self.bookings.append(line)
        return line

    def booked_since(self, at: datetime | None) -> list[Booking]:
        """Lines after `at`, the newest first."""
        return [line for line in self.bookings[::-1] if at is None or line.at > at]

    # ---- what a test makes the venue do ------------------------------------------------------

    def fill(self, client_id: str, quantity: Decimal | None = None, price: str = "") -> Execution:
        """Fill an order, in part or whole, at its own price or another."""
        order = self.named(client_id)[-1]
        at = D(price) if price else order.limit or order.trigger or self.ask
        return self.execute(order, order.left if quantity is None else quantity, at)

    def move(self, bid: str, ask: str) -> None:
        """Move the market: resting limits and stops that it reaches fill."""
        self.bid, self.ask = D(bid), D(ask)
        for order in self.listed("open"):
            if order.trigger is not None and self.bid <= order.trigger:
                self.execute(order, order.left, self.bid)
            elif order.trigger is None and self._crosses(order):
                self.execute(order, order.left, order.limit or self.bid)

    def reveal(self) -> None:
        """Show whatever was hidden."""
        self.hides_orders = self.hides_trades = False
        for order in self.orders.values():
            order.visible = True
        for execution in self.executions:
            execution.visible = True
