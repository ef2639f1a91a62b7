"""The pure parts of the IBKR adapter, where the gateway cannot easily lead them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.brokers.ibkr.account import Account, account_fault, port_fault
from engine.brokers.ibkr.codes import Meaning, meaning
from engine.brokers.ibkr.contracts import FORMS, listing_fault, on_tick, pair_group
from engine.brokers.ibkr.executions import Around, ExecutionBook
from engine.brokers.ibkr.facts import Listing, VenueExecution, split_id
from engine.brokers.ibkr.session import NightlyRestart
from engine.brokers.ibkr.settlement import settles_on, unsettled
from engine.compliance import ALLOWED_GATEWAY_CALLS, check_gateway_call
from engine.market.nyse import is_trading_day
from engine.model.orders import Fill, Side
from tests.kit.ib_gateway.trading import limit_buy, stop, target
from tests.kit.ib_gateway.venue import MONDAY_11

D = Decimal
LISTING = Listing(
    76023663, "PHYS", "STK", "SMART", "ARCA", "USD", D("0.01"), D(1), D(1), frozenset()
)
CASH = Account("U1234567", "INDIVIDUAL", D(100), D(100), D(100), D(100))


def execution(revision: int = 1, **other: object) -> VenueExecution:
    each = VenueExecution(
        exec_id=f"0000e0d5.00000001.01.{revision:02d}", client_id="entry", order_id=1, perm_id=9,
        con_id=76023663, symbol="PHYS", sec_type="STK", side=Side.BUY, at=MONDAY_11,
        price=D("19.00") + revision, quantity=D(10), commission_usd=D(1), commission_told=True,
    )  # fmt: skip
    return replace(each, **other)  # type: ignore[arg-type]


def around(execution: VenueExecution) -> Around:
    return Around(D(0), execution.price, MONDAY_11)


@given(order=st.permutations([1, 2, 3]), again=st.permutations([1, 2, 3]))
def test_executions_in_any_order_and_number_give_one_fill(
    order: list[int], again: list[int]
) -> None:
    book = ExecutionBook(timedelta(0))
    told: list[Fill] = []
    for revision in (*order, *again):
        book.hear([execution(revision)], MONDAY_11)
        told += book.fills(MONDAY_11, around)
    amended = book.amendments(around)
    assert len(told) == 1
    last = amended[-1].fill if amended else told[0]
    assert last.price == D("22.00")
    assert last.fill_id == told[0].fill_id == "0000e0d5.00000001.01"


def test_an_id_without_a_revision_is_its_own() -> None:
    assert split_id("by-hand") == ("by-hand", 0)
    assert split_id("a.b.7") == ("a.b", 7)


@given(price=st.decimals("0.001", "5000", places=3), tick=st.sampled_from(["0.01", "0.05", "1"]))
def test_a_price_moves_less_than_a_tick_and_only_against_us(price: Decimal, tick: str) -> None:
    listing = replace(LISTING, min_tick=D(tick))
    bought, _ = on_tick(limit_buy(str(price)), listing)
    sold, _ = on_tick(target(str(price)), listing)
    _, stopped = on_tick(stop(str(price)), listing)
    assert bought is not None
    assert sold is not None
    assert price - D(tick) < bought <= price <= sold < price + D(tick)
    assert stopped == sold


def test_both_halves_of_a_pair_name_the_same_group() -> None:
    assert pair_group(stop()) == pair_group(target()) != ""
    assert pair_group(stop(linked_to="")) == ""


@pytest.mark.parametrize("field", ["symbol", "sec_type", "currency", "primary_exchange"])
def test_a_listing_that_differs_in_anything_is_another_thing(field: str) -> None:
    assert listing_fault(FORMS["PHYS"], (LISTING,)) == ""
    assert listing_fault(FORMS["PHYS"], (replace(LISTING, **{field: "CFD"}),))  # type: ignore[arg-type]
    assert "2 contracts" in listing_fault(FORMS["PHYS"], (LISTING, LISTING))


def test_every_known_form_is_owned_outright_in_dollars() -> None:
    assert {form.sec_type for form in FORMS.values()} == {"STK", "CMDTY"}
    assert {form.currency for form in FORMS.values()} == {"USD"}


@pytest.mark.parametrize(
    ("traded", "days", "settled"),
    [
        (date(2026, 3, 2), 1, date(2026, 3, 3)),
        (date(2026, 3, 6), 1, date(2026, 3, 9)),
        (date(2026, 4, 2), 1, date(2026, 4, 6)),  # over Good Friday
        (date(2026, 3, 5), 2, date(2026, 3, 9)),
        (date(2026, 3, 5), 0, date(2026, 3, 5)),
    ],
)
def test_a_trade_settles_on_the_next_business_days(traded: date, days: int, settled: date) -> None:
    assert settles_on(traded, days, is_trading_day) == settled


def test_what_was_bought_late_in_the_evening_belongs_to_new_yorks_day() -> None:
    evening = datetime(2026, 3, 3, 2, tzinfo=UTC)  # Monday 21:00 in New York
    bought = [execution(at=evening)]
    assert unsettled(bought, 76023663, 1, evening + timedelta(hours=2)) == 10
    assert unsettled(bought, 76023663, 1, evening + timedelta(hours=4)) == 0
    assert unsettled(bought, 1, 1, evening) == 0


def test_the_nightly_restart_reaches_over_midnight() -> None:
    restart = NightlyRestart(time(23, 50), timedelta(minutes=20), "America/New_York")
    zone = ZoneInfo("America/New_York")
    midnight = datetime(2026, 3, 3, tzinfo=zone)
    assert restart.over_at(midnight) == midnight + timedelta(minutes=10)
    assert restart.over_at(midnight - timedelta(minutes=10)) is not None
    assert restart.over_at(midnight - timedelta(minutes=11)) is None
    assert restart.over_at(midnight + timedelta(minutes=10)) is None


def test_an_unknown_number_is_no_good_news() -> None:
    assert meaning(123456) is Meaning.UNCLEAR
    assert meaning(202) is Meaning.CANCELED
    assert meaning(2104) is Meaning.NOTICE


@pytest.mark.parametrize(
    ("buying_power", "available", "leverage"),
    [(D(100), D(100), "cash"), (D(400), D(100), "margin"), (D(0), D(0), "unknown"),
     (None, D(100), "unknown"), (D(100), None, "unknown"), (D(100), D(-5), "margin")],
)  # fmt: skip
def test_credit_shows_in_the_buying_power(
    buying_power: Decimal | None, available: Decimal | None, leverage: str
) -> None:
    account = replace(CASH, buying_power=buying_power, available=available)
    assert account.leverage == leverage
    assert (account_fault(account, ["U1234567"], live=True) == "") is (leverage == "cash")


def test_a_port_of_the_other_kind_is_hinted_at() -> None:
    assert "IB Gateway, live" in port_fault(4001, live=False)
    assert "TWS, paper" in port_fault(7497, live=True)
    assert port_fault(4002, live=False) == port_fault(4000, live=True) == ""


@pytest.mark.parametrize(
    "word",
    ["margin", "borrow", "lend", "loan", "exercise", "transfer", "withdraw", "globalcancel", "fa"],
)
def test_no_allowed_gateway_call_names_what_is_forbidden(word: str) -> None:
    assert not [name for name in ALLOWED_GATEWAY_CALLS if name.lower().removeprefix("req") == word]
    assert not [name for name in ALLOWED_GATEWAY_CALLS if len(word) > 2 and word in name.lower()]
    assert check_gateway_call(f"req{word}") is not None
