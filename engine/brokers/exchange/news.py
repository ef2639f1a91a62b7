"""What a venue has to tell: executions once each, then what came off the market.

Refuses to tell an end before the executions that belong to it, and to lose news to a fault: what
was gathered before one is told with the next report.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import structlog

from engine.brokers.exchange.dialect import Dialect, VenueOrder, VenueStatus, VenueTrade
from engine.brokers.exchange.fills import fill_id_of, fill_of
from engine.brokers.exchange.tracked import Tracked, TrackedOrders
from engine.brokers.exchange.wire_id import from_wire
from engine.model.orders import Fill
from engine.ports import BrokerReport, Clock, Rejected

_log = structlog.get_logger(__name__)
_NOTHING = Decimal(0)
OVERLAP = timedelta(minutes=10)
"""How far behind the newest execution the next question starts, for those told late."""
LISTEN_FOR = timedelta(minutes=15)
"""How long after the last order came off the market its late executions are asked for."""


@dataclass(slots=True)
class News:
    """What the next report will tell."""

    fills: list[Fill] = field(default_factory=list)
    canceled: list[str] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


class Listener:
    """Reads a venue's executions and ends into news.

    Parameters
    ----------
    known_fills : collection of str
        Fill ids that are told already.
    reference : callable of (Tracked, Decimal)
        The price without spread and slippage of an execution at a price.
    """

    def __init__(
        self,
        dialect: Dialect,
        orders: TrackedOrders,
        clock: Clock,
        known_fills: Collection[str],
        reference: Callable[[Tracked, Decimal], Decimal],
    ) -> None:
        self.news = News()
        self._dialect = dialect
        self._orders = orders
        self._clock = clock
        self._known = frozenset(known_fills)
        self._reference = reference
        self._seen: set[str] = set()
        self._foreign: set[str] = set()
        self._since = clock.now() - OVERLAP
        self._until = clock.now() + LISTEN_FOR

    def listen_since(self, at: datetime | None) -> None:
        """Hear executions from `at` on, and from now on for a while."""
        if at is not None:
            self._since = min(self._since, at - OVERLAP)
        self._until = self._clock.now() + LISTEN_FOR

    async def report(self) -> BrokerReport:
        """Everything new."""
        if self._orders.resting():
            self._until = self._clock.now() + LISTEN_FOR
        if self._clock.now() < self._until:
            # First who still works, then what was executed: an end can then not outrun a fill.
            open_ids = await self._dialect.open_ids()
            await self._hear_trades()
            await self._hear_ends(open_ids)
        self._drop_targets()
        news, self.news = self.news, News()
        return BrokerReport(
            fills=tuple(news.fills),
            canceled=tuple(news.canceled),
            expired=tuple(news.expired),
            rejected=tuple(news.rejected),
        )

    async def _hear_trades(self) -> None:
        trades = await self._dialect.trades(self._since)
        for trade in sorted(trades, key=lambda t: (t.at, t.trade_id)):
            if trade.trade_id in self._seen:
                continue
            owner = await self._owner(trade)
            self._seen.add(trade.trade_id)
            if owner is not None:
                self._hear(trade, owner)
        newest = max((trade.at for trade in trades), default=self._since)
        self._since = max(self._since, newest - OVERLAP)

    def _hear(self, trade: VenueTrade, owner: Tracked) -> None:
        fill = fill_of(
            trade,
            owner.client_id,
            self._dialect.name,
            fee_in_base=owner.fee_in_base is True,
            reference=self._reference(owner, trade.price),
        )
        owner.executed += trade.quantity
        owner.told += fill.quantity
        if fill.fill_id not in self._known:
            self.news.fills.append(fill)

    async def owner_of(self, trade: VenueTrade) -> str:
        """Our id of the order of an execution; empty if somebody else made it.

        What is told already is not asked about: the record names its order.
        """
        tracked = self._orders.at_venue(trade.venue_id)
        if tracked is not None:
            return tracked.client_id
        if trade.venue_id in self._foreign or fill_id_of(self._dialect.name, trade) in self._known:
            return ""
        client_id = from_wire((await self._dialect.order(trade.venue_id)).wire_id)
        if not client_id:
            self._foreign.add(trade.venue_id)
        return client_id

    async def _owner(self, trade: VenueTrade) -> Tracked | None:
        """The order of an execution; None if it is none of ours."""
        tracked = self._orders.at_venue(trade.venue_id)
        if trade.venue_id in self._foreign or (tracked and tracked.fee_in_base is not None):
            return tracked
        order = await self._dialect.order(trade.venue_id)
        client_id = from_wire(order.wire_id)
        if tracked is None and not client_id:
            self._foreign.add(trade.venue_id)
            _log.info("a trade of somebody else on this account", order=trade.venue_id)
            return None
        # One of ours that is not tracked is of a time before this process: the journal decides.
        tracked = tracked or self._orders.get(client_id)
        tracked = tracked or self._orders.add(Tracked(client_id, working=False))
        tracked.fee_in_base = order.fee_in_base
        return self._orders.name(tracked, order.venue_id)

    async def _hear_ends(self, open_ids: frozenset[str]) -> None:
        for tracked in self._orders.resting():
            if tracked.venue_id in open_ids or not tracked.venue_id:
                continue
            order = await self._dialect.order(tracked.venue_id)
            if order.status is VenueStatus.OPEN or tracked.executed < order.executed:
                continue
            tracked.working = False
            self._tell_end(tracked, order)

    def _tell_end(self, tracked: Tracked, order: VenueOrder) -> None:
        client_id, news = tracked.client_id, self.news
        if order.status is VenueStatus.FILLED:
            wanted = order.quantity if tracked.order is None else tracked.order.quantity
            if tracked.told < wanted:
                # Rounding to the venue's lot or a fee in base left a rest that nobody will fill.
                news.canceled.append(client_id)
        elif order.executed > _NOTHING or order.status is VenueStatus.CANCELED:
            news.canceled.append(client_id)
        elif order.status is VenueStatus.EXPIRED:
            news.expired.append(client_id)
        else:
            news.rejected.append(Rejected(client_id, order.reason or "the venue refused it"))

    def _drop_targets(self) -> None:
        """A target whose stop has sold has nothing left to sell."""
        for held in self._orders.held():
            stop = self._orders.get(held.order.linked_to) if held.order else None
            if stop is not None and not stop.working and not stop.asked_off:
                held.working = False
                self.news.canceled.append(held.client_id)
