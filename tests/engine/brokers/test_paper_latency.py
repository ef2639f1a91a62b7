"""Orders on their way, and orders whose time is over."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from statistics import median
from typing import Any

import pytest

from engine.brokers.latency import AT_ONCE, Latency
from engine.brokers.paper import PaperBroker
from engine.model.instruments import Calendar
from engine.model.orders import Order, OrderType
from engine.ports import Accepted, Rejected
from tests.engine.brokers.trading import (
    BTC,
    COSTS,
    XAU,
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
)

D = Decimal
SLOW = Latency(60.0, 60.0)  # a minute, always
MINUTE = 1 / 60


def ids(count: int = 4000) -> list[str]:
    return [f"{k:012x}-entry-1" for k in range(count)]


def test_waits_have_the_median_and_the_tail_that_were_asked_for() -> None:
    waits = sorted(Latency(0.3, 1.5).of(name).total_seconds() for name in ids())
    assert median(waits) == pytest.approx(0.3, rel=0.05)
    assert waits[int(0.95 * len(waits))] == pytest.approx(1.5, rel=0.08)


def test_a_wait_is_the_orders_own_and_changes_with_the_seed() -> None:
    waits = [Latency().of(name) for name in ids(50)]
    assert waits == [Latency().of(name) for name in ids(50)]
    assert waits != [Latency(seed=1).of(name) for name in ids(50)]
    assert AT_ONCE.of("entry") == timedelta(0)


@pytest.mark.parametrize("wrong", [(-1.0, 1.0), (2.0, 1.0), (0.1, float("inf"))])
def test_a_latency_that_cannot_be_is_refused(wrong: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="0 <= median <= tail"):
        Latency(*wrong)


async def test_an_order_acts_on_the_first_book_after_its_latency() -> None:
    broker = paper(latency=SLOW)
    await broker.submit(buy(at=1))
    await broker.observe(quote(1 + 0.5 * MINUTE, 999, 1000))
    assert (await broker.report()).fills == ()
    await broker.observe(quote(1 + 1.5 * MINUTE, 1009, 1010))
    (fill,) = (await broker.report()).fills
    assert fill.price == D(1010)


async def test_a_stop_guards_only_once_it_is_there() -> None:
    broker = paper(latency=SLOW, BTC="1")
    await broker.submit(stop(linked_to=""))
    await broker.observe(quote(1 + 0.5 * MINUTE, 940, 941))
    assert (await broker.report()).fills == ()
    await broker.observe(quote(1 + 2 * MINUTE, 930, 931))
    (fill,) = (await broker.report()).fills
    assert fill.price == D(930)


async def test_a_resting_order_joins_its_queue_when_it_arrives() -> None:
    broker = paper(latency=SLOW)
    await broker.submit(rest())
    asks = [(1001.0, 1.0)]
    await broker.observe(book(1 + 0.5 * MINUTE, [(980.0, 1.0)], asks))
    await broker.observe(printed(1 + 0.6 * MINUTE, 980.0, 5.0))
    await broker.observe(book(1 + 2 * MINUTE, [(980.0, 4.0)], asks))
    await broker.observe(printed(1 + 3 * MINUTE, 980.0, 4.5))
    (fill,) = (await broker.report()).fills
    assert (fill.quantity, fill.at) == (D("0.5"), hour(1 + 3 * MINUTE))


async def test_the_same_events_give_the_same_fills() -> None:
    async def run() -> object:
        broker = paper(latency=Latency(30.0, 300.0))
        for name in ids(8):
            await broker.submit(buy(at=1, quantity="0.5", client_id=name))
        for k in range(1, 12):
            await broker.observe(quote(1 + k * 0.5 * MINUTE, 999 + k, 1000 + k, 100.0 + k))
        return (await broker.report()).fills

    first = await run()
    assert first == await run()
    assert len({fill.at for fill in first}) > 1  # type: ignore[attr-defined]


# ---- time in force -----------------------------------------------------------------------


async def expired(broker: PaperBroker) -> tuple[str, ...]:
    report = await broker.report()
    assert report.fills == ()
    return report.expired


async def test_an_order_whose_time_is_over_expires_and_fills_no_more() -> None:
    broker = paper()
    await broker.submit(rest(expires_at=hour(1.5)))
    await broker.observe(quote(1.2, 990, 991))
    assert await expired(broker) == ()
    await broker.observe(quote(1.5, 970, 971))
    assert await expired(broker) == ("entry",)
    assert await broker.cancel("entry") is False


async def test_a_market_order_meets_an_open_only_within_its_time() -> None:
    broker = paper()
    await broker.submit(buy(at=1, expires_at=hour(3)))
    await broker.observe(closed(bar(3)))
    assert await expired(broker) == ("entry",)
    broker = paper()
    await broker.submit(buy(at=1, expires_at=hour(1.5)))
    await broker.observe(closed(bar(1)))
    assert [fill.at for fill in (await broker.report()).fills] == [hour(1)]


async def test_a_bar_that_outlasts_a_resting_order_does_not_fill_it() -> None:
    broker = paper()
    await broker.submit(rest(expires_at=hour(1.5)))
    await broker.observe(closed(bar(1, l=900)))
    assert await expired(broker) == ("entry",)


async def test_what_filled_in_time_stays_filled() -> None:
    broker = paper()
    await broker.submit(rest(expires_at=hour(1.5)))
    await broker.observe(quote(1.1, 990, 991))
    await broker.observe(quote(1.2, 970, 971, 0.4))
    (fill,) = (await broker.report()).fills
    await broker.observe(quote(1.6, 970, 971, 0.4))
    assert (await expired(broker), fill.quantity) == (("entry",), D("0.4"))


def shut_from(begin: float, end: float) -> PaperBroker:
    """A broker whose market rests between two hours."""
    return PaperBroker(
        (BTC, XAU),
        COSTS,
        cash_usd=D(10_000),
        latency=AT_ONCE,
        is_open=lambda calendar, at: (
            calendar is Calendar.CONTINUOUS or not hour(begin) <= at < hour(end)
        ),
    )


def gold(at: float, **other: Any) -> Order:
    return buy(at, instrument="XAU-USD", **other)


async def test_nothing_is_bought_at_the_market_while_it_is_shut() -> None:
    broker = shut_from(1, 2)
    answer = await broker.submit(gold(1))
    assert isinstance(answer, Rejected)
    assert "closed" in answer.reason
    assert isinstance(await broker.submit(gold(0.9, client_id="before")), Accepted)
    limit = gold(1, client_id="rests", type=OrderType.LIMIT, limit_price=D(900))
    assert isinstance(await broker.submit(limit), Accepted)
    assert isinstance(await broker.submit(buy(1, client_id="bitcoin")), Accepted)


async def test_an_entry_does_not_wait_for_its_market_to_open_again() -> None:
    broker = shut_from(1, 2)
    await broker.submit(gold(0.2))
    await broker.observe(closed(bar(2, instrument="XAU-USD")))
    assert await expired(broker) == ("entry",)


async def test_the_break_itself_ends_an_entry_when_any_market_tells_the_time() -> None:
    broker = shut_from(1, 2)
    await broker.submit(gold(0.2))
    await broker.observe(closed(bar(0)))
    assert await expired(broker) == ("entry",)


async def test_an_entry_that_the_last_bar_before_a_break_fills_has_filled() -> None:
    broker = shut_from(1, 2)
    await broker.submit(gold(0))
    await broker.observe(closed(bar(0, instrument="XAU-USD")))
    (fill,) = (await broker.report()).fills
    assert fill.at == hour(0)
