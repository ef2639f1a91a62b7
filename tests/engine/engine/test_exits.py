"""Getting out: stops on every fill, time limits, closing and flattening, also while halted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from engine.facade import OrderView, PositionView, StatusView
from engine.model.orders import Purpose
from tests.kit.desk import OVERSEER, OWNER, DeskAtWork, refusal


def _resting(desk: DeskAtWork) -> dict[Purpose, Decimal]:
    return {o.order.purpose: o.order.quantity for o in desk.ledger.open_orders()}


async def test_a_fill_gets_its_stop_and_its_target(desk: DeskAtWork) -> None:
    held = desk.ledger.positions[await desk.position()]
    assert _resting(desk) == {Purpose.STOP: held.quantity, Purpose.TARGET: held.quantity}


async def test_the_exits_rest_from_the_fill(desk: DeskAtWork) -> None:
    held = desk.ledger.positions[await desk.position()]
    assert {o.order.created_at for o in desk.ledger.open_orders()} == {held.opened_at}


async def test_a_position_ends_in_one_trade_and_nothing_rests(desk: DeskAtWork) -> None:
    name = await desk.position()
    while name in desk.ledger.positions:
        assert await desk.bars()
    assert [t.id for t in desk.ledger.trades] == [name]
    assert desk.ledger.open_orders() == []


async def test_a_halted_desk_still_closes(desk: DeskAtWork) -> None:
    name = await desk.position()
    await desk.desk.halt(OVERSEER, "odd prices")
    assert isinstance(await desk.desk.close_position(OWNER, name.lower(), "enough"), PositionView)
    await desk.bars(2)
    assert desk.ledger.trades[-1].closed_by is Purpose.OWNER_CLOSE


async def test_a_position_is_closed_once(desk: DeskAtWork) -> None:
    name = await desk.position()
    await desk.desk.close_position(OWNER, name, "")
    again = refusal(await desk.desk.close_position(OWNER, name, ""))
    assert "being sold already" in again.value
    assert [o.order.purpose for o in desk.ledger.open_orders()] == [Purpose.OWNER_CLOSE]


async def test_only_the_owner_closes(desk: DeskAtWork) -> None:
    name = await desk.position()
    assert refusal(await desk.desk.close_position(OVERSEER, name, "")).limit == "permission"


async def test_flattening_halts_and_sells_everything(desk: DeskAtWork) -> None:
    name = await desk.position()
    views = await desk.desk.flatten(OWNER, "enough for today")
    assert not isinstance(views, tuple) or [v.position.id for v in views] == [name]
    assert desk.ledger.halt is not None
    await desk.bars(2)
    assert desk.ledger.positions == {}


async def test_an_overseer_may_halt_but_not_flatten(desk: DeskAtWork) -> None:
    await desk.position()
    assert refusal(await desk.desk.flatten(OVERSEER, "sell")).limit == "permission"
    assert desk.ledger.halt is None
    assert isinstance(await desk.desk.halt(OVERSEER, ""), StatusView)


async def test_the_time_limit_sells(desk: DeskAtWork) -> None:
    name = await desk.position()
    held = desk.ledger.positions[name]
    stuck = held.time_limit_at - timedelta(hours=1)
    while name in desk.ledger.positions and desk.ledger.bars_at < stuck:  # type: ignore[operator]
        await desk.bars()
    if name not in desk.ledger.positions:
        assert desk.ledger.trades[-1].closed_by in (Purpose.TARGET, Purpose.STOP)
        return
    await desk.bars(3)
    assert desk.ledger.trades[-1].closed_by is not Purpose.OWNER_CLOSE
    assert name not in desk.ledger.positions


async def test_an_entry_that_waits_can_be_canceled(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    await desk.desk.approve(OWNER, view.terms.id, view.short_hash)
    (order,) = desk.desk.orders()
    assert isinstance(await desk.desk.cancel_order(OWNER, order.order.client_id), OrderView)
    await desk.bars(2)
    assert desk.ledger.positions == {}


async def test_a_protection_is_not_canceled(desk: DeskAtWork) -> None:
    await desk.position()
    stop = next(o for o in desk.desk.orders() if o.order.purpose is Purpose.STOP)
    answer = refusal(await desk.desk.cancel_order(OWNER, stop.order.client_id))
    assert answer.limit == "protection"


async def test_halting_takes_waiting_entries_off(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    await desk.desk.approve(OWNER, view.terms.id, view.short_hash)
    await desk.desk.halt(OVERSEER, "odd prices")
    await desk.bars(2)
    assert (desk.ledger.positions, desk.ledger.open_orders()) == ({}, [])
