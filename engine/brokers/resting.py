"""A limit order that rests: behind whom it stands, and when what comes is enough for it.

Refuses to jump the queue: what trades at its price goes first to those ahead, a touch alone fills
nothing, and where the queue is not known a configured share of what trades through is theirs.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from engine.brokers.book import Standing
from engine.brokers.executions import Execution
from engine.brokers.shown import ShownBook
from engine.model.bars import Print
from engine.model.instruments import Instrument
from engine.model.money import exact, floor_to
from engine.model.orders import Order, Side

_NOTHING = Decimal(0)


def queue_up(standing: Standing, shown: ShownBook) -> None:
    """Learn who stands ahead at the order's price, or that fewer do.

    Whoever leaves a level is taken to have stood behind us, until fewer are left than stood ahead.
    """
    order = standing.order
    if order.limit_price is None:
        return
    there = shown.resting_at(order.side, order.limit_price)
    if there is not None:
        standing.ahead = there if standing.ahead is None else min(standing.ahead, there)


def met_by_book(
    standing: Standing,
    remaining: Decimal,
    instrument: Instrument,
    shown: ShownBook,
    ahead_frac: float,
) -> Execution | None:
    """Execution of an order that rested while the other side came a tick through its price.

    Parameters
    ----------
    ahead_frac : float, fraction of what trades, in [0, 1)
        Goes to others where the queue is not known.
    """
    order = standing.order
    through = [
        (price, quantity)
        for price, quantity in shown.offers(order.side)
        if _through(order, price) >= instrument.tick
    ]
    if not through or order.limit_price is None:
        return None
    come = sum((quantity for _, quantity in through), _NOTHING)
    share = _NOTHING if standing.ahead is not None else exact(ahead_frac)
    quantity = min(remaining, floor_to(come * (1 - share), instrument.lot))
    if quantity <= _NOTHING:
        return None
    left = quantity
    for price, offered in through:
        shown.take(order.side, price, min(left, offered))
        left -= min(left, offered)
    return _at_limit(order, shown.book.at, quantity)


def met_by_print(
    standing: Standing,
    remaining: Decimal,
    instrument: Instrument,
    printed: Print,
    ahead_frac: float,
) -> Execution | None:
    """Execution of an order that rested while others traded at its price or through it.

    Parameters
    ----------
    ahead_frac : float, fraction of what trades, in [0, 1)
        Goes to others where the queue is not known.
    """
    order, size = standing.order, exact(printed.size)
    if printed.sold is (order.side is Side.SELL) or order.limit_price is None:
        return None
    through = _through(order, exact(printed.price))
    if through < _NOTHING:
        return None
    if through >= instrument.tick:
        share = _NOTHING if standing.ahead is not None else exact(ahead_frac)
        left = size * (1 - share)
    elif standing.ahead is None:
        return None
    else:
        left = size - standing.ahead
        standing.ahead = max(_NOTHING, -left)
    quantity = min(remaining, floor_to(max(_NOTHING, left), instrument.lot))
    return _at_limit(order, printed.at, quantity) if quantity > _NOTHING else None


def _through(order: Order, price: Decimal) -> Decimal:
    """How far `price` lies beyond the limit, in our favour, quote currency."""
    limit = order.limit_price or _NOTHING
    return limit - price if order.side is Side.BUY else price - limit


def _at_limit(order: Order, at: datetime, quantity: Decimal) -> Execution:
    price = order.limit_price or _NOTHING
    return Execution(at, price, price, quantity, maker=order.post_only)
