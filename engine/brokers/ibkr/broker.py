"""The life of orders at Interactive Brokers.

Refuses to send an order before it has looked for it, to send it again while its absence is not
proved, to sell what is not possessed, and to buy with what is not settled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from engine.brokers.ibkr import contracts
from engine.brokers.ibkr.codes import refusal
from engine.brokers.ibkr.coverage import Coverage
from engine.brokers.ibkr.desk_orders import DeskOrders, End, Endings, end_of
from engine.brokers.ibkr.evidence import Evidence, gather
from engine.brokers.ibkr.executions import ExecutionBook
from engine.brokers.ibkr.facts import VenueExecution, VenueOrder
from engine.brokers.ibkr.session import Session
from engine.brokers.ibkr.settlement import trade_date
from engine.brokers.ibkr.street import Street
from engine.brokers.ibkr.tickets import Answer, Outcome, Ticket
from engine.brokers.ibkr.wire import Wire
from engine.brokers.rules import rule_broken
from engine.brokers.settlement import Settlement, Unsettled
from engine.errors import BeyondProof, BrokerError, BrokerUnavailable, OutcomeUnknown
from engine.model.bars import BarsClosed, MarketEvent, quote_of
from engine.model.instruments import Instrument
from engine.model.money import exact
from engine.model.orders import Order, OrderType, Side
from engine.model.reconciliation import StatedFill, StatedOrder, VenueStatement
from engine.model.venue_lines import VenueLine
from engine.ports import Accepted, BrokerReport, Clock, Rejected

_NOTHING = Decimal(0)
_LOOK_AGAIN_AFTER = timedelta(minutes=5)
"""How long after a look that proves nothing, and hardly ever will, the next one is due."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait before something is believed.

    Attributes
    ----------
    absence : timedelta
        From sending, or from the start of this process for an order of an earlier one, until an
        order that is not listed counts as never seen.
    commission : timedelta
        Longest time for which a fill waits for its commission.
    sync : timedelta
        Longest time between two full looks at orders and executions.
    """

    absence: timedelta = timedelta(seconds=10)
    commission: timedelta = timedelta(seconds=5)
    sync: timedelta = timedelta(minutes=1)


class IbkrBroker:
    """IBKR behind the ``Broker`` port.

    Parameters
    ----------
    session : Session
    street : Street
    clock : Clock
    patience : Patience
    known_fills : collection of str
        Ids of fills that the journal has already.
    unsettled : iterable of Unsettled
        Purchases in the journal that are not ours yet.
    in_doubt : mapping of client id to datetime, aware UTC
        Orders that an earlier process intended then and whose answer is not in the journal.
    """

    name = "ibkr"

    def __init__(
        self,
        session: Session,
        street: Street,
        clock: Clock,
        patience: Patience | None = None,
        *,
        known_fills: Collection[str] = frozenset(),
        unsettled: Iterable[Unsettled] = (),
        in_doubt: Mapping[str, datetime] = MappingProxyType({}),
    ) -> None:
        self._session = session
        self._street = street
        self._clock = clock
        self._patience = patience or Patience()
        self._turn = asyncio.Lock()
        self._answers: dict[str, Accepted | Rejected] = {}
        self._orders = DeskOrders()
        self._book = ExecutionBook(self._patience.commission, known_fills)
        self._prices: dict[str, Decimal] = {}
        self._looked: tuple[Wire, int, datetime] | None = None
        self._evidence = Evidence((), (), (), stirred=-1)
        self._began = clock.now()
        self._in_doubt = dict(in_doubt)
        self._settlement = Settlement(unsettled)
        self._coverage = Coverage(
            session.gateway.account,
            street,
            clock,
            self._orders,
            self._book,
            self._settlement,
            self._prices,
        )
        session.on_execution = lambda each: self._book.hear((each,), clock.now())

    # ------------------------------------------------------------------ the port

    async def submit(self, order: Order) -> Accepted | Rejected:
        """Place `order`, once; what the gateway knows already is answered, never placed again."""
        async with self._turn:
            known = self._answers.get(order.client_id)
            if known is not None:
                return known
            broken = self._broken(order)
            if broken:
                return self._answer(Rejected(order.client_id, broken))
            wire = await self._session.ready()
            evidence = await self._gather(wire)
            found = evidence.answer(order.client_id)
            if found is not None:
                return self._adopt(order, found)
            self._require_absent(order.client_id, order.created_at)
            return await self._place(wire, order, evidence)

    async def cancel(self, client_id: str) -> bool:
        """Cancel a working order; False if it is no longer working."""
        async with self._turn:
            wire = await self._session.ready()
            evidence = await self._gather(wire)
            found = evidence.open_under(client_id)
            if not found:
                return False
            answer = await wire.cancel(found[0], self._session.gateway.ack_seconds)
            if answer.outcome is Outcome.CANCELED:
                self._orders.drop(client_id)
                return True
            if answer.outcome is Outcome.UNKNOWN or (await self._gather(wire)).open_under(
                client_id
            ):
                raise OutcomeUnknown(
                    f"order {client_id} may or may not be canceled: {answer.text}"
                )
            return False

    async def find(self, client_id: str) -> Accepted | Rejected | None:
        """Look an order up among open and completed orders and executions.

        Raises
        ------
        OutcomeUnknown
            If the gateway does not list it, and that proves nothing yet or any more.
        """
        async with self._turn:
            known = self._answers.get(client_id)
            if isinstance(known, Rejected):
                return known
            evidence = await self._gather(await self._session.ready())
            found = evidence.answer(client_id)
            if found is None:
                if known is not None:
                    return known
                self._require_absent(client_id)
                return None
            return self._answer(found)

    async def observe(self, event: MarketEvent) -> None:
        """Remember the newest price, from which slippage and outlay are measured."""
        quote = quote_of(event)
        if quote is not None and 0.0 < quote.bid <= quote.ask:
            self._prices[quote.instrument] = exact(quote.mid)
        elif isinstance(event, BarsClosed):
            for bar in event.bars:
                self._prices[bar.instrument] = exact(bar.close)

    async def report(self) -> BrokerReport:
        """Everything new since the last call, over drops and restarts of the gateway."""
        async with self._turn:
            wire = await self._session.ready()
            now = self._clock.now()
            if self._must_look(wire, now):
                await self._gather(wire)
            self._book.hear(wire.executions(), now)
            amended = self._book.amendments(self._coverage.estimate)
            fills = self._book.fills(now, self._coverage.estimate)
            self._coverage.expect(fills)
            ended = self._endings(self._evidence, now)
            return BrokerReport(
                fills=fills,
                canceled=tuple(ended.canceled),
                expired=tuple(ended.expired),
                rejected=tuple(ended.rejected),
                amended=amended,
                settled=tuple(self._settlement.mature(now)),
            )

    async def restore(self, working: Sequence[tuple[Order, Decimal]]) -> None:
        """Take up the orders that the journal knows as working, each with its filled quantity."""
        for order, filled in working:
            self._orders.take_up(order, filled)

    async def balances(self) -> dict[str, Decimal]:
        """Settled own dollars and what is possessed of each base asset, in its units."""
        async with self._turn:
            return await self._coverage.balances(await self._session.ready())

    async def statement(self, since: datetime) -> tuple[VenueStatement, ...]:
        """The account as the gateway shows it; it lists executions of today only."""
        async with self._turn:
            wire = await self._session.ready()
            evidence = await self._gather(wire)
            balances = await self._coverage.balances(wire)
        return (
            VenueStatement(
                self.name,
                balances,
                tuple(_listed(each, evidence) for each in evidence.open),
                tuple(_stated(each) for each in evidence.executions if each.at >= since),
            ),
        )

    async def ledger_lines(self, since: datetime | None) -> tuple[VenueLine, ...]:  # noqa: ARG002
        """None: the gateway tells no ledger, and that proves nothing.

        Interest shows only on IB's statements: ``engine.compliance`` lists this venue among
        those whose statements have to be read.
        """
        return ()

    async def aclose(self) -> None:
        """Disconnect; working orders stay at the venue."""
        await self._session.aclose()

    # ------------------------------------------------------------------ placing

    async def _place(self, wire: Wire, order: Order, evidence: Evidence) -> Accepted | Rejected:
        instrument = self._street.instruments[order.instrument]
        traded = await self._coverage.listed(wire, instrument)
        if isinstance(traded, str):
            return self._answer(Rejected(order.client_id, traded))
        reason = (
            contracts.size_fault(order, traded.form, traded.listing)
            or self._closed(order, instrument)
            or await self._coverage.uncovered(wire, order, traded, evidence)
        )
        if reason:
            return self._answer(Rejected(order.client_id, reason))
        before = self._orders.get(order.client_id)
        self._orders.sent(order, self._clock.now())
        try:
            gateway = self._session.gateway
            answer = await wire.place(Ticket(order, traded, gateway.account), gateway.ack_seconds)
        except BrokerUnavailable:
            self._orders.not_sent(order.client_id, before)
            raise
        return await self._settle_answer(wire, order, answer)

    async def _settle_answer(
        self, wire: Wire, order: Order, answer: Answer
    ) -> Accepted | Rejected:
        client_id = order.client_id
        if answer.outcome is Outcome.TAKEN:
            return self._answer(Accepted(client_id, str(answer.perm_id)))
        if answer.outcome is Outcome.DUPLICATE_ID:
            self._orders.not_sent(client_id, None)
            raise BrokerUnavailable(
                f"IBKR 103: the gateway has used that order number before; {client_id} was not "
                "placed, and the next attempt takes a higher one"
            )
        if answer.outcome is Outcome.REFUSED:
            self._orders.drop(client_id)
            return self._answer(Rejected(client_id, refusal(answer.code, answer.text)))
        try:
            found = (await self._gather(wire)).answer(client_id)
        except BrokerError as fault:
            raise OutcomeUnknown(f"order {client_id}: {answer.text}, then {fault}") from fault
        if found is None:
            raise OutcomeUnknown(f"order {client_id}: {answer.text}, and it is not listed yet")
        return self._adopt(order, found)

    def _broken(self, order: Order) -> str:
        instrument = self._street.instruments.get(order.instrument)
        broken = rule_broken(order, instrument, self._prices.get(order.instrument))
        if not broken and order.post_only:
            broken = "Interactive Brokers takes no post-only orders (post only)"
        return broken or contracts.form_fault(
            self._street.venue_symbols.get(order.instrument, order.instrument)
        )

    def _closed(self, order: Order, instrument: Instrument) -> str:
        """A market entry into a shut exchange would be bought at whatever it opens with."""
        now = self._clock.now()
        entry = order.side is Side.BUY and order.type is OrderType.MARKET
        if entry and not self._street.is_open(instrument.calendar, now):
            return f"the exchange of {instrument.symbol} is closed"
        return ""

    # ------------------------------------------------------------------ what is there

    async def _gather(self, wire: Wire) -> Evidence:
        evidence = await gather(wire)
        now = self._clock.now()
        self._book.hear(evidence.executions, now)
        self._looked, self._evidence = (wire, wire.upheavals, now), evidence
        return evidence

    def _must_look(self, wire: Wire, now: datetime) -> bool:
        if self._looked is None:
            return True
        looked_at, upheavals, when = self._looked
        unchanged = looked_at is wire and upheavals == wire.upheavals
        unchanged = unchanged and self._evidence.stirred == wire.stirred
        return not unchanged or now - when >= self._patience.sync

    def _require_absent(self, client_id: str, created_at: datetime | None = None) -> None:
        """Let through only an order whose absence from every list proves that it never arrived.

        What this process has not sent, an earlier one may have sent just before it died; only an
        order that was made since cannot be on its way.
        """
        now, held = self._clock.now(), self._orders.get(client_id)
        intended_at = self._in_doubt.get(client_id) if held is None else held.sent_at
        if intended_at is not None and trade_date(intended_at) < trade_date(now):
            raise BeyondProof(
                f"order {client_id} may have been sent on {trade_date(intended_at)}, and the "
                "gateway remembers only today: look for it in Client Portal under Orders & "
                "Trades, undo by hand what it did, then cancel it here",
                now + _LOOK_AGAIN_AFTER,
            )
        if held is None:
            if created_at is None or created_at < self._began:
                self._require_waited(client_id, self._began, now)
        elif held.sent_at is None:
            raise OutcomeUnknown(
                f"order {client_id} worked when the journal last heard of it, and IBKR does not "
                "list it: look for it in Client Portal",
                now + _LOOK_AGAIN_AFTER,
            )
        else:
            self._require_waited(client_id, held.sent_at, now)

    def _require_waited(self, client_id: str, since: datetime, now: datetime) -> None:
        proved_at = since + self._patience.absence
        if now < proved_at:
            raise OutcomeUnknown(
                f"order {client_id} is not listed yet; that it never arrived is proved at "
                f"{proved_at:%H:%M:%S} UTC",
                proved_at,
            )

    def _endings(self, evidence: Evidence, now: datetime) -> Endings:
        endings = Endings()
        for held in self._orders.working():
            client_id, end = held.order.client_id, end_of(held, evidence, now)
            if end is None or self._book.waits(client_id):
                continue
            held.working = False
            if end is End.CANCELED:
                endings.canceled.append(client_id)
            elif end is End.EXPIRED:
                endings.expired.append(client_id)
            elif end is End.REFUSED:
                ended = evidence.completed_under(client_id)
                reason = ended.reason if ended is not None else ""
                endings.rejected.append(Rejected(client_id, reason or "IBKR refused it"))
        return endings

    def _adopt(self, order: Order, found: Accepted | Rejected) -> Accepted | Rejected:
        if isinstance(found, Accepted) and self._orders.get(order.client_id) is None:
            self._orders.take_up(order, _NOTHING)
        return self._answer(found)

    def _answer(self, answer: Accepted | Rejected) -> Accepted | Rejected:
        self._answers[answer.client_id] = answer
        return answer


def _listed(order: VenueOrder, evidence: Evidence) -> StatedOrder:
    """The gateway's list names neither contract nor side: the record does."""
    left = order.quantity - evidence.filled(order.client_id)
    return StatedOrder(str(order.perm_id), order.client_id, "", None, left)


def _stated(execution: VenueExecution) -> StatedFill:
    return StatedFill(
        fill_id=execution.base_id,
        client_id=execution.client_id,
        at=execution.at,
        market=execution.symbol,
        side=execution.side,
        price=execution.price,
        quantity=execution.quantity,
    )
