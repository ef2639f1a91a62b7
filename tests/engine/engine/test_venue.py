"""A venue that loses answers, is unreachable, fills in parts, or is slow with its quotes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from engine.engine import Engine
from engine.engine.telling import notices_of
from engine.errors import BrokerUnavailable, MarketDataError, OutcomeUnknown
from engine.facade import Desk, PositionView, ProposalView, StatusView
from engine.journal.memory import MemoryJournal
from engine.model.bars import Bar, Depth, MarketEvent, Quote
from engine.model.orders import Fill, Order, OrderState, Purpose, Side
from engine.model.reconciliation import StatedOrder, VenueStatement
from engine.model.venue_lines import VenueLine
from engine.opening import MarketChoice, parts_on
from engine.ports import Accepted, BrokerReport, FillAmendment, MarketFeed, Rejected
from engine.views import DeskNotice
from tests.kit.desk import BTC, OVERSEER, OWNER, DeskAtWork, desk_settings, refusal


class Venue:
    """A broker double: it does as it is told, and forgets nothing."""

    name = "double"

    def __init__(self) -> None:
        self.taken: dict[str, Order] = {}
        self.known: dict[str, Accepted | Rejected] = {}
        self.submitted: list[str] = []
        self.news = BrokerReport()
        self.lines: tuple[VenueLine, ...] = ()
        self.lose_answers = self.unreachable = self.deaf = False
        self.sides: dict[str, Side] = {}
        self.done: dict[str, Decimal] = {}
        self.owned = {"USD": Decimal(10_000), "BTC": Decimal(0)}

    async def submit(self, order: Order) -> Accepted | Rejected:
        self.submitted.append(order.client_id)
        self.sides[order.client_id] = order.side
        if self.unreachable:
            raise BrokerUnavailable("no route to the venue")
        if not self.deaf:
            self.taken[order.client_id] = order
            self.known[order.client_id] = Accepted(order.client_id, f"v-{order.client_id}")
        if self.lose_answers or self.deaf:
            raise OutcomeUnknown("timed out")
        return self.known[order.client_id]

    async def cancel(self, client_id: str) -> bool:
        if self.unreachable:
            raise BrokerUnavailable("no route to the venue")
        return self.taken.pop(client_id, None) is not None

    async def find(self, client_id: str) -> Accepted | Rejected | None:
        if self.unreachable:
            raise BrokerUnavailable("no route to the venue")
        return self.known.get(client_id)

    async def observe(self, event: MarketEvent) -> None:
        pass

    async def report(self) -> BrokerReport:
        if self.unreachable:
            raise BrokerUnavailable("no route to the venue")
        news, self.news = self.news, BrokerReport()
        return news

    async def restore(self, working: Sequence[tuple[Order, Decimal]]) -> None:
        self.taken.update({order.client_id: order for order, _ in working})

    async def balances(self) -> dict[str, Decimal]:
        if self.unreachable:
            raise BrokerUnavailable("no route to the venue")
        return self.owned

    async def statement(self, since: datetime) -> tuple[VenueStatement, ...]:
        orders = tuple(
            StatedOrder("v", client_id, order.instrument, order.side, order.quantity)
            for client_id, order in self.taken.items()
            if self.done.get(client_id, Decimal(0)) < order.quantity
        )
        return (VenueStatement("venue", await self.balances(), orders, None),)

    async def ledger_lines(self, since: datetime | None) -> tuple[VenueLine, ...]:
        return self.lines

    async def aclose(self) -> None:
        pass

    def fills(self, client_id: str, quantity: Decimal, price: Decimal, at: datetime) -> None:
        fill = Fill(
            f"{client_id}/{quantity}/{at}", client_id, at, price, quantity, Decimal(0), price
        )
        self.news = BrokerReport(fills=(*self.news.fills, fill))
        self.done[client_id] = self.done.get(client_id, Decimal(0)) + quantity
        side = self.sides.get(client_id)
        if side is not None:
            sign = 1 if side is Side.BUY else -1
            self.owned["BTC"] += sign * quantity
            self.owned["USD"] -= sign * quantity * price


@pytest.fixture
def venue() -> Venue:
    return Venue()


class Quoting:
    """A feed double: the market of another feed, with quotes as it is told."""

    name, simulated, description = "replay", False, "a replay with quotes"

    def __init__(self, market: MarketFeed) -> None:
        self._market = market
        self.answer: Callable[[str], Awaitable[Quote | None]] | None = None

    async def history(self, instrument: str, until: datetime, count: int) -> tuple[Bar, ...]:
        return await self._market.history(instrument, until, count)

    def stream(self, after: datetime | None) -> AsyncIterator[MarketEvent]:
        return self._market.stream(after)

    async def depth(self, instrument: str) -> Depth | None:
        quote = await self.answer(instrument) if self.answer else None
        return Depth.of(quote) if quote else None

    async def check(self) -> None:
        pass

    async def aclose(self) -> None:
        await self._market.aclose()


@asynccontextmanager
async def venue_desk(market: Path, venue: Venue) -> AsyncIterator[DeskAtWork]:
    """A desk that trades at `venue`, two bars into its market."""
    settings = desk_settings()
    journal = MemoryJournal(settings.hash)
    choice = MarketChoice(files={BTC: market}, speed=float("inf"), hold_seconds=0.0)
    parts = await parts_on(journal, settings, choice)
    feed = Quoting(parts.feed)
    engine = Engine(replace(parts, broker=venue, feed=feed))
    await engine.open()
    events = feed.stream(engine.ledger.bars_at)
    made = DeskAtWork(Desk(engine), engine, journal, events)
    await made.bars(2)
    try:
        yield made
    finally:
        await made.desk.close()


@pytest_asyncio.fixture
async def desk(market: Path, venue: Venue) -> AsyncIterator[DeskAtWork]:
    async with venue_desk(market, venue) as made:
        yield made


async def _bought(desk: DeskAtWork) -> tuple[ProposalView, Order]:
    view = await desk.proposal()
    await desk.desk.approve(OWNER, view.terms.id, view.short_hash)
    (record,) = (o for o in desk.ledger.orders.values() if o.order.purpose is Purpose.ENTRY)
    return view, record.order


async def test_a_lost_answer_is_looked_up_and_never_resent(desk: DeskAtWork, venue: Venue) -> None:
    venue.lose_answers = True
    _, order = await _bought(desk)
    assert desk.ledger.orders[order.client_id].state is OrderState.UNKNOWN
    await desk.bars()
    assert desk.ledger.orders[order.client_id].state is OrderState.WORKING
    assert venue.submitted == [order.client_id]


async def test_an_entry_the_venue_never_saw_is_not_sent_again(
    desk: DeskAtWork, venue: Venue
) -> None:
    venue.deaf = True
    _, order = await _bought(desk)
    await desk.bars()
    assert desk.ledger.orders[order.client_id].state is OrderState.CANCELED
    assert venue.submitted == [order.client_id]


async def test_an_unknown_outcome_waits_while_the_venue_is_away(
    desk: DeskAtWork, venue: Venue
) -> None:
    venue.lose_answers = True
    _, order = await _bought(desk)
    venue.unreachable = True
    await desk.bars()
    assert desk.ledger.orders[order.client_id].state is OrderState.UNKNOWN


async def test_an_order_that_was_never_sent_is_rejected(desk: DeskAtWork, venue: Venue) -> None:
    venue.unreachable = True
    view, order = await _bought(desk)
    assert desk.ledger.orders[order.client_id].state is OrderState.REJECTED
    proposal = desk.desk.proposal(view.terms.id)
    assert isinstance(proposal, ProposalView)
    assert "no route" in proposal.outcome


async def test_each_partial_fill_is_protected_in_full(desk: DeskAtWork, venue: Venue) -> None:
    view, order = await _bought(desk)
    third = Decimal("0.001")
    for count in (1, 2):
        venue.fills(order.client_id, third, view.terms.entry, desk.engine.clock.now())
        await desk.bars()
        resting = {o.order.purpose: o.order.quantity for o in desk.ledger.open_orders()}
        assert resting[Purpose.STOP] == resting[Purpose.TARGET] == third * count


async def test_what_of_an_entry_has_not_filled_in_its_time_is_taken_off(
    desk: DeskAtWork, venue: Venue
) -> None:
    view, order = await _bought(desk)
    venue.fills(order.client_id, Decimal("0.001"), view.terms.entry, desk.engine.clock.now())
    await desk.bars()
    assert desk.ledger.orders[order.client_id].open
    await desk.bars()  # two hours: as long as a proposal on hourly bars can be approved
    record = desk.ledger.orders[order.client_id]
    assert (record.state, record.filled) == (OrderState.CANCELED, Decimal("0.001"))


async def test_a_fill_that_the_venue_corrects_is_booked_again_once_and_told(
    desk: DeskAtWork, venue: Venue
) -> None:
    view, order = await _bought(desk)
    venue.fills(order.client_id, order.quantity, view.terms.entry, desk.engine.clock.now())
    (told,) = venue.news.fills
    await desk.bars()
    cash_usd, late = desk.ledger.cash_usd, FillAmendment(_dearer(told, 2), told, "known now")
    for _ in range(2):
        venue.news = BrokerReport(amended=(late,))
        await desk.bars()
    assert desk.ledger.cash_usd == cash_usd - 2
    assert desk.ledger.fills[told.fill_id].fee_usd == Decimal(2)
    assert (await desk.kinds()).count("fill_amended") == 1
    (seq,) = (s for s, e in desk.ledger.untold.items() if e.kind == "fill_amended")
    (post,) = notices_of(desk.ledger.untold[seq], desk.engine.present)
    assert isinstance(post, DeskNotice)
    assert (post.title, "fee $2.00, not $0.00: known now" in post.sentence) == (
        "A fill was corrected", True,
    )  # fmt: skip


@pytest.mark.parametrize("changes", [{"quantity": Decimal("0.001")}, {"fill_id": "of nobody"}])
async def test_a_correction_that_the_record_cannot_take_is_left_to_the_reconciliation(
    desk: DeskAtWork, venue: Venue, changes: dict[str, Any]
) -> None:
    view, order = await _bought(desk)
    venue.fills(order.client_id, order.quantity, view.terms.entry, desk.engine.clock.now())
    (told,) = venue.news.fills
    await desk.bars()
    before = (desk.ledger.cash_usd, dict(desk.ledger.fills))
    changed = replace(_dearer(told, 2), **changes)
    venue.news = BrokerReport(amended=(FillAmendment(changed, told, "corrected"),))
    await desk.bars()
    assert (desk.ledger.cash_usd, desk.ledger.fills) == before


def _dearer(fill: Fill, fee_usd: int) -> Fill:
    return replace(fill, fee_usd=Decimal(fee_usd))


async def test_a_part_that_is_stopped_out_is_not_bought_on(desk: DeskAtWork, venue: Venue) -> None:
    view, order = await _bought(desk)
    part, now = Decimal("0.001"), desk.engine.clock.now()
    venue.fills(order.client_id, part, view.terms.entry, now)
    await desk.bars()
    stop = next(o.order for o in desk.ledger.open_orders() if o.order.purpose is Purpose.STOP)
    venue.fills(stop.client_id, part, view.terms.stop, desk.engine.clock.now())
    await desk.bars()
    assert desk.ledger.orders[order.client_id].state is OrderState.CANCELED
    assert desk.ledger.positions == {}


async def test_stop_and_target_that_race_leave_one_sale(desk: DeskAtWork, venue: Venue) -> None:
    view, order = await _bought(desk)
    venue.fills(order.client_id, order.quantity, view.terms.entry, desk.engine.clock.now())
    await desk.bars()
    pair = {o.order.purpose: o.order for o in desk.ledger.open_orders()}
    now = desk.engine.clock.now()
    venue.fills(pair[Purpose.STOP].client_id, order.quantity, view.terms.stop, now)
    target = pair[Purpose.TARGET].client_id
    venue.news = BrokerReport(fills=venue.news.fills, canceled=(target, target)[:1])
    await desk.bars()
    (trade,) = desk.ledger.trades
    assert trade.closed_by is Purpose.STOP
    assert desk.ledger.open_orders() == []


async def test_halting_works_while_the_venue_is_away_and_is_made_good_later(
    desk: DeskAtWork, venue: Venue
) -> None:
    _, order = await _bought(desk)
    venue.unreachable = True
    assert isinstance(await desk.desk.halt(OVERSEER, "odd prices"), StatusView)
    assert desk.ledger.orders[order.client_id].open
    venue.unreachable = False
    await desk.bars()
    assert not desk.ledger.orders[order.client_id].open


async def test_a_fill_faster_than_the_halt_is_protected(desk: DeskAtWork, venue: Venue) -> None:
    view, order = await _bought(desk)
    venue.taken.pop(order.client_id)
    venue.fills(order.client_id, order.quantity, view.terms.entry, desk.engine.clock.now())
    await desk.desk.halt(OVERSEER, "odd prices")
    purposes = {o.order.purpose for o in desk.ledger.open_orders()}
    assert purposes == {Purpose.STOP, Purpose.TARGET}


async def test_a_refused_exit_is_tried_again(desk: DeskAtWork, venue: Venue) -> None:
    view, order = await _bought(desk)
    venue.fills(order.client_id, order.quantity, view.terms.entry, desk.engine.clock.now())
    await desk.bars()
    venue.unreachable = True
    assert isinstance(await desk.desk.close_position(OWNER, view.terms.id, ""), PositionView)
    venue.unreachable = False
    await desk.bars()
    assert Purpose.OWNER_CLOSE in {o.order.purpose for o in desk.ledger.open_orders()}


async def test_a_fill_that_is_not_ours_is_left_alone(desk: DeskAtWork, venue: Venue) -> None:
    venue.fills("somebody-else", Decimal(1), Decimal(1), desk.engine.clock.now())
    await desk.bars()
    assert desk.ledger.halt is None


# ---- quotes ------------------------------------------------------------------------------


async def _silent(_: str) -> Quote | None:
    await asyncio.Event().wait()
    return None


async def _failing(_: str) -> Quote | None:
    raise MarketDataError("Kraken answers 503")


def _answering(desk: DeskAtWork, answer: Callable[[str], Awaitable[Quote | None]]) -> None:
    feed = desk.engine._parts.feed
    assert isinstance(feed, Quoting)
    feed.answer = answer


async def test_without_a_price_at_the_click_there_is_no_yes(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    _answering(desk, _failing)
    answer = refusal(await desk.desk.approve(OWNER, view.terms.id, view.short_hash))
    assert answer.limit == "price at the click"
    assert (await desk.kinds())[-1] == "approval_refused"


async def test_a_slow_exchange_does_not_keep_anybody_from_halting(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    _answering(desk, _silent)
    click = asyncio.create_task(desk.desk.approve(OWNER, view.terms.id, view.short_hash))
    await asyncio.sleep(0.01)
    async with asyncio.timeout(1):
        assert isinstance(await desk.desk.halt(OVERSEER, "odd prices"), StatusView)
    click.cancel()
    await asyncio.gather(click, return_exceptions=True)
    assert desk.ledger.orders == {}


async def test_a_quote_above_the_allowed_price_is_refused(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    dear = float(view.terms.entry + (view.terms.entry - view.terms.stop) / 3)

    async def ask(name: str) -> Quote | None:
        return Quote(name, desk.engine.clock.now(), dear - 1, dear, 1.0, 1.0)

    _answering(desk, ask)
    answer = refusal(await desk.desk.approve(OWNER, view.terms.id, view.short_hash))
    assert answer.limit == "price at the click"
