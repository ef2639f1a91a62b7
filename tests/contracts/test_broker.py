"""BR-01 ...: what every broker keeps, whatever venue is behind it.

To add a broker: give ``DESKS`` a desk that opens one with 10 000 USD and 1 BTC, and if it talks
to a venue over REST, a loopback double in ``tests/kit`` and its name in ``LIVE``. The exchanges'
adapter is here once at each venue; what the wire of Interactive Brokers (``ibkr``) adds is in
test_broker_ibkr.py.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from engine.compliance import meaning_of
from engine.compliance.lines import WITHOUT_LEDGER
from engine.errors import BrokerUnavailable, OutcomeUnknown
from engine.model.orders import Fill, Order, OrderType, Side
from engine.model.venue_lines import Meaning
from engine.ports import Accepted, Broker, Rejected
from engine.rehearsal.account import VenueSideOrder
from engine.rehearsal.venue import AFTER, Fault
from tests.engine.brokers.trading import (
    BTC,
    HOUR,
    MONDAY,
    bar,
    buy,
    closed,
    quote,
    sell,
    stop,
    target,
)
from tests.kit.broker_desks import (
    VENUES,
    BrokerDesk,
    ExchangeDesk,
    PaperDesk,
    RoutedDesk,
    exchange_desk,
)
from tests.kit.ib_gateway.desk import ibkr_desk

D = Decimal
SINCE = MONDAY - 24 * 30 * HOUR
LIVE = sorted(VENUES)
DESKS = ["paper", "ibkr", "routing", *LIVE]


@pytest.fixture(params=DESKS)
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[BrokerDesk]:
    if request.param == "paper":
        paper = PaperDesk()
        await paper.broker.observe(quote(-0.5, 1000, 1001))
        yield paper
        return
    if request.param == "ibkr":
        async with ibkr_desk() as at_gateway:
            yield at_gateway
        return
    name, made = request.param, ExchangeDesk
    if name == "routing":
        name, made = "kraken", RoutedDesk
    async with exchange_desk(name, made=made) as at_venue:
        yield at_venue
        assert at_venue.venue.foul == [], "something other than a plain spot order was sent"


@pytest.fixture(params=LIVE)
async def live(request: pytest.FixtureRequest) -> AsyncIterator[ExchangeDesk]:
    async with exchange_desk(request.param) as at_venue:
        yield at_venue
        assert at_venue.venue.foul == [], "something other than a plain spot order was sent"


def bid(price: str = "980", **other: Any) -> Order:
    """A buy that rests below the market."""
    return buy(type=OrderType.LIMIT, limit_price=D(price), **other)


async def fills(desk: BrokerDesk) -> list[Fill]:
    return list((await desk.broker.report()).fills)


def orders_sent(live: ExchangeDesk) -> int:
    return len(live.venue.sent(live.venue.order_path))


# ---- an order's own life -----------------------------------------------------------------


async def test_br_01_it_has_every_method_of_the_port(desk: BrokerDesk) -> None:
    port = [name for name, _ in inspect.getmembers(Broker, inspect.isfunction) if name[0] != "_"]
    assert desk.broker.name
    for name in port:
        assert inspect.iscoroutinefunction(getattr(desk.broker, name)), name


async def test_br_02_a_sound_order_is_accepted_under_its_own_id(desk: BrokerDesk) -> None:
    answer = await desk.broker.submit(bid())
    assert isinstance(answer, Accepted)
    assert answer.client_id == "entry"
    assert answer.venue_id


async def test_br_03_a_known_id_is_answered_and_never_placed_again(desk: BrokerDesk) -> None:
    first = await desk.broker.submit(bid())
    assert await desk.broker.submit(bid()) == first
    assert await desk.broker.submit(bid(quantity="2")) == first
    await desk.fill(bid())
    assert [fill.quantity for fill in await fills(desk)] == [D(1)]
    assert await desk.broker.submit(bid()) == first
    assert await fills(desk) == []


async def test_br_04_find_knows_open_closed_and_rejected_orders(desk: BrokerDesk) -> None:
    await desk.wait_out_doubt()
    assert await desk.broker.find("entry") is None
    accepted = await desk.broker.submit(bid())
    assert await desk.broker.find("entry") == accepted
    await desk.fill(bid())
    assert await desk.broker.find("entry") == accepted
    await desk.broker.submit(stop("950", client_id="naked", linked_to="", quantity="9"))
    assert isinstance(await desk.broker.find("naked"), Rejected)


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
        ({"quantity": D(100)}, "USD needed|Insufficient"),
    ],
)
async def test_br_05_an_order_that_breaks_a_venue_rule_is_rejected_with_why(
    desk: BrokerDesk, change: dict[str, Any], words: str
) -> None:
    answer = await desk.broker.submit(buy(**change))
    assert isinstance(answer, Rejected)
    assert any(word in answer.reason for word in words.split("|")), answer.reason
    await desk.move(899, 900)
    assert await fills(desk) == []


async def test_br_06_more_than_is_held_cannot_be_sold(desk: BrokerDesk) -> None:
    assert isinstance(await desk.broker.submit(sell(quantity="1.001")), Rejected)


async def test_br_07_a_pair_of_exits_claims_what_it_sells_once(desk: BrokerDesk) -> None:
    assert isinstance(await desk.broker.submit(stop()), Accepted)
    assert isinstance(await desk.broker.submit(target()), Accepted)
    assert isinstance(await desk.broker.submit(sell(quantity="0.1")), Rejected)


async def test_br_08_a_canceled_order_is_off_the_market(desk: BrokerDesk) -> None:
    await desk.broker.submit(bid())
    assert await desk.broker.cancel("entry") is True
    assert await desk.broker.cancel("entry") is False
    await desk.move(899, 900)
    assert await fills(desk) == []


async def test_br_09_an_unknown_order_is_not_canceled(desk: BrokerDesk) -> None:
    await desk.wait_out_doubt()
    assert await desk.broker.cancel("never-seen") is False


async def test_br_10_a_report_is_told_once(desk: BrokerDesk) -> None:
    await desk.broker.submit(bid())
    await desk.fill(bid())
    assert len(await fills(desk)) == 1
    assert await fills(desk) == []


async def test_br_11_a_cancellation_that_was_asked_for_is_not_reported(desk: BrokerDesk) -> None:
    await desk.broker.submit(bid())
    await desk.broker.cancel("entry")
    assert (await desk.broker.report()).canceled == ()


async def test_br_12_restored_orders_work_on_and_tell_only_what_is_new(desk: BrokerDesk) -> None:
    order = stop("950", at=0, linked_to="")
    await desk.broker.submit(order)
    await desk.fill(order, "0.25")
    told = [fill.fill_id for fill in await fills(desk)]
    await desk.restart([(order, D("0.25"))], told)
    assert isinstance(await desk.broker.find("stop"), Accepted)
    await desk.fill(order, "0.75")
    assert [fill.quantity for fill in await fills(desk)] == [D("0.75")]


async def test_br_13_fills_name_the_order_with_unique_ids(desk: BrokerDesk) -> None:
    protection = stop("950", at=0, linked_to="")
    for order in (bid(), protection):
        await desk.broker.submit(order)
        await desk.fill(order)
    told = await fills(desk)
    assert {fill.client_id for fill in told} == {"entry", "stop"}
    assert len({fill.fill_id for fill in told}) == 2


async def test_br_14_balances_are_own_and_settled(desk: BrokerDesk) -> None:
    assert await desk.broker.balances() == {"USD": D(10_000), "BTC": D(1)}


async def test_br_15_partial_fills_add_up_to_the_order_and_to_the_cash(desk: BrokerDesk) -> None:
    await desk.broker.submit(bid())
    told: list[Fill] = []
    for part in ("0.2", "0.3", "0.5"):
        await desk.fill(bid(), part)
        told += await fills(desk)
    assert sum(fill.quantity for fill in told) == D(1)
    assert all(fill.fee_usd > 0 for fill in told)
    spent = sum((fill.quantity * fill.price + fill.fee_usd for fill in told), D(0))
    assert await desk.broker.balances() == {"USD": D(10_000) - spent, "BTC": D(2)}


async def test_br_16_what_is_left_of_a_partly_filled_order_can_be_canceled(
    desk: BrokerDesk,
) -> None:
    await desk.broker.submit(bid())
    await desk.fill(bid(), "0.4")
    assert await desk.broker.cancel("entry") is True
    report = await desk.broker.report()
    assert [fill.quantity for fill in report.fills] == [D("0.4")]
    assert report.canceled == ()
    assert isinstance(await desk.broker.find("entry"), Accepted)


async def test_br_17_a_stop_that_fills_takes_its_target_off(desk: BrokerDesk) -> None:
    await desk.broker.submit(stop(at=0))
    await desk.broker.submit(target(at=0))
    await desk.fill(stop(at=0))
    report = await desk.broker.report()
    assert [fill.client_id for fill in report.fills] == ["stop"]
    assert report.canceled == ("target",)
    assert (await desk.broker.balances()).get("BTC", 0) == 0


async def test_br_18_a_target_that_is_reached_sells_once_and_takes_its_stop_off(
    desk: BrokerDesk,
) -> None:
    await desk.broker.submit(stop(at=0))
    await desk.broker.submit(target(at=0))
    await desk.move(1101, 1102)
    report = await desk.broker.report()
    assert {fill.client_id for fill in report.fills} == {"target"}
    assert report.canceled == ("stop",)
    await desk.move(900, 901)
    assert await fills(desk) == []
    assert (await desk.broker.balances()).get("BTC", 0) == 0


async def test_br_19_an_order_at_the_market_fills_and_pays_its_fee(desk: BrokerDesk) -> None:
    assert isinstance(await desk.broker.submit(buy()), Accepted)
    await desk.move(1000, 1001)
    (fill,) = await fills(desk)
    assert fill.price >= 1001
    assert fill.fee_usd == fill.price * fill.quantity * D("0.004")


async def test_br_20_the_ledger_of_a_plain_trade_is_ordinary_in_order_and_told_alike(
    desk: BrokerDesk,
) -> None:
    await desk.broker.submit(bid())
    await desk.fill(bid(), "0.4")
    await desk.fill(bid(), "0.6")
    lines = await desk.broker.ledger_lines(None)
    assert len({line.line_id for line in lines}) == len(lines)
    assert sorted(lines, key=lambda line: line.at) == list(lines)
    assert {meaning_of(line) for line in lines} <= {Meaning.ORDINARY}
    assert {line.venue for line in lines} <= set(desk.broker.name.split("+"))
    assert bool(lines) == (desk.broker.name not in WITHOUT_LEDGER | {"paper"})
    own = await desk.broker.balances()
    for asset, before in (("USD", D(10_000)), ("BTC", D(1))):
        booked = sum((line.amount for line in lines if line.asset == asset), D(0))
        # Paper keeps no second book, and IB's gateway shows none.
        assert booked == (own[asset] - before if isinstance(desk, ExchangeDesk) else 0)
    await desk.restart([], [])
    assert await desk.broker.ledger_lines(None) == lines


async def test_br_21_a_post_only_order_that_would_take_is_refused(desk: BrokerDesk) -> None:
    await desk.move(1000, 1001)
    answer = await desk.broker.submit(bid("1005", at=0.01, post_only=True))
    assert isinstance(answer, Rejected)
    assert "post only" in answer.reason.lower()
    await desk.move(899, 900)
    assert await fills(desk) == []


async def test_br_22_a_post_only_order_rests_and_is_paid_as_a_maker_or_is_refused(
    desk: BrokerDesk,
) -> None:
    answer = await desk.broker.submit(bid(post_only=True))
    if desk.broker.name == "ibkr":  # no venue behind it takes such orders
        assert isinstance(answer, Rejected)
        return
    assert isinstance(answer, Accepted)
    await desk.move(1000, 1001)
    await desk.fill(bid(post_only=True))
    (fill,) = await fills(desk)
    assert (fill.quantity, fill.price) == (D(1), D(980))
    assert fill.fee_usd == D(980) * D("0.0025")


async def test_br_23_without_the_flag_no_order_is_post_only(desk: BrokerDesk) -> None:
    assert isinstance(await desk.broker.submit(bid("1005")), Accepted)


# ---- the wire: one order whatever happens ------------------------------------------------


async def test_br_30_our_own_id_is_on_the_wire(live: ExchangeDesk) -> None:
    order = bid(client_id="0123456789ab-timelimit-12")
    await live.broker.submit(order)
    (sent,) = live.venue.sent(live.venue.order_path)
    assert "0123456789abL12" in (sent.get("cl_ord_id"), sent.get("client_order_id"))


@pytest.mark.parametrize("fault", sorted(AFTER))
async def test_br_31_an_answer_lost_after_acting_is_found_and_not_sent_again(
    live: ExchangeDesk, fault: Fault
) -> None:
    live.venue.fail(live.venue.order_path, fault)
    with pytest.raises(OutcomeUnknown):
        await live.broker.submit(bid())
    found = await live.broker.find("entry")
    assert isinstance(found, Accepted)
    assert await live.broker.submit(bid()) == found
    assert orders_sent(live) == 1
    assert len(live.account.orders) == 1


@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.ERROR_BEFORE])
async def test_br_32_an_order_that_never_arrived_is_sent_again_only_when_that_is_proved(
    live: ExchangeDesk, fault: Fault
) -> None:
    live.venue.fail(live.venue.order_path, fault)
    with pytest.raises(OutcomeUnknown):
        await live.broker.submit(bid())
    with pytest.raises(OutcomeUnknown, match="proved at"):
        await live.broker.find("entry")
    with pytest.raises(OutcomeUnknown):
        await live.broker.submit(bid())
    assert orders_sent(live) == 1
    await live.wait_out_doubt()
    assert await live.broker.find("entry") is None
    assert isinstance(await live.broker.submit(bid()), Accepted)
    assert len(live.account.orders) == 1


async def test_br_33_an_order_that_shows_late_is_waited_for(live: ExchangeDesk) -> None:
    live.account.hides_orders = True
    live.venue.fail(live.venue.order_path, Fault.DROP_AFTER)
    with pytest.raises(OutcomeUnknown):
        await live.broker.submit(bid())
    with pytest.raises(OutcomeUnknown):
        await live.broker.find("entry")
    live.account.reveal()
    assert isinstance(await live.broker.find("entry"), Accepted)


async def test_br_34_a_lost_order_that_has_filled_is_found_among_the_closed(
    live: ExchangeDesk,
) -> None:
    live.venue.fail(live.venue.order_path, Fault.DROP_AFTER)
    with pytest.raises(OutcomeUnknown):
        await live.broker.submit(bid())
    await live.fill(bid())
    assert isinstance(await live.broker.find("entry"), Accepted)
    assert [fill.quantity for fill in await fills(live)] == [D(1)]


async def test_br_35_a_lost_order_that_shows_only_in_trades_is_found(live: ExchangeDesk) -> None:
    live.account.hides_orders = True
    live.venue.fail(live.venue.order_path, Fault.DROP_AFTER)
    with pytest.raises(OutcomeUnknown):
        await live.broker.submit(bid())
    await live.fill(bid())
    assert isinstance(await live.broker.find("entry"), Accepted)


async def test_br_36_a_venue_that_cannot_be_reached_was_sent_nothing(live: ExchangeDesk) -> None:
    await live.broker.balances()
    url, live.url = live.url, "http://127.0.0.1:9"
    live.open()
    with pytest.raises(BrokerUnavailable):
        await live.broker.submit(bid())
    live.url = url
    live.open()
    assert isinstance(await live.broker.submit(bid(at=1)), Accepted)


async def test_br_37_after_a_crash_an_order_is_looked_for_before_it_is_sent(
    live: ExchangeDesk,
) -> None:
    live.venue.fail(live.venue.order_path, Fault.SLOW_AFTER)
    with pytest.raises(OutcomeUnknown):
        await live.broker.submit(bid())
    await live.fill(bid())
    await live.restart([], [])
    assert isinstance(await live.broker.submit(bid(at=-1)), Accepted)
    assert orders_sent(live) == 1
    assert [fill.client_id for fill in await fills(live)] == ["entry"]


async def test_br_38_absence_is_proved_after_a_crash_too(live: ExchangeDesk) -> None:
    await live.restart([], [])
    with pytest.raises(OutcomeUnknown):
        await live.broker.find("entry")
    await live.wait_out_doubt()
    assert await live.broker.find("entry") is None


async def test_br_39_too_many_requests_hold_back_and_double_nothing(live: ExchangeDesk) -> None:
    await live.broker.balances()
    live.venue.fail(live.venue.order_path, Fault.TOO_FAST)
    with pytest.raises(BrokerUnavailable):
        await live.broker.submit(bid())
    asked = len(live.venue.requests)
    with pytest.raises(BrokerUnavailable, match="fewer requests"):
        await live.broker.submit(bid())
    assert len(live.venue.requests) == asked
    live.tick(6)
    assert isinstance(await live.broker.submit(bid()), Accepted)
    assert len(live.account.orders) == 1


async def test_br_40_a_clock_that_is_wrong_stops_entries_and_not_exits(live: ExchangeDesk) -> None:
    live.venue.clock_off_s = -90
    with pytest.raises(BrokerUnavailable, match="90 s ahead"):
        await live.broker.submit(bid())
    assert isinstance(await live.broker.submit(sell()), Accepted)
    live.venue.clock_off_s = 0
    assert isinstance(await live.broker.submit(bid()), Accepted)


async def test_br_41_an_order_in_doubt_stays_so_while_nobody_can_be_asked(
    live: ExchangeDesk,
) -> None:
    live.venue.fail(live.venue.order_path, Fault.DROP_AFTER)
    with pytest.raises(OutcomeUnknown):
        await live.broker.submit(bid())
    for word in ("OpenOrders", "batch"):
        live.venue.fail(word, Fault.ERROR_BEFORE)
    with pytest.raises(OutcomeUnknown, match="may be live"):
        await live.broker.submit(bid())
    assert isinstance(await live.broker.submit(bid()), Accepted)
    assert len(live.account.orders) == 1


async def test_br_42_a_request_that_is_given_up_on_is_in_doubt(live: ExchangeDesk) -> None:
    live.venue.fail(live.venue.order_path, Fault.SLOW_AFTER)
    sending = asyncio.create_task(live.broker.submit(bid()))
    await live.venue.spoiling.wait()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert isinstance(await live.broker.submit(bid()), Accepted)
    assert len(live.account.orders) == 1


# ---- cancellations -----------------------------------------------------------------------


async def test_br_50_a_fill_that_wins_the_race_is_the_truth(live: ExchangeDesk) -> None:
    await live.broker.submit(bid())
    await live.fill(bid())
    assert await live.broker.cancel("entry") is False
    report = await live.broker.report()
    assert [fill.quantity for fill in report.fills] == [D(1)]
    assert report.canceled == ()


async def test_br_51_a_fill_after_the_cancellation_is_told(live: ExchangeDesk) -> None:
    await live.broker.submit(bid())
    assert await live.broker.cancel("entry") is True
    await live.fill(bid(), "0.1")
    assert [fill.quantity for fill in await fills(live)] == [D("0.1")]


@pytest.mark.parametrize("fault", sorted(AFTER))
async def test_br_52_a_cancellation_whose_answer_is_lost_is_reported(
    live: ExchangeDesk, fault: Fault
) -> None:
    await live.broker.submit(bid())
    live.venue.fail(live.venue.cancel_path, fault)
    with pytest.raises(OutcomeUnknown):
        await live.broker.cancel("entry")
    assert (await live.broker.report()).canceled == ("entry",)


async def test_br_53_a_cancellation_by_somebody_else_is_reported(live: ExchangeDesk) -> None:
    protection = stop(linked_to="")
    await live.broker.submit(protection)
    live.account.cancel(live.account.named("stop")[0].venue_id)
    assert (await live.broker.report()).canceled == ("stop",)
    assert (await live.broker.report()).canceled == ()


# ---- reports -----------------------------------------------------------------------------


@pytest.mark.parametrize("newest_first", [True, False])
async def test_br_60_executions_told_twice_and_in_any_order_count_once_in_time(
    live: ExchangeDesk, newest_first: bool
) -> None:
    live.account.tells_twice, live.account.newest_first = True, newest_first
    await live.broker.submit(bid())
    for part in ("0.1", "0.2", "0.3"):
        await live.fill(bid(), part)
    assert [fill.quantity for fill in await fills(live)] == [D("0.1"), D("0.2"), D("0.3")]


async def test_br_61_an_execution_that_shows_late_is_told_with_its_own_time(
    live: ExchangeDesk,
) -> None:
    await live.broker.submit(bid())
    live.account.hides_trades = True
    await live.fill(bid(), "0.1")
    early = live.clock.now()
    live.account.hides_trades = False
    await live.fill(bid(), "0.2")
    assert [fill.quantity for fill in await fills(live)] == [D("0.2")]
    live.account.reveal()
    (late,) = await fills(live)
    assert (late.quantity, late.at) == (D("0.1"), early)


async def test_br_62_an_end_waits_for_the_executions_before_it(live: ExchangeDesk) -> None:
    await live.broker.submit(bid())
    live.account.hides_trades = True
    await live.fill(bid(), "0.4")
    live.account.cancel(live.account.named("entry")[0].venue_id)
    report = await live.broker.report()
    assert (report.fills, report.canceled) == ((), ())
    live.account.reveal()
    report = await live.broker.report()
    assert [fill.quantity for fill in report.fills] == [D("0.4")]
    assert report.canceled == ("entry",)


async def test_br_63_a_report_that_fails_halfway_loses_nothing(live: ExchangeDesk) -> None:
    await live.broker.submit(bid())
    await live.fill(bid())
    for word in ("TradesHistory", "fills"):
        live.venue.fail(word, Fault.ERROR_BEFORE)
    with pytest.raises(BrokerUnavailable):
        await live.broker.report()
    assert [fill.quantity for fill in await fills(live)] == [D(1)]


async def test_br_64_what_others_do_on_the_account_is_left_alone(live: ExchangeDesk) -> None:
    await live.broker.submit(bid())
    theirs = VenueSideOrder(
        "manual", "", "BTC-USD", "buy", "limit", D("0.5"), live.clock.now(), limit=D(970)
    )
    live.account.place(theirs)
    live.account.execute(theirs, D("0.2"), D(970))
    await live.fill(bid())
    assert {fill.client_id for fill in await fills(live)} == {"entry"}
    assert theirs.status == "open"


@pytest.mark.parametrize("taken_first", [True, False])
async def test_br_65_a_post_only_entry_that_would_take_is_refused_either_way(
    live: ExchangeDesk, taken_first: bool
) -> None:
    live.account.cancels_post_only = taken_first
    answer = await live.broker.submit(bid("1005", post_only=True))
    if taken_first:
        assert isinstance(answer, Accepted)
        (answer,) = (await live.broker.report()).rejected
    assert isinstance(answer, Rejected)
    assert "post only" in answer.reason.lower()
    assert live.account.executions == []


async def test_br_66_a_fill_of_before_the_restart_is_told_if_the_journal_lacks_it(
    live: ExchangeDesk,
) -> None:
    await live.broker.submit(bid())
    await live.fill(bid(), "0.4")
    told = [fill.fill_id for fill in await fills(live)]
    await live.fill(bid(), "0.6")
    await live.restart([(bid(), D("0.4"))], told)
    assert [fill.quantity for fill in await fills(live)] == [D("0.6")]
    assert await fills(live) == []


async def test_br_67_a_target_survives_a_restart(live: ExchangeDesk) -> None:
    pair = (stop(at=0), target(at=0))
    for order in pair:
        await live.broker.submit(order)
    await live.restart([(order, D(0)) for order in pair], [])
    await live.wait_out_doubt()
    await live.broker.report()
    assert isinstance(await live.broker.find("target"), Accepted)
    await live.move(1101, 1102)
    report = await live.broker.report()
    assert {fill.client_id for fill in report.fills} == {"target"}
    assert report.canceled == ("stop",)


async def test_br_68_a_stop_that_fills_while_its_target_is_reached_sells_once(
    live: ExchangeDesk,
) -> None:
    await live.broker.submit(stop(at=0))
    await live.broker.submit(target(at=0))
    await live.fill(stop(at=0))
    await live.move(1101, 1102)
    report = await live.broker.report()
    assert [fill.client_id for fill in report.fills] == ["stop"]
    assert report.canceled == ("target",)


async def test_br_69_a_target_that_went_out_before_a_crash_does_not_go_out_again(
    live: ExchangeDesk,
) -> None:
    live.account.own["BTC"] = D(5)
    pair = (stop(at=0), target(at=0))
    for order in pair:
        await live.broker.submit(order)
    await live.move(1101, 1102)
    await live.restart([(order, D(0)) for order in pair], [])
    for _ in range(3):
        await live.move(1101, 1102)
        await live.wait_out_doubt()
        await live.broker.report()
    assert len(live.account.named("target")) == 1


async def test_br_70_a_working_order_that_the_venue_never_saw_is_told_off_the_market(
    live: ExchangeDesk,
) -> None:
    order = stop("950", at=0, linked_to="")
    await live.restart([(order, D(0))], [])
    assert (await live.broker.report()).canceled == ()
    with pytest.raises(OutcomeUnknown):
        await live.broker.find("stop")
    await live.wait_out_doubt()
    assert (await live.broker.report()).canceled == ("stop",)


async def test_br_71_a_target_sells_only_what_its_stop_has_left(live: ExchangeDesk) -> None:
    await live.broker.submit(stop(at=0))
    await live.broker.submit(target(at=0))
    await live.fill(stop(at=0), "0.4")
    await live.move(1101, 1102)
    report = await live.broker.report()
    sold = {fill.client_id: fill.quantity for fill in report.fills}
    assert sold == {"stop": D("0.4"), "target": D("0.6")}
    assert (await live.broker.balances()).get("BTC", 0) == 0


async def test_br_72_a_target_that_could_not_go_out_leaves_nobody_unguarded_in_silence(
    live: ExchangeDesk,
) -> None:
    """The stop is off and the target is not out: both are told, so that a new pair is sent."""
    await live.broker.submit(stop(at=0))
    await live.broker.submit(target(at=0))
    live.venue.fail(live.venue.order_path, Fault.TOO_FAST)
    await live.move(1101, 1102)
    live.tick(6)
    report = await live.broker.report()
    assert set(report.canceled) == {"stop", "target"}
    assert live.account.executions == []


async def test_br_73_a_closed_bar_lets_a_target_out_too(live: ExchangeDesk) -> None:
    await live.broker.submit(stop(at=0))
    await live.broker.submit(target(at=0))
    live.account.move("1101", "1102")
    await live.broker.observe(closed(bar(0, c=1101), caught_up=True))
    assert await fills(live) == []
    await live.broker.observe(closed(bar(0, c=1101)))
    assert {fill.client_id for fill in await fills(live)} == {"target"}


async def test_br_74_an_exit_goes_out_though_the_venue_does_not_tell_the_time(
    live: ExchangeDesk,
) -> None:
    for word in ("Time", "time"):
        live.venue.fail(word, Fault.ERROR_BEFORE)
    assert isinstance(await live.broker.submit(sell()), Accepted)


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.GARBAGE_AFTER])
async def test_br_75_a_target_whose_answer_is_lost_is_found(
    live: ExchangeDesk, fault: Fault
) -> None:
    await live.broker.submit(stop(at=0))
    await live.broker.submit(target(at=0))
    live.venue.fail(live.venue.order_path, fault)
    await live.move(1101, 1102)
    await live.move(1101, 1102)
    report = await live.broker.report()
    assert {fill.client_id for fill in report.fills} == {"target"}
    assert report.canceled == ("stop",)
    assert len(live.account.named("target")) == 1


async def test_br_76_a_target_that_never_arrived_is_told_off_the_market_once_proved(
    live: ExchangeDesk,
) -> None:
    await live.broker.submit(stop(at=0))
    await live.broker.submit(target(at=0))
    live.tick(600)
    live.venue.fail(live.venue.order_path, Fault.DROP_BEFORE)
    await live.move(1101, 1102)
    assert (await live.broker.report()).canceled == ("stop",)
    await live.wait_out_doubt()
    assert (await live.broker.report()).canceled == ("target",)
    assert live.account.named("target") == []


async def test_br_77_a_target_waits_while_its_stop_may_still_be_on(live: ExchangeDesk) -> None:
    await live.broker.submit(stop(at=0))
    await live.broker.submit(target(at=0))
    live.venue.fail(live.venue.cancel_path, Fault.DROP_BEFORE)
    await live.move(1101, 1102)
    assert live.account.named("target") == []
    await live.move(1101, 1102)
    report = await live.broker.report()
    assert {fill.client_id for fill in report.fills} == {"target"}
    assert report.canceled == ("stop",)


# ---- the venue's own ledger --------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [
        ("deposit", Meaning.ORDINARY),
        ("interest", Meaning.INTEREST),
        ("staking_reward", Meaning.INTEREST),
        ("rollover", Meaning.FINANCING),
        ("derivatives_settlement", Meaning.FINANCING),
        ("adjustment", Meaning.UNKNOWN),
        ("", Meaning.UNKNOWN),
    ],
)
async def test_br_80_a_line_comes_in_the_venues_words_and_has_its_meaning(
    live: ExchangeDesk, kind: str, meaning: Meaning
) -> None:
    booked = live.account.book(kind, "USD", D("0.0000000001"))
    (line,) = await live.broker.ledger_lines(None)
    assert (line.line_id, line.at, line.asset) == (booked.line_id, booked.at, "USD")
    assert line.amount == D("0.0000000001")
    assert kind in line.kind
    assert meaning_of(line) is meaning


async def test_br_81_a_charge_without_an_amount_is_told_with_what_it_took(
    live: ExchangeDesk,
) -> None:
    live.account.book("rollover", "USD", D(0), D("0.02"))
    (line,) = await live.broker.ledger_lines(None)
    assert (line.amount, line.worth_usd) == (D("-0.02"), D("-0.02"))


async def test_br_82_a_long_ledger_is_read_whole_and_once(live: ExchangeDesk) -> None:
    live.venue.page = 3
    for cents in range(1, 11):
        live.tick()
        live.account.book("deposit", "USD", D(cents) / 100)
    lines = await live.broker.ledger_lines(None)
    assert [line.amount for line in lines] == [D(cents) / 100 for cents in range(1, 11)]


async def test_br_83_a_ledger_is_read_on_from_the_newest_known_line(live: ExchangeDesk) -> None:
    live.account.book("deposit", "USD", D(1))
    live.tick(30 * 86_400)
    live.account.book("deposit", "USD", D(2))
    live.account.book("deposit", "USD", D(3))
    newest = max(line.at for line in await live.broker.ledger_lines(None))
    assert {line.amount for line in await live.broker.ledger_lines(newest)} == {D(2), D(3)}
    live.tick()
    live.account.book("interest", "USD", D(4))
    assert [line.amount for line in await live.broker.ledger_lines(newest)][-1] == D(4)


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.GARBAGE_AFTER, Fault.TOO_FAST])
async def test_br_84_half_a_ledger_is_none(live: ExchangeDesk, fault: Fault) -> None:
    live.venue.page = 2
    for _ in range(3):
        live.account.book("deposit", "USD", D(1))
    await live.broker.balances()
    for word in ("Ledgers", "transactions"):
        live.venue.fail(word, fault)
    with pytest.raises(BrokerUnavailable):
        await live.broker.ledger_lines(None)
    live.tick(6)
    assert len(await live.broker.ledger_lines(None)) == 3


async def test_br_85_a_ledger_that_cannot_be_read_is_no_empty_one(live: ExchangeDesk) -> None:
    line = {"id": "L1", "type": "interest", "amount": {"amount": "NaN", "currency": "USD"}}
    kraken = {"time": 1, "type": "reward", "asset": "ZUSD", "amount": "1", "fee": "much"}
    for ledger, told in (
        ({}, {}),
        ({"ledger": {"L1": kraken}, "count": 1}, {"data": [line], "pagination": {}}),
        ({"ledger": {"L1": None}, "count": 1}, {"data": [None], "pagination": {}}),
        ({"ledger": {}}, {"data": []}),
    ):
        live.venue.fail("Ledgers", {"error": [], "result": ledger})
        live.venue.fail("transactions", told)
        with pytest.raises(BrokerUnavailable, match="readable"):
            await live.broker.ledger_lines(None)


# ---- the account as the venue states it ------------------------------------------------------


async def test_br_90_a_statement_shows_balances_and_what_works(desk: BrokerDesk) -> None:
    await desk.broker.submit(bid())
    await desk.fill(bid(), "0.4")
    await desk.broker.report()
    (stated, *_) = await desk.broker.statement(SINCE)
    assert stated.balances["BTC"] == D("1.4")
    (order,) = stated.orders
    assert (order.client_id, order.left) == ("entry", D("0.6"))
    await desk.broker.cancel("entry")
    (stated, *_) = await desk.broker.statement(SINCE)
    assert stated.orders == ()


async def test_br_91_a_statement_names_our_executions_as_the_journal_does(
    desk: BrokerDesk,
) -> None:
    await desk.broker.submit(bid())
    await desk.fill(bid())
    (told,) = await fills(desk)
    (stated, *_) = await desk.broker.statement(SINCE)
    if stated.fills is None:
        assert stated.venue == "paper", "only paper keeps no list beside the record"
        return
    assert [(f.fill_id, f.client_id, f.quantity) for f in stated.fills] == [
        (told.fill_id, "entry", D(1))
    ]


async def test_br_92_a_target_that_is_held_here_counts_as_working(desk: BrokerDesk) -> None:
    await desk.broker.submit(stop())
    await desk.broker.submit(target())
    (stated, *_) = await desk.broker.statement(SINCE)
    assert {order.client_id for order in stated.orders} == {"stop", "target"}


async def test_br_93_what_the_owner_does_by_hand_is_stated_as_nobodys(live: ExchangeDesk) -> None:
    account = live.account
    mine = VenueSideOrder(
        account.new_id("O"), "", BTC.symbol, "buy", "limit", D(1), live.clock.now(), limit=D(900)
    )
    account.place(mine)
    now = VenueSideOrder(
        account.new_id("O"), "", BTC.symbol, "buy", "market", D("0.5"), live.clock.now()
    )
    account.place(now)
    live.tick()
    (stated,) = await live.broker.statement(SINCE)
    assert [(o.client_id, o.side, o.left) for o in stated.orders] == [("", Side.BUY, D(1))]
    (fill,) = stated.fills or ()
    assert (fill.client_id, fill.side, fill.quantity) == ("", Side.BUY, D("0.5"))
    again = len(live.venue.requests)
    await live.broker.statement(SINCE)
    asked = [r.path for r in live.venue.requests[again:]]
    assert not any("QueryOrders" in path or now.venue_id in path for path in asked)
