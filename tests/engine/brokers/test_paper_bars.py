"""Paper against bars: the pessimistic rules of MATH.md section 6."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.brokers.paper import PaperBroker
from engine.model.orders import Fill, Order, OrderType
from engine.ports import Accepted, Rejected
from tests.engine.brokers.trading import bar, buy, closed, hour, paper, quote, sell, stop, target

D = Decimal


async def placed(broker: PaperBroker, *orders: Order) -> PaperBroker:
    for order in orders:
        assert await broker.submit(order) == Accepted(order.client_id, f"paper-{order.client_id}")
    return broker


async def holding(*orders: Order) -> PaperBroker:
    """A broker that holds one bitcoin, with exits standing from hour 1."""
    return await placed(paper(BTC="1"), *(orders or (target(), stop())))


async def fills_of(broker: PaperBroker, *events: object) -> tuple[Fill, ...]:
    for event in events:
        await broker.observe(event)  # type: ignore[arg-type]
    return (await broker.report()).fills


async def test_market_entry_fills_at_the_next_open_with_half_spread_and_taker_fee() -> None:
    broker = await placed(paper(), buy(at=1))
    (fill,) = await fills_of(broker, closed(bar(1, o=1000, h=1200, l=900)))
    assert (fill.price, fill.reference_price, fill.at) == (D("1001.0"), D("1000.0"), hour(1))
    assert fill.fee_usd == D("1001.0") * D("0.004")


async def test_market_entry_does_not_fill_on_a_bar_that_opened_before_it() -> None:
    broker = await placed(paper(), buy(at=1.5))
    assert await fills_of(broker, closed(bar(1))) == ()
    (fill,) = await fills_of(broker, closed(bar(2, o=1010)))
    assert fill.at == hour(2)


async def test_market_entry_expires_where_an_absence_overtook_it() -> None:
    broker = await placed(paper(), buy(at=1))
    await broker.observe(closed(bar(1), caught_up=True))
    report = await broker.report()
    assert (report.fills, report.expired) == ((), ("entry",))


async def test_impact_makes_a_thin_market_dearer() -> None:
    broker = await placed(paper(), buy(at=1))
    (fill,) = await fills_of(broker, closed(bar(1, h=1010, l=990, volume=10.0)))
    assert fill.price > D("1001.0")


@pytest.mark.parametrize("caught_up", [False, True])
async def test_stop_fills_at_its_price_less_half_spread(caught_up: bool) -> None:
    broker = await holding()
    (fill,) = await fills_of(broker, closed(bar(1, l=940), caught_up=caught_up))
    assert (fill.client_id, fill.reference_price) == ("stop", D(950))
    assert fill.price == D("949.0")


async def test_stop_fills_at_the_open_that_gapped_through_it() -> None:
    broker = await holding()
    (fill,) = await fills_of(broker, closed(bar(1, o=900, h=960, l=890)))
    assert (fill.reference_price, fill.price) == (D("900.0"), D("899.1"))


async def test_target_touched_is_not_filled() -> None:
    assert await fills_of(await holding(), closed(bar(1, h=1100))) == ()


async def test_target_traded_through_by_a_tick_fills_at_its_limit() -> None:
    (fill,) = await fills_of(await holding(), closed(bar(1, h=1100.1)))
    assert (fill.client_id, fill.price) == ("target", D(1100))
    assert fill.fee_usd == D(1100) * D("0.004")


async def test_target_gapped_past_fills_at_the_open() -> None:
    (fill,) = await fills_of(await holding(), closed(bar(1, o=1150, h=1160)))
    assert fill.price == D("1150.0")


async def test_stop_comes_before_the_target_that_the_same_bar_holds() -> None:
    broker = await holding()
    await broker.observe(closed(bar(1, h=1200, l=900)))
    report = await broker.report()
    assert [fill.client_id for fill in report.fills] == ["stop"]
    assert report.canceled == ("target",)


async def test_a_filled_half_cancels_the_other_once() -> None:
    broker = await holding()
    await broker.observe(closed(bar(1, h=1200)))
    assert (await broker.report()).canceled == ("stop",)
    await broker.observe(closed(bar(2, l=900)))
    assert await broker.cancel("stop") is False
    assert (await broker.report()).fills == ()


async def entered() -> PaperBroker:
    broker = await placed(paper(), buy(at=0))
    assert len(await fills_of(broker, closed(bar(0, o=1000, h=1200, l=900)))) == 1
    return broker


async def test_the_bar_of_a_market_entry_stops_it_first() -> None:
    broker = await placed(await entered(), target(), stop())
    (fill,) = (await broker.report()).fills
    assert (fill.client_id, fill.at) == ("stop", hour(1))


async def test_the_bar_of_a_market_entry_may_hit_its_target() -> None:
    broker = await placed(await entered(), target(), stop("890"))
    (fill,) = (await broker.report()).fills
    assert fill.client_id == "target"


async def test_a_target_sent_first_waits_for_its_stop() -> None:
    broker = await placed(await entered(), target())
    assert (await broker.report()).fills == ()
    await placed(broker, stop())
    assert [fill.client_id for fill in (await broker.report()).fills] == ["stop"]


async def test_the_bar_of_a_limit_entry_may_stop_it_but_not_pay_it() -> None:
    entry = buy(at=0, type=OrderType.LIMIT, limit_price=D(980))
    broker = await placed(paper(), entry)
    (fill,) = await fills_of(broker, closed(bar(0, o=1000, h=1200, l=900)))
    assert fill.price == D(980)
    await placed(broker, target(), stop("890"))
    assert (await broker.report()).fills == ()
    again = await placed(paper(), entry)
    await again.observe(closed(bar(0, o=1000, h=1200, l=900)))
    await placed(again, target(), stop())
    assert [f.client_id for f in (await again.report()).fills] == ["entry", "stop"]


async def test_limit_entry_gapped_past_fills_at_the_better_open() -> None:
    broker = await placed(paper(), buy(at=0, type=OrderType.LIMIT, limit_price=D(980)))
    (fill,) = await fills_of(broker, closed(bar(0, o=950, l=940)))
    assert fill.price == D("950.0")


async def test_a_bar_that_began_before_the_exits_may_stop_but_not_pay() -> None:
    broker = await holding(target(at=1.5), stop(at=1.5))
    assert await fills_of(broker, closed(bar(1, h=1200))) == ()
    (fill,) = await fills_of(broker, closed(bar(2, l=940)))
    assert fill.client_id == "stop"


async def test_a_bar_that_quotes_have_told_already_is_not_told_twice() -> None:
    broker = await holding(target(at=1.5), stop(at=1.5))
    assert await fills_of(broker, quote(1.6, 999, 1001), closed(bar(1, l=900))) == ()


async def test_the_same_bar_again_changes_nothing() -> None:
    broker = await holding()
    event = closed(bar(1, l=940))
    assert len(await fills_of(broker, event, event)) == 1


async def test_a_restart_that_sees_the_same_bar_makes_the_same_fill() -> None:
    event = closed(bar(1, l=940, volume=50.0))
    first = await fills_of(await holding(), event)
    restarted = paper(BTC="1")
    await restarted.restore([(target(), D(0)), (stop(), D(0))])
    assert await fills_of(restarted, event) == first


async def test_a_close_at_the_open_leaves_nothing_for_the_stop() -> None:
    broker = await holding(stop(linked_to=""))
    assert isinstance(await broker.submit(sell(client_id="early")), Rejected)
    assert await broker.cancel("stop")
    await placed(broker, sell())
    fills = await fills_of(broker, closed(bar(1, o=1000, l=900)))
    assert [(fill.client_id, fill.price) for fill in fills] == [("close", D("999.0"))]


async def test_an_open_that_cash_does_not_cover_rejects_the_entry() -> None:
    broker = await placed(paper(cash="1010"), buy(at=1))
    await broker.observe(closed(bar(1, o=1010)))
    report = await broker.report()
    assert report.fills == ()
    assert [rejected.client_id for rejected in report.rejected] == ["entry"]


async def test_balances_follow_the_fills() -> None:
    broker = await entered()
    cash = D(10_000) - D("1001.0") * D("1.004")
    assert await broker.balances() == {"USD": cash, "BTC": D(1)}
