"""Orders on their way: intent, wire, answer, fills, protection.

Refuses to send anything that is not durable in the journal, and to send anything twice: an
order whose answer was lost is looked up by its own id first.
"""

from __future__ import annotations

from datetime import datetime

from engine.compliance import check_exit
from engine.desk.exits import exit_order, protective_orders
from engine.engine.recorder import Recorder
from engine.errors import BrokerUnavailable, InvariantBroken, OutcomeUnknown
from engine.journal.ledger import OrderRecord
from engine.model import events as happened
from engine.model.actors import Actor
from engine.model.events import Event
from engine.model.orders import Fill, Order, OrderState, Purpose, Side
from engine.model.positions import Position
from engine.model.verdicts import Refused
from engine.ports import Accepted, Broker, BrokerReport, Rejected


class Execution:
    """The engine's hands at one broker.

    Parameters
    ----------
    recorder : Recorder
    broker : Broker
    """

    def __init__(self, recorder: Recorder, broker: Broker) -> None:
        self._recorder = recorder
        self._ledger = recorder.ledger
        self._broker = broker

    async def send(self, order: Order, *first: Event) -> None:
        """Make `first` and the intent durable in one write, then put the order on the wire."""
        await self._recorder.record(*first, happened.OrderIntended(order), durable=True)
        await self.submit(order)

    async def submit(self, order: Order) -> None:
        """Put an order on the wire whose intent is already durable."""
        try:
            answer = await self._broker.submit(order)
        except BrokerUnavailable as fault:
            await self._recorder.record(happened.OrderRejected(order.client_id, str(fault)))
        except OutcomeUnknown as fault:
            await self._recorder.record(
                happened.OrderOutcomeUnknown(order.client_id, str(fault)), durable=True
            )
        else:
            await self._adopt(answer)

    async def _adopt(self, answer: Accepted | Rejected) -> None:
        if isinstance(answer, Accepted):
            event: Event = happened.OrderAccepted(answer.client_id, answer.venue_id)
        else:
            event = happened.OrderRejected(answer.client_id, answer.reason)
        await self._recorder.record(event)

    # ------------------------------------------------------------------ after a restart

    async def recover(self) -> None:
        """Take working orders up again and find out about those whose answer is missing."""
        working = [
            (record.order, record.filled)
            for record in self._ledger.open_orders()
            if record.state in (OrderState.WORKING, OrderState.PARTLY_FILLED)
        ]
        await self._broker.restore(working)
        for record in self._ledger.open_orders():
            if record.state in (OrderState.INTENDED, OrderState.UNKNOWN):
                await self._resolve(record.order)

    async def _resolve(self, order: Order) -> None:
        """Adopt what the venue knows; what it has never seen was not sent and may be sent now."""
        answer = await self._broker.find(order.client_id)
        if answer is not None:
            await self._adopt(answer)
        elif order.purpose is Purpose.ENTRY and self._ledger.halt is not None:
            await self._recorder.record(
                happened.OrderCanceled(order.client_id, "never reached the venue; desk halted")
            )
        else:
            await self.submit(order)

    # ------------------------------------------------------------------ what the venue reports

    async def settle(self) -> bool:
        """Record everything new at the venue; True if there was anything."""
        report = await self._broker.report()
        events = self._events_of(report)
        if not events:
            return False
        await self._recorder.record(*events, durable=True)
        return True

    def _events_of(self, report: BrokerReport) -> list[Event]:
        events: list[Event] = []
        for fill in report.fills:
            events.extend(self._events_of_fill(fill))
        for rejected in report.rejected:
            events.append(happened.OrderRejected(rejected.client_id, rejected.reason))
        for client_id in report.canceled:
            if self._ledger.orders[client_id].open:
                events.append(happened.OrderCanceled(client_id, "the venue canceled it"))
        events.extend(happened.OrderExpired(client_id) for client_id in report.expired)
        return events

    def _events_of_fill(self, fill: Fill) -> list[Event]:
        if fill.fill_id in self._ledger.fill_ids:
            return []
        order = self._ledger.orders[fill.client_id].order
        filled: list[Event] = [happened.OrderFilled(fill)]
        if order.side is Side.BUY:
            # A spot purchase on paper changes hands at once.
            filled.append(happened.LotSettled(order.proposal_id))
        return filled

    # ------------------------------------------------------------------ protection and exits

    async def protect(self, at: datetime) -> bool:
        """Give every unprotected position its stop and its target; True if any was placed."""
        placed = False
        for held in list(self._ledger.positions.values()):
            if held.id not in self._ledger.exits_requested and not self._guarded(held):
                await self._withdraw_exits(held.id, "replaced: the position has grown")
                await self._place(protective_orders(self._ledger, held, max(at, held.opened_at)), held)
                placed = True
        return placed

    def _guarded(self, held: Position) -> bool:
        return any(
            record.open
            and record.order.purpose is Purpose.STOP
            and record.order.quantity - record.filled == held.quantity
            for record in self._exits_of(held.id)
        )

    async def close(self, held: Position, purpose: Purpose, by: Actor, reason: str) -> None:
        """Sell a position at the market; its resting exits come off first."""
        await self._recorder.record(
            happened.ExitRequested(held.id, purpose, by, reason), durable=True
        )
        await self.pursue_exits()

    async def pursue_exits(self) -> None:
        """Bring every requested exit to the wire, also one that a crash interrupted."""
        for position_id, purpose in list(self._ledger.exits_requested.items()):
            held = self._ledger.positions.get(position_id)
            if held is not None and not self._being_sold(held):
                await self._withdraw_exits(position_id, "the position is being closed")
                order = exit_order(self._ledger, held, purpose, self._ledger.at or held.opened_at)
                await self._place((order,), held)

    def _being_sold(self, held: Position) -> bool:
        return any(
            record.open and record.order.purpose in (Purpose.TIME_LIMIT, Purpose.OWNER_CLOSE)
            for record in self._exits_of(held.id)
        )

    def _exits_of(self, position_id: str) -> list[OrderRecord]:
        return [
            record
            for record in self._ledger.orders.values()
            if record.order.proposal_id == position_id and record.order.side is Side.SELL
        ]

    async def _withdraw_exits(self, position_id: str, why: str) -> None:
        for record in self._exits_of(position_id):
            if record.open:
                await self.cancel(record.order.client_id, why)

    async def cancel(self, client_id: str, why: str) -> bool:
        """Take an order off the market; False if the venue says it is no longer working."""
        canceled = await self._broker.cancel(client_id)
        if canceled:
            await self._recorder.record(happened.OrderCanceled(client_id, why), durable=True)
        return canceled

    async def _place(self, orders: tuple[Order, ...], held: Position) -> None:
        for order in orders:
            verdict = check_exit(order, held)
            if isinstance(verdict, Refused):
                raise InvariantBroken(verdict.sentence)
        await self._recorder.record(
            *(happened.OrderIntended(order) for order in orders), durable=True
        )
        for order in orders:
            await self.submit(order)
