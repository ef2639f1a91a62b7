"""The paper venue: takes orders, and fills them against quotes and closed bars, pessimistically.

Refuses credit, shorts, orders off the tick or lot, and entries on bars fetched after an absence.
The same events and orders always give the same fills with the same ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engine.brokers.book import PaperBook, Standing, precedence
from engine.brokers.ledger import PaperLedger
from engine.brokers.matching import Execution, Tape, on_bar, on_quote
from engine.brokers.rules import rule_broken
from engine.brokers.settlement import Settlement, Unsettled
from engine.compliance.lots import settles_at
from engine.costs import Conditions, CostModel
from engine.model.bars import Bar, BarsClosed, MarketEvent, Quote
from engine.model.instruments import Instrument
from engine.model.money import exact
from engine.model.orders import Fill, Order, OrderType, Side
from engine.model.venue_lines import VenueLine
from engine.ports import Accepted, BrokerReport, Rejected

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class _EntryBar:
    """The bar in which an entry filled: its exits, sent at its close, stood in it too."""

    bar: Bar
    at_open: bool


@dataclass(slots=True)
class _News:
    """What the next report will tell."""

    fills: list[Fill] = field(default_factory=list)
    canceled: list[str] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)


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
    ) -> None:
        self._instruments = {instrument.symbol: instrument for instrument in instruments}
        self._costs = costs
        self._conditions = Conditions() if conditions is None else conditions
        self._ledger = PaperLedger(cash_usd, holdings or {})
        self._settlement = Settlement(unsettled)
        self._answers: dict[str, Accepted | Rejected] = {}
        self._book = PaperBook()
        self._bars: dict[str, Bar] = {}
        self._quotes: dict[str, Quote] = {}
        self._entry_bars: dict[str, _EntryBar] = {}
        self._late: dict[str, _EntryBar] = {}
        self._news = _News()

    async def submit(self, order: Order) -> Accepted | Rejected:
        """Take `order`, once; a known client id gets its first answer again."""
        known = self._answers.get(order.client_id)
        if known is not None:
            return known
        reason = self._reason_against(order)
        if reason:
            return self._answer(Rejected(order.client_id, reason))
        self._book.add(order)
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
        self._news.settled += self._settlement.mature(event.at)
        self._trade_late(wait_for_pair=False)
        if isinstance(event, Quote):
            self._see_quote(event)
            return
        for bar in event.bars:
            self._see_bar(bar, event)

    async def report(self) -> BrokerReport:
        """Fills, cancellations, expiries and rejections since the last call."""
        self._trade_late(wait_for_pair=True)
        news, self._news = self._news, _News()
        return BrokerReport(
            fills=tuple(news.fills),
            canceled=tuple(news.canceled),
            expired=tuple(news.expired),
            rejected=tuple(news.rejected),
            settled=tuple(news.settled),
        )

    async def restore(self, working: Sequence[tuple[Order, Decimal]]) -> None:
        """Take up orders that the journal knows as working, each with its filled quantity."""
        for order, filled in working:
            self._book.add(order, filled)
            self._answer(_accepted(order))

    async def balances(self) -> dict[str, Decimal]:
        """Settled cash as ``USD`` and settled holdings by base asset."""
        return {
            asset: amount - self._settlement.waiting(asset)
            for asset, amount in self._ledger.balances().items()
        }

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
        price = self._last_price(order.instrument)
        broken = rule_broken(order, instrument, price)
        if broken or instrument is None:
            return broken
        if order.side is Side.SELL:
            return self._unheld(order, instrument)
        return self._unfunded(order, instrument, order.limit_price or price)

    def _unheld(self, order: Order, instrument: Instrument) -> str:
        pair = self._book.pair_of(order)
        if pair is not None and pair.filled >= pair.order.quantity:
            return f"the other half of the pair, {order.linked_to}, has filled"
        if pair is not None and pair.order.quantity != order.quantity:
            return f"both halves of a pair sell the same, not {pair.order.quantity}"
        free = self._owned(instrument) - self._book.claimed(order.instrument, pair)
        if order.quantity > free:
            return f"{order.quantity} {instrument.base} to sell, {free} held and free"
        return ""

    def _unfunded(self, order: Order, instrument: Instrument, price: Decimal | None) -> str:
        if price is None:
            return ""
        outlay = self._outlay(price, order.quantity, instrument)
        free = self._settled_usd() - self._reserved()
        if outlay > free:
            return f"{outlay:.2f} USD needed, {free:.2f} USD settled and free"
        return ""

    def _owned(self, instrument: Instrument) -> Decimal:
        return self._ledger.held(instrument) - self._settlement.waiting(instrument.base)

    def _settled_usd(self) -> Decimal:
        return self._ledger.cash_usd - self._settlement.waiting("USD")

    def _reserved(self) -> Decimal:
        """Cash that working buys may still take, as far as their prices are known."""
        outlays = (
            self._outlay(price, self._book.remaining(s), self._instruments[s.order.instrument])
            for s in self._book.working(Side.BUY)
            if (price := s.order.limit_price or self._last_price(s.order.instrument)) is not None
        )
        return sum(outlays, _NOTHING)

    def _outlay(self, price: Decimal, quantity: Decimal, instrument: Instrument) -> Decimal:
        notional = price * quantity
        return notional + self._costs.fee_usd(instrument, notional)

    def _last_price(self, symbol: str) -> Decimal | None:
        quote, bar = self._quotes.get(symbol), self._bars.get(symbol)
        if quote is not None and (bar is None or quote.at >= bar.close_at):
            return exact(quote.ask)
        return None if bar is None else exact(bar.close)

    def _see_quote(self, quote: Quote) -> None:
        instrument = self._instruments.get(quote.instrument)
        last = self._quotes.get(quote.instrument)
        if instrument is None or not 0.0 < quote.bid < quote.ask:
            return
        if last is not None and quote.at <= last.at:
            return
        self._quotes[quote.instrument] = quote
        self._conditions.see_quote(quote)
        seen = self._conditions.seen(quote.instrument, quote.at)
        for standing in self._book.working(instrument=quote.instrument):
            if standing.working and quote.at > standing.since:
                execution = on_quote(
                    standing.order,
                    self._book.remaining(standing),
                    instrument,
                    self._costs,
                    quote,
                    triggered=standing.filled > _NOTHING,
                    seen=seen,
                )
                self._execute(standing, instrument, execution)

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
                continue
            self._trade_bar(standing, instrument, tape)
        self._bars[bar.instrument] = bar
        self._conditions.see(bar)

    def _tape(self, standing: Standing, bar: Bar) -> Tape | None:
        """What `bar` shows the order; None where it shows nothing that may count."""
        quote = self._quotes.get(bar.instrument)
        tape = Tape(
            bar,
            whole=bar.open_at >= standing.since,
            triggered=standing.filled > _NOTHING,
            seen=self._conditions.seen(bar.instrument, bar.open_at),
        )
        if tape.whole:
            return tape
        quoted = quote is not None and quote.at > standing.since
        return None if quoted or bar.close_at <= standing.since else tape

    def _trade_bar(self, standing: Standing, instrument: Instrument, tape: Tape) -> None:
        remaining = self._book.remaining(standing)
        execution = on_bar(standing.order, remaining, instrument, self._costs, tape)
        filled = self._execute(standing, instrument, execution)
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
                tape = Tape(entry_bar.bar, whole=entry_bar.at_open, seen=seen)
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
            standing.working = False
            self._news.expired.append(standing.order.client_id)

    def _execute(
        self, standing: Standing, instrument: Instrument, execution: Execution | None
    ) -> bool:
        """Book an execution as far as cash and holding cover it; True if anything filled."""
        if execution is None:
            return False
        fill = self._fill(standing, instrument, execution)
        if fill is None:
            return False
        self._ledger.book(fill, standing.order.side, instrument)
        self._expect(fill, standing.order, instrument)
        self._news.fills.append(fill)
        standing.filled += fill.quantity
        standing.since = max(standing.since, fill.at)
        self._close_if_done(standing, instrument)
        return True

    def _expect(self, fill: Fill, order: Order, instrument: Instrument) -> None:
        if fill.settles_at is None:
            return
        if order.side is Side.BUY:
            what = Unsettled(order.client_id, instrument.base, fill.quantity, fill.settles_at)
        else:
            proceeds = fill.price * fill.quantity - fill.fee_usd
            what = Unsettled("", "USD", proceeds, fill.settles_at)
        self._settlement.expect(what)

    def _fill(
        self, standing: Standing, instrument: Instrument, execution: Execution
    ) -> Fill | None:
        order, quantity = standing.order, execution.quantity
        if order.side is Side.SELL:
            quantity = min(quantity, self._owned(instrument))
        elif self._outlay(execution.price, quantity, instrument) > self._settled_usd():
            quantity = _NOTHING
        if quantity <= _NOTHING:
            self._drop(standing, "not covered by what is held or settled")
            return None
        # An exit sent for the bar of its entry fills no earlier than it was made.
        at = max(execution.at, order.created_at)
        stamp = f"{at:%Y%m%dT%H%M%S.%fZ}"
        return Fill(
            fill_id=f"{order.client_id}@{stamp}+{standing.filled.normalize():f}",
            client_id=order.client_id,
            at=at,
            price=execution.price,
            quantity=quantity,
            fee_usd=self._costs.fee_usd(instrument, execution.price * quantity),
            reference_price=execution.reference,
            settles_at=settles_at(at, instrument.settles_after_days),
        )

    def _close_if_done(self, standing: Standing, instrument: Instrument) -> None:
        pair = self._book.pair_of(standing.order)
        spent = standing.order.side is Side.SELL and self._ledger.held(instrument) <= _NOTHING
        if standing.filled >= standing.order.quantity:
            standing.working = False
        if self._book.remaining(standing) <= _NOTHING or spent:
            self._withdraw(s for s in (standing, pair) if s is not None and s.working)

    def _drop(self, standing: Standing, reason: str) -> None:
        standing.working = False
        client_id = standing.order.client_id
        if standing.order.side is Side.SELL or standing.filled > _NOTHING:
            self._news.canceled.append(client_id)
        else:
            self._news.rejected.append(Rejected(client_id, reason))

    def _withdraw(self, halves: Iterable[Standing]) -> None:
        for half in halves:
            half.working = False
            self._news.canceled.append(half.order.client_id)


def _accepted(order: Order) -> Accepted:
    return Accepted(order.client_id, f"paper-{order.client_id}")


def _rests(order: Order) -> bool:
    return order.type is not OrderType.MARKET
