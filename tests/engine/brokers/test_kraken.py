"""Kraken's own oddities, on the wire."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from engine.brokers.exchange.building import open_dialect
from engine.brokers.exchange.client import key_of, open_client
from engine.brokers.exchange.keys import require_fit_key
from engine.compliance import meaning_of
from engine.config.venues import ExchangeSettings
from engine.errors import BrokerUnavailable, ConfigError, ForbiddenCall, OutcomeUnknown
from engine.model.orders import Order, OrderType
from engine.model.venue_lines import Meaning
from engine.ports import Accepted, Rejected
from engine.rehearsal.kraken import LoopbackKraken
from engine.rehearsal.venue import Fault
from tests.engine.brokers.trading import buy, sell, stop
from tests.kit.broker_desks import ExchangeDesk, exchange_desk

D = Decimal


def bid(price: str = "980", **other: Any) -> Order:
    return buy(type=OrderType.LIMIT, limit_price=D(price), **other)


def at(desk: ExchangeDesk) -> LoopbackKraken:
    assert isinstance(desk.venue, LoopbackKraken)
    return desk.venue


async def test_a_nonce_that_was_overtaken_did_nothing(kraken: ExchangeDesk) -> None:
    await kraken.broker.balances()
    at(kraken).spend_nonces()
    with pytest.raises(BrokerUnavailable, match="Invalid nonce"):
        await kraken.broker.submit(bid())
    assert kraken.account.orders == {}
    at(kraken).nonce_window = 2 * 10**9
    assert isinstance(await kraken.broker.submit(bid()), Accepted)


async def test_nonces_rise_with_every_private_request(kraken: ExchangeDesk) -> None:
    await kraken.broker.submit(bid())
    for _ in range(3):
        await kraken.broker.report()
    nonces = [int(r.params["nonce"]) for r in kraken.venue.requests if "private" in r.path]
    assert nonces == sorted(set(nonces))
    assert len(nonces) >= 6


async def test_one_key_has_one_private_call_on_the_wire_at_a_time(kraken: ExchangeDesk) -> None:
    answer, inside, most = kraken.venue.answer, 0, 0

    async def counted(request: web.Request, params: dict[str, Any]) -> web.Response:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        for _ in range(20):
            await asyncio.sleep(0)  # another request would come in here
        try:
            return await answer(request, params)
        finally:
            inside -= 1

    kraken.venue.answer = counted  # type: ignore[method-assign]
    broker = kraken.broker
    await broker.balances()
    await asyncio.gather(broker.submit(bid()), broker.balances(), broker.ledger_lines(None))
    assert len(kraken.venue.requests) > 5
    assert most == 1


async def test_a_wrong_secret_places_nothing_and_says_so(kraken: ExchangeDesk) -> None:
    at(kraken).secret = "b3RoZXI="
    with pytest.raises(BrokerUnavailable, match="Invalid signature"):
        await kraken.broker.submit(bid())


async def test_a_key_without_the_right_to_trade_is_told_apart_from_an_unknown(
    kraken: ExchangeDesk,
) -> None:
    at(kraken).can_trade = False
    with pytest.raises(BrokerUnavailable, match="Permission denied"):
        await kraken.broker.submit(bid())


@pytest.mark.parametrize(
    "error",
    ["EService:Unavailable", "EService:Busy", "EGeneral:Internal error", "EService:Timeout"],
)
async def test_an_error_that_proves_nothing_is_an_unknown_outcome(
    kraken: ExchangeDesk, error: str
) -> None:
    kraken.venue.fail("AddOrder", {"error": [error]})
    with pytest.raises(OutcomeUnknown, match=error):
        await kraken.broker.submit(bid())


async def test_an_error_that_is_not_known_is_an_unknown_outcome(kraken: ExchangeDesk) -> None:
    kraken.venue.fail("AddOrder", {"error": ["EBrandNew:Whatever"]})
    with pytest.raises(OutcomeUnknown):
        await kraken.broker.submit(bid())


async def test_an_answer_without_an_id_is_an_unknown_outcome(kraken: ExchangeDesk) -> None:
    kraken.venue.fail("AddOrder", {"error": [], "result": {"descr": {"order": "buy 1"}}})
    with pytest.raises(OutcomeUnknown, match="which id"):
        await kraken.broker.submit(bid())


async def test_an_order_carries_a_deadline_by_the_venue_s_clock(kraken: ExchangeDesk) -> None:
    kraken.venue.clock_off_s = 7
    await kraken.broker.submit(bid())
    (sent,) = kraken.venue.sent("AddOrder")
    assert sent["deadline"] == "2025-03-03T00:00:17Z"
    assert "leverage" not in sent


async def test_an_order_past_its_deadline_is_absent_in_the_end(kraken: ExchangeDesk) -> None:
    kraken.venue.fail("AddOrder", {"error": ["EService:Deadline elapsed"]})
    with pytest.raises(OutcomeUnknown):
        await kraken.broker.submit(bid())
    await kraken.wait_out_doubt()
    assert await kraken.broker.find("entry") is None


async def test_an_id_that_is_taken_is_looked_up(kraken: ExchangeDesk) -> None:
    kraken.venue.fail("AddOrder", Fault.DROP_AFTER)
    with pytest.raises(OutcomeUnknown):
        await kraken.broker.submit(bid())
    kraken.venue.fail("AddOrder", {"error": ["EOrder:Duplicate cl_ord_id"]})
    kraken.open()
    with pytest.raises(OutcomeUnknown):
        await kraken.broker.submit(bid(at=1))
    assert isinstance(await kraken.broker.find("entry"), Accepted)


async def test_a_stop_rests_at_the_venue_as_a_stop_loss(kraken: ExchangeDesk) -> None:
    await kraken.broker.submit(stop("950", linked_to=""))
    (sent,) = kraken.venue.sent("AddOrder")
    assert (sent["ordertype"], sent["price"], sent["type"]) == ("stop-loss", "950", "sell")


async def test_executions_are_read_page_by_page(kraken: ExchangeDesk) -> None:
    at(kraken).page = 2
    await kraken.broker.submit(bid())
    for _ in range(5):
        await kraken.fill(bid(), "0.2")
    report = await kraken.broker.report()
    assert len(report.fills) == 5
    assert [sent.get("ofs") for sent in kraken.venue.sent("TradesHistory")] == ["0", "2", "4"]


async def test_a_fee_in_base_makes_the_holding_smaller_and_nothing_is_lost(
    kraken: ExchangeDesk,
) -> None:
    kraken.account.fees_in_base = True
    await kraken.broker.submit(bid())
    await kraken.fill(bid())
    report = await kraken.broker.report()
    (fill,) = report.fills
    assert fill.quantity == D("0.996")
    cash = D(10_000) - fill.quantity * fill.price - fill.fee_usd
    assert await kraken.broker.balances() == {"USD": cash, "BTC": 1 + fill.quantity}
    assert report.canceled == ("entry",), "the rest is dust that nobody will fill"


async def test_a_counter_that_is_full_holds_everything_back(kraken: ExchangeDesk) -> None:
    await kraken.broker.submit(bid())
    at(kraken).counter_limit = 2.0
    with pytest.raises(BrokerUnavailable, match="Rate limit"):
        await kraken.broker.report()
    asked = len(kraken.venue.requests)
    for _ in range(5):
        with pytest.raises(BrokerUnavailable):
            await kraken.broker.report()
    assert len(kraken.venue.requests) == asked


async def test_the_pause_after_too_many_requests_doubles(kraken: ExchangeDesk) -> None:
    await kraken.broker.balances()
    for pause in (5, 10, 20):
        kraken.venue.fail("BalanceEx", Fault.TOO_FAST)
        with pytest.raises(BrokerUnavailable):
            await kraken.broker.balances()
        kraken.tick(pause - 1)
        with pytest.raises(BrokerUnavailable, match="fewer requests"):
            await kraken.broker.balances()
        kraken.tick(2)
    assert await kraken.broker.balances()


async def test_the_switch_is_armed_only_while_nothing_but_entries_rests() -> None:
    settings = ExchangeSettings(timeout_seconds=1.0, dead_man_seconds=60.0)
    async with exchange_desk("kraken", settings) as desk:
        await desk.broker.submit(bid())
        await desk.broker.report()
        assert at(desk).switch_at == desk.clock.now() + timedelta(seconds=60)
        await desk.broker.submit(stop("950", linked_to=""))
        await desk.broker.report()
        assert at(desk).switch_at is None


async def test_without_the_setting_the_switch_is_never_touched(kraken: ExchangeDesk) -> None:
    await kraken.broker.submit(bid())
    await kraken.broker.report()
    assert kraken.venue.sent("CancelAllOrdersAfter") == []


async def test_a_state_that_is_not_mapped_is_an_error(kraken: ExchangeDesk) -> None:
    await kraken.broker.submit(bid())
    kraken.account.named("entry")[0].status = "amending"
    with pytest.raises(BrokerUnavailable, match="amending"):
        await kraken.broker.report()


async def test_an_id_that_does_not_fit_is_refused_before_the_wire(kraken: ExchangeDesk) -> None:
    answer = await kraken.broker.submit(bid(client_id="an id of more than eighteen letters"))
    assert isinstance(answer, Rejected)
    assert kraken.venue.sent("AddOrder") == []


async def test_exits_go_out_while_the_list_of_trades_is_away(kraken: ExchangeDesk) -> None:
    kraken.venue.fail("TradesHistory", Fault.ERROR_BEFORE)
    assert isinstance(await kraken.broker.submit(sell()), Accepted)


async def test_a_subtype_and_a_rewarding_wallet_are_not_lost(kraken: ExchangeDesk) -> None:
    kraken.account.book("transfer", "BTC", D(1), subtype="spottostaking")
    kraken.account.book("trade", "USD", D(1), subtype="tradespot")
    kraken.account.book("trade", "USD.F", D(1))
    lines = await kraken.broker.ledger_lines(None)
    assert [(line.kind, line.asset, meaning_of(line)) for line in lines] == [
        ("transfer/spottostaking", "BTC", Meaning.INTEREST),
        ("trade/tradespot", "USD", Meaning.ORDINARY),
        ("trade", "USD.F", Meaning.INTEREST),
    ]


async def test_a_key_that_cannot_read_the_ledger_is_unfit(kraken: ExchangeDesk) -> None:
    at(kraken).can_read_ledger = False
    with pytest.raises(BrokerUnavailable, match="Permission denied"):
        await kraken.broker.ledger_lines(None)
    with pytest.raises(ConfigError, match="ledger entries"):
        await require_fit_key("kraken", kraken.secrets, kraken.clock, base_url=kraken.url)


async def test_a_line_at_the_very_instant_is_read(kraken: ExchangeDesk) -> None:
    kraken.account.book("deposit", "USD", D(1))
    dialect = open_dialect(
        "kraken", key_of("kraken", kraken.secrets), kraken.clock, base_url=kraken.url
    )
    assert len(await dialect.ledger(kraken.clock.now())) == 1
    await dialect.aclose()


async def test_a_signed_client_is_guarded_whoever_opens_it(kraken: ExchangeDesk) -> None:
    client = open_client("kraken", key_of("kraken", kraken.secrets), base_url=kraken.url)
    with pytest.raises(ForbiddenCall):
        _ = client.withdraw
    await client.close()


@pytest.mark.parametrize(
    ("field", "told"),
    [("ordertxid", None), ("time", "1E+30"), ("type", "lend"), ("price", "NaN"), ("fee", "")],
)
async def test_a_trade_that_cannot_be_read_stops_the_question_and_not_the_desk(
    kraken: ExchangeDesk, field: str, told: str | None
) -> None:
    sold: dict[str, Any] = {
        "ordertxid": "O-1", "time": "1740960001", "type": "buy", "price": "980", "vol": "0.1",
        "fee": "0.2",
    }  # fmt: skip
    await kraken.broker.submit(bid())
    await kraken.fill(bid(), "0.1")
    trades = {"count": 1, "trades": {"T-1": {**sold, field: told}}}
    kraken.venue.fail("TradesHistory", {"error": [], "result": trades})
    with pytest.raises(BrokerUnavailable, match="no readable"):
        await kraken.broker.report()
    assert [fill.quantity for fill in (await kraken.broker.report()).fills] == [D("0.1")]
