"""Paper against a book several levels deep: what is larger than a level pays the next one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.brokers.shown import ShownBook
from engine.brokers.taking import take
from engine.costs import Flow, Seen
from engine.model.bars import Depth
from engine.model.orders import Fill, Order, Side
from tests.engine.brokers.trading import (
    BTC,
    COSTS,
    bar,
    book,
    buy,
    closed,
    hour,
    paper,
    printed,
    sell,
    stop,
    target,
)

D = Decimal
ASKS = [(1001.0, 0.4), (1002.0, 0.5), (1005.0, 3.0)]
BIDS = [(999.0, 0.4), (998.0, 0.5), (995.0, 3.0)]


async def told(orders: list[Order], *events: object, held: str = "0") -> tuple[Fill, ...]:
    broker = paper(BTC=held)
    for order in orders:
        await broker.submit(order)
    for event in events:
        await broker.observe(event)  # type: ignore[arg-type]
    return (await broker.report()).fills


def parts(fills: tuple[Fill, ...]) -> list[tuple[Decimal, Decimal]]:
    return [(fill.quantity, fill.price) for fill in fills]


async def test_a_market_order_walks_the_levels() -> None:
    fills = await told([buy(at=1)], book(1.1, BIDS, ASKS))
    assert parts(fills) == [(D("0.4"), D(1001)), (D("0.5"), D(1002)), (D("0.1"), D(1005))]
    assert len({fill.fill_id for fill in fills}) == 3
    assert all(fill.reference_price == D(1000) for fill in fills)


async def test_a_triggered_stop_walks_the_bids() -> None:
    down = [(949.0, 0.4), (940.0, 5.0)]
    fills = await told([target(), stop()], book(1.1, down, ASKS), held="1")
    assert parts(fills) == [(D("0.4"), D(949)), (D("0.6"), D(940))]


async def test_what_is_larger_than_the_book_waits_for_the_next() -> None:
    thin = book(1.1, BIDS, ASKS[:1])
    fills = await told([buy(at=1)], thin, book(1.2, BIDS, [(1003.0, 9.0)]))
    assert parts(fills) == [(D("0.4"), D(1001)), (D("0.6"), D(1003))]


async def test_an_offer_that_paper_took_is_not_taken_again_while_it_looks_the_same() -> None:
    thin = book(1.1, BIDS, ASKS[:1])
    again, whole = replace(thin, at=hour(1.2)), book(1.3, BIDS, [(1001.0, 0.7)])
    fills = await told([buy(at=1)], thin, again, whole)
    assert parts(fills) == [(D("0.4"), D(1001)), (D("0.6"), D(1001))]
    assert [fill.at for fill in fills] == [hour(1.1), hour(1.3)]


async def test_two_orders_do_not_share_one_offer() -> None:
    orders = [buy(at=1, quantity="0.4", client_id="a"), buy(at=1, quantity="0.4", client_id="b")]
    fills = await told(orders, book(1.1, BIDS, ASKS))
    assert [(fill.client_id, fill.price) for fill in fills] == [("a", D(1001)), ("b", D(1002))]


@pytest.mark.parametrize(
    "foul",
    [
        ([], ASKS),
        ([(1002.0, 1.0)], ASKS),
        ([(998.0, 1.0), (999.0, 1.0)], ASKS),
        ([(998.0, 0.0)], ASKS),
    ],
)
async def test_a_book_that_cannot_be_fills_nothing(
    foul: tuple[list[tuple[float, float]], ...],
) -> None:
    assert await told([buy(at=1)], book(1.1, *foul)) == ()


async def test_a_sale_of_the_rest_finds_what_the_stop_left() -> None:
    down = [(949.0, 0.4), (940.0, 0.6)]
    fills = await told(
        [stop(linked_to="", quantity="0.4"), sell(quantity="0.6", client_id="rest")],
        book(1.1, down, ASKS),
        held="1",
    )
    assert {(fill.client_id, fill.price) for fill in fills} == {
        ("rest", D(949)),
        ("rest", D(940)),
        ("stop", D(940)),
    }
    assert sum(fill.quantity for fill in fills if fill.price == D(949)) == D("0.4")


async def test_a_print_at_the_stop_triggers_it_and_the_next_book_pays() -> None:
    high = book(1.1, [(955.0, 5.0)], ASKS)
    events = (high, printed(1.2, 950.0, 0.1), replace(high, at=hour(1.3)))
    (fill,) = await told([target(), stop()], *events, held="1")
    assert (fill.client_id, fill.price, fill.at) == ("stop", D(955), hour(1.3))


async def test_a_triggered_stop_still_falls_with_a_bar_that_shows_no_book() -> None:
    high = book(1.1, [(955.0, 5.0)], ASKS)
    (fill,) = await told(
        [target(), stop()], high, printed(1.2, 950.0, 0.1), closed(bar(2, l=940)), held="1"
    )
    assert fill.client_id == "stop"


sides = st.lists(
    st.tuples(st.integers(1, 50), st.integers(1, 3000)),
    min_size=1,
    max_size=6,
    unique_by=lambda x: x[0],
)


@given(sides, sides, st.integers(1, 6000), st.sampled_from(Side), st.floats(10.0, 1e6))
def test_nobody_takes_more_or_better_than_is_shown(
    down: list[tuple[int, int]],
    up: list[tuple[int, int]],
    lots: int,
    side: Side,
    volume: float,
) -> None:
    bids = tuple((1000.0 - k, size / 1000) for k, size in sorted(down))
    asks = tuple((1000.0 + k, size / 1000) for k, size in sorted(up))
    shown = ShownBook(Depth("BTC-USD", hour(1), bids, asks))
    order = buy(quantity=str(lots * BTC.lot), side=side)
    seen = Seen(flow=Flow(volume, 0.02))
    taken = take(order, order.quantity, BTC, COSTS, shown, seen)
    offered = asks if side is Side.BUY else bids
    assert sum(each.quantity for each in taken) == min(
        order.quantity, sum((D(str(size)) for _, size in offered), D(0))
    )
    for execution, (price, size) in zip(taken, offered, strict=False):
        sign = 1 if side is Side.BUY else -1
        assert sign * (execution.price - D(str(price))) >= 0
        assert execution.quantity <= D(str(size))
