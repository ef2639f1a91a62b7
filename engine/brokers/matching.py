"""When and at what price a paper order executes within a closed bar: one rule for each type.

Refuses to flatter: touch is no fill, stops fill at the worse of stop and open, and a bar that
began before an order can hurt it but never help it (MATH.md section 6).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal

from engine.brokers.executions import Execution
from engine.costs import CostModel, Seen, flow_of
from engine.model.bars import Bar
from engine.model.instruments import Instrument
from engine.model.money import ceil_to, exact, floor_to
from engine.model.orders import Order, OrderType, Side


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
    ahead_frac : float, fraction of the bar's volume, in [0, 1)
        Goes to others before a resting order.
    """

    bar: Bar
    whole: bool = True
    triggered: bool = False
    seen: Seen = field(default_factory=Seen)
    ahead_frac: float = 0.0


def on_bar(
    order: Order, remaining: Decimal, instrument: Instrument, costs: CostModel, tape: Tape
) -> Execution | None:
    """Execution of a working order against a closed bar, or None."""
    if order.type is OrderType.STOP and not tape.triggered:
        return _stop_on_bar(order, remaining, instrument, costs, tape)
    if not tape.whole:
        return None
    if order.type is OrderType.LIMIT:
        return _limit_on_bar(order, remaining, instrument, tape)
    reference = exact(tape.bar.open)
    price = _taken(order, reference, instrument, costs, tape)
    return Execution(tape.bar.open_at, price, reference, remaining, at_open=True)


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
    order: Order, remaining: Decimal, instrument: Instrument, tape: Tape
) -> Execution | None:
    limit, bar = order.limit_price, tape.bar
    quantity = min(remaining, _left_by_others(instrument, tape))
    if limit is None or quantity <= 0:
        return None
    sign = 1 if order.side is Side.SELL else -1
    reach = exact(bar.high if order.side is Side.SELL else bar.low)
    opened = exact(bar.open)
    if sign * (reach - limit) < instrument.tick:
        return None
    if order.post_only:
        # Whoever rests is met at the own price, however far the market goes.
        return Execution(bar.close_at, limit, limit, quantity, maker=True)
    if sign * (opened - limit) >= instrument.tick:
        on_tick = floor_to if order.side is Side.SELL else ceil_to
        price = on_tick(opened, instrument.tick)
        return Execution(bar.open_at, price, opened, quantity, at_open=True)
    return Execution(bar.close_at, limit, limit, quantity)


def _left_by_others(instrument: Instrument, tape: Tape) -> Decimal:
    """Most of a bar's volume that a resting order can have had; boundless where it is unknown."""
    volume = tape.bar.volume
    if not 0.0 < volume < math.inf:
        return Decimal("Infinity")
    return floor_to(exact(volume) * (1 - exact(tape.ahead_frac)), instrument.lot)


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
