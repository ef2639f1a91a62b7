"""The four contracts that this adapter can name at IBKR, and how each must be traded.

Refuses every other symbol: there is no way from here to a CFD, a future or an option. Whether a
form may be owned at all is decided in engine/compliance and not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from engine.brokers.ibkr.facts import Listing
from engine.model.instruments import Instrument
from engine.model.money import ceil_to, floor_to
from engine.model.orders import Order, OrderType, Side

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class ContractForm:
    """How a symbol is written in a TWS API contract.

    Attributes
    ----------
    sec_type : str
        ``CMDTY`` for spot metal, ``STK`` for the trusts.
    primary_exchange : str
        Listing exchange that makes a SMART stock unambiguous; empty for spot metal.
    whole_units : bool
        Whether fractions cannot be bought through the API.
    settles_after_days : int, business days
        From the trade to possession: T+1 for US-listed shares, T+2 for spot metal.
    """

    symbol: str
    sec_type: str
    primary_exchange: str
    whole_units: bool
    settles_after_days: int
    exchange: str = "SMART"
    currency: str = "USD"


FORMS: Mapping[str, ContractForm] = MappingProxyType(
    {
        "XAUUSD": ContractForm("XAUUSD", "CMDTY", "", whole_units=False, settles_after_days=2),
        "XAGUSD": ContractForm("XAGUSD", "CMDTY", "", whole_units=False, settles_after_days=2),
        "PHYS": ContractForm("PHYS", "STK", "ARCA", whole_units=True, settles_after_days=1),
        "PSLV": ContractForm("PSLV", "STK", "ARCA", whole_units=True, settles_after_days=1),
    }
)

ORDER_TYPES = MappingProxyType(
    {OrderType.MARKET: "MKT", OrderType.LIMIT: "LMT", OrderType.STOP: "STP"}
)


def form_fault(venue_symbol: str) -> str:
    """Why `venue_symbol` cannot be traded here; empty if it can."""
    if venue_symbol in FORMS:
        return ""
    return f"{venue_symbol} is not traded here through IBKR: known are {', '.join(FORMS)}"


def listing_fault(form: ContractForm, found: tuple[Listing, ...]) -> str:
    """Why what IB lists under `form` is not the one thing that was meant; empty if it is."""
    if not found:
        return f"IBKR lists no {form.sec_type} {form.symbol}"
    if len(found) > 1:
        return f"IBKR lists {len(found)} contracts as {form.sec_type} {form.symbol}, not one"
    listing = found[0]
    meant = (form.symbol, form.sec_type, form.currency)
    told = (listing.symbol, listing.sec_type, listing.currency)
    if meant != told:
        return f"IBKR answers {' '.join(told)} for {' '.join(meant)}"
    if form.primary_exchange and listing.primary_exchange != form.primary_exchange:
        return (
            f"{form.symbol} is listed on {listing.primary_exchange}, not {form.primary_exchange}"
        )
    if listing.min_tick <= _NOTHING:
        return f"IBKR gives no tick for {form.symbol}"
    return ""


def size_fault(order: Order, form: ContractForm, listing: Listing) -> str:
    """Which of IB's own rules on size and type `order` breaks; empty if none."""
    if form.whole_units and order.quantity % 1 != _NOTHING:
        return f"{form.symbol} trades in whole units, not {order.quantity}"
    step = listing.size_increment
    if step > _NOTHING and order.quantity % step != _NOTHING:
        return f"quantity {order.quantity} is not a multiple of IBKR's step {step}"
    if order.side is Side.BUY and order.quantity < listing.min_size:
        return f"quantity {order.quantity} is below IBKR's least {listing.min_size}"
    kind = ORDER_TYPES[order.type]
    if listing.order_types and kind not in listing.order_types:
        return f"IBKR takes no {kind} orders in {form.symbol}"
    return ""


def on_tick(order: Order, listing: Listing) -> tuple[Decimal | None, Decimal | None]:
    """Limit and stop price of `order` on IB's tick, moved only against us.

    A buy never pays more than was approved, a target never sells for less, and a stop is never
    widened: limits to buy go down, everything that sells goes up.

    Returns
    -------
    (limit_price, stop_price) : Decimal or None, quote currency
    """
    step = floor_to if order.side is Side.BUY else ceil_to
    limit, stop = (
        None if price is None else step(price, listing.min_tick)
        for price in (order.limit_price, order.stop_price)
    )
    return limit, stop


def time_in_force(order: Order) -> str:
    """``DAY`` for entries, which nobody wants tomorrow unasked; ``GTC`` for what protects."""
    return "DAY" if order.side is Side.BUY or order.type is OrderType.MARKET else "GTC"


def pair_group(order: Order) -> str:
    """Name of the one-cancels-other group, the same from both halves; empty without a pair."""
    return f"oca-{min(order.client_id, order.linked_to)}" if order.linked_to else ""


@dataclass(frozen=True, slots=True)
class Traded:
    """An instrument of ours with its form at IBKR and, once asked for, its listing."""

    instrument: Instrument
    form: ContractForm
    listing: Listing
