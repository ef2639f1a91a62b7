"""The orders that this process has sent or taken up, and what became of each.

Refuses to call an order ended because it is not listed: an end needs IB's word, or a day order
whose day is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum, auto

from engine.brokers.ibkr.contracts import time_in_force
from engine.brokers.ibkr.evidence import Evidence, was_refused
from engine.brokers.ibkr.settlement import trade_date
from engine.model.orders import Order, Side
from engine.ports import Rejected

_NOTHING = Decimal(0)


class End(Enum):
    """How an order ended at the venue."""

    FILLED = auto()
    CANCELED = auto()
    EXPIRED = auto()
    REFUSED = auto()


@dataclass(slots=True)
class DeskOrder:
    """One order of ours.

    Attributes
    ----------
    filled_before : Decimal, base units
        Filled before this process took it up.
    sent_at : datetime or None
        When it was put on the wire in this process.
    working : bool
        Whether it may still fill, as far as has been told.
    """

    order: Order
    filled_before: Decimal = _NOTHING
    sent_at: datetime | None = None
    working: bool = True


@dataclass(slots=True)
class Endings:
    """What a report tells of orders that ended by themselves."""

    canceled: list[str] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


class DeskOrders:
    """Our orders by client id."""

    def __init__(self) -> None:
        self._orders: dict[str, DeskOrder] = {}

    def get(self, client_id: str) -> DeskOrder | None:
        """The order of that client id, working or not."""
        return self._orders.get(client_id)

    def take_up(self, order: Order, filled: Decimal) -> None:
        """Know an order from the journal."""
        self._orders[order.client_id] = DeskOrder(order, filled)

    def sent(self, order: Order, at: datetime) -> None:
        """Remember, before the wire is touched, that `order` goes out."""
        self._orders[order.client_id] = DeskOrder(order, sent_at=at)

    def not_sent(self, client_id: str, before: DeskOrder | None) -> None:
        """Nothing went out after all: what was known `before` holds again."""
        if before is None:
            self._orders.pop(client_id, None)
        else:
            self._orders[client_id] = before

    def working(self) -> tuple[DeskOrder, ...]:
        """Orders that may still fill."""
        return tuple(each for each in self._orders.values() if each.working)

    def drop(self, client_id: str) -> None:
        """The order does not work any more."""
        held = self._orders.get(client_id)
        if held is not None:
            held.working = False

    def claimed(self, order: Order, evidence: Evidence) -> Decimal:
        """Base units that other working sells of the instrument may still sell, a pair once."""
        claims: dict[str, Decimal] = {}
        for each in self.working():
            other = each.order
            if other.side is not Side.SELL or other.instrument != order.instrument:
                continue
            if order.client_id in (other.client_id, other.linked_to):
                continue
            pair = min(other.client_id, other.linked_to or other.client_id)
            left = other.quantity - each.filled_before - evidence.filled(other.client_id)
            claims[pair] = max(claims.get(pair, _NOTHING), left)
        return sum(claims.values(), _NOTHING)


def end_of(held: DeskOrder, evidence: Evidence, now: datetime) -> End | None:
    """How a working order ended; None while it works or nobody can say."""
    order = held.order
    if evidence.open_under(order.client_id):
        return None
    if evidence.filled(order.client_id) >= order.quantity - held.filled_before:
        return End.FILLED
    ended = evidence.completed_under(order.client_id)
    if ended is None:
        taken = trade_date(held.sent_at or order.created_at)
        over = time_in_force(order) == "DAY" and taken < trade_date(now)
        return End.EXPIRED if over else None
    if ended.status == "Filled":
        return None  # its executions are still on their way
    if was_refused(ended):
        return End.REFUSED
    return End.EXPIRED if "expire" in ended.reason.lower() else End.CANCELED
