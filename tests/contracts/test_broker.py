"""BR-01 ...: what every broker keeps, whatever venue is behind it.

To add a broker: give ``BROKERS`` a function that makes one with 10 000 USD and 1 BTC. Interactive
Brokers (``ibkr``) has cases of its own in test_broker_ibkr.py.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from engine.model.orders import OrderType
from engine.ports import Accepted, Broker, Rejected
from tests.engine.brokers.trading import bar, buy, closed, paper, sell, stop, target

D = Decimal
MakeBroker = Callable[[], Broker]
BROKERS: dict[str, MakeBroker] = {"paper": lambda: paper(BTC="1")}


@pytest.fixture(params=sorted(BROKERS))
def broker(request: pytest.FixtureRequest) -> Broker:
    return BROKERS[request.param]()


async def test_br_01_it_has_every_method_of_the_port(broker: Broker) -> None:
    port = [name for name, _ in inspect.getmembers(Broker, inspect.isfunction) if name[0] != "_"]
    assert broker.name
    for name in port:
        assert inspect.iscoroutinefunction(getattr(broker, name)), name


async def test_br_02_a_sound_order_is_accepted_under_its_own_id(broker: Broker) -> None:
    answer = await broker.submit(buy())
    assert isinstance(answer, Accepted)
    assert answer.client_id == "entry"
    assert answer.venue_id


async def test_br_03_a_known_id_is_answered_and_never_placed_again(broker: Broker) -> None:
    first = await broker.submit(buy(at=0))
    assert await broker.submit(buy(at=0)) == first
    assert await broker.submit(buy(at=0, quantity="2")) == first
    await broker.observe(closed(bar(0)))
    assert [fill.quantity for fill in (await broker.report()).fills] == [D(1)]
    assert await broker.submit(buy(at=0)) == first
    await broker.observe(closed(bar(1)))
    assert (await broker.report()).fills == ()


async def test_br_04_find_knows_open_closed_and_rejected_orders(broker: Broker) -> None:
    assert await broker.find("entry") is None
    accepted = await broker.submit(buy(at=0))
    assert await broker.find("entry") == accepted
    await broker.observe(closed(bar(0)))
    assert await broker.find("entry") == accepted
    rejected = await broker.submit(buy(client_id="dust", quantity="0.001"))
    await broker.submit(stop("950", client_id="naked", linked_to="", quantity="9"))
    assert isinstance(await broker.find("naked"), Rejected)
    assert await broker.find("dust") == rejected


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"quantity": D("0.0005")}, "lot"),
        ({"quantity": D(0)}, "quantity"),
        ({"quantity": D("NaN")}, "quantity"),
        ({"quantity": D("0.001")}, "minimum"),
        ({"instrument": "ETH-USD"}, "not traded"),
        ({"type": OrderType.LIMIT}, "limit price"),
        ({"type": OrderType.LIMIT, "limit_price": D("980.05")}, "tick"),
        ({"type": OrderType.LIMIT, "limit_price": D(-1)}, "above 0"),
        ({"limit_price": D(980)}, "limit price"),
        ({"type": OrderType.STOP, "stop_price": D(1200)}, "stop"),
        ({"quantity": D(100)}, "USD"),
    ],
)
async def test_br_05_an_order_that_breaks_a_venue_rule_is_rejected_with_why(
    broker: Broker, change: dict[str, Any], words: str
) -> None:
    await broker.observe(closed(bar(-1)))
    answer = await broker.submit(buy(**change))
    assert isinstance(answer, Rejected)
    assert words in answer.reason
    await broker.observe(closed(bar(0, h=2000, l=1)))
    assert (await broker.report()).fills == ()


async def test_br_06_more_than_is_held_cannot_be_sold(broker: Broker) -> None:
    assert isinstance(await broker.submit(sell(quantity="1.001")), Rejected)


async def test_br_07_a_pair_of_exits_claims_what_it_sells_once(broker: Broker) -> None:
    assert isinstance(await broker.submit(target()), Accepted)
    assert isinstance(await broker.submit(stop()), Accepted)
    assert isinstance(await broker.submit(sell(quantity="0.1")), Rejected)


async def test_br_08_a_canceled_order_does_not_fill(broker: Broker) -> None:
    await broker.submit(buy(at=0))
    assert await broker.cancel("entry") is True
    assert await broker.cancel("entry") is False
    await broker.observe(closed(bar(0)))
    assert (await broker.report()).fills == ()


async def test_br_09_an_unknown_order_is_not_canceled(broker: Broker) -> None:
    assert await broker.cancel("never seen") is False


async def test_br_10_a_report_is_told_once(broker: Broker) -> None:
    await broker.submit(buy(at=0))
    await broker.observe(closed(bar(0)))
    assert len((await broker.report()).fills) == 1
    assert (await broker.report()).fills == ()


async def test_br_11_a_cancellation_that_was_asked_for_is_not_reported(broker: Broker) -> None:
    await broker.submit(buy(at=0))
    await broker.cancel("entry")
    assert (await broker.report()).canceled == ()


async def test_br_12_restored_orders_work_on(broker: Broker) -> None:
    await broker.restore([(stop("950", at=0, quantity="1"), D("0.25"))])
    assert isinstance(await broker.find("stop"), Accepted)
    await broker.observe(closed(bar(0, l=900)))
    assert [fill.quantity for fill in (await broker.report()).fills] == [D("0.75")]


async def test_br_13_fills_name_the_order_with_unique_ids(broker: Broker) -> None:
    await broker.submit(buy(at=0))
    await broker.submit(stop("950", at=0, linked_to=""))
    await broker.observe(closed(bar(0, l=900)))
    fills = (await broker.report()).fills
    assert {fill.client_id for fill in fills} == {"entry", "stop"}
    assert len({fill.fill_id for fill in fills}) == 2


async def test_br_14_balances_are_own_and_settled(broker: Broker) -> None:
    assert await broker.balances() == {"USD": D(10_000), "BTC": D(1)}
