"""The paper venue: takes orders, and fills them against books, prints and bars, pessimistically.

Refuses credit, shorts, orders off the tick or lot, and entries on bars fetched after an absence.
The same events and orders always give the same fills with the same ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from engine.brokers.book import PaperBook, Standing, precedence
from engine.brokers.booking import Booking
from engine.brokers.coverage import PaperCoverage
from engine.brokers.latency import Latency
from engine.brokers.ledger import PaperLedger
from engine.brokers.matching import Tape, on_bar
from engine.brokers.resting import met_by_book, met_by_print, queue_up
from engine.brokers.rules import rule_broken
from engine.brokers.settlement import Settlement, Unsettled
from engine.brokers.shown import ShownBook
from engine.brokers.taking import is_triggered, take, would_take
from engine.costs import Conditions, CostModel
from engine.model.bars import Bar, BarsClosed, Depth, MarketEvent, Print, Quote
from engine.model.instruments import Calendar, Instrument
from engine.model.money import exact
from engine.model.orders import Order, OrderType, Side
from engine.model.reconciliation import StatedOrder, VenueStatement
from engine.model.venue_lines import VenueLine
from engine.ports import Accepted, BrokerReport, Rejected

_NOTHING = Decimal(0)
_INSTANT = timedelta(microseconds=1)
_WOULD_TAKE = "it is post-only and would take liquidity (post only)"


@dataclass(frozen=True, slots=True)
class _EntryBar:
    """The bar in which an entry filled: its exits, sent at its close, stood in it too."""

    bar: Bar
    at_open: bool


STOP_GUARD = (
    "its stop rests at the paper venue, which is this desk: while it is away nobody watches, and "
    "the bars that it missed are gone through at its next start"
)
"""Who guards a stop on paper, one clause."""


class PaperBroker:
    """A venue of paper behind the ``Broker`` port.

    Parameters
    ----------
    instruments : sequence of Instrument
    costs : CostModel
        The same one that proposals are made with.
    cash_usd : Decimal, US dollars, >= 0
    holdings : mapping of base asset to Decimal, base units, >= 0
        What the journal says is held; empty at the first start.
    conditions : Conditions or None
        Memory of the market, the one that cards are costed with; None keeps one of its own.
    unsettled : iterable of Unsettled
        What of it, and of the cash, is not ours yet.
    latency : Latency
        How long each order is on its way.
    ahead_frac : float, fraction of what trades, in [0, 1)
        What goes to others before a resting order whose queue is not known.
    is_open : callable of (Calendar, datetime) to bool
        Whether a market trades at an instant; a market entry into a shut one is refused.
    """

    name = "paper"

    def __init__(
        self,
        instruments: Sequence[Instrument],
        costs: CostModel,
        *,
        cash_usd: Decimal,
        holdings: Mapping[str, Decimal] | None = None,
        conditions: Conditions | None = None,
        unsettled: Iterable[Unsettled] = (),
        latency: Latency = Latency(),  # noqa: B008  frozen
        ahead_frac: float = 0.5,
        is_open: Callable[[Calendar, datetime], bool] = lambda _calendar, _at: True,
    ) -> None:
        if not 0.0 <= ahead_frac < 1.0:
            raise ValueError(f"ahead_frac must be in [0, 1), was {ahead_frac!r}")
        self._latency, self._ahead_frac, self._is_open = latency, ahead_frac, is_open
        self._instruments = {instrument.symbol: instrument for instrument in instruments}
        self._costs = costs
        self._conditions = Conditions() if conditions is None else conditions
        self._ledger = PaperLedger(cash_usd, holdings or {})
        self._settlement = Settlement(unsettled)
        self._answers: dict[str, Accepted | Rejected] = {}
        self._book = PaperBook()
        self._bars: dict[str, Bar] = {}
        self._shown: dict[str, ShownBook] = {}
        self._coverage = PaperCoverage(
            self._instruments,
            self._ledger,
            self._settlement,
            self._book,
            costs,
            self._last_price,
        )
        self._entry_bars: dict[str, _EntryBar] = {}
        self._late: dict[str, _EntryBar] = {}
        self._booking = Booking(self._coverage, costs)

    async def submit(self, order: Order) -> Accepted | Rejected:
        """Take `order`, once; a known client id gets its first answer again."""
        known = self._answers.get(order.client_id)
        if known is not None:
            return known
        reason = self._reason_against(order)
        if reason:
            return self._answer(Rejected(order.client_id, reason))
        self._book.add(order, order.created_at + self._latency.of(order.client_id))
        entry_bar = self._entry_bars.get(order.proposal_id)
        if entry_bar is not None and order.side is Side.SELL and _rests(order):
            self._late[order.client_id] = entry_bar
        return self._answer(_accepted(order))

    async def cancel(self, client_id: str) -> bool:
        """Take a working order off the market; False if it no longer works."""
        standing = self._book.get(client_id)
        if standing is None or not standing.working:
            return False
        standing.working = False
        return True

    async def find(self, client_id: str) -> Accepted | Rejected | None:
        """First answer that was given to `client_id`; None if it was never seen."""
        return self._answers.get(client_id)

    async def observe(self, event: MarketEvent) -> None:
        """Trade the working orders against what the market did."""
        self._booking.tell_settled(self._settlement.mature(event.at))
        self._trade_late(wait_for_pair=False)
        if isinstance(event, BarsClosed):
            for bar in event.bars:
                self._see_bar(bar, event)
            self._expire(event.at)
            return
        self._expire(event.at)
        if isinstance(event, Print):
            self._see_print(event)
        else:
            self._see_book(Depth.of(event) if isinstance(event, Quote) else event)

    async def report(self) -> BrokerReport:
        """Fills, cancellations, expiries and rejections since the last call."""
        self._trade_late(wait_for_pair=True)
        return self._booking.report()

    async def restore(self, working: Sequence[tuple[Order, Decimal]]) -> None:
        """Take up orders that the journal knows as working, each with its filled quantity."""
        for order, filled in working:
            self._book.take_up(order, filled)
            self._answer(_accepted(order))

    async def balances(self) -> dict[str, Decimal]:
        """Settled cash as ``USD`` and settled holdings by base asset."""
        return {
            asset: amount - self._settlement.waiting(asset)
            for asset, amount in self._ledger.balances().items()
        }

    async def statement(self, since: datetime) -> tuple[VenueStatement, ...]:  # noqa: ARG002
        """Balances and working orders; paper keeps no list of its fills beside the record."""
        orders = tuple(
            StatedOrder(
                f"paper-{each.order.client_id}",
                each.order.client_id,
                each.order.instrument,
                each.order.side,
                each.order.quantity - each.filled,
            )
            for each in self._book.working()
        )
        return (VenueStatement(self.name, await self.balances(), orders, None),)

    async def ledger_lines(self, since: datetime | None) -> tuple[VenueLine, ...]:  # noqa: ARG002
        """None: paper books its fills and nothing else, no interest and no financing."""
        return ()

    async def aclose(self) -> None:
        """Nothing to close."""

    def _answer(self, answer: Accepted | Rejected) -> Accepted | Rejected:
        self._answers[answer.client_id] = answer
        return answer

    def _reason_against(self, order: Order) -> str:
        instrument = self._instruments.get(order.instrument)
        broken = rule_broken(order, instrument, self._last_price(order.instrument))
        if broken or instrument is None:
            return broken
        if self._is_shut_to(order, order.created_at):
            return f"the market of {order.instrument} is closed"
        fresh = self._conditions.seen(order.instrument, order.created_at).quote
        if order.post_only and fresh and would_take(order, ShownBook(Depth.of(fresh))):
            return _WOULD_TAKE
        return self._coverage.reason_against(order, instrument)

    def _last_price(self, symbol: str) -> Decimal | None:
        shown, bar = self._shown.get(symbol), self._bars.get(symbol)
        if shown is not None and (bar is None or shown.book.at >= bar.close_at):
            return exact(shown.book.best.ask)
        return None if bar is None else exact(bar.close)

    # ------------------------------------------------------------------ books and prints

    def _see_book(self, book: Depth) -> None:
        instrument, shown = (
            self._instruments.get(book.instrument),
            self._shown.get(book.instrument),
        )
        if instrument is None or book.fault:
            return
        if shown is not None and book.at <= shown.book.at:
            return
        if shown is None:
            self._shown[book.instrument] = shown = ShownBook(book)
        shown.show(book)
        self._conditions.see_quote(book.best)
        for standing in self._book.working(instrument=book.instrument):
            if standing.working and book.at > max(standing.since, standing.acts_at):
                self._meet_book(standing, instrument, shown)

    def _meet_book(self, standing: Standing, instrument: Instrument, shown: ShownBook) -> None:
        order, remaining = standing.order, self._book.remaining(standing)
        arrives, standing.arrived = not standing.arrived, True
        if order.type is OrderType.LIMIT:
            if arrives and order.post_only and would_take(order, shown):
                self._booking.drop(standing, _WOULD_TAKE)
                return
            met = met_by_book(standing, remaining, instrument, shown, self._ahead_frac)
            self._booking.execute(standing, instrument, met)
            queue_up(standing, shown)
            return
        standing.triggered = standing.triggered or is_triggered(order, shown)
        if order.type is OrderType.STOP and not standing.triggered:
            return
        seen = self._conditions.seen(order.instrument, shown.book.at)
        for execution in take(order, remaining, instrument, self._costs, shown, seen):
            if not standing.working:
                return
            self._booking.execute(standing, instrument, execution)

    def _see_print(self, printed: Print) -> None:
        instrument = self._instruments.get(printed.instrument)
        if instrument is None:
            return
        for standing in self._book.working(instrument=printed.instrument):
            if not standing.working or not standing.arrived or printed.at <= standing.acts_at:
                continue
            if standing.order.stop_price is not None:
                reached = exact(printed.price) <= standing.order.stop_price
                standing.triggered = standing.triggered or reached
                continue
            remaining = self._book.remaining(standing)
            met = met_by_print(standing, remaining, instrument, printed, self._ahead_frac)
            if met is not None and self._booking.execute(standing, instrument, met):
                printed = replace(printed, size=printed.size - float(met.quantity))
                if printed.size <= 0.0:
                    return

    def _expire(self, at: datetime) -> None:
        """Let go of orders whose time is over, and of market entries whose market has shut."""
        for standing in self._book.working():
            ends = standing.order.expires_at
            if (ends is not None and at >= ends) or self._is_shut_to(standing.order, at):
                self._booking.lapse(standing)

    def _is_shut_to(self, order: Order, at: datetime) -> bool:
        """Whether `order` would buy at whatever its market opens with after a break."""
        entry = order.side is Side.BUY and order.type is OrderType.MARKET
        return entry and not self._is_open(self._instruments[order.instrument].calendar, at)

    # ------------------------------------------------------------------ bars

    def _see_bar(self, bar: Bar, event: BarsClosed) -> None:
        instrument, last = self._instruments.get(bar.instrument), self._bars.get(bar.instrument)
        if instrument is None or (last is not None and bar.close_at <= last.close_at):
            return
        self._forget_entry_bars(bar.instrument)
        for standing in self._book.working(instrument=bar.instrument):
            tape = self._tape(standing, bar)
            if tape is None or not standing.working:
                continue
            if event.caught_up and standing.order.side is Side.BUY:
                self._pass_over(standing)
            elif _outlasts(bar, standing.order) or (
                tape.whole and self._is_shut_to(standing.order, bar.open_at - _INSTANT)
            ):
                self._booking.lapse(standing)
            elif not self._refuse_at_open(standing, tape):
                self._trade_bar(standing, instrument, tape)
        self._bars[bar.instrument] = bar
        self._conditions.see(bar)

    def _tape(self, standing: Standing, bar: Bar) -> Tape | None:
        """What `bar` shows the order; None where it shows nothing that may count."""
        shown = self._shown.get(bar.instrument)
        tape = Tape(
            bar,
            whole=bar.open_at >= standing.since,
            triggered=standing.filled > _NOTHING,
            seen=self._conditions.seen(bar.instrument, bar.open_at),
            ahead_frac=self._ahead_frac,
        )
        if tape.whole:
            return tape
        quoted = shown is not None and shown.book.at > standing.since
        return None if quoted or bar.close_at <= standing.since else tape

    def _refuse_at_open(self, standing: Standing, tape: Tape) -> bool:
        """Refuse a post-only order that arrives where its bar opened beyond its price."""
        order, arrives = standing.order, tape.whole and not standing.arrived
        standing.arrived = standing.arrived or tape.whole
        if not (arrives and order.post_only and order.limit_price is not None):
            return False
        sign = 1 if order.side is Side.BUY else -1
        if sign * (order.limit_price - exact(tape.bar.open)) < _NOTHING:
            return False
        self._booking.drop(standing, _WOULD_TAKE)
        return True

    def _trade_bar(self, standing: Standing, instrument: Instrument, tape: Tape) -> None:
        remaining = self._book.remaining(standing)
        execution = on_bar(standing.order, remaining, instrument, self._costs, tape)
        filled = self._booking.execute(standing, instrument, execution)
        if filled and execution is not None and standing.order.side is Side.BUY:
            entry_bar = _EntryBar(tape.bar, execution.at_open)
            self._entry_bars[standing.order.proposal_id] = entry_bar

    def _trade_late(self, *, wait_for_pair: bool) -> None:
        """Show the entry's bar to exits that were sent when it had closed, stops first."""
        late, self._late = self._late, {}
        exits = [exit_ for client_id in late if (exit_ := self._book.get(client_id)) is not None]
        for exit_ in sorted(exits, key=precedence):
            order, entry_bar = exit_.order, late[exit_.order.client_id]
            if wait_for_pair and order.linked_to and order.linked_to not in self._answers:
                self._late[order.client_id] = entry_bar
            elif exit_.working:
                seen = self._conditions.seen(order.instrument, entry_bar.bar.open_at)
                tape = Tape(
                    entry_bar.bar,
                    whole=entry_bar.at_open,
                    seen=seen,
                    ahead_frac=self._ahead_frac,
                )
                self._trade_bar(exit_, self._instruments[order.instrument], tape)

    def _forget_entry_bars(self, symbol: str) -> None:
        self._entry_bars = {
            proposal: entry
            for proposal, entry in self._entry_bars.items()
            if entry.bar.instrument != symbol
        }

    def _pass_over(self, standing: Standing) -> None:
        """A market entry that the absence overtook expires: nobody approved today's price."""
        if standing.order.type is OrderType.MARKET:
            self._booking.lapse(standing)


def _accepted(order: Order) -> Accepted:
    return Accepted(order.client_id, f"paper-{order.client_id}")


def _outlasts(bar: Bar, order: Order) -> bool:
    """Whether the order's time is over before `bar` can tell what became of it."""
    if order.expires_at is None:
        return False
    if order.type is OrderType.MARKET:
        return order.expires_at <= bar.open_at
    return order.expires_at < bar.close_at


def _rests(order: Order) -> bool:
    return order.type is not OrderType.MARKET
