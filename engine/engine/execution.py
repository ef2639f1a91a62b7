"""Orders on their way: intent, wire, answer, fills, cancellation, and what a restart finds.

Refuses to send anything that is not durable in the journal, and to send anything twice: an
order whose answer was lost is looked up by its own id first.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import structlog

from engine.engine.recorder import Recorder
from engine.errors import BeyondProof, BrokerError, BrokerUnavailable, OutcomeUnknown
from engine.journal.ledger import Ledger, OrderRecord
from engine.model import events as happened
from engine.model.actors import Actor
from engine.model.events import Event
from engine.model.orders import Fill, Order, OrderState, Purpose, Side
from engine.model.positions import LotState
from engine.ports import Accepted, Broker, BrokerReport, FillAmendment, KillSwitch, Rejected

_log = structlog.get_logger(__name__)
ASK_AGAIN_FOR = timedelta(seconds=5)
"""Least time between two look-ups of an order that may be live."""
UNANSWERED = frozenset({OrderState.INTENDED, OrderState.UNKNOWN})
"""States of an order of which nobody here knows whether it is live."""


class Execution:
    """The engine's hands at one broker.

    Parameters
    ----------
    recorder : Recorder
    broker : Broker
    switch : KillSwitch or None
        Looked at between an entry's intent and the wire; exits never ask it.

    Attributes
    ----------
    silent : bool
        Whether the venue did not report when it was last asked.
    """

    def __init__(
        self, recorder: Recorder, broker: Broker, switch: KillSwitch | None = None
    ) -> None:
        self._recorder = recorder
        self._ledger = recorder.ledger
        self._broker = broker
        self._switch = switch
        self._ask_at: dict[str, datetime] = {}
        self.silent = False

    def ask_again_at(self) -> datetime | None:
        """When the venue is next to be asked about an order without an answer; None if never."""
        asked = (
            self._ask_at.get(record.order.client_id)
            for record in self._ledger.open_orders()
            if record.state in UNANSWERED
        )
        return min((at for at in asked if at is not None), default=None)

    async def send(self, order: Order, *first: Event) -> None:
        """Make `first` and the intent durable in one write, then put the order on the wire."""
        await self._recorder.record(*first, happened.OrderIntended(order), durable=True)
        await self.submit(order)

    async def submit(self, order: Order) -> None:
        """Put an order on the wire whose intent is already durable."""
        if order.purpose is Purpose.ENTRY and self._switch is not None and self._switch.look():
            await self._recorder.record(
                happened.OrderCanceled(order.client_id, "not sent: the kill file is there"),
                durable=True,
            )
            return
        try:
            answer = await self._broker.submit(order)
        except BrokerUnavailable as fault:
            await self._recorder.record(happened.OrderRejected(order.client_id, str(fault)))
        except OutcomeUnknown as fault:
            if self._ledger.orders[order.client_id].state is not OrderState.UNKNOWN:
                await self._recorder.record(
                    happened.OrderOutcomeUnknown(order.client_id, str(fault)), durable=True
                )
            self._ask_later(order.client_id, fault)
        else:
            await self._adopt(answer)

    async def _adopt(self, answer: Accepted | Rejected) -> None:
        if isinstance(answer, Accepted):
            event: Event = happened.OrderAccepted(answer.client_id, answer.venue_id)
        else:
            event = happened.OrderRejected(answer.client_id, answer.reason)
        await self._recorder.record(event)

    # ------------------------------------------------------------------ lost and found

    async def recover(self, now: datetime) -> None:
        """Take working orders up again after a restart, and ask after those without an answer."""
        await self._broker.restore(working_of(self._ledger))
        await self.look_up(now)

    async def look_up(self, now: datetime) -> None:
        """Find out about every order whose answer is missing."""
        for record in self._ledger.open_orders():
            if record.state in UNANSWERED:
                try:
                    answer = await self._broker.find(record.order.client_id)
                except BrokerError as fault:
                    client_id = record.order.client_id
                    _log.warning("an order cannot be looked up", order=client_id, why=str(fault))
                    await self._tell_the_owner(record, fault)
                    self._ask_later(client_id, fault)
                    continue
                await self._resolve(record, answer, now)

    async def _tell_the_owner(self, record: OrderRecord, fault: BrokerError) -> None:
        """What the venue will never say, the owner has to find out: told once."""
        if isinstance(fault, BeyondProof) and record.reason != str(fault):
            told = happened.OrderOutcomeUnknown(record.order.client_id, str(fault))
            await self._recorder.record(told, durable=True)

    async def take_word(self, record: OrderRecord, by: Actor) -> bool:
        """Believe the owner that nothing of an order is live, where the venue can never say.

        False where the venue still can say, or says that it knows the order.
        """
        client_id = record.order.client_id
        try:
            await self._broker.find(client_id)
        except BeyondProof:
            why = f"{by.name} has looked at the venue: nothing of it is live"
            await self._recorder.record(happened.OrderCanceled(client_id, why), durable=True)
            return True
        except BrokerError as fault:
            _log.warning("an order cannot be looked up", order=client_id, why=str(fault))
        return False

    def _ask_later(self, client_id: str, fault: BrokerError) -> None:
        """Note when to look for an order again: when the venue can prove, else before long."""
        now = self._recorder.now()
        at = fault.ask_again_at if isinstance(fault, OutcomeUnknown) else None
        self._ask_at[client_id] = max(at or now, now + ASK_AGAIN_FOR)

    async def _resolve(
        self, record: OrderRecord, answer: Accepted | Rejected | None, now: datetime
    ) -> None:
        """Adopt what the venue knows; what it has never seen may be sent if it is still wanted."""
        order = record.order
        if answer is not None:
            await self._adopt(answer)
        elif why_not := self._why_not_now(record, now):
            await self._recorder.record(
                happened.OrderCanceled(order.client_id, f"never reached the venue; {why_not}"),
                durable=True,
            )
        else:
            await self.submit(order)

    def _why_not_now(self, record: OrderRecord, now: datetime) -> str:
        """Why an order that never reached the venue may not be sent now; empty if it may."""
        order = record.order
        if order.purpose is not Purpose.ENTRY:
            return "" if order.proposal_id in self._ledger.positions else "nothing is left to sell"
        if record.state is OrderState.UNKNOWN:
            return "an entry is not sent twice"
        if self._ledger.halt is not None:
            return "the desk is halted"
        if now >= self._ledger.proposals[order.proposal_id].terms.expires_at:
            return "what was approved has expired"
        return ""

    # ------------------------------------------------------------------ cancellation

    async def cancel(self, client_id: str, why: str) -> bool:
        """Take an order off the market; False if it no longer works or the venue is silent."""
        try:
            canceled = await self._broker.cancel(client_id)
        except BrokerError as fault:
            _log.warning("an order cannot be canceled yet", order=client_id, why=str(fault))
            return False
        if canceled:
            await self._recorder.record(happened.OrderCanceled(client_id, why), durable=True)
        return canceled

    async def cancel_entries(self, why: str, position_id: str = "") -> None:
        """Take every working buy off the market, or those of one position."""
        for record in self._ledger.open_orders():
            order = record.order
            if order.purpose is Purpose.ENTRY and position_id in ("", order.proposal_id):
                await self.cancel(order.client_id, why)

    async def cancel_overdue(self, now: datetime) -> None:
        """Take orders off the market whose time is over, where the venue has not done so."""
        for record in self._ledger.open_orders():
            ends = record.order.expires_at
            if ends is not None and now >= ends and record.state not in UNANSWERED:
                await self.cancel(record.order.client_id, "its time is over")

    async def withdraw_exits(self, position_id: str, why: str) -> bool:
        """Take a position's exits off the market; False if one of them did not come off."""
        done = True
        for record in self._ledger.orders_of(position_id, Side.SELL):
            if record.open:
                done = await self.cancel(record.order.client_id, why) and done
        return done

    # ------------------------------------------------------------------ what the venue reports

    async def settle(self) -> bool:
        """Record everything new at the venue; True if there was anything."""
        try:
            report = await self._broker.report()
        except BrokerError as fault:
            _log.warning("the venue reports nothing", why=str(fault))
            self.silent = True
            return False
        self.silent = False
        events = self._events_of(report)
        for amendment in report.amended:
            events.extend(self._events_of_amendment(amendment))
        await self._recorder.record(*events, durable=True)
        possessed = self._possessed(report.settled)
        await self._recorder.record(*possessed, durable=True)
        return bool(events or possessed)

    def _possessed(self, settled: tuple[str, ...]) -> list[Event]:
        """Lots that the venue confirms as ours: settled, and therefore sellable."""
        events: list[Event] = []
        for client_id in settled:
            record = self._ledger.orders.get(client_id)
            held = self._ledger.positions.get(record.order.proposal_id) if record else None
            if held is not None and held.lot is LotState.BOUGHT:
                events += [happened.LotSettled(held.id), happened.LotReleased(held.id)]
        return events

    def _events_of(self, report: BrokerReport) -> list[Event]:
        events: list[Event] = []
        for fill in report.fills:
            events.extend(self._events_of_fill(fill))
        filled = {fill.client_id for fill in report.fills}
        events.extend(
            happened.OrderRejected(rejected.client_id, rejected.reason)
            for rejected in report.rejected
            if self._works(rejected.client_id)
        )
        events.extend(
            happened.OrderCanceled(client_id, "the venue canceled it")
            for client_id in report.canceled
            if self._works(client_id)
        )
        events.extend(
            happened.OrderExpired(client_id)
            for client_id in report.expired
            if self._works(client_id) and client_id not in filled
        )
        return events

    def _works(self, client_id: str) -> bool:
        record = self._ledger.orders.get(client_id)
        return record is not None and record.open

    def _events_of_fill(self, fill: Fill) -> list[Event]:
        record = self._ledger.orders.get(fill.client_id)
        if record is None:
            # The owner's own trades on the account are neither absorbed nor fought.
            _log.warning("a fill is of no order of this desk", order=fill.client_id)
            return [happened.StrangeFillSeen(fill)]
        if fill.fill_id in self._ledger.fills:
            return []
        filled: list[Event] = [happened.OrderFilled(fill)]
        if record.order.side is Side.BUY and fill.settles_at is None:
            # Both counter-values changed hands in the trade itself.
            position_id = record.order.proposal_id
            filled += [happened.LotSettled(position_id), happened.LotReleased(position_id)]
        return filled

    def _events_of_amendment(self, amendment: FillAmendment) -> list[Event]:
        """The correction of a booked fill, measured against the journal and not the adapter."""
        fill = amendment.fill
        booked = self._ledger.fills.get(fill.fill_id)
        if booked is None or fill.quantity != booked.quantity:
            # What rests at the venue hangs on the quantity: the reconciliation finds it and stops.
            _log.warning(
                "a fill is different now, and the record keeps what was booked",
                fill=fill.fill_id, why=amendment.why, booked=booked, now=fill,
            )  # fmt: skip
            return []
        corrected = replace(booked, price=fill.price, fee_usd=fill.fee_usd)
        if corrected == booked:
            return []
        return [happened.FillAmended(corrected, booked, amendment.why)]


def working_of(ledger: Ledger) -> list[tuple[Order, Decimal]]:
    """The orders that the record knows as working, each with its filled quantity."""
    return [
        (record.order, record.filled)
        for record in ledger.open_orders()
        if record.state not in UNANSWERED
    ]
