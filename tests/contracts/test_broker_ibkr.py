"""IB-01 ...: what the wire of Interactive Brokers adds to BR-01 ... of every broker.

Each case is one fact about IB Gateway or ib_async that has cost somebody money or a position.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.brokers.ibkr.broker import IbkrBroker, Patience
from engine.brokers.settlement import Unsettled
from engine.clock import VirtualClock
from engine.errors import BeyondProof, BrokerUnavailable, OutcomeUnknown
from engine.model.bars import Quote
from engine.model.orders import Fill, Order, OrderType
from engine.ports import Accepted, BrokerReport, Rejected
from tests.engine.brokers import trading as spot
from tests.kit.ib_gateway.desk import ibkr_desk
from tests.kit.ib_gateway.gateway import LoopbackGateway
from tests.kit.ib_gateway.trading import (
    broker_at,
    buy,
    later,
    limit_buy,
    sell,
    stop,
    target,
)
from tests.kit.ib_gateway.venue import MONDAY_11, LoopbackVenue, VenueOrder

D = Decimal
ENTRY = buy().client_id


@pytest.fixture
async def gateway() -> AsyncIterator[LoopbackGateway]:
    async with LoopbackGateway() as gateway:
        yield gateway


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(MONDAY_11)


@asynccontextmanager
async def desk(
    gateway: LoopbackGateway, clock: VirtualClock, *, priced: bool = True, **other: Any
) -> AsyncIterator[IbkrBroker]:
    """A broker for as long as its process lives; it has seen PHYS at 19, unless it has not."""
    broker = broker_at(gateway, clock, **other)
    if priced:
        await broker.observe(Quote("PHYS-USD", clock.now(), 19.0, 19.0, 100.0, 100.0))
    try:
        yield broker
    finally:
        await broker.aclose()


@pytest.fixture
async def broker(gateway: LoopbackGateway, clock: VirtualClock) -> AsyncIterator[IbkrBroker]:
    async with desk(gateway, clock) as broker:
        yield broker


# ---- on the wire -------------------------------------------------------------------------


async def test_ib_01_the_client_id_travels_as_order_ref_with_exact_numbers(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    answer = await broker.submit(limit_buy("19.10"))
    order = gateway.venue.named(ENTRY)
    assert answer == Accepted(ENTRY, str(order.perm_id))
    told = {key: order.asked[key] for key in ("symbol", "sec_type", "exchange", "action", "type")}
    assert told == {
        "symbol": "PHYS", "sec_type": "STK", "exchange": "SMART", "action": "BUY", "type": "LMT",
    }  # fmt: skip
    assert (order.asked["limit"], order.asked["quantity"]) == ("19.1", "10")
    assert (order.asked["tif"], order.asked["outside_rth"]) == ("DAY", "0")
    assert order.asked["account"] == "DU1234567"


async def test_ib_02_exits_rest_at_the_venue_as_one_group_that_cannot_oversell(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    gateway.venue.positions["PHYS"] = D(10)
    assert isinstance(await broker.submit(stop()), Accepted)
    assert isinstance(await broker.submit(target()), Accepted)
    halves = [gateway.venue.named(each.client_id).asked for each in (stop(), target())]
    assert halves[0]["oca_group"] == halves[1]["oca_group"] != ""
    assert [half["oca_type"] for half in halves] == ["2", "2"]
    assert [half["tif"] for half in halves] == ["GTC", "GTC"]
    assert (halves[0]["type"], halves[0]["stop"]) == ("STP", "18.5")
    assert isinstance(await broker.submit(sell()), Rejected)


async def test_ib_03_prices_off_ibs_coarser_tick_move_only_against_us(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    gateway.venue.positions["XAGUSD"] = D(10)
    silver: dict[str, Any] = {"instrument": "XAG-USD", "quantity": D(10)}
    await broker.submit(limit_buy("30.1239", **silver))
    await broker.submit(stop("29.0001", **silver))
    await broker.submit(target("31.0001", **silver))
    bought, stopped, sold = (
        gateway.venue.named(each.client_id).asked for each in (buy(), stop(), target())
    )
    assert bought["limit"] == "30.123"
    assert stopped["stop"] == "29.001"
    assert sold["limit"] == "31.001"


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (buy(instrument="GLD-USD"), "not traded here through IBKR"),
        (buy(instrument="ETH-USD"), "not traded here"),
        (buy(quantity="1.5"), "lot"),
        (buy(instrument="XAG-USD", quantity="0.5"), "IBKR's step"),
        (sell(), "0 held, settled and free"),
        (limit_buy("1500.00"), "USD needed"),
        (limit_buy("0.50"), "minimum"),
    ],
)
async def test_ib_04_what_breaks_a_rule_is_answered_with_why_and_never_sent(
    broker: IbkrBroker, gateway: LoopbackGateway, order: Order, words: str
) -> None:
    answer = await broker.submit(order)
    assert isinstance(answer, Rejected)
    assert words in answer.reason
    assert gateway.venue.orders == []
    assert await broker.find(order.client_id) == answer


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        (201, "Order rejected - reason:Exchange is closed.", "Exchange is closed"),
        (201, "Order rejected - reason:We are unable to accept your order.\nCash", "unable"),
        (203, "The security PHYS is not available or allowed for this account", "permission"),
        (110, "The price does not conform to the minimum price variation", "tick"),
    ],
)
async def test_ib_05_a_refusal_is_told_in_ibs_own_words_with_its_mend(
    broker: IbkrBroker, gateway: LoopbackGateway, code: int, text: str, words: str
) -> None:
    gateway.on_place = lambda _: (code, text)
    answer = await broker.submit(buy())
    assert isinstance(answer, Rejected)
    assert words in answer.reason
    assert "\n" not in answer.reason
    assert gateway.venue.orders == []


async def test_ib_06_a_read_only_gateway_is_named(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    """ib_async takes 321 for a warning and goes on showing the order as alive."""
    gateway.read_only = True
    answer = await broker.submit(buy())
    assert isinstance(answer, Rejected)
    assert "untick Read-Only API" in answer.reason


async def test_ib_07_an_order_number_used_before_places_nothing_and_the_next_try_works(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:

    def used_up_to_50(asked: dict[str, str]) -> object:
        return (103, "Duplicate order id") if int(asked["order_id"]) <= 50 else None

    gateway.on_place = used_up_to_50
    with pytest.raises(BrokerUnavailable, match="103"):
        await broker.submit(buy())
    assert isinstance(await broker.submit(buy()), Accepted)
    assert len(gateway.venue.sent(ENTRY)) == 1


async def test_ib_08_a_market_entry_waits_for_no_opening_auction(
    gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    async with desk(gateway, clock, is_open=False) as broker:
        answer = await broker.submit(buy())
        assert isinstance(answer, Rejected)
        assert "closed" in answer.reason
        gateway.venue.positions["PHYS"] = D(10)
        assert isinstance(await broker.submit(sell()), Accepted)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"contracts": ()}, "lists no STK PHYS"),
        ({"primary_exchange": "TSE"}, "listed on TSE"),
        ({"order_types": ("LMT",)}, "no MKT orders"),
        ({"min_size": "100"}, "below IBKR's least 100"),
        ({"min_tick": "0"}, "no tick"),
    ],
)
async def test_ib_09_a_contract_that_is_not_the_one_meant_is_not_traded(
    broker: IbkrBroker, gateway: LoopbackGateway, change: dict[str, Any], words: str
) -> None:
    phys = gateway.venue.listed("PHYS", "STK")
    assert phys is not None
    altered = () if "contracts" in change else (replace(phys, **change),)
    gateway.venue.contracts = altered
    answer = await broker.submit(buy())
    assert isinstance(answer, Rejected)
    assert words in answer.reason


# ---- lost answers ------------------------------------------------------------------------


async def test_ib_10_a_drop_after_the_order_arrived_is_adopted_and_never_sent_again(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    gateway.on_place = lambda _: "drop after"
    with pytest.raises(OutcomeUnknown):
        await broker.submit(buy())
    gateway.on_place = None
    found = await broker.find(ENTRY)
    assert found == Accepted(ENTRY, str(gateway.venue.named(ENTRY).perm_id))
    assert await broker.submit(buy()) == found
    assert len(gateway.venue.sent(ENTRY)) == 1


async def test_ib_11_an_answer_that_never_comes_is_looked_up_at_once(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    gateway.on_place = lambda _: "mute"
    assert isinstance(await broker.submit(buy()), Accepted)
    assert len(gateway.venue.sent(ENTRY)) == 1


async def test_ib_12_absence_proves_nothing_until_its_time_has_passed(
    gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    patience = Patience(absence=timedelta(seconds=10))
    async with desk(gateway, clock, patience=patience) as broker:
        await broker.report()
        later(clock, gateway, seconds=11)
        gateway.on_place = lambda _: "lose"
        with pytest.raises(OutcomeUnknown, match="not listed yet"):
            await broker.submit(buy())
        gateway.on_place = None
        with pytest.raises(OutcomeUnknown, match="proved at 16:00:21"):
            await broker.find(ENTRY)
        with pytest.raises(OutcomeUnknown):
            await broker.submit(buy())
        assert gateway.venue.orders == []
        later(clock, gateway, seconds=10)
        assert await broker.find(ENTRY) is None
        assert isinstance(await broker.submit(buy()), Accepted)
        assert len(gateway.venue.sent(ENTRY)) == 1


async def test_ib_13_a_new_process_gives_the_last_ones_bytes_their_time_too(
    gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    async with desk(gateway, clock, patience=Patience(absence=timedelta(seconds=10))) as broker:
        with pytest.raises(OutcomeUnknown):
            await broker.find(ENTRY)
        made_before = buy(created_at=MONDAY_11 - timedelta(seconds=1))
        with pytest.raises(OutcomeUnknown):
            await broker.submit(made_before)
        assert isinstance(await broker.submit(buy("made since")), Accepted)
        later(clock, gateway, seconds=10)
        assert await broker.find(ENTRY) is None
        assert isinstance(await broker.submit(made_before), Accepted)


async def test_ib_14_absence_proves_nothing_once_the_gateway_has_forgotten_the_day(
    broker: IbkrBroker, gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    gateway.on_place = lambda _: "drop after"
    with pytest.raises(OutcomeUnknown):
        await broker.submit(buy())
    gateway.venue.execute(gateway.venue.named(ENTRY), "10", "19.00")
    gateway.venue.forget_the_day()
    gateway.on_place = None
    later(clock, gateway, hours=24)
    with pytest.raises(OutcomeUnknown, match="remembers only today"):
        await broker.find(ENTRY)


async def test_ib_14b_an_order_in_doubt_from_an_earlier_day_is_never_taken_for_absent(
    gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    """A process that died with the doubt, and one that takes it up on the next day."""
    gateway.on_place = lambda _: "drop after"
    async with desk(gateway, clock) as before:
        with pytest.raises(OutcomeUnknown):
            await before.submit(buy())
    gateway.on_place = None
    gateway.venue.execute(gateway.venue.named(ENTRY), "10", "19.00")
    gateway.venue.forget_the_day()
    intended = {ENTRY: clock.now(), "made today": clock.now() + timedelta(hours=24)}
    later(clock, gateway, hours=24)
    async with desk(gateway, clock, in_doubt=intended) as after:
        later(clock, gateway, hours=1)
        for _ in range(2):
            with pytest.raises(BeyondProof, match=r"2026-03-02.*Client Portal.*cancel it here"):
                await after.find(ENTRY)
        with pytest.raises(BeyondProof):
            await after.submit(buy())
        assert gateway.venue.orders == []
        assert await after.find("made today") is None


async def test_ib_14c_an_order_in_doubt_that_still_works_is_found_on_any_day(
    gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    gateway.venue.positions["PHYS"] = D(10)
    async with desk(gateway, clock) as before:
        await before.submit(stop(linked_to=""))
    intended = {stop().client_id: clock.now()}
    gateway.venue.forget_the_day()
    later(clock, gateway, hours=24)
    async with desk(gateway, clock, in_doubt=intended) as after:
        assert isinstance(await after.find(stop().client_id), Accepted)


async def test_ib_15_an_order_of_a_dead_process_is_found_wherever_it_stands(
    gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    async with desk(gateway, clock) as before:
        for name in ("open", "filled", "canceled", "refused"):
            await before.submit(buy(name))
    gateway.fill("filled", "10", "19.00")
    gateway.end("canceled", "Cancelled", "Cancelled by Trader")
    gateway.end("refused", "Inactive", "Order rejected: no funds")
    async with desk(gateway, clock) as after:
        for name in ("open", "filled", "canceled"):
            assert await after.find(name) == Accepted(name, str(gateway.venue.named(name).perm_id))
        assert await after.find("refused") == Rejected("refused", "Order rejected: no funds")
        assert await after.find("never") is None


@pytest.mark.parametrize("request_number", [16, 99, 7])
async def test_ib_16_a_list_that_does_not_come_is_no_proof_and_ends_the_connection(
    gateway: LoopbackGateway, clock: VirtualClock, request_number: int
) -> None:
    """A late answer would end the next request of its kind, with half of the list."""
    async with desk(gateway, clock, request_seconds=0.2) as broker:
        gateway.mute.add(request_number)
        with pytest.raises(BrokerUnavailable, match="did not answer"):
            await broker.find(ENTRY)
        gateway.mute.clear()
        assert await broker.find(ENTRY) is None
        assert gateway.connections_made == 2


async def test_ib_17_a_list_that_is_refused_is_no_proof_either(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    """Unless told to raise, ib_async answers a failed request with an empty list."""
    gateway.refuse[7] = (162, "Executions are not available")
    with pytest.raises(BrokerUnavailable, match="162"):
        await broker.find(ENTRY)
    with pytest.raises(BrokerUnavailable):
        await broker.submit(buy())
    assert gateway.venue.orders == []


async def test_ib_18_a_list_with_a_line_that_cannot_be_read_is_no_proof(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    """ib_async logs a message that it cannot decode, and goes on without it."""
    gateway.on_place = lambda _: "drop after"
    with pytest.raises(OutcomeUnknown):
        await broker.submit(buy())
    gateway.on_place = None
    gateway.mangle.add(ENTRY)
    with pytest.raises(BrokerUnavailable, match="could not be read"):
        await broker.find(ENTRY)
    gateway.mangle.clear()
    assert isinstance(await broker.find(ENTRY), Accepted)


async def test_ib_19_an_order_that_shows_only_in_its_executions_is_found(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    gateway.on_place = lambda _: "drop after"
    with pytest.raises(OutcomeUnknown):
        await broker.submit(buy())
    gateway.venue.execute(gateway.venue.named(ENTRY), "10", "19.00")
    perm_id = gateway.venue.orders.pop().perm_id
    gateway.on_place = None
    assert await broker.submit(buy()) == Accepted(ENTRY, str(perm_id))
    assert gateway.venue.orders == []


# ---- fills -------------------------------------------------------------------------------


async def test_ib_20_partial_fills_come_once_each_with_their_commission(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    await broker.submit(buy())
    gateway.fill(ENTRY, "4", "19.01")
    gateway.fill(ENTRY, "6", "19.02")
    fills = await heard(broker, 2)
    assert [(f.quantity, f.price, f.fee_usd) for f in fills] == [
        (D(4), D("19.01"), D(1)),
        (D(6), D("19.02"), D(1)),
    ]
    assert {f.client_id for f in fills} == {ENTRY}
    assert (await broker.report()) == BrokerReport()


async def test_ib_21_an_execution_reported_again_is_no_second_fill(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    await broker.submit(buy())
    each = gateway.fill(ENTRY, "10", "19.00")
    gateway.report(each)
    assert len(await heard(broker, 1)) == 1
    gateway.report(each)
    await settled(broker)
    assert (await broker.report()).fills == ()


async def test_ib_22_a_correction_amends_the_fill_and_is_not_another(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    await broker.submit(buy())
    wrong = gateway.fill(ENTRY, "10", "19.00")
    (fill,) = await heard(broker, 1)
    gateway.report(gateway.venue.correct(wrong, "19.05"))
    await settled(broker)
    report = await broker.report()
    assert report.fills == ()
    (amended,) = report.amended
    assert (amended.fill.fill_id, amended.told) == (fill.fill_id, fill)
    assert amended.fill.price == D("19.05")
    assert "corrected" in amended.why


@pytest.mark.parametrize("price", ["NaN", "Infinity", "1.7976931348623157E+308"])
async def test_ib_22b_an_execution_without_a_price_is_no_fill_and_no_silence(
    broker: IbkrBroker, gateway: LoopbackGateway, price: str
) -> None:
    await broker.submit(buy())
    wrong = gateway.fill(ENTRY, "10", "19.00")
    await heard(broker, 1)
    gateway.report(gateway.venue.correct(wrong, price))
    await settled(broker)
    for _ in range(2):
        with pytest.raises(BrokerUnavailable, match="IBKR names no price of execution"):
            await broker.report()


async def test_ib_23_a_correction_before_anybody_asked_is_told_as_the_one_fill(
    gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    async with desk(gateway, clock) as before:
        await before.submit(buy())
    gateway.venue.correct(gateway.fill(ENTRY, "10", "19.00"), "19.05")
    async with desk(gateway, clock) as after:
        await after.restore([(buy(), D(0))])
        report = await after.report()
    assert [(f.price, f.quantity) for f in report.fills] == [(D("19.05"), D(10))]
    assert report.amended == ()


async def test_ib_24_a_fill_waits_for_its_commission_but_not_for_ever(
    broker: IbkrBroker, gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    await broker.submit(buy())
    gateway.hold_commissions = True
    each = gateway.fill(ENTRY, "10", "20.00")
    await settled(broker)
    assert await broker.report() == BrokerReport()
    later(clock, gateway, seconds=5)
    (fill,) = (await broker.report()).fills
    assert fill.fee_usd == D("0.06")
    gateway.hold_commissions = False
    gateway.pay(each)
    await settled(broker)
    (amended,) = (await broker.report()).amended
    assert (amended.fill.fee_usd, amended.why) == (D(1), "the commission is known now")


async def test_ib_25_a_commission_that_overtook_its_execution_is_asked_for_again(
    broker: IbkrBroker, gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    """ib_async throws away a commission report whose execution it has not seen."""
    await broker.submit(buy())
    gateway.commission_first = True
    gateway.fill(ENTRY, "10", "20.00")
    assert [f.fee_usd for f in await heard(broker, 1)] == [D(1)]


async def test_ib_26_a_commission_in_another_currency_is_not_taken_for_dollars(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    await broker.submit(buy())
    order = gateway.venue.named(ENTRY)
    each = gateway.venue.execute(order, "10", "20.00")
    each.commission, each.commission_currency = "1.37", "CAD"
    gateway.report(each)
    assert [f.fee_usd for f in await heard(broker, 1)] == [D("0.06")]


async def test_ib_27_the_owners_own_trades_are_nobodys_fills(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    by_hand = gateway.venue.take(
        {
            "order_id": "0", "con_id": "76023663", "action": "BUY", "quantity": "5",
            "type": "MKT", "limit": "", "stop": "", "tif": "DAY", "oca_group": "", "oca_type": "0",
            "account": "DU1234567", "order_ref": "", "outside_rth": "0",
        },
        0,
    )  # fmt: skip
    gateway.venue.execute(by_hand, "5", "19.00")
    assert await broker.report() == BrokerReport()


async def test_ib_28_fills_of_an_absence_come_after_the_reconnect_without_doubles(
    broker: IbkrBroker, gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    await broker.submit(buy())
    gateway.fill(ENTRY, "3", "19.00")
    assert len(await heard(broker, 1)) == 1
    gateway.fill(ENTRY, "2", "19.01")
    await gateway.go_down()
    gateway.venue.execute(gateway.venue.named(ENTRY), "5", "19.02")
    with pytest.raises(BrokerUnavailable):
        await broker.report()
    await gateway.come_up()
    later(clock, gateway, seconds=2)
    assert [f.quantity for f in (await broker.report()).fills] == [D(2), D(5)]
    assert await broker.report() == BrokerReport()


async def test_ib_29_a_restart_of_the_desk_tells_every_fill_under_the_same_id(
    gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    async with desk(gateway, clock) as before:
        await before.submit(buy())
        gateway.fill(ENTRY, "4", "19.00")
        (told,) = await heard(before, 1)
    async with desk(gateway, clock) as after:
        await after.restore([(buy(), D(4))])
        assert [f.fill_id for f in (await after.report()).fills] == [told.fill_id]
        gateway.fill(ENTRY, "6", "19.00")
        assert [f.quantity for f in await heard(after, 1)] == [D(6)]


# ---- ends --------------------------------------------------------------------------------


async def test_ib_30_a_cancellation_is_answered_once_ib_has_confirmed_it(
    broker: IbkrBroker, gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    await broker.submit(limit_buy())
    assert await broker.cancel(ENTRY) is True
    assert gateway.venue.named(ENTRY).status == "Cancelled"
    assert await broker.cancel(ENTRY) is False
    assert (await broker.report()).canceled == ()
    later(clock, gateway, minutes=2)
    assert (await broker.report()).canceled == ()


async def test_ib_31_a_fill_that_beats_the_cancellation_is_the_truth(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    """ib_async marks an order canceled when its cancellation is refused."""
    await broker.submit(limit_buy())

    def fill_first(_: VenueOrder) -> None:
        gateway.venue.execute(gateway.venue.named(ENTRY), "10", "19.00")

    gateway.on_cancel = fill_first
    assert await broker.cancel(ENTRY) is False
    assert [f.quantity for f in (await broker.report()).fills] == [D(10)]


async def test_ib_32_a_cancellation_without_an_answer_is_unknown(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    await broker.submit(limit_buy())
    gateway.on_cancel = lambda _: "mute"
    with pytest.raises(OutcomeUnknown):
        await broker.cancel(ENTRY)
    gateway.on_cancel = None
    assert await broker.cancel(ENTRY) is True


async def test_ib_33_what_ends_by_itself_is_told_once_as_what_it_is(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    for name in ("canceled", "expired", "refused"):
        await broker.submit(limit_buy(client_id=name))
    gateway.end("canceled", "Cancelled", "Cancelled by Trader")
    gateway.end("expired", "Cancelled", "Expired")
    gateway.end("refused", "Inactive", "Order rejected: no funds", code=201)
    await settled(broker)
    report = await broker.report()
    assert (report.canceled, report.expired) == (("canceled",), ("expired",))
    assert report.rejected == (Rejected("refused", "Order rejected: no funds"),)
    assert await broker.report() == BrokerReport()


async def test_ib_34_a_filled_target_takes_the_stop_off_and_both_are_told(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    gateway.venue.positions["PHYS"] = D(10)
    await broker.submit(stop())
    await broker.submit(target())
    gateway.fill(target().client_id, "4", "21.00")
    assert len(await heard(broker, 1)) == 1
    assert gateway.venue.named(stop().client_id).quantity == 6
    gateway.fill(target().client_id, "6", "21.00")
    await settled(broker)
    report = await broker.report()
    assert [f.quantity for f in report.fills] == [D(6)]
    assert report.canceled == (stop().client_id,)


async def test_ib_35_a_day_order_of_yesterday_has_expired_and_a_resting_stop_has_not(
    gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    gateway.venue.positions["PHYS"] = D(10)
    async with desk(gateway, clock) as before:
        await before.submit(limit_buy())
        await before.submit(stop(linked_to=""))
    gateway.end(ENTRY, "Cancelled", "")
    gateway.venue.forget_the_day()
    later(clock, gateway, hours=24)
    async with desk(gateway, clock) as after:
        await after.restore([(limit_buy(), D(0)), (stop(linked_to=""), D(0))])
        report = await after.report()
        assert (report.expired, report.canceled) == ((ENTRY,), ())
        assert isinstance(await after.find(stop().client_id), Accepted)


async def test_ib_36_an_order_that_vanished_is_neither_ended_nor_proved_absent(
    gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    async with desk(gateway, clock) as broker:
        await broker.restore([(stop(linked_to=""), D(0))])
        assert await broker.report() == BrokerReport()
        with pytest.raises(OutcomeUnknown, match="Client Portal"):
            await broker.find(stop().client_id)


async def test_ib_37_a_corrected_execution_does_not_fill_an_order_twice(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    await broker.submit(buy())
    gateway.report(gateway.venue.correct(gateway.fill(ENTRY, "5", "19.00"), "19.05"))
    gateway.end(ENTRY, "Cancelled", "Cancelled by Trader")
    await settled(broker)
    report = await broker.report()
    assert [f.quantity for f in report.fills] == [D(5)]
    assert report.canceled == (ENTRY,)


async def test_ib_38_an_end_is_told_no_sooner_than_the_fills_before_it(
    broker: IbkrBroker, gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    await broker.submit(buy())
    gateway.hold_commissions = True
    gateway.fill(ENTRY, "4", "19.00")
    gateway.end(ENTRY, "Cancelled", "Cancelled by Trader")
    await settled(broker)
    assert await broker.report() == BrokerReport()
    later(clock, gateway, seconds=5)
    report = await broker.report()
    assert [f.quantity for f in report.fills] == [D(4)]
    assert report.canceled == (ENTRY,)


async def test_ib_39_an_end_that_another_question_came_across_is_told_in_the_next_report(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    await broker.submit(limit_buy())
    gateway.end(ENTRY, "Cancelled", "Cancelled by Trader")
    await settled(broker)
    assert isinstance(await broker.find(ENTRY), Accepted)
    assert (await broker.report()).canceled == (ENTRY,)


async def test_ib_39b_a_filled_order_whose_executions_are_late_is_not_canceled(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    await broker.submit(buy())
    gateway.end(ENTRY, "Filled", "Filled Size: 10")
    await settled(broker)
    assert await broker.report() == BrokerReport()
    gateway.fill(ENTRY, "10", "19.00")
    assert [f.quantity for f in await heard(broker, 1)] == [D(10)]


# ---- the connection ----------------------------------------------------------------------


async def test_ib_40_a_gateway_that_is_away_is_asked_again_with_growing_patience(
    broker: IbkrBroker, gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    await gateway.go_down()
    pauses = []
    for _ in range(3):
        with pytest.raises(BrokerUnavailable, match="does not answer"):
            await broker.report()
        with pytest.raises(BrokerUnavailable, match="next attempt at") as told:
            await broker.report()
        began = clock.now()
        while "next attempt at" in str(told.value):
            later(clock, gateway, seconds=1)
            with pytest.raises(BrokerUnavailable) as told:
                await broker.report()
        pauses.append((clock.now() - began).total_seconds())
    assert pauses == [2, 4, 8]
    await gateway.come_up()
    later(clock, gateway, minutes=1)
    assert await broker.report() == BrokerReport()


async def test_ib_41_the_nightly_restart_is_named_and_breaks_nothing(
    broker: IbkrBroker, gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    gateway.venue.positions["PHYS"] = D(10)
    await broker.submit(stop(linked_to=""))
    later(clock, gateway, hours=12, minutes=46)  # 23:46 in New York
    await gateway.go_down()
    for _ in range(3):
        with pytest.raises(BrokerUnavailable, match="nightly restart until 00:00 EST"):
            await broker.report()
        later(clock, gateway, seconds=5)
    await gateway.come_up()
    later(clock, gateway, seconds=5)
    assert await broker.report() == BrokerReport()
    gateway.fill(stop().client_id, "10", "18.40")
    assert [f.quantity for f in await heard(broker, 1)] == [D(10)]


async def test_ib_42_without_ibs_servers_nothing_is_sent_and_nothing_is_proved(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    await broker.report()
    gateway.lose_servers()
    await settled(broker)
    with pytest.raises(BrokerUnavailable, match="1100"):
        await broker.submit(buy())
    with pytest.raises(BrokerUnavailable, match="1100"):
        await broker.find(ENTRY)
    assert gateway.venue.orders == []


@pytest.mark.parametrize("data_lost", [False, True])
async def test_ib_43_after_1101_and_1102_executions_are_asked_for_again(
    broker: IbkrBroker, gateway: LoopbackGateway, *, data_lost: bool
) -> None:
    await broker.submit(buy())
    gateway.lose_servers()
    await settled(broker)
    gateway.venue.execute(gateway.venue.named(ENTRY), "10", "19.00")
    gateway.regain_servers(data_lost=data_lost)
    assert [f.quantity for f in await heard(broker, 1)] == [D(10)]
    assert gateway.connections_made == 1


async def test_ib_44_servers_lost_while_looking_prove_nothing(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    await broker.report()
    gateway.on_request[99] = gateway.lose_servers
    with pytest.raises(BrokerUnavailable, match="servers"):
        await broker.find(ENTRY)


async def test_ib_45_a_client_number_in_use_is_named_at_once(
    gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    gateway.busy_clients.add(17)
    async with desk(gateway, clock, request_seconds=30.0) as broker:
        with pytest.raises(BrokerUnavailable, match="already serves a client 17"):
            await broker.report()


async def test_ib_46_a_drop_before_the_order_arrived_is_proved_absent_after_the_window(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    gateway.on_place = lambda _: "drop"
    with pytest.raises(OutcomeUnknown, match="connection was lost"):
        await broker.submit(buy())
    gateway.on_place = None
    assert await broker.find(ENTRY) is None


# ---- money and possession ----------------------------------------------------------------


async def test_ib_50_balances_are_dollars_that_are_settled_and_units_that_are_possessed(
    broker: IbkrBroker, gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    gateway.venue.settled_usd = "9000"
    gateway.venue.positions["PHYS"] = D(5)
    await broker.submit(buy())
    gateway.fill(ENTRY, "10", "19.00")
    assert await broker.balances() == {"USD": D(9000), "PHYS": D(5)}
    later(clock, gateway, hours=24)
    assert await broker.balances() == {"USD": D(9000), "PHYS": D(15)}


async def test_ib_51_a_lot_is_not_sold_before_it_is_settled(
    broker: IbkrBroker, gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    await broker.submit(buy())
    gateway.fill(ENTRY, "10", "19.00")
    early = await broker.submit(stop(linked_to=""))
    assert isinstance(early, Rejected)
    assert "0 held, settled" in early.reason
    later(clock, gateway, hours=24)
    tomorrow = replace(stop(linked_to=""), client_id="a1b2c3d4e5f6-stop-2")
    assert isinstance(await broker.submit(tomorrow), Accepted)


async def test_ib_51b_a_purchase_is_told_as_ours_once_on_its_settlement_day_over_a_restart(
    gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    async with desk(gateway, clock) as before:
        await before.submit(buy())
        gateway.fill(ENTRY, "10", "19.00")
        (fill,) = await heard(before, 1)
        assert fill.settles_at is not None
        assert fill.settles_at > clock.now()
        assert (await before.report()).settled == ()
    waiting = [Unsettled(ENTRY, "PHYS", fill.quantity, fill.settles_at)]
    gateway.venue.forget_the_day()
    async with desk(gateway, clock, known_fills={fill.fill_id}, unsettled=waiting) as after:
        assert "PHYS" not in await after.balances()
        later(clock, gateway, hours=24)
        assert (await after.balances())["PHYS"] == D(10)
        assert (await after.report()).settled == (ENTRY,)
        assert (await after.report()).settled == ()


async def test_ib_51c_a_buy_at_the_market_needs_a_price_to_be_covered(
    gateway: LoopbackGateway, clock: VirtualClock
) -> None:
    async with desk(gateway, clock, priced=False) as broker:
        refused = await broker.submit(buy())
        assert isinstance(refused, Rejected)
        assert "no price of PHYS-USD is known" in refused.reason
        assert gateway.venue.orders == []


async def test_ib_51d_a_buy_at_the_market_beyond_settled_dollars_is_not_sent(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    gateway.venue.settled_usd = "189"
    refused = await broker.submit(buy())
    assert isinstance(refused, Rejected)
    assert "189.00 USD settled and free" in refused.reason
    assert gateway.venue.orders == []


async def test_ib_52_settled_cash_in_another_currency_is_not_taken_for_dollars(
    broker: IbkrBroker, gateway: LoopbackGateway
) -> None:
    gateway.venue.settled_usd, gateway.venue.settled_currency = "14000", "CAD"
    gateway.venue.cash_usd = "150"
    assert (await broker.balances())["USD"] == D(150)
    gateway.venue.cash_usd = ""
    with pytest.raises(BrokerUnavailable, match="does not tell the dollars"):
        await broker.balances()


@pytest.mark.parametrize(
    ("venue", "settings", "words"),
    [
        ({}, {"account": ""}, "no account is named"),
        ({}, {"account": "DU7654321"}, "logged in to DU1234567, not to DU7654321"),
        ({"account": "U1234567"}, {"account": "U1234567"}, "is a live account"),
        ({}, {"live": True}, "is a paper account"),
        ({"cash_usd": "-20"}, {}, "owes 20 USD: a loan"),
        (
            {"account": "U1234567", "buying_power": "40000"},
            {"account": "U1234567", "live": True},
            "is a margin account",
        ),
        (
            {"account": "U1234567", "kind": "REGT MARGIN"},
            {"account": "U1234567", "live": True},
            "is a margin account",
        ),
        (
            {"account": "U1234567", "buying_power": ""},
            {"account": "U1234567", "live": True},
            "does not show that it is a cash account",
        ),
    ],
)
async def test_ib_53_an_account_that_may_not_trade_is_refused_in_one_line(
    clock: VirtualClock, venue: dict[str, Any], settings: dict[str, Any], words: str
) -> None:
    async with (
        LoopbackGateway(LoopbackVenue(**venue)) as gateway,
        desk(gateway, clock, **settings) as broker,
    ):
        with pytest.raises(BrokerUnavailable, match=words):
            await broker.submit(buy())
        assert gateway.venue.orders == []


async def test_ib_54_a_cash_account_is_let_through_for_live(clock: VirtualClock) -> None:
    async with (
        LoopbackGateway(LoopbackVenue(account="U1234567")) as gateway,
        desk(gateway, clock, account="U1234567", live=True) as broker,
    ):
        assert (await broker.balances())["USD"] == D(10_000)


# ---- in the suite of every broker --------------------------------------------------------


async def test_ib_60_its_desk_plays_the_life_of_an_order_over_a_restart() -> None:
    """The desk with which ``ibkr`` joins BR-01 ... is moved by market, fills and restarts."""
    async with ibkr_desk() as desk:
        assert await desk.broker.balances() == {"USD": D(10_000), "BTC": D(1)}
        entry = spot.buy(type=OrderType.LIMIT, limit_price=D(980))
        assert isinstance(await desk.broker.submit(entry), Accepted)
        await desk.fill(entry, "0.4")
        (told,) = (await desk.broker.report()).fills
        await desk.fill(entry, "0.2")
        await desk.restart([(entry, D("0.4"))], [told.fill_id])
        assert [f.quantity for f in (await desk.broker.report()).fills] == [D("0.2")]
        await desk.move(979, 979.9)
        (last,) = (await desk.broker.report()).fills
        assert (last.quantity, last.price) == (D("0.4"), D(980))
        await desk.broker.submit(spot.stop(quantity="2"))
        await desk.broker.submit(spot.target(quantity="2"))
        await desk.move(900, 901)
        report = await desk.broker.report()
        assert [(f.client_id, f.price) for f in report.fills] == [("stop", D(900))]
        assert report.canceled == ("target",)
        assert "BTC" not in await desk.broker.balances()
        await desk.wait_out_doubt()
        assert await desk.broker.find("never") is None


# ---- waiting for the loopback ------------------------------------------------------------


async def settled(broker: IbkrBroker) -> None:
    """Return once everything that the gateway has sent has arrived: it answers in order."""
    wire = broker._session._wire
    assert wire is not None
    await wire.clock()


async def heard(broker: IbkrBroker, count: int) -> list[Fill]:
    """The next `count` fills."""
    await settled(broker)
    fills = list((await broker.report()).fills)
    assert len(fills) == count
    return fills
