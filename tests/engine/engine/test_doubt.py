"""An order of which the venue can never say any more what became of it: the owner has to look."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from engine.errors import BeyondProof
from engine.facade import OrderView, Refused
from engine.model.orders import OrderState, Purpose
from engine.ports import Accepted, Rejected
from tests.engine.engine.test_venue import Venue, venue_desk
from tests.kit.desk import OVERSEER, OWNER, DeskAtWork, refusal

TELLS = "order X may have been sent yesterday: look for it, undo what it did, then cancel it here"


class Forgetful(Venue):
    """A venue that remembers only today, and today has begun."""

    def __init__(self) -> None:
        super().__init__()
        self.forgot = False

    async def find(self, client_id: str) -> Accepted | Rejected | None:
        if self.forgot:
            raise BeyondProof(TELLS)
        return await super().find(client_id)


@pytest.fixture
def venue() -> Forgetful:
    return Forgetful()


@pytest_asyncio.fixture
async def desk(market: Path, venue: Forgetful) -> AsyncIterator[DeskAtWork]:
    async with venue_desk(market, venue) as made:
        yield made


async def in_doubt(desk: DeskAtWork, venue: Forgetful) -> str:
    """Client id of an entry whose answer was lost, a day ago by the venue's calendar."""
    venue.lose_answers = True
    view = await desk.proposal()
    await desk.desk.approve(OWNER, view.terms.id, view.short_hash)
    venue.lose_answers, venue.forgot = False, True
    (record,) = desk.ledger.open_orders()
    return record.order.client_id


async def test_it_stays_in_doubt_and_the_owner_is_told_once_what_to_do(
    desk: DeskAtWork, venue: Forgetful
) -> None:
    name = await in_doubt(desk, venue)
    await desk.bars(3)
    record = desk.ledger.orders[name]
    assert (record.state, record.reason) == (OrderState.UNKNOWN, TELLS)
    assert (await desk.kinds()).count("order_outcome_unknown") == 2
    assert venue.submitted == [name]


async def test_the_owners_word_ends_the_doubt_and_nobody_elses(
    desk: DeskAtWork, venue: Forgetful
) -> None:
    name = await in_doubt(desk, venue)
    refusal(await desk.desk.cancel_order(OVERSEER, name))
    assert desk.ledger.orders[name].state is OrderState.UNKNOWN
    assert isinstance(await desk.desk.cancel_order(OWNER, name), OrderView)
    record = desk.ledger.orders[name]
    assert (record.state, "has looked at the venue" in record.reason) == (
        OrderState.CANCELED, True,
    )  # fmt: skip
    assert venue.submitted == [name]


async def test_a_word_counts_only_where_the_venue_cannot_say(
    desk: DeskAtWork, venue: Forgetful
) -> None:
    name = await in_doubt(desk, venue)
    venue.forgot = False
    venue.taken.pop(name)  # it works no more, and the venue knows it
    assert isinstance(await desk.desk.cancel_order(OWNER, name), Refused)
    assert desk.ledger.orders[name].state is OrderState.UNKNOWN


async def test_exits_in_doubt_are_replaced_once_the_owner_has_looked_for_both(
    desk: DeskAtWork, venue: Forgetful
) -> None:
    view = await desk.proposal()
    await desk.desk.approve(OWNER, view.terms.id, view.short_hash)
    (entry,) = desk.ledger.open_orders()
    venue.fills(
        entry.order.client_id, entry.order.quantity, view.terms.entry, desk.engine.clock.now()
    )
    venue.lose_answers = True
    await desk.bars()
    venue.lose_answers, venue.forgot = False, True
    await desk.bars()
    pair = [o.order.client_id for o in desk.ledger.open_orders()]
    assert len(pair) == 2
    venue.taken.clear()
    for name in pair:
        assert isinstance(await desk.desk.cancel_order(OWNER, name), OrderView)
    resting = [o.order for o in desk.ledger.open_orders() if o.order.purpose is Purpose.STOP]
    assert [o.client_id.rpartition("-")[2] for o in resting] == ["2"]
    assert resting[0].quantity == Decimal(entry.order.quantity)
