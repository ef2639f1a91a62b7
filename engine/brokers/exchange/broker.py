"""The live venue: an order goes out once, and is found again by its own id if an answer is lost.

Refuses to send an order whose outcome is unknown, to touch orders and trades of anybody else on
the account, and to sell what a resting order has claimed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

import structlog

from engine.brokers.exchange.dialect import (
    Dialect,
    Ticket,
    VenueOrder,
    VenueStatus,
    VenueTrade,
)
from engine.brokers.exchange.fills import at_once, fill_id_of, ticket_of, too_small
from engine.brokers.exchange.news import Listener
from engine.brokers.exchange.pairs import HeldTargets, is_held, kept_here
from engine.brokers.exchange.timing import CLOCK_TOLERANCE, VenueTime
from engine.brokers.exchange.tracked import Tracked, TrackedOrders
from engine.brokers.exchange.wire import Refusal
from engine.brokers.exchange.wire_id import from_wire, to_wire
from engine.brokers.rules import rule_broken
from engine.clock import Clock
from engine.errors import BrokerUnavailable, OutcomeUnknown
from engine.model.bars import BarsClosed, MarketEvent, quote_of
from engine.model.instruments import Instrument
from engine.model.money import exact
from engine.model.orders import Order, Side
from engine.model.reconciliation import StatedFill, StatedOrder, VenueStatement
from engine.model.venue_lines import VenueLine
from engine.ports import Accepted, BrokerReport, Rejected

_log = structlog.get_logger(__name__)
_NOTHING = Decimal(0)
LOOK_BACK = timedelta(days=7)
"""How far back the venue's lists are searched for an order of ours."""


@dataclass(frozen=True, slots=True)
class ExchangeRules:
    """How one venue is traded.

    Attributes
    ----------
    deadline_for : timedelta, 1 s to 60 s
        How long after it was sent the venue may still act on an order.
    dead_man_for : timedelta
        After how long without a report the venue cancels everything, while nothing but entries
        rests there; zero never arms the switch.
    """

    deadline_for: timedelta = timedelta(seconds=10)
    dead_man_for: timedelta = timedelta(0)


class ExchangeBroker:
    """One account at one spot exchange behind the ``Broker`` port.

    Parameters
    ----------
    dialect : Dialect
    instruments : mapping of Instrument to str
        ccxt's unified symbol of each instrument.
    clock : Clock
    known_fills : collection of str
        Fill ids that the journal holds already; they are not told again.
    """

    def __init__(
        self,
        dialect: Dialect,
        instruments: Mapping[Instrument, str],
        clock: Clock,
        rules: ExchangeRules | None = None,
        *,
        known_fills: Collection[str] = (),
    ) -> None:
        self.name = dialect.name
        self._dialect = dialect
        self._instruments = {each.symbol: each for each in instruments}
        self._symbols = {each.symbol: symbol for each, symbol in instruments.items()}
        self._clock = clock
        self._rules = rules or ExchangeRules()
        self._opened_at = clock.now()
        self._time = VenueTime(dialect, clock)
        self._orders = TrackedOrders()
        self._answers: dict[str, Accepted | Rejected] = {}
        self._unclear: dict[str, tuple[datetime, Order]] = {}
        self._absent: set[str] = set()
        self._mids: dict[str, Decimal] = {}
        self._dead_man_armed = False
        self._listener = Listener(dialect, self._orders, clock, known_fills, self._reference)
        self._targets = HeldTargets(
            self._orders, self._listener, self._take_off, partial(self._place, now_or_never=True)
        )

    # ------------------------------------------------------------------ out

    async def submit(self, order: Order) -> Accepted | Rejected:
        """Place `order`, once; as `Broker.submit`."""
        client_id = order.client_id
        known = self._answers.get(client_id)
        if known is not None:
            return known
        made_before = order.created_at < self._opened_at
        if client_id in self._unclear or (made_before and client_id not in self._absent):
            found = await self._look_before_sending(client_id)
            if found is not None:
                return found
        reason = self._reason_against(order)
        if reason:
            return self._keep(Rejected(client_id, reason))
        if is_held(order):
            return self._keep(self._targets.hold(order))
        return await self._place(order)

    async def cancel(self, client_id: str) -> bool:
        """Cancel a working order; as `Broker.cancel`.

        Raises
        ------
        OutcomeUnknown
            Also while the venue has the request and has not done it: the order may still fill.
        """
        tracked = self._orders.get(client_id)
        if tracked is None:
            if await self._look_up(client_id) is None:
                return False
            tracked = self._orders.get(client_id)
        if tracked is None or not tracked.working:
            return False
        if tracked.held:
            tracked.working = False
            return True
        return await self._take_off(tracked)

    async def find(self, client_id: str) -> Accepted | Rejected | None:
        """Look an order up, open, closed or traded; as `Broker.find`.

        Raises
        ------
        OutcomeUnknown
            While the venue does not show the order but may still do so: absence is proved only
            when its window after the last possible request has passed.
        """
        tracked = self._orders.get(client_id)
        if tracked is not None and tracked.doubtful:
            await self._resolve_restored()
            if tracked.working and not (tracked.venue_id or tracked.held):
                raise OutcomeUnknown(f"{self._dialect.title} does not show {client_id} yet")
        known = self._answers.get(client_id)
        return known if known is not None else await self._look_up(client_id)

    # ------------------------------------------------------------------ in

    async def observe(self, event: MarketEvent) -> None:
        """See the price: targets that are held here go out when it has reached them."""
        quote = quote_of(event)
        if quote is not None and 0.0 < quote.bid < quote.ask:
            self._mids[quote.instrument] = exact(quote.mid)
            await self._targets.reach(quote.instrument, quote.bid)
        elif isinstance(event, BarsClosed) and not event.caught_up:
            for bar in event.bars:
                await self._targets.reach(bar.instrument, bar.close)

    async def report(self) -> BrokerReport:
        """Everything new since the last call; as `Broker.report`."""
        await self._resolve_restored()
        report = await self._listener.report()
        await self._mind_dead_man()
        return report

    async def restore(self, working: Sequence[tuple[Order, Decimal]]) -> None:
        """Take up working orders; the venue's ids of them are asked for with the next report."""
        for order, _ in working:
            tracked = Tracked(order.client_id, order=order, held=is_held(order))
            tracked.doubtful = True
            self._orders.add(tracked)
            self._answers[order.client_id] = Accepted(order.client_id, "")
        self._listener.listen_since(min((o.created_at for o, _ in working), default=None))

    async def balances(self) -> dict[str, Decimal]:
        """Own balances by currency; as `Broker.balances`."""
        return await self._dialect.balances()

    async def statement(self, since: datetime) -> tuple[VenueStatement, ...]:
        """The account as the venue shows it; as `Broker.statement`.

        Targets that are held here count as working: nobody else can list them.
        """
        opened = await self._dialect.open_orders()
        trades = await self._dialect.trades(since)
        fills = tuple([await self._stated(trade) for trade in trades])
        held = ((each.order, each) for each in self._orders.held())
        orders = (
            *(_listed(each) for each in opened),
            *(_kept(order) for order, _ in held if order is not None),
        )
        return (VenueStatement(self.name, await self._dialect.balances(), orders, fills),)

    async def _stated(self, trade: VenueTrade) -> StatedFill:
        return StatedFill(
            fill_id=fill_id_of(self.name, trade),
            client_id=await self._listener.owner_of(trade),
            at=trade.at,
            market=trade.market,
            side=trade.side,
            price=trade.price,
            quantity=trade.quantity,
        )

    async def ledger_lines(self, since: datetime | None) -> tuple[VenueLine, ...]:
        """What the venue has booked on the account; as `Broker.ledger_lines`.

        It is asked from before `since` on, by as much as the venue books late.
        """
        start = None if since is None else since - self._dialect.books_late_for
        lines = await self._dialect.ledger(start)
        return tuple(sorted(lines, key=lambda line: (line.at, line.line_id)))

    async def aclose(self) -> None:
        """Close the connections to the venue."""
        await self._dialect.aclose()

    # ------------------------------------------------------------------ placing

    def _reason_against(self, order: Order) -> str:
        instrument = self._instruments.get(order.instrument)
        if not to_wire(order.client_id):
            return f"the id {order.client_id} does not fit into what {self._dialect.title} takes"
        return rule_broken(order, instrument, self._mids.get(order.instrument))

    async def _ticket(self, order: Order) -> Ticket | str:
        symbol = self._symbols[order.instrument]
        steps = await self._dialect.steps(symbol)
        if steps is None:
            return f"{order.instrument} is not traded at {self._dialect.title}"
        ticket = ticket_of(order, symbol, steps)
        return too_small(ticket) or ticket

    async def _place(self, order: Order, *, now_or_never: bool = False) -> Accepted | Rejected:
        client_id = order.client_id
        ticket = await self._ticket(order)
        if isinstance(ticket, str):
            return self._keep(Rejected(client_id, ticket))
        ticket = at_once(ticket) if now_or_never else ticket
        await self._time.require(order)
        deadline_at = self._time.venue_now() + self._rules.deadline_for
        # Noted before the wire: whatever happens from here, the order is looked up first.
        self._unclear[client_id] = (self._clock.now(), order)
        self._absent.discard(client_id)
        try:
            answer = await self._dialect.place(ticket, deadline_at)
        except BrokerUnavailable:
            del self._unclear[client_id]
            raise
        del self._unclear[client_id]
        if isinstance(answer, Refusal):
            return self._keep(Rejected(client_id, answer.words))
        self._orders.add(Tracked(client_id, answer, order))
        self._listener.listen_since(self._clock.now())
        return self._keep(Accepted(client_id, answer))

    def _keep(self, answer: Accepted | Rejected) -> Accepted | Rejected:
        self._answers[answer.client_id] = answer
        return answer

    # ------------------------------------------------------------------ looking

    async def _look_up(self, client_id: str) -> Accepted | Rejected | None:
        wire_id = to_wire(client_id)
        if not wire_id:
            return None
        now = self._clock.now()
        sent_at, order = self._unclear.get(client_id, (self._opened_at, None))
        found = await self._dialect.look_up(wire_id, min(sent_at, now) - LOOK_BACK)
        if found is not None:
            return self._adopt(client_id, found, order)
        proved_at = self._proved_at(sent_at)
        if now < proved_at and client_id not in self._absent:
            raise OutcomeUnknown(
                f"{self._dialect.title} does not show {client_id}; "
                f"that it never arrived is proved at {proved_at:%H:%M:%S}",
                proved_at,
            )
        self._unclear.pop(client_id, None)
        self._absent.add(client_id)
        return None

    async def _look_before_sending(self, client_id: str) -> Accepted | Rejected | None:
        """Look an order up that may be live: while nobody can say, its outcome is unknown."""
        try:
            return await self._look_up(client_id)
        except BrokerUnavailable as fault:
            raise OutcomeUnknown(f"{client_id} may be live: {fault}") from fault

    def _proved_at(self, sent_at: datetime) -> datetime:
        """From when an order sent then and not shown is certainly absent."""
        return sent_at + self._rules.deadline_for + self._dialect.visible_for

    def _adopt(
        self, client_id: str, found: VenueOrder, order: Order | None
    ) -> Accepted | Rejected:
        self._unclear.pop(client_id, None)
        if found.status is VenueStatus.REJECTED and found.executed == _NOTHING:
            return self._keep(Rejected(client_id, found.reason or "the venue refused it"))
        tracked = Tracked(client_id, found.venue_id, order)
        tracked.fee_in_base = found.fee_in_base
        self._orders.add(tracked)
        self._listener.listen_since(found.opened_at)
        return self._keep(Accepted(client_id, found.venue_id))

    async def _resolve_restored(self) -> None:
        """Learn where restored orders stand; one that the venue has never seen is off the market.

        A target that was held may have gone out just before the crash: until that is ruled out
        it does not go out again.
        """
        for tracked in list(self._orders.working()):
            order = tracked.order
            if not tracked.doubtful or order is None:
                continue
            sent_at, _ = self._unclear.get(tracked.client_id, (self._opened_at, order))
            proved = self._clock.now() >= self._proved_at(sent_at)
            since = order.created_at - CLOCK_TOLERANCE
            found = await self._dialect.look_up(to_wire(tracked.client_id), since)
            if found is not None or proved:
                self._unclear.pop(tracked.client_id, None)
            if found is not None:
                tracked.held = tracked.doubtful = False
                tracked.fee_in_base = found.fee_in_base
                self._orders.name(tracked, found.venue_id)
                self._keep(Accepted(tracked.client_id, found.venue_id))
            elif proved and tracked.held:
                tracked.doubtful = False
                self._keep(kept_here(order))
            elif proved:
                _log.warning("the venue does not know a working order", order=tracked.client_id)
                tracked.working = tracked.doubtful = False
                self._listener.news.canceled.append(tracked.client_id)

    # ------------------------------------------------------------------ canceling

    async def _take_off(self, tracked: Tracked) -> bool:
        await self._resolve_restored()
        if not (tracked.working and tracked.venue_id):
            return False
        asked = await self._dialect.cancel(tracked.venue_id)
        order = await self._state_after(tracked)
        if order.status is VenueStatus.OPEN:
            raise OutcomeUnknown(
                f"{self._dialect.title} was asked to cancel {tracked.client_id} and has not yet"
            )
        if not asked or order.status is not VenueStatus.CANCELED:
            return False  # filled, or off already: the report tells which
        tracked.working, tracked.asked_off, tracked.gone = False, True, order.executed
        return True

    async def _state_after(self, tracked: Tracked) -> VenueOrder:
        try:
            return await self._dialect.order(tracked.venue_id)
        except BrokerUnavailable as fault:
            raise OutcomeUnknown(f"{tracked.client_id} may be canceled: {fault}") from fault

    # ------------------------------------------------------------------ the rest

    def _reference(self, tracked: Tracked, price: Decimal) -> Decimal:
        order = tracked.order
        if order is None:
            return price
        return order.limit_price or order.stop_price or self._mids.get(order.instrument) or price

    async def _mind_dead_man(self) -> None:
        """Arm the switch while only entries rest: it cancels stops too, and they must stay."""
        if not (self._dialect.has_dead_man and self._rules.dead_man_for):
            return
        resting = self._orders.resting()
        entries_only = bool(resting) and all(
            each.order is not None and each.order.side is Side.BUY for each in resting
        )
        if entries_only or self._dead_man_armed:
            delay = self._rules.dead_man_for if entries_only else timedelta(0)
            await self._dialect.cancel_all_after(delay)
            self._dead_man_armed = entries_only


def _listed(order: VenueOrder) -> StatedOrder:
    return StatedOrder(
        venue_id=order.venue_id,
        client_id=from_wire(order.wire_id),
        market=order.market,
        side=order.side,
        left=order.quantity - order.executed,
    )


def _kept(order: Order) -> StatedOrder:
    """A target that waits here, as if it were listed."""
    answer = kept_here(order)
    return StatedOrder(
        answer.venue_id, order.client_id, order.instrument, order.side, order.quantity
    )
