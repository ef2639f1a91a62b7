"""The orders that stand at the paper venue, and what is left of each.

Refuses to trade: it only keeps order among orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.model.orders import Order, OrderType, Side

_NOTHING = Decimal(0)
# A market order meets the open; within the bar the stop comes before the target.
_PRECEDENCE = {OrderType.MARKET: 0, OrderType.STOP: 1, OrderType.LIMIT: 2}


@dataclass(slots=True)
class Standing:
    """An order that the venue has taken.

    Attributes
    ----------
    since : datetime, aware UTC
        From when the market may move it: its creation, then its newest fill.
    acts_at : datetime, aware UTC
        When it reaches the venue; books and prints up to then are none of its.
    arrived : bool
        Whether it has met a market since, so that it rests.
    triggered : bool
        Whether its stop has been reached: what is left of it is a market order.
    ahead : Decimal or None, base units, >= 0
        What others have at its price before it; None where that is not known.
    """

    order: Order
    since: datetime
    acts_at: datetime
    filled: Decimal = _NOTHING
    working: bool = True
    arrived: bool = False
    triggered: bool = False
    ahead: Decimal | None = None


class PaperBook:
    """Every order ever taken, by client id.

    The halves of a one-cancels-other pair name each other in ``linked_to``.
    """

    def __init__(self) -> None:
        self._standing: dict[str, Standing] = {}

    def add(self, order: Order, acts_at: datetime) -> Standing:
        """Let `order` stand, on its way until `acts_at`."""
        standing = Standing(order, order.created_at, acts_at)
        self._standing[order.client_id] = standing
        return standing

    def take_up(self, order: Order, filled: Decimal) -> None:
        """Let an order stand that stood before a restart: at the end of its queue."""
        self._standing[order.client_id] = Standing(
            order,
            order.created_at,
            order.created_at,
            filled,
            arrived=True,
            triggered=filled > _NOTHING,
        )

    def get(self, client_id: str) -> Standing | None:
        """The order of that client id, working or not."""
        return self._standing.get(client_id)

    def pair_of(self, order: Order) -> Standing | None:
        """The other half, if it is here and names `order` as its own."""
        other = self._standing.get(order.linked_to)
        if other is None or other.order.linked_to != order.client_id:
            return None
        return None if other.order.client_id == order.client_id else other

    def working(self, side: Side | None = None, instrument: str = "") -> list[Standing]:
        """Working orders in the order in which a bar meets them."""
        chosen = (
            s
            for s in self._standing.values()
            if s.working
            and side in (None, s.order.side)
            and instrument in ("", s.order.instrument)
        )
        return sorted(chosen, key=precedence)

    def remaining(self, standing: Standing) -> Decimal:
        """Base units still to fill; of a pair, what neither half has filled."""
        pair = self.pair_of(standing.order)
        return standing.order.quantity - standing.filled - (pair.filled if pair else _NOTHING)

    def claimed(self, instrument: str, but: Standing | None) -> Decimal:
        """Base units that working sells may still sell, a pair counted once, `but` left out."""
        claims = {
            frozenset({s.order.client_id, s.order.linked_to}): self.remaining(s)
            for s in self.working(Side.SELL, instrument)
            if s is not but
        }
        return sum(claims.values(), _NOTHING)


def precedence(standing: Standing) -> tuple[int, datetime, str]:
    """Sort key: market, stop, limit; then the older; then the client id."""
    order = standing.order
    return (_PRECEDENCE[order.type], order.created_at, order.client_id)
