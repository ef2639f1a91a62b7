"""When and at what price a paper order executes: pure rules, one for each type and source.

Refuses to flatter: touch is no fill, stops fill at the worse of stop and open, and a bar that
began before an order can hurt it but never help it (MATH.md section 6).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engine.costs import CostModel, Seen, flow_of
from engine.model.bars import Bar, Quote
from engine.model.instruments import Instrument
from engine.model.money import ceil_to, exact, floor_to
from engine.model.orders import Order, OrderType, Side


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill to be.

    Attributes
    ----------
    price, reference : Decimal, quote currency
        With and without spread, slippage and impact.
    quantity : Decimal, base units, > 0
    at_open : bool
        Whether it happened at the open of its bar, before anything else in it.
    """

    at: datetime
    price: Decimal
    reference: Decimal
    quantity: Decimal
    at_open: bool = False


@dataclass(frozen=True, slots=True)
class Tape:
    """What one bar shows one order.

    Attributes
    ----------
    whole : bool
        Whether the order had stood for the whole bar; else its open is none of the order's.
    triggered : bool
        Whether a stop has filled in part already: the rest of it is a market order.
    seen : Seen
        What was known of the market when the bar opened.
    """

    bar: Bar
    whole: bool = True
    triggered: bool = False
    seen: Seen = field(default_factory=Seen)


def on_bar(
    order: Order, remaining: Decimal, instrument: Instrument, costs: CostModel, tape: Tape
) -> Execution | None:
    """Execution of a working order against a closed bar, or None."""
    if order.type is OrderType.STOP and not tape.triggered:
        return _stop_on_bar(order, remaining, instrument, costs, tape)
    if not tape.whole:
        return None
    if order.type is OrderType.LIMIT:
        return _limit_on_bar(order, remaining, instrument, tape.bar)
    reference = exact(tape.bar.open)
    price = _taken(order, reference, instrument, costs, tape)
    return Execution(tape.bar.open_at, price, reference, remaining, at_open=True)


def on_quote(
    order: Order,
    remaining: Decimal,
    instrument: Instrument,
    costs: CostModel,
    quote: Quote,
    *,
    triggered: bool = False,
    seen: Seen | None = None,
) -> Execution | None:
    """Execution of a working order against the top of the book, or None.

    What is larger than the top fills in part and waits for the next quote.

    Parameters
    ----------
    triggered : bool
        Whether a stop has filled in part already.
    seen : Seen or None
        What is known of the market, for the impact of the whole order.
    """
    buys = order.side is Side.BUY
    touch, depth = (quote.ask, quote.ask_size) if buys else (quote.bid, quote.bid_size)
    quantity = min(remaining, floor_to(exact(depth), instrument.lot))
    if quantity <= 0:
        return None
    reference = exact(touch)
    if order.limit_price is not None:
        through = order.limit_price - reference if buys else reference - order.limit_price
        if through < instrument.tick:
            return None
        return Execution(quote.at, order.limit_price, order.limit_price, quantity)
    if order.stop_price is not None and not triggered and reference > order.stop_price:
        return None
    # The touch already holds the spread; latency and impact are still to be paid.
    price_of = costs.buy_price if buys else costs.sell_price
    impact = costs.impact_frac(float(order.quantity), seen.flow if seen else None)
    price = price_of(instrument, reference, 0.0, impact)
    return Execution(quote.at, price, exact(quote.mid), quantity)


def _stop_on_bar(
    order: Order, remaining: Decimal, instrument: Instrument, costs: CostModel, tape: Tape
) -> Execution | None:
    stop, bar = order.stop_price, tape.bar
    if stop is None or exact(bar.low) > stop:
        return None
    opened = exact(bar.open)
    gapped = tape.whole and opened <= stop
    reference = opened if gapped else stop
    price = _taken(order, reference, instrument, costs, tape)
    at = bar.open_at if gapped else bar.close_at
    return Execution(at, price, reference, remaining, at_open=gapped)


def _limit_on_bar(
    order: Order, remaining: Decimal, instrument: Instrument, bar: Bar
) -> Execution | None:
    limit = order.limit_price
    if limit is None:
        return None
    sign = 1 if order.side is Side.SELL else -1
    reach = exact(bar.high if order.side is Side.SELL else bar.low)
    opened = exact(bar.open)
    if sign * (reach - limit) < instrument.tick:
        return None
    if sign * (opened - limit) >= instrument.tick:
        on_tick = floor_to if order.side is Side.SELL else ceil_to
        price = on_tick(opened, instrument.tick)
        return Execution(bar.open_at, price, opened, remaining, at_open=True)
    return Execution(bar.close_at, limit, limit, remaining)


def _taken(
    order: Order, reference: Decimal, instrument: Instrument, costs: CostModel, tape: Tape
) -> Decimal:
    """Price of a taker away from a book: half spread, slippage and impact against us."""
    price_of = costs.buy_price if order.side is Side.BUY else costs.sell_price
    half_spread = costs.half_spread(instrument, float(reference), tape.seen)
    # A venue that has seen nothing yet knows at least the bar that it trades.
    flow = tape.seen.flow or flow_of(tape.bar)
    impact = costs.impact_frac(float(order.quantity), flow)
    return price_of(instrument, reference, half_spread.frac, impact)
