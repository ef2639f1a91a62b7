"""Orders, fills and the one table of how an order may change.

Refuses to guess: a change that the table does not hold is a broken invariant, not a new state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from engine.errors import InvariantBroken


class Side(StrEnum):
    """Buy to open, sell to close: there is no short."""

    BUY = "buy"
    SELL = "sell"


class OrderType(StrEnum):
    """How an order meets the market."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"


class Purpose(StrEnum):
    """Why an order exists; exits are allowed when entries are not."""

    ENTRY = "entry"
    TARGET = "target"
    STOP = "stop"
    TIME_LIMIT = "time_limit"
    OWNER_CLOSE = "owner_close"


class OrderState(StrEnum):
    """Where an order stands in its life."""

    INTENDED = "intended"
    WORKING = "working"
    PARTLY_FILLED = "partly_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class OrderChange(StrEnum):
    """What can happen to an order."""

    ACCEPT = "accept"
    REJECT = "reject"
    FILL_PART = "fill_part"
    FILL_WHOLE = "fill_whole"
    CANCEL = "cancel"
    EXPIRE = "expire"
    LOSE_SIGHT = "lose_sight"


_INTENDED, _WORKING, _PARTLY = OrderState.INTENDED, OrderState.WORKING, OrderState.PARTLY_FILLED
_UNKNOWN = OrderState.UNKNOWN

TRANSITIONS: dict[tuple[OrderState, OrderChange], OrderState] = {
    (_INTENDED, OrderChange.ACCEPT): _WORKING,
    (_INTENDED, OrderChange.REJECT): OrderState.REJECTED,
    (_INTENDED, OrderChange.LOSE_SIGHT): _UNKNOWN,
    (_INTENDED, OrderChange.CANCEL): OrderState.CANCELED,
    # A fill can overtake its acknowledgement on the wire.
    (_INTENDED, OrderChange.FILL_PART): _PARTLY,
    (_INTENDED, OrderChange.FILL_WHOLE): OrderState.FILLED,
    (_WORKING, OrderChange.FILL_PART): _PARTLY,
    (_WORKING, OrderChange.FILL_WHOLE): OrderState.FILLED,
    (_WORKING, OrderChange.CANCEL): OrderState.CANCELED,
    (_WORKING, OrderChange.EXPIRE): OrderState.EXPIRED,
    (_WORKING, OrderChange.REJECT): OrderState.REJECTED,
    (_WORKING, OrderChange.LOSE_SIGHT): _UNKNOWN,
    (_PARTLY, OrderChange.FILL_PART): _PARTLY,
    (_PARTLY, OrderChange.FILL_WHOLE): OrderState.FILLED,
    (_PARTLY, OrderChange.CANCEL): OrderState.CANCELED,
    (_PARTLY, OrderChange.EXPIRE): OrderState.EXPIRED,
    (_PARTLY, OrderChange.LOSE_SIGHT): _UNKNOWN,
    # Why it is in doubt can change: what the owner is to do is told anew.
    (_UNKNOWN, OrderChange.LOSE_SIGHT): _UNKNOWN,
    (_UNKNOWN, OrderChange.ACCEPT): _WORKING,
    (_UNKNOWN, OrderChange.REJECT): OrderState.REJECTED,
    (_UNKNOWN, OrderChange.FILL_PART): _PARTLY,
    (_UNKNOWN, OrderChange.FILL_WHOLE): OrderState.FILLED,
    (_UNKNOWN, OrderChange.CANCEL): OrderState.CANCELED,
    (_UNKNOWN, OrderChange.EXPIRE): OrderState.EXPIRED,
    # A cancel that lost its race: the fill is the truth.
    (OrderState.CANCELED, OrderChange.FILL_PART): OrderState.CANCELED,
    (OrderState.CANCELED, OrderChange.FILL_WHOLE): OrderState.FILLED,
    # A venue that calls the end first and tells the last fill late.
    (OrderState.EXPIRED, OrderChange.FILL_PART): OrderState.EXPIRED,
    (OrderState.EXPIRED, OrderChange.FILL_WHOLE): OrderState.FILLED,
}

OPEN_STATES = frozenset({_INTENDED, _WORKING, _PARTLY, _UNKNOWN})


def next_state(state: OrderState, change: OrderChange) -> OrderState:
    """Where `change` leads from `state`.

    Raises
    ------
    InvariantBroken
        If the table has no such change.

    Examples
    --------
    >>> next_state(OrderState.WORKING, OrderChange.FILL_WHOLE)
    <OrderState.FILLED: 'filled'>
    """
    try:
        return TRANSITIONS[state, change]
    except KeyError:
        raise InvariantBroken(f"an order that is {state} cannot {change}") from None


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of a venue; immutable, known by its client id.

    Attributes
    ----------
    client_id : str
        Derived from the proposal's hash, the purpose and the attempt, and journaled before
        the wire.
    quantity : Decimal, base units, > 0
    limit_price : Decimal or None, quote currency
        For ``LIMIT`` orders.
    stop_price : Decimal or None, quote currency
        For ``STOP`` orders.
    linked_to : str
        Client id of the other half of a one-cancels-other pair; empty if there is none.
    created_at : datetime, aware UTC
    post_only : bool
        Whether it may only make liquidity: a ``LIMIT`` order that would take on arrival is
        refused.
    expires_at : datetime or None, aware UTC
        From when nothing of it may fill any more; None works until it is canceled.
    """

    client_id: str
    proposal_id: str
    instrument: str
    side: Side
    type: OrderType
    purpose: Purpose
    quantity: Decimal
    created_at: datetime
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    linked_to: str = ""
    post_only: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution reported by a venue.

    Attributes
    ----------
    fill_id : str
        The venue's id of the execution; a second report of it is ignored.
    price : Decimal, quote currency
    quantity : Decimal, base units, > 0
    fee_usd : Decimal, US dollars, >= 0
    reference_price : Decimal, quote currency
        Price without spread and slippage, from which the slippage is measured.
    settles_at : datetime or None, aware UTC
        When both counter-values are expected to have changed hands for good; None where they
        did in the trade itself.
    """

    fill_id: str
    client_id: str
    at: datetime
    price: Decimal
    quantity: Decimal
    fee_usd: Decimal
    reference_price: Decimal
    settles_at: datetime | None = None
