"""What becomes of an approved entry: in parts, at rest, in its time, and after the click."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.facade import ProposalView
from engine.model.bars import Depth, Print
from engine.model.orders import Order, OrderState, OrderType, Purpose, Side
from engine.model.proposals import ProposalStatus
from tests.kit.desk import BTC, OWNER, DeskAtWork, at_work, desk_settings, swinging_file

D = Decimal
AT_ONCE = {"latency_median_seconds": 0.0, "latency_tail_seconds": 0.0}
SECOND = timedelta(seconds=1)


async def approved(desk: DeskAtWork) -> tuple[ProposalView, Order]:
    """A proposal that the owner took at the close of a bar, and its order."""
    await desk.bars(5)
    view = await desk.proposal()
    answer = await desk.desk.approve(OWNER, view.terms.id, view.short_hash)
    assert isinstance(answer, ProposalView), answer
    (record,) = desk.ledger.orders_of(view.terms.id, Side.BUY)
    return view, record.order


async def show(desk: DeskAtWork, seconds: float, bid: float, ask: float, size: float) -> None:
    at = desk.engine.clock.now() + seconds * SECOND
    await desk.engine.take(Depth(BTC, at, ((bid, size),), ((ask, size),)))


def entry_of(desk: DeskAtWork, order: Order) -> tuple[OrderState, Decimal]:
    record = desk.ledger.orders[order.client_id]
    return record.state, record.filled


@pytest.fixture
def market(tmp_path: Path) -> Path:
    return swinging_file(tmp_path)


async def opened(market: Path, **changes: Any) -> AsyncIterator[DeskAtWork]:
    async with at_work(market, desk_settings(**{"paper": AT_ONCE} | changes)) as desk:
        yield desk


@pytest.fixture
async def desk(market: Path) -> AsyncIterator[DeskAtWork]:
    async for each in opened(market):
        yield each


@pytest.fixture
async def resting(market: Path) -> AsyncIterator[DeskAtWork]:
    kraken = {"post_only_entries": True}
    async for each in opened(market, brokers={"kraken": kraken}):
        yield each


# ---- in parts ----------------------------------------------------------------------------


async def test_a_part_too_small_to_sell_waits_for_more_and_trips_nothing(desk: DeskAtWork) -> None:
    view, order = await approved(desk)
    entry = float(view.terms.entry)
    await show(desk, 5, entry - 1, entry, 0.0001)
    (held,) = desk.desk.positions()
    assert "until more of it is bought" in held.guard
    assert [o.order.purpose for o in desk.ledger.open_orders()] == [Purpose.ENTRY]
    await show(desk, 6, entry - 1, entry, 5.0)
    assert entry_of(desk, order) == (OrderState.FILLED, order.quantity)
    resting = {o.order.purpose: o.order.quantity for o in desk.ledger.open_orders()}
    assert resting == {Purpose.STOP: order.quantity, Purpose.TARGET: order.quantity}
    assert not desk.ledger.trips


async def test_a_part_too_small_to_sell_is_not_offered_though_it_is_asked_for(
    desk: DeskAtWork,
) -> None:
    view, order = await approved(desk)
    entry = float(view.terms.entry)
    await show(desk, 5, entry - 1, entry, 0.0001)
    await desk.desk.close_position(OWNER, view.terms.id, "enough")
    await show(desk, 6, entry - 1, entry + 1, 5.0)
    assert desk.ledger.orders_of(view.terms.id, Side.SELL) == []
    assert desk.ledger.orders[order.client_id].state is OrderState.CANCELED
    assert not desk.ledger.trips


# ---- its time ----------------------------------------------------------------------------


async def test_an_entry_works_as_long_as_a_proposal_can_be_approved(desk: DeskAtWork) -> None:
    view, order = await approved(desk)
    shown_for = view.terms.expires_at - view.terms.created_at
    assert order.expires_at == order.created_at + shown_for
    at = order.expires_at - desk.engine.clock.now()
    await show(desk, at.total_seconds(), 1.0, 2.0, 5.0)
    assert entry_of(desk, order) == (OrderState.EXPIRED, D(0))
    assert not desk.ledger.positions


# ---- at rest -----------------------------------------------------------------------------


async def test_a_post_only_entry_says_so_on_its_card_and_rests_at_the_bid(
    resting: DeskAtWork,
) -> None:
    view, order = await approved(resting)
    assert view.terms.order_type is OrderType.LIMIT
    assert (order.type, order.post_only) == (OrderType.LIMIT, True)
    assert order.limit_price is not None
    assert view.terms.stop < order.limit_price < view.terms.entry
    limit = float(order.limit_price)
    await show(resting, 5, limit, limit + 5, 0.4)
    assert entry_of(resting, order) == (OrderState.WORKING, D(0))
    at = resting.engine.clock.now() + 6 * SECOND
    await resting.engine.take(Print(BTC, at, limit, 0.4 + float(order.quantity), sold=True))
    assert entry_of(resting, order) == (OrderState.FILLED, order.quantity)
    bought = next(iter(resting.ledger.fills.values()))
    maker = resting.engine._parts.settings.costs.kraken.maker_frac
    assert bought.fee_usd == bought.price * bought.quantity * D(str(maker))


async def test_a_post_only_entry_that_would_take_is_refused_and_told(resting: DeskAtWork) -> None:
    view, order = await approved(resting)
    limit = float(order.limit_price or 0)
    await show(resting, 5, limit - 2, limit - 1, 1.0)
    assert entry_of(resting, order) == (OrderState.REJECTED, D(0))
    proposal = resting.desk.proposal(view.terms.id)
    assert isinstance(proposal, ProposalView)
    assert proposal.status is ProposalStatus.APPROVED
    assert "post-only" in proposal.outcome


async def test_a_post_only_entry_fills_on_bars_only_a_tick_through_it(market: Path) -> None:
    settings = desk_settings(
        auto_below=10**6, paper=AT_ONCE, brokers={"kraken": {"post_only_entries": True}}
    )
    async with at_work(market, settings) as desk:
        await desk.bars(10**6)
        orders = [o for o in desk.ledger.orders.values() if o.order.purpose is Purpose.ENTRY]
        assert {o.state for o in orders} >= {OrderState.FILLED}
        assert all(o.order.post_only for o in orders)
        for record in orders:
            limit = record.order.limit_price or D(0)
            assert record.value_usd == record.filled * limit


# ---- after the click ---------------------------------------------------------------------


async def test_an_order_on_its_way_is_asked_after_before_the_next_quote(tmp_path: Path) -> None:
    settings = desk_settings(paper={"latency_median_seconds": 1.5, "latency_tail_seconds": 1.5})
    async with at_work(
        tmp_path / "none", settings, files={}, source="simulated", speed=20.0
    ) as desk:
        life = asyncio.create_task(desk.engine.run())
        view = await desk.proposal()
        await desk.desk.approve(OWNER, view.terms.id, view.short_hash)
        async with asyncio.timeout(30):
            while view.terms.id not in desk.ledger.positions:
                await desk.engine._recorder.changed_since(desk.ledger.seq)
        life.cancel()
        (record,) = desk.ledger.orders_of(view.terms.id, Side.BUY)
        waited = desk.ledger.positions[view.terms.id].opened_at - record.order.created_at
        # The stream shows a book every twelve minutes; nobody waited for it.
        assert 1.5 * SECOND < waited < 300 * SECOND
        assert record.value_usd / record.filled != view.terms.entry
