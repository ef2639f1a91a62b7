"""Orders that get out: stop and target that rest, and sales at the market.

Refuses to sell more than is held, and to widen a stop: both come from the approved terms.
"""

from __future__ import annotations

from datetime import datetime

from engine.journal.ledger import Ledger
from engine.model.orders import Order, OrderType, Purpose, Side
from engine.model.positions import Position


def client_id(ledger: Ledger, proposal_id: str, purpose: Purpose) -> str:
    """Id of the next order of a proposal for a purpose: its hash, the purpose, the attempt.

    It exists before the wire is touched, so a lost answer can be looked up.
    """
    attempts = ledger.attempts_at(proposal_id, purpose)
    short_hash = ledger.proposals[proposal_id].terms_hash[:12]
    return f"{short_hash}-{purpose.value.replace('_', '')}-{attempts + 1}"


def protective_orders(ledger: Ledger, held: Position, at: datetime) -> tuple[Order, ...]:
    """A stop and a target for all that is held, each cancelling the other.

    Parameters
    ----------
    at : datetime, aware UTC
        From when they rest if they take the place of others. The first pair rests from the fill
        that made it necessary, so that the bar of the entry can already hit it, also when a
        crash came between the two and the bar is seen again.
    """
    first = not ledger.orders_of(held.id, Side.SELL)
    since = held.opened_at if first else at
    stop_id = client_id(ledger, held.id, Purpose.STOP)
    target_id = client_id(ledger, held.id, Purpose.TARGET)
    stop = Order(
        client_id=stop_id,
        proposal_id=held.id,
        instrument=held.instrument,
        side=Side.SELL,
        type=OrderType.STOP,
        purpose=Purpose.STOP,
        quantity=held.quantity,
        created_at=since,
        stop_price=held.stop,
        linked_to=target_id,
    )
    target = Order(
        client_id=target_id,
        proposal_id=held.id,
        instrument=held.instrument,
        side=Side.SELL,
        type=OrderType.LIMIT,
        purpose=Purpose.TARGET,
        quantity=held.quantity,
        created_at=since,
        limit_price=held.target,
        linked_to=stop_id,
    )
    return stop, target


def guarded(ledger: Ledger, held: Position) -> bool:
    """Whether a stop rests for exactly what is held."""
    return any(
        record.open
        and record.order.purpose is Purpose.STOP
        and record.order.quantity - record.filled == held.quantity
        for record in ledger.orders_of(held.id, Side.SELL)
    )


def exit_order(ledger: Ledger, held: Position, purpose: Purpose, at: datetime) -> Order:
    """A sale of all that is held at the next price."""
    return Order(
        client_id=client_id(ledger, held.id, purpose),
        proposal_id=held.id,
        instrument=held.instrument,
        side=Side.SELL,
        type=OrderType.MARKET,
        purpose=purpose,
        quantity=held.quantity,
        created_at=at,
    )


def overdue(ledger: Ledger, now: datetime) -> list[Position]:
    """Positions whose time limit has passed and that are not being sold yet."""
    return [
        held
        for held in ledger.positions.values()
        if now >= held.time_limit_at and held.id not in ledger.exits_requested
    ]
