"""What any venue checks of an order before it takes it: steps, sizes and prices.

Refuses to mend: an order off the tick or the lot is answered with why, never rounded.
"""

from __future__ import annotations

from decimal import Decimal

from engine.model.instruments import Instrument
from engine.model.orders import Order, OrderType, Side

_NOTHING = Decimal(0)


def rule_broken(order: Order, instrument: Instrument | None, reference: Decimal | None) -> str:
    """The first venue rule that `order` breaks, one sentence; empty if it breaks none.

    Parameters
    ----------
    instrument : Instrument or None
        None where the venue does not list the order's instrument.
    reference : Decimal or None, quote currency
        Price for the minimum notional of orders without a price of their own; None skips it.
    """
    if instrument is None:
        return f"{order.instrument} is not traded here"
    return (
        _quantity_rule(order, instrument)
        or _price_rule(order, instrument)
        or _notional_rule(order, instrument, reference)
    )


def _quantity_rule(order: Order, instrument: Instrument) -> str:
    if not (order.quantity.is_finite() and order.quantity > _NOTHING):
        return f"quantity must be above 0, was {order.quantity}"
    if order.quantity % instrument.lot != _NOTHING:
        return f"quantity {order.quantity} is not a multiple of the lot {instrument.lot}"
    return ""


def _price_rule(order: Order, instrument: Instrument) -> str:
    if order.side is Side.BUY and (order.type is OrderType.STOP or order.linked_to):
        return "stops and pairs only sell what is held"
    if order.post_only and order.type is not OrderType.LIMIT:
        return f"only a limit order can be post-only, not a {order.type} order"
    for kind, price in (
        (OrderType.LIMIT, order.limit_price),
        (OrderType.STOP, order.stop_price),
    ):
        if (order.type is kind) != (price is not None):
            return f"a {order.type} order takes a {kind} price: {price}"
        if price is None:
            continue
        if not (price.is_finite() and price > _NOTHING):
            return f"{kind} price must be above 0, was {price}"
        if price % instrument.tick != _NOTHING:
            return f"{kind} price {price} is not a multiple of the tick {instrument.tick}"
    return ""


def _notional_rule(order: Order, instrument: Instrument, reference: Decimal | None) -> str:
    price = order.limit_price or order.stop_price or reference
    if price is None:
        return ""
    notional = order.quantity * price
    if notional < instrument.min_notional_usd:
        return f"order of {notional:.2f} USD is below the minimum of {instrument.min_notional_usd}"
    return ""
