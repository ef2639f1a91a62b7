"""The venue behind the loopback gateway: what survives every drop.

Keeps IB's books: orders by permanent id, executions with revisions, cash and positions.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

D = Decimal
_NOTHING = D(0)
OPEN = ("PreSubmitted", "Submitted", "PendingCancel")
MONDAY_11 = datetime(2026, 3, 2, 16, tzinfo=UTC)


@dataclass(frozen=True)
class Contract:
    """One listed contract."""

    con_id: int
    symbol: str
    sec_type: str
    primary_exchange: str = ""
    exchange: str = "SMART"
    min_tick: str = "0.01"
    min_size: str = "1"
    size_increment: str = "1"
    order_types: tuple[str, ...] = ("LMT", "MKT", "STP")


CONTRACTS = (
    Contract(69067924, "XAUUSD", "CMDTY", min_size="0.01", size_increment="0.01"),
    Contract(77124483, "XAGUSD", "CMDTY", min_tick="0.001", min_size="1", size_increment="1"),
    Contract(76023663, "PHYS", "STK", "ARCA"),
    Contract(82105577, "PSLV", "STK", "ARCA"),
)


@dataclass
class VenueOrder:
    """An order that IB has."""

    asked: dict[str, str]
    contract: Contract
    order_id: int
    api_client: int
    perm_id: int
    quantity: Decimal
    status: str = "Submitted"
    ending: str = ""
    filled: Decimal = _NOTHING
    value: Decimal = _NOTHING

    @property
    def order_ref(self) -> str:
        return self.asked["order_ref"]

    @property
    def average(self) -> Decimal:
        return self.value / self.filled if self.filled else D(0)

    @property
    def open(self) -> bool:
        return self.status in OPEN


@dataclass
class VenueExec:
    """One execution, in one revision."""

    order: VenueOrder
    exec_id: str
    at: datetime
    quantity: Decimal
    price: Decimal
    commission: str = "1.00"
    commission_currency: str = "USD"


@dataclass
class LoopbackVenue:
    """IB's books for one account.

    Attributes
    ----------
    now : datetime
        Stamped on executions; move it together with the desk's clock.
    buying_power : str
        Equal to the available funds for a cash account; four times that for Reg-T margin.
    commission_frac : str
        Commission as a fraction of value; empty for one dollar an execution.
    """

    account: str = "DU1234567"
    now: datetime = MONDAY_11
    settled_usd: str = "10000"
    cash_usd: str = "10000"
    settled_currency: str = "USD"
    available: str = "10000"
    buying_power: str = "10000"
    kind: str = "INDIVIDUAL"
    contracts: tuple[Contract, ...] = CONTRACTS
    orders: list[VenueOrder] = field(default_factory=list)
    executions: list[VenueExec] = field(default_factory=list)
    positions: dict[str, Decimal] = field(default_factory=dict)
    next_order_id: int = 1
    commission_frac: str = ""

    def __post_init__(self) -> None:
        self._perm_ids = itertools.count(900_001)
        self._exec_ids = itertools.count(1)

    def listed(self, symbol: str, sec_type: str) -> Contract | None:
        """The contract of that symbol and type."""
        return next(
            (c for c in self.contracts if (c.symbol, c.sec_type) == (symbol, sec_type)), None
        )

    def named(self, order_ref: str) -> VenueOrder:
        """The newest order with that ``orderRef``."""
        return next(o for o in reversed(self.orders) if o.order_ref == order_ref)

    def sent(self, order_ref: str) -> list[VenueOrder]:
        """Every order that ever arrived with that ``orderRef``."""
        return [o for o in self.orders if o.order_ref == order_ref]

    def take(self, asked: dict[str, str], api_client: int) -> VenueOrder:
        """Book an order."""
        contract = next(c for c in self.contracts if c.con_id == int(asked["con_id"]))
        order = VenueOrder(
            asked, contract, int(asked["order_id"]), api_client, next(self._perm_ids),
            D(asked["quantity"]),
        )  # fmt: skip
        order.status = "PreSubmitted" if asked["type"] == "STP" else "Submitted"
        self.orders.append(order)
        self.next_order_id = max(self.next_order_id, order.order_id + 1)
        return order

    def execute(self, order: VenueOrder, quantity: str, price: str) -> VenueExec:
        """Fill a part or all of `order`, and shrink the other half of its pair."""
        each = VenueExec(
            order, f"0000e0d5.{next(self._exec_ids):08x}.01.01", self.now, D(quantity), D(price)
        )
        if self.commission_frac:
            each.commission = str(each.quantity * each.price * D(self.commission_frac))
        self.executions.append(each)
        order.filled += each.quantity
        order.value += each.quantity * each.price
        sign = 1 if order.asked["action"] == "BUY" else -1
        symbol = order.contract.symbol
        self.positions[symbol] = self.positions.get(symbol, D(0)) + sign * each.quantity
        if order.filled >= order.quantity:
            order.status, order.ending = "Filled", "Filled Size: all"
        for other in self.orders:
            same_pair = other is not order and other.asked["oca_group"] == order.asked["oca_group"]
            if order.asked["oca_group"] and same_pair and other.open:
                other.quantity -= each.quantity
                if other.quantity <= other.filled:
                    self.end(other, "Cancelled", "Cancelled by OCA")
        return each

    def correct(self, wrong: VenueExec, price: str) -> VenueExec:
        """Report an execution again with another price and the next revision of its id."""
        base, _, revision = wrong.exec_id.rpartition(".")
        right = VenueExec(
            wrong.order, f"{base}.{int(revision) + 1:02d}", wrong.at, wrong.quantity, D(price)
        )
        self.executions.append(right)
        return right

    def end(self, order: VenueOrder, status: str, ending: str) -> None:
        """Take an order off the market."""
        order.status, order.ending = status, ending

    def forget_the_day(self) -> None:
        """Midnight in New York: completed orders and executions are no longer listed."""
        self.orders = [o for o in self.orders if o.open]
        self.executions = []
