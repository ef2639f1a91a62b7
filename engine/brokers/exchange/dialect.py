"""What a venue's dialect must be able to say, and the plain things that it says it with.

Refuses floats: every amount is exact, as ``reading`` takes it from the venue's own text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from engine.brokers.exchange.wire import Refusal
from engine.model.orders import OrderType, Side
from engine.model.venue_lines import VenueLine


@dataclass(frozen=True, slots=True)
class Steps:
    """What a venue takes of one market.

    Attributes
    ----------
    tick : Decimal, quote currency
    lot, min_quantity : Decimal, base units
    min_notional_usd : Decimal, US dollars
    """

    tick: Decimal
    lot: Decimal
    min_quantity: Decimal
    min_notional_usd: Decimal


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order, ready for the wire: on the venue's steps and under the venue's names.

    Attributes
    ----------
    symbol : str
        ccxt's unified symbol, such as ``BTC/USD``.
    at_once : bool
        Fills now or not at all, what is left of it is canceled.
    """

    wire_id: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    steps: Steps
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    post_only: bool = False
    at_once: bool = False


class VenueStatus(StrEnum):
    """What a venue says of an order; whatever else it says is an error and not a guess."""

    OPEN = "open"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An order as the venue has it.

    Attributes
    ----------
    wire_id : str
        Empty where somebody else made the order.
    quantity, executed : Decimal, base units
    fee_in_base : bool
        Whether fees are taken out of what is bought.
    reason : str
        Why it is off the market, in the venue's words.
    market : str
        The venue's name of what is traded; empty where it does not say.
    side : Side or None
        None where it does not say.
    """

    venue_id: str
    wire_id: str
    status: VenueStatus
    opened_at: datetime
    quantity: Decimal
    executed: Decimal
    fee_in_base: bool = False
    reason: str = ""
    market: str = ""
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class VenueTrade:
    """One execution as the venue tells it.

    Attributes
    ----------
    price : Decimal, quote currency
    quantity : Decimal, base units
    fee : Decimal, quote currency, or base units where its order says so
    market : str
        The venue's name of what was traded.
    """

    trade_id: str
    venue_id: str
    at: datetime
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    market: str = ""


@dataclass(frozen=True, slots=True)
class KeyRights:
    """What an API key may do."""

    can_query: bool
    can_trade: bool
    can_withdraw: bool


class Dialect(Protocol):
    """One venue's way of saying things.

    Reading raises `BrokerUnavailable`; `place` and `cancel` also `OutcomeUnknown`.

    Attributes
    ----------
    visible_for : timedelta
        How long after a request an order may still be missing from what the venue lists.
    books_late_for : timedelta
        How long after its own instant a line of the venue's ledger may first be shown.
    """

    name: str
    title: str
    visible_for: timedelta
    books_late_for: timedelta
    has_dead_man: bool

    async def steps(self, symbol: str) -> Steps | None:
        """What the venue takes of a market; None where it does not list it."""
        ...

    async def now(self) -> datetime:
        """The venue's own time, aware UTC."""
        ...

    async def place(self, ticket: Ticket, deadline_at: datetime) -> str | Refusal:
        """Place an order that must not be acted on after `deadline_at`; the venue's id of it."""
        ...

    async def cancel(self, venue_id: str) -> bool:
        """Ask for a cancellation; False if the order does not work any more."""
        ...

    async def look_up(self, wire_id: str, since: datetime) -> VenueOrder | None:
        """Find an order by our own id, open, closed or traded."""
        ...

    async def order(self, venue_id: str) -> VenueOrder:
        """An order by the venue's id."""
        ...

    async def open_ids(self) -> frozenset[str]:
        """The venue's ids of all orders that work."""
        ...

    async def open_orders(self) -> list[VenueOrder]:
        """All orders that work, whoever made them."""
        ...

    async def trades(self, since: datetime) -> list[VenueTrade]:
        """Every execution at or after `since`, in any order."""
        ...

    async def balances(self) -> dict[str, Decimal]:
        """Own balances by currency; nothing lent, staked or rewarded."""
        ...

    async def ledger(self, since: datetime | None) -> list[VenueLine]:
        """Every line of the venue's own ledger at or after `since`, in any order."""
        ...

    async def rights(self) -> KeyRights:
        """What the key may do."""
        ...

    async def cancel_all_after(self, delay: timedelta) -> None:
        """Arm the venue's dead man's switch; zero disarms it."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


def side_if_any(word: object) -> Side | None:
    """The side that a venue names, in whatever case; None where it names none.

    Examples
    --------
    >>> side_if_any("BUY"), side_if_any(None)
    (<Side.BUY: 'buy'>, None)
    """
    return next((side for side in Side if side.value == str(word).lower()), None)


def refused_late(status: VenueStatus, reason: str) -> VenueStatus:
    """What an order's state means: a post-only order that was taken and canceled was refused.

    Examples
    --------
    >>> refused_late(VenueStatus.CANCELED, "Post only order")
    <VenueStatus.REJECTED: 'rejected'>
    """
    late = status is VenueStatus.CANCELED and "post only" in reason.lower().replace("_", " ")
    return VenueStatus.REJECTED if late else status


def most_done(orders: Iterable[VenueOrder]) -> VenueOrder | None:
    """Of several orders under one id the one that did the most, or is the newest."""
    return max(orders, key=lambda order: (order.executed, order.opened_at), default=None)
