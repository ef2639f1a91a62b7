"""Paper against the live book: crosses the spread, and no deeper than the top."""

from __future__ import annotations

from decimal import Decimal

from engine.model.orders import Fill, Order
from tests.engine.brokers.trading import bar, buy, closed, hour, paper, quote, stop, target

D = Decimal


async def told(orders: list[Order], *events: object, held: str = "0") -> tuple[Fill, ...]:
    broker = paper(BTC=held)
    for order in orders:
        await broker.submit(order)
    for event in events:
        await broker.observe(event)  # type: ignore[arg-type]
    return (await broker.report()).fills


async def test_market_entry_takes_the_ask_of_a_newer_quote() -> None:
    (fill,) = await told([buy(at=1)], quote(1.1, 999, 1001))
    assert (fill.price, fill.reference_price, fill.at) == (D("1001.0"), D("1000.0"), hour(1.1))


async def test_an_older_quote_fills_nothing() -> None:
    assert await told([buy(at=1)], quote(1, 999, 1001)) == ()


async def test_a_crossed_or_earlier_quote_is_not_believed() -> None:
    assert await told([buy(at=1)], quote(1.1, 1001, 999)) == ()
    fills = await told([buy(at=1, quantity="2")], quote(1.2, 999, 1001, 1), quote(1.1, 9, 10))
    assert [fill.quantity for fill in fills] == [D(1)]


async def test_what_exceeds_the_top_of_the_book_fills_in_parts() -> None:
    fills = await told(
        [buy(at=1, quantity="2.5")], quote(1.1, 999, 1001, 1), quote(1.2, 1003, 1005, 9)
    )
    assert [(fill.quantity, fill.price) for fill in fills] == [
        (D(1), D("1001.0")),
        (D("1.500"), D("1005.0")),
    ]
    assert len({fill.fill_id for fill in fills}) == 2


async def test_a_rest_does_not_fill_at_an_open_before_its_first_part() -> None:
    fills = await told([buy(at=1, quantity="2")], quote(1.5, 999, 1001, 1), closed(bar(1)))
    assert len(fills) == 1


async def test_stop_sells_at_the_bid_once_it_is_reached() -> None:
    events = (quote(1.1, 951, 953), quote(1.2, 948, 952))
    (fill,) = await told([target(), stop()], *events, held="1")
    assert (fill.client_id, fill.price) == ("stop", D("948.0"))


async def test_a_triggered_stop_sells_its_rest_wherever_the_price_goes() -> None:
    events = (quote(1.1, 948, 952, 0.4), quote(1.2, 990, 992, 9))
    fills = await told([target(), stop()], *events, held="1")
    assert [(f.quantity, f.price) for f in fills] == [(D("0.4"), D(948)), (D("0.6"), D(990))]


async def test_target_needs_a_bid_one_tick_through() -> None:
    assert await told([target(), stop()], quote(1.1, 1100, 1102), held="1") == ()
    (fill,) = await told([target(), stop()], quote(1.1, 1100.1, 1102), held="1")
    assert fill.price == D(1100)


async def test_the_halves_of_a_pair_sell_no_more_than_the_whole() -> None:
    events = (quote(1.1, 1101, 1102, 0.4), quote(1.2, 940, 942, 9))
    fills = await told([target(), stop()], *events, held="5")
    assert [(f.client_id, f.quantity) for f in fills] == [
        ("target", D("0.4")),
        ("stop", D("0.6")),
    ]
