"""What is put on the wire for one order, and how the gateway can answer.

Refuses floats: quantity and prices go out as the exact text of their decimals.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from engine.brokers.ibkr.contracts import ORDER_TYPES, Traded, on_tick, pair_group, time_in_force
from engine.model.orders import Order

if TYPE_CHECKING:
    import ib_async

STOP_GUARD = (
    "stop and target rest at IBKR, also while this desk is away, in regular trading hours only"
)
"""Who guards a stop at IBKR, one clause."""
REDUCE_WITH_BLOCK = 2
"""Of a pair only one half is ever at an exchange, and a partial fill shrinks the other."""


class Outcome(Enum):
    """What became of a request about an order."""

    TAKEN = auto()
    REFUSED = auto()
    CANCELED = auto()
    NOT_CANCELED = auto()
    DUPLICATE_ID = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """The gateway's answer; `text` in its own words, `code` 0 where there was no error."""

    outcome: Outcome
    text: str
    perm_id: int = 0
    code: int = 0


@dataclass(frozen=True, slots=True)
class Ticket:
    """One order, ready for the wire: our order, what it trades and the account it is for."""

    order: Order
    traded: Traded
    account: str


def as_ib(ticket: Ticket, order_id: int) -> tuple[ib_async.Contract, ib_async.Order]:
    """The contract and order that ib_async sends.

    The client id travels in ``orderRef``. Nothing trades outside regular hours: there a stop
    meets a book without depth.
    """
    import ib_async

    order, listing = ticket.order, ticket.traded.listing
    form = ticket.traded.form
    limit, stop = on_tick(order, listing)
    contract = ib_async.Contract(
        conId=listing.con_id,
        symbol=form.symbol,
        secType=form.sec_type,
        exchange=form.exchange,
        currency=form.currency,
    )
    sent: Any = ib_async.Order(
        orderId=order_id,
        action=order.side.value.upper(),
        orderType=ORDER_TYPES[order.type],
        tif=time_in_force(order),
        account=ticket.account,
        orderRef=order.client_id,
        ocaGroup=pair_group(order),
        ocaType=REDUCE_WITH_BLOCK if order.linked_to else 0,
        outsideRth=False,
        transmit=True,
    )
    sent.totalQuantity = _plain(order.quantity)  # its text is what goes out
    if limit is not None:
        sent.lmtPrice = _plain(limit)
    if stop is not None:
        sent.auxPrice = _plain(stop)
    return contract, sent


def _plain(number: Decimal) -> Decimal:
    """The same number without exponent, so that its text is what the gateway can read."""
    return Decimal(format(number.normalize(), "f"))
