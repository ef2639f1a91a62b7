"""News of an order that comes late, twice, or before what it follows: settled all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from engine.facade import OrderView
from engine.model.orders import Fill, OrderState, Purpose
from engine.ports import BrokerReport
from tests.engine.engine.test_venue import Venue, venue_desk
from tests.kit.desk import OWNER, DeskAtWork

PART = Decimal("0.001")


@pytest.fixture
def venue() -> Venue:
    return Venue()


@pytest_asyncio.fixture
async def desk(market: Path, venue: Venue) -> AsyncIterator[DeskAtWork]:
    async with venue_desk(market, venue) as made:
        yield made


async def entered(desk: DeskAtWork) -> str:
    """Client id of an entry that works."""
    view = await desk.proposal()
    await desk.desk.approve(OWNER, view.terms.id, view.short_hash)
    (record,) = desk.ledger.open_orders()
    return record.order.client_id


def part_of(desk: DeskAtWork, venue: Venue, name: str, quantity: Decimal = PART) -> Fill:
    """An execution of a part, which the venue will tell with its next news."""
    price = desk.ledger.orders[name].order.limit_price or Decimal(50_000)
    venue.fills(name, quantity, price, desk.engine.clock.now())
    return venue.news.fills[-1]


def guarded(desk: DeskAtWork) -> dict[Purpose, Decimal]:
    return {o.order.purpose: o.order.quantity for o in desk.ledger.open_orders()}


async def test_a_fill_after_the_cancellation_is_booked_and_protected(
    desk: DeskAtWork, venue: Venue
) -> None:
    name = await entered(desk)
    assert isinstance(await desk.desk.cancel_order(OWNER, name), OrderView)
    part_of(desk, venue, name)
    await desk.bars()
    assert desk.ledger.orders[name].state is OrderState.CANCELED
    assert guarded(desk) == {Purpose.STOP: PART, Purpose.TARGET: PART}
    assert desk.ledger.halt is None


async def test_a_fill_after_the_expiry_is_booked_and_protected(
    desk: DeskAtWork, venue: Venue
) -> None:
    name = await entered(desk)
    venue.news = BrokerReport(expired=(name,))
    await desk.bars()
    assert desk.ledger.orders[name].state is OrderState.EXPIRED
    part_of(desk, venue, name)
    await desk.bars()
    assert guarded(desk) == {Purpose.STOP: PART, Purpose.TARGET: PART}
    assert desk.ledger.halt is None


async def test_a_fill_that_is_told_again_and_again_counts_once(
    desk: DeskAtWork, venue: Venue
) -> None:
    name = await entered(desk)
    fill = part_of(desk, venue, name)
    for _ in range(3):
        venue.news = BrokerReport(fills=(fill,))
        await desk.bars()
    assert desk.ledger.orders[name].filled == PART
    assert (await desk.kinds()).count("order_filled") == 1


async def test_fills_that_overtake_the_answer_and_each_other_add_up(
    desk: DeskAtWork, venue: Venue
) -> None:
    venue.lose_answers = True
    name = await entered(desk)
    venue.lose_answers = False
    first = part_of(desk, venue, name)
    second = part_of(desk, venue, name, 2 * PART)
    venue.news = BrokerReport(fills=(second, first), canceled=(name,))
    await desk.bars()
    record = desk.ledger.orders[name]
    assert (record.state, record.filled) == (OrderState.CANCELED, 3 * PART)
    assert guarded(desk) == {Purpose.STOP: 3 * PART, Purpose.TARGET: 3 * PART}
