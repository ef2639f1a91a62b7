"""Coinbase's own oddities, on the wire."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from engine.compliance import meaning_of
from engine.errors import BrokerUnavailable, OutcomeUnknown
from engine.model.orders import Order, OrderType
from engine.model.venue_lines import Meaning
from engine.ports import Accepted
from tests.engine.brokers.trading import buy, sell, stop
from tests.kit.broker_desks import ExchangeDesk
from tests.kit.loopback_coinbase import LoopbackCoinbase

D = Decimal


def bid(price: str = "980", **other: Any) -> Order:
    return buy(type=OrderType.LIMIT, limit_price=D(price), **other)


def at(desk: ExchangeDesk) -> LoopbackCoinbase:
    assert isinstance(desk.venue, LoopbackCoinbase)
    return desk.venue


def sent(desk: ExchangeDesk) -> dict[str, Any]:
    return desk.venue.sent(desk.venue.order_path)[-1]


async def test_a_buy_at_the_market_is_sized_in_units_and_collared(
    coinbase: ExchangeDesk,
) -> None:
    await coinbase.broker.submit(buy(quantity="0.5"))
    assert sent(coinbase)["order_configuration"] == {
        "sor_limit_ioc": {"base_size": "0.5", "limit_price": "1006"}
    }


async def test_a_sale_at_the_market_has_no_collar(coinbase: ExchangeDesk) -> None:
    await coinbase.broker.submit(sell(quantity="0.5"))
    assert sent(coinbase)["order_configuration"] == {"market_market_ioc": {"base_size": "0.5"}}


async def test_a_stop_rests_as_a_stop_limit_below_its_trigger(coinbase: ExchangeDesk) -> None:
    await coinbase.broker.submit(stop("950", linked_to=""))
    assert sent(coinbase)["order_configuration"] == {
        "stop_limit_stop_limit_gtc": {
            "base_size": "1",
            "limit_price": "945.2",
            "stop_price": "950",
            "stop_direction": "STOP_DIRECTION_STOP_DOWN",
        }
    }


async def test_a_token_of_a_wrong_clock_places_nothing(coinbase: ExchangeDesk) -> None:
    await coinbase.broker.balances()
    at(coinbase).token_off_s = 300
    with pytest.raises(BrokerUnavailable):
        await coinbase.broker.submit(bid())
    assert coinbase.account.orders == {}


async def test_a_key_of_somebody_else_places_nothing(coinbase: ExchangeDesk) -> None:
    await coinbase.broker.balances()
    stranger = LoopbackCoinbase(coinbase.account)
    at(coinbase).secret = stranger.secret
    coinbase.open()
    with pytest.raises(BrokerUnavailable):
        await coinbase.broker.submit(bid(at=1))


async def test_a_repeated_id_is_answered_with_its_order(
    coinbase: ExchangeDesk,
) -> None:
    first = await coinbase.broker.submit(bid())
    coinbase.open()
    again = await coinbase.broker.submit(bid(at=1, quantity="2"))
    assert again == first
    assert len(coinbase.account.orders) == 1


async def test_a_cancellation_that_is_only_noted_is_not_one_yet(coinbase: ExchangeDesk) -> None:
    await coinbase.broker.submit(bid())
    at(coinbase).slow_cancels = True
    with pytest.raises(OutcomeUnknown, match="has not yet"):
        await coinbase.broker.cancel("entry")
    await coinbase.fill(bid(), "0.3")
    coinbase.account.cancel(coinbase.account.named("entry")[0].venue_id)
    report = await coinbase.broker.report()
    assert [fill.quantity for fill in report.fills] == [D("0.3")]
    assert report.canceled == ("entry",)


async def test_lists_are_read_page_by_page(coinbase: ExchangeDesk) -> None:
    at(coinbase).page = 2
    orders = [bid(client_id=f"entry-{count}", quantity="0.1") for count in range(5)]
    for order in orders:
        await coinbase.broker.submit(order)
    for order in orders[:4]:
        await coinbase.fill(order, "0.05")
    assert len((await coinbase.broker.report()).fills) == 4
    coinbase.open()
    assert isinstance(await coinbase.broker.find("entry-0"), Accepted)


@pytest.mark.parametrize(
    "body",
    [
        {"success": False, "error_response": {"error": "UNKNOWN_FAILURE_REASON"}},
        {"success": False},
        {"success": True, "success_response": {}},
        [],
    ],
)
async def test_an_answer_that_proves_nothing_is_an_unknown_outcome(
    coinbase: ExchangeDesk, body: Any
) -> None:
    await coinbase.broker.balances()
    coinbase.venue.fail("brokerage/orders", body if isinstance(body, dict) else {"x": body})
    with pytest.raises(OutcomeUnknown):
        await coinbase.broker.submit(bid())


async def test_a_state_that_is_not_mapped_is_an_error(coinbase: ExchangeDesk) -> None:
    await coinbase.broker.submit(bid())
    venue_id = coinbase.account.named("entry")[0].venue_id
    coinbase.account.cancel(venue_id)
    coinbase.venue.fail(venue_id, {"order": {"order_id": venue_id, "status": "NEW_STATE"}})
    with pytest.raises(BrokerUnavailable, match="NEW_STATE"):
        await coinbase.broker.report()


async def test_a_transaction_that_is_pending_is_booked_late_and_then_told(
    coinbase: ExchangeDesk,
) -> None:
    waiting = coinbase.account.book("fiat_deposit", "USD", D(5), status="pending")
    coinbase.tick(86_400)
    coinbase.account.book("fiat_deposit", "USD", D(6))
    (line,) = await coinbase.broker.ledger_lines(None)
    assert line.amount == D(6)
    coinbase.account.bookings[0] = replace(waiting, status="completed")
    lines = await coinbase.broker.ledger_lines(line.at)
    assert [told.amount for told in lines] == [D(5), D(6)]


async def test_a_send_that_came_over_no_chain_is_not_taken_for_a_deposit(
    coinbase: ExchangeDesk,
) -> None:
    coinbase.account.book("send", "BTC", D(1), subtype="bitcoin_network")
    coinbase.account.book("send", "BTC", D(1), subtype="user")
    coinbase.account.book("send", "BTC", D(-1), subtype="user")
    lines = await coinbase.broker.ledger_lines(None)
    assert [line.kind for line in lines] == ["send", "send/user", "send"]
    assert [meaning_of(line) for line in lines][1] is Meaning.UNKNOWN
    assert lines[0].worth_usd == D(1000)


async def test_every_wallet_is_asked_for_its_transactions(coinbase: ExchangeDesk) -> None:
    coinbase.account.book("staking_transfer", "ETH", D(-1))
    (line,) = await coinbase.broker.ledger_lines(None)
    assert (line.asset, meaning_of(line)) == ("ETH", Meaning.INTEREST)


SOLD = {
    "trade_id": "t-1", "order_id": "o-1", "trade_time": "2025-03-03T00:00:01Z", "side": "BUY",
    "price": "980", "size": "0.1", "commission": "0.2",
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("trade_id", None),
        ("order_id", ""),
        ("trade_time", "yesterday"),
        ("trade_time", "2025-03-03T00:00:01"),
        ("side", "HOLD"),
        ("price", "0"),
        ("price", "NaN"),
        ("size", "many"),
        ("commission", None),
    ],
)
async def test_a_fill_that_cannot_be_read_stops_the_question_and_not_the_desk(
    coinbase: ExchangeDesk, field: str, told: str | None
) -> None:
    await coinbase.broker.submit(bid())
    await coinbase.fill(bid(), "0.1")
    coinbase.venue.fail("historical/fills", {"fills": [{**SOLD, field: told}]})
    with pytest.raises(BrokerUnavailable, match=f"no readable '{field}'"):
        await coinbase.broker.report()
    assert [fill.quantity for fill in (await coinbase.broker.report()).fills] == [D("0.1")]


@pytest.mark.parametrize("hidden", ["available_balance", "hold", "currency"])
async def test_half_a_balance_is_none(coinbase: ExchangeDesk, hidden: str) -> None:
    wallet: dict[str, Any] = {
        "type": "ACCOUNT_TYPE_FIAT", "currency": "USD",
        "available_balance": {"value": "1"}, "hold": {"value": "0"},
    }  # fmt: skip
    coinbase.venue.fail("accounts", {"accounts": [wallet]})
    assert await coinbase.broker.balances() == {"USD": D(1)}
    del wallet[hidden]
    coinbase.venue.fail("accounts", {"accounts": [wallet]})
    with pytest.raises(BrokerUnavailable, match=f"no readable '{hidden}'"):
        await coinbase.broker.balances()
