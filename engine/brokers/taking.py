"""An order that takes from a shown book: level by level, and no deeper than the book is known.

Refuses to flatter: the dearer of the levels that are met and the impact that cards are charged
with counts, and latency's slippage comes on top.
"""

from __future__ import annotations

from decimal import Decimal

from engine.brokers.executions import Execution
from engine.brokers.shown import ShownBook
from engine.costs import CostModel, Seen
from engine.model.instruments import Instrument
from engine.model.money import exact, floor_to
from engine.model.orders import Order, OrderType, Side


def take(
    order: Order,
    remaining: Decimal,
    instrument: Instrument,
    costs: CostModel,
    shown: ShownBook,
    seen: Seen,
) -> list[Execution]:
    """Executions of a market order, or of a stop that is triggered, one for each level met.

    What is larger than the book is deep waits for the next one.

    Parameters
    ----------
    remaining : Decimal, base units, > 0
    seen : Seen
        What is known of the market, for the impact of the whole order.
    """
    buys = order.side is Side.BUY
    price_of = costs.buy_price if buys else costs.sell_price
    worse_of = max if buys else min
    impact = costs.impact_frac(float(order.quantity), seen.flow)
    book, taken = shown.book, []
    touch = exact(book.best.ask if buys else book.best.bid)
    modelled = price_of(instrument, touch, 0.0, impact)
    for level, offered in list(shown.offers(order.side)):
        quantity = min(remaining, floor_to(offered, instrument.lot))
        if quantity <= 0:
            continue
        price = worse_of(price_of(instrument, level), modelled)
        taken.append(Execution(book.at, price, exact(book.best.mid), quantity))
        shown.take(order.side, level, quantity)
        remaining -= quantity
        if remaining <= 0:
            break
    return taken


def is_triggered(order: Order, shown: ShownBook) -> bool:
    """Whether the bid has reached the stop of a sale."""
    bid = exact(shown.book.best.bid)
    return (
        order.type is OrderType.STOP and order.stop_price is not None and bid <= order.stop_price
    )


def would_take(order: Order, shown: ShownBook) -> bool:
    """Whether a limit order meets the other side of the book on arrival."""
    best = shown.book.best
    if order.limit_price is None:
        return False
    if order.side is Side.BUY:
        return exact(best.ask) <= order.limit_price
    return exact(best.bid) >= order.limit_price
