"""Two paper venues behind one port: every order at its own, and no news lost to a silent one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.brokers.paper import PaperBroker
from engine.brokers.routing import RoutingBroker
from engine.errors import BrokerUnavailable
from engine.model.orders import OrderType
from engine.ports import Accepted, BrokerReport, Rejected
from tests.engine.brokers.trading import BTC, COSTS, XAU, buy, hour, quote, stop
from tests.kit.awkward_venue import AwkwardVenue

D = Decimal


class Silent(AwkwardVenue):
    """A paper venue that can be off the line."""

    silent = False

    async def report(self) -> BrokerReport:
        if self.silent:
            raise BrokerUnavailable("no route to the venue")
        return await super().report()


@pytest.fixture
def coins() -> Silent:
    return Silent(PaperBroker((BTC,), COSTS, cash_usd=D(6000), holdings={"BTC": D(1)}))


@pytest.fixture
def metals() -> Silent:
    return Silent(PaperBroker((XAU,), COSTS, cash_usd=D(4000), holdings={"XAU": D(2)}))


@pytest.fixture
async def both(coins: Silent, metals: Silent) -> RoutingBroker:
    symbols = {"entry": BTC.symbol, "gold": XAU.symbol, "stop": XAU.symbol}
    made = RoutingBroker(
        {BTC.symbol: coins, XAU.symbol: metals}, lambda client_id: symbols.get(client_id, "")
    )
    await made.observe(quote(-0.5, 1000, 1001))
    return made


async def test_each_order_goes_to_the_venue_of_its_instrument(
    both: RoutingBroker, coins: Silent, metals: Silent
) -> None:
    assert isinstance(await both.submit(buy()), Accepted)
    assert isinstance(await both.submit(buy(client_id="gold", instrument=XAU.symbol)), Accepted)
    assert await coins.find("entry") is not None
    assert await coins.find("gold") is None
    assert await metals.find("gold") is not None
    assert await both.find("gold") == await metals.find("gold")
    assert await both.cancel("entry") is True


async def test_an_order_that_no_venue_takes_is_rejected_and_never_found(
    both: RoutingBroker,
) -> None:
    answer = await both.submit(buy(client_id="odd", instrument="ETH-USD"))
    assert isinstance(answer, Rejected)
    assert "ETH-USD" in answer.reason
    assert await both.find("odd") is None
    assert await both.cancel("odd") is False


async def test_dollars_add_up_and_assets_count_where_they_are_traded(
    coins: Silent, metals: Silent
) -> None:
    elsewhere = Silent(PaperBroker((XAU,), COSTS, cash_usd=D(4000), holdings={"BTC": D(5)}))
    both = RoutingBroker({BTC.symbol: coins, XAU.symbol: elsewhere}, lambda _: "")
    assert await both.balances() == {"USD": D(10_000), "BTC": D(1)}


async def test_a_silent_venue_keeps_its_news_and_the_other_tells(
    both: RoutingBroker, coins: Silent, metals: Silent
) -> None:
    await both.submit(buy())
    await both.submit(buy(client_id="gold", instrument=XAU.symbol))
    for symbol in (BTC.symbol, XAU.symbol):
        await both.observe(replace(quote(0.5, 1000, 1001), instrument=symbol))
    metals.silent = True
    assert [fill.client_id for fill in (await both.report()).fills] == ["entry"]
    coins.silent = True
    with pytest.raises(BrokerUnavailable):
        await both.report()
    coins.silent = metals.silent = False
    assert [fill.client_id for fill in (await both.report()).fills] == ["gold"]


async def test_working_orders_are_taken_up_where_they_work(
    both: RoutingBroker, coins: Silent, metals: Silent
) -> None:
    resting = stop("950", at=0, linked_to="", instrument=XAU.symbol)
    await both.restore([(resting, D(0))])
    assert await metals.find("stop") is not None
    assert await coins.find("stop") is None


async def test_each_venue_states_its_own_account(
    both: RoutingBroker, coins: Silent, metals: Silent
) -> None:
    await both.submit(buy(type=OrderType.LIMIT, limit_price=D(900)))
    one, other = await both.statement(hour(-1))
    assert (one.balances, other.balances) == (
        {"USD": D(6000), "BTC": D(1)}, {"USD": D(4000), "XAU": D(2)},
    )  # fmt: skip
    assert [order.client_id for order in one.orders] == ["entry"]
    assert other.orders == ()
