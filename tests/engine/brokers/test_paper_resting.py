"""Paper makers: refused where they would take, behind whoever was there, and paid as makers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.brokers.paper import PaperBroker
from engine.model.orders import Fill, Order
from engine.ports import Accepted, Rejected
from tests.engine.brokers.trading import (
    bar,
    book,
    buy,
    closed,
    hour,
    paper,
    printed,
    quote,
    rest,
    stop,
    target,
)

D = Decimal
ASKS = [(1001.0, 5.0)]
# Others wait at 980 with three, and at 979 with two.
BIDS = [(990.0, 1.0), (980.0, 3.0), (979.0, 2.0)]


async def resting(order: Order | None = None, ahead_frac: float = 0.0) -> PaperBroker:
    """A broker whose entry has joined the queue."""
    broker = paper(ahead_frac=ahead_frac)
    assert isinstance(await broker.submit(order or rest()), Accepted)
    await broker.observe(book(1.1, BIDS, ASKS))
    return broker


async def fills_of(broker: PaperBroker, *events: object) -> tuple[Fill, ...]:
    for event in events:
        await broker.observe(event)  # type: ignore[arg-type]
    return (await broker.report()).fills


# ---- post-only ---------------------------------------------------------------------------


@pytest.mark.parametrize("price", ["1001", "1010"])
async def test_a_post_only_order_that_would_take_is_refused_at_once(price: str) -> None:
    broker = paper()
    await broker.observe(book(0.999, BIDS, ASKS))
    answer = await broker.submit(rest(price))
    assert isinstance(answer, Rejected)
    assert "post-only" in answer.reason


async def test_one_that_would_take_on_arrival_is_refused_then() -> None:
    broker = paper()
    await broker.submit(rest("990"))
    await broker.observe(book(1.1, [(980.0, 1.0)], [(989.0, 1.0)]))
    report = await broker.report()
    assert report.fills == ()
    assert [refused.client_id for refused in report.rejected] == ["entry"]


async def test_a_bar_that_opens_below_its_price_refuses_it() -> None:
    broker = paper()
    await broker.submit(rest("990"))
    await broker.observe(closed(bar(1, o=985, l=970)))
    assert [refused.client_id for refused in (await broker.report()).rejected] == ["entry"]


async def test_only_a_limit_order_can_be_post_only() -> None:
    answer = await paper().submit(buy(post_only=True))
    assert isinstance(answer, Rejected)
    assert "post-only" in answer.reason


# ---- the queue ---------------------------------------------------------------------------


async def test_what_trades_at_the_price_goes_to_those_ahead_first() -> None:
    broker = await resting()
    assert await fills_of(broker, printed(1.2, 980.0, 2.0), printed(1.3, 980.0, 1.0)) == ()
    (fill,) = await fills_of(broker, printed(1.4, 980.0, 0.25))
    assert (fill.quantity, fill.price, fill.at) == (D("0.25"), D(980), hour(1.4))


async def test_only_what_is_left_of_a_print_is_ours() -> None:
    (fill,) = await fills_of(await resting(), printed(1.2, 980.0, 3.5))
    assert fill.quantity == D("0.5")


async def test_who_leaves_is_taken_to_have_stood_behind() -> None:
    broker = await resting()
    grown, thinned = [(980.0, 6.0)], [(980.0, 1.0)]
    assert await fills_of(broker, book(1.2, grown, ASKS), printed(1.3, 980.0, 3.0)) == ()
    (fill,) = await fills_of(await resting(), book(1.2, thinned, ASKS), printed(1.3, 980.0, 1.5))
    assert fill.quantity == D("0.5")


async def test_buyers_do_not_meet_a_resting_buy() -> None:
    assert await fills_of(await resting(), printed(1.2, 980.0, 9.0, sold=False)) == ()


async def test_a_print_through_the_price_needs_no_queue() -> None:
    (fill,) = await fills_of(await resting(), printed(1.2, 979.9, 0.3))
    assert (fill.quantity, fill.price) == (D("0.3"), D(980))


async def test_a_touch_of_the_book_fills_nothing_and_a_tick_through_does() -> None:
    assert await fills_of(await resting(), book(1.2, [(970.0, 1.0)], [(980.0, 9.0)])) == ()
    (fill,) = await fills_of(await resting(), book(1.2, [(970.0, 1.0)], [(979.9, 0.7)]))
    assert (fill.quantity, fill.price) == (D("0.7"), D(980))


async def test_where_the_queue_is_not_known_a_share_goes_to_others() -> None:
    broker = await resting(rest("950"), ahead_frac=0.5)  # deeper than the book is shown
    (fill,) = await fills_of(broker, book(1.2, [(940.0, 1.0)], [(949.0, 0.8)]))
    assert fill.quantity == D("0.4")
    broker = await resting(rest("950"), ahead_frac=0.5)
    assert await fills_of(broker, printed(1.2, 950.0, 9.0)) == ()
    (fill,) = await fills_of(broker, printed(1.3, 949.0, 0.8))
    assert fill.quantity == D("0.4")


async def test_a_bar_gives_a_resting_order_no_more_than_its_share_of_the_volume() -> None:
    broker = paper(ahead_frac=0.5)
    await broker.submit(rest())
    (fill,) = await fills_of(broker, closed(bar(1, l=970, volume=0.6)))
    assert fill.quantity == D("0.3")
    (fill,) = await fills_of(broker, closed(bar(2, l=970, volume=40.0)))
    assert fill.quantity == D("0.7")


async def test_a_restart_puts_an_order_at_the_end_of_its_queue() -> None:
    broker = paper()
    await broker.restore([(rest(), D(0))])
    assert await fills_of(broker, printed(1.2, 980.0, 9.0)) == ()
    assert await fills_of(broker, book(1.3, BIDS, ASKS), printed(1.4, 980.0, 3.0)) == ()
    (fill,) = await fills_of(broker, printed(1.5, 980.0, 1.0))
    assert fill.quantity == D(1)


async def test_two_orders_do_not_share_one_print() -> None:
    broker = paper()
    for name in ("a", "b"):
        await broker.submit(rest(client_id=name))
    await broker.observe(book(1.1, [(980.0, 1.0)], ASKS))
    fills = await fills_of(broker, printed(1.2, 980.0, 2.5))
    assert sum(fill.quantity for fill in fills) <= D("1.5")


# ---- fees --------------------------------------------------------------------------------


async def test_only_what_rested_for_certain_pays_the_makers_fee() -> None:
    (made,) = await fills_of(await resting(), printed(1.2, 979.0, 1.0))
    assert made.fee_usd == made.price * made.quantity * D("0.0025")
    (plain,) = await fills_of(await resting(rest(post_only=False)), printed(1.2, 979.0, 1.0))
    assert plain.fee_usd == plain.price * plain.quantity * D("0.004")


async def test_a_bar_pays_a_maker_its_own_price_though_it_gaps_past() -> None:
    broker = paper()
    await broker.submit(rest())
    assert await fills_of(broker, closed(bar(1, o=1000, l=990))) == ()
    (fill,) = await fills_of(broker, closed(bar(2, o=960, l=950)))
    assert (fill.price, fill.fee_usd) == (D(980), D(980) * D("0.0025"))


async def test_targets_pay_the_takers_fee() -> None:
    broker = paper(BTC="1")
    for order in (target(), stop()):
        await broker.submit(order)
    (fill,) = await fills_of(broker, quote(1.1, 1101, 1102))
    assert fill.fee_usd == fill.price * D("0.004")
