"""Stop and target of one position where a venue lets only one of them claim what is held.

Refuses to leave a position without its stop for a hope: the stop rests at the venue, and comes
off only when the price has reached the target, which then goes out to fill now or never.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import structlog

from engine.brokers.exchange.news import Listener
from engine.brokers.exchange.tracked import Tracked, TrackedOrders
from engine.errors import BrokerError, OutcomeUnknown
from engine.model.money import exact
from engine.model.orders import Order, OrderType, Purpose
from engine.ports import Accepted, Rejected

_log = structlog.get_logger(__name__)
_NOTHING = Decimal(0)


def is_held(order: Order) -> bool:
    """Whether an order waits here instead of at the venue: a target that has a stop."""
    target = order.purpose is Purpose.TARGET and order.type is OrderType.LIMIT
    return target and bool(order.linked_to)


def kept_here(order: Order) -> Accepted:
    """The answer to a target that waits here."""
    return Accepted(order.client_id, f"held-{order.client_id}")


class HeldTargets:
    """Targets that wait for their price.

    Parameters
    ----------
    take_off : callable of Tracked
        Cancels an order at the venue; True once it is confirmed.
    place : callable of Order
        Sends an order that fills now or not at all.
    """

    def __init__(
        self,
        orders: TrackedOrders,
        listener: Listener,
        take_off: Callable[[Tracked], Awaitable[bool]],
        place: Callable[[Order], Awaitable[Accepted | Rejected]],
    ) -> None:
        self._orders = orders
        self._listener = listener
        self._take_off = take_off
        self._place = place

    def hold(self, order: Order) -> Accepted | Rejected:
        """Keep a target, unless its stop has sold already."""
        stop = self._orders.get(order.linked_to)
        if stop is not None and not stop.working and stop.executed > _NOTHING:
            return Rejected(order.client_id, "the other half of the pair has filled")
        self._orders.add(Tracked(order.client_id, order=order, held=True))
        return kept_here(order)

    async def reach(self, instrument: str, bid: float) -> None:
        """Send out the targets that a bid has reached."""
        for held in self._orders.held():
            order = held.order
            if order is None or held.doubtful or order.instrument != instrument:
                continue
            if order.limit_price is not None and exact(bid) >= order.limit_price:
                await self._send(held, order)

    async def _send(self, held: Tracked, order: Order) -> None:
        """Take the stop off and sell what it has left; a fault waits for the next quote.

        Where the stop's cancellation is in doubt the target stays here until that is settled;
        where the sale's is, it is looked up with each report.
        """
        stop = self._orders.get(order.linked_to)
        left, sending = order.quantity, False
        try:
            if stop is not None and stop.working:
                if not await self._take_off(stop):
                    return
                stop.asked_off = False  # asked for here and by nobody else: it is news
                self._listener.news.canceled.append(stop.client_id)
                left -= stop.gone
            held.working = held.held = False
            sending = True
            answer = await self._place(replace(order, quantity=left))
        except OutcomeUnknown as fault:
            held.working, held.held, held.doubtful = True, not sending, sending
            _log.warning("a target's outcome is unknown", order=order.client_id, why=str(fault))
        except BrokerError as fault:
            _log.warning("a target waits", order=order.client_id, why=str(fault))
            held.working = held.held = True
        else:
            if isinstance(answer, Rejected):
                self._listener.news.rejected.append(answer)
