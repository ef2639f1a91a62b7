"""What must be true of a world at rest, counted anew from the venue's books and from the record.

Refuses the desk's own word for it: positions and cash are added up from what the venue executed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from engine.brokers.exchange.wire_id import from_wire
from engine.facade.records import verify_journal
from engine.journal.fold import fold
from engine.journal.ledger import Ledger
from engine.journal.sqlite import SqliteJournal
from engine.model import events as happened
from engine.model.orders import OrderState, Purpose, Side
from engine.ports import Envelope
from engine.rehearsal.account import Execution, VenueAccount, VenueSideOrder
from tests.crash.world import START, World
from tests.kit.desk import money

_CENT = Decimal("0.01")
_NOTHING = Decimal(0)
_AT_MARKET = (Purpose.TIME_LIMIT, Purpose.OWNER_CLOSE)


async def record_of(world: World) -> list[Envelope]:
    """Everything that the journal holds, its chain checked."""
    async with await SqliteJournal.open(world.db, "0" * 64) as journal:
        return [envelope async for envelope in journal.read()]


async def faults_of(world: World) -> list[str]:
    """What is wrong with a world at rest, one sentence each."""
    report = await asyncio.to_thread(verify_journal, world.db)
    if not report.ok:
        return [report.sentence]
    record = await record_of(world)
    ledger = fold(record)
    found = [*_of_record(ledger, record), *_of_protection(ledger)]
    if world.account is not None:
        found += _of_venue(ledger, world.account)
    return found


def _of_record(ledger: Ledger, record: list[Envelope]) -> Iterator[str]:
    approvals = Counter(
        event.proposal_id
        for event in (envelope.event for envelope in record)
        if isinstance(event, happened.ProposalApproved)
    )
    yield from (f"{name} was approved {n} times" for name, n in approvals.items() if n > 1)
    yield from (f"broken: {what}" for what in ledger.broken)
    for opened in ledger.open_orders():
        if opened.state in (OrderState.INTENDED, OrderState.UNKNOWN):
            yield f"{opened.order.client_id} is still {opened.state}"
    asked = {record.order.proposal_id for record in ledger.orders.values()}
    yield from (f"the yes to {name} was lost" for name in set(approvals) - asked)
    if money(ledger) != START["USD"]:
        yield f"{money(ledger)} USD came out of {START['USD']}"
    yield from (f"breaker {name} tripped" for name in ledger.trips if "reconcil" in name.lower())


def _of_protection(ledger: Ledger) -> Iterator[str]:
    """Each position has a stop for all of it, or is being sold."""
    for held in ledger.positions.values():
        exits = [o for o in ledger.orders_of(held.id, Side.SELL) if o.open]
        left = {o.order.purpose: o.order.quantity - o.filled for o in exits}
        guards = (Purpose.STOP, *_AT_MARKET)
        if not any(left.get(purpose) == held.quantity for purpose in guards):
            yield f"{held.quantity} of {held.id} have no guard: {left}"


def _of_venue(ledger: Ledger, account: VenueAccount) -> Iterator[str]:
    ours = [order for order in account.orders.values() if order.client_id]
    placed = Counter(from_wire(order.client_id) for order in ours)
    yield from (f"{name} was placed {n} times" for name, n in placed.items() if n > 1)
    entries = Counter(name.partition("-")[0] for name in placed if "-entry-" in name)
    yield from (f"{n} entries for {name}" for name, n in entries.items() if n > 1)
    yield from (
        f"the venue has {name} and the record has not" for name in set(placed) - set(ledger.orders)
    )
    yield from _of_fills(ledger, account)
    yield from _of_resting(ledger, ours)
    for asset, here in (("USD", ledger.cash_usd), ("BTC", _held(ledger))):
        there = account.own.get(asset, _NOTHING)
        if abs(here - there) >= (_CENT if asset == "USD" else Decimal("1e-8")):
            yield f"{here} {asset} in the record, {there} at the venue"


def _held(ledger: Ledger) -> Decimal:
    return sum((held.quantity for held in ledger.positions.values()), _NOTHING)


def _of_fills(ledger: Ledger, account: VenueAccount) -> Iterator[str]:
    there: dict[str, Execution] = {e.trade_id: e for e in account.executions}
    here = {name.partition(":")[2]: fill for name, fill in ledger.fills.items()}
    yield from (f"execution {name} is not in the record" for name in set(there) - set(here))
    yield from (f"fill {name} never happened" for name in set(here) - set(there))
    for name in set(here) & set(there):
        if (here[name].price, here[name].quantity) != (there[name].price, there[name].quantity):
            yield f"{name} is another fill in the record"


def _of_resting(ledger: Ledger, ours: list[VenueSideOrder]) -> Iterator[str]:
    """What rests at the venue is what the record says rests there."""
    resting = {from_wire(o.client_id): o.left for o in ours if o.status == "open"}
    known = {
        record.order.client_id: record.order.quantity - record.filled
        for record in ledger.open_orders()
        if record.order.purpose is not Purpose.TARGET  # held by the desk, not at the venue
    }
    if resting != known:
        yield f"at the venue rest {resting}, in the record {known}"
