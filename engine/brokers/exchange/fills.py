"""From a venue's execution to a fill of the journal, and from an order to a ticket: exact money.

Refuses to round in our favour, and to lose a fee: one taken in base units makes the quantity
smaller and is told in dollars, so that cash and holding come out as the venue has them.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from engine.brokers.exchange.dialect import Steps, Ticket, VenueTrade
from engine.brokers.exchange.wire_id import to_wire
from engine.model.money import ceil_to, floor_to
from engine.model.orders import Fill, Order, Side


def fill_id_of(venue: str, trade: VenueTrade) -> str:
    """The journal's id of an execution at `venue`."""
    return f"{venue}:{trade.trade_id}"


def fill_of(
    trade: VenueTrade, client_id: str, venue: str, *, fee_in_base: bool, reference: Decimal
) -> Fill:
    """The fill that an execution is to our books.

    Parameters
    ----------
    fee_in_base : bool
        Whether the venue took its fee in base units: cash then moves by ``price * trade.quantity``
        and the holding by what is left after the fee, or sold on top of it.
    reference : Decimal, quote currency
        Price without spread and slippage.
    """
    quantity, fee_usd = trade.quantity, trade.fee
    if fee_in_base:
        quantity += -trade.fee if trade.side is Side.BUY else trade.fee
        fee_usd = trade.fee * trade.price
    return Fill(
        fill_id=fill_id_of(venue, trade),
        client_id=client_id,
        at=trade.at,
        price=trade.price,
        quantity=quantity,
        fee_usd=fee_usd,
        reference_price=reference,
    )


def ticket_of(order: Order, symbol: str, steps: Steps) -> Ticket:
    """`order` on the venue's steps, never beyond what was approved.

    A buy never pays more and a sale never asks less, a stop never risks more, and no quantity
    grows: where the venue's steps are coarser than the settings', each goes the dearer way for us.
    """
    limit, stop = order.limit_price, order.stop_price
    if limit is not None:
        limit = (floor_to if order.side is Side.BUY else ceil_to)(limit, steps.tick)
    if stop is not None:
        stop = ceil_to(stop, steps.tick)
    return Ticket(
        wire_id=to_wire(order.client_id),
        symbol=symbol,
        side=order.side,
        type=order.type,
        quantity=floor_to(order.quantity, steps.lot),
        steps=steps,
        limit_price=limit,
        stop_price=stop,
        post_only=order.post_only,
    )


def at_once(ticket: Ticket) -> Ticket:
    """The same order, to fill now or not at all."""
    return replace(ticket, at_once=True, post_only=False)


def too_small(ticket: Ticket) -> str:
    """Why the venue takes no order of this size, one sentence; empty if it does."""
    steps = ticket.steps
    if ticket.quantity <= 0 or ticket.quantity < steps.min_quantity:
        least = max(steps.min_quantity, steps.lot)
        return f"quantity {ticket.quantity} is below the venue's minimum of {least}"
    price = ticket.limit_price or ticket.stop_price
    if price is not None and ticket.quantity * price < steps.min_notional_usd:
        notional = ticket.quantity * price
        return (
            f"order of {notional:.2f} USD is below the venue's minimum of {steps.min_notional_usd}"
        )
    return ""
