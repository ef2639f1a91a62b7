"""Record against statement: every difference one line, the owner's own affairs only told."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Settings
from engine.desk.policy import policy_of
from engine.desk.reconciling import (
    Books,
    books_by_fills,
    books_of,
    differences,
    whole_books_of,
)
from engine.model import events as happened
from engine.model.orders import OrderType, Purpose, Side
from engine.model.reconciliation import (
    Difference,
    DifferenceKind,
    StatedFill,
    StatedOrder,
    VenueStatement,
)
from tests.kit.events import BOUGHT, NOON, filled, intended, ledger_of, order

D = Decimal
POLICY = policy_of(Settings(), ("BTC-USD", "PAXG-USD"))
BOOKS = Books(
    balances={"USD": D("9800.00"), "BTC": D("0.5")},
    dust={"USD": D("0.01"), "BTC": D("0.00001")},
    working={"abc-stop-1": "BTC-USD"},
    orders=frozenset({"abc-entry-1", "abc-stop-1"}),
    fills=frozenset({"kraken:T1"}),
)
STOP = StatedOrder("O1", "abc-stop-1", "XBTUSD", Side.SELL, D("0.5"))
BUY = StatedFill("kraken:T1", "abc-entry-1", NOON, "XBTUSD", Side.BUY, D(400), D("0.5"))
SAME = VenueStatement("kraken", {"USD": D("9800.00"), "BTC": D("0.5")}, (STOP,), (BUY,))


def found(**changes: object) -> tuple[Difference, ...]:
    return differences(BOOKS, (replace(SAME, **changes),))  # type: ignore[arg-type]


def test_an_account_that_is_as_recorded_has_no_difference() -> None:
    assert differences(BOOKS, (SAME,)) == ()


@pytest.mark.parametrize(
    ("balances", "things"),
    [
        ({"USD": D("9800.009"), "BTC": D("0.500009")}, []),
        ({"USD": D("9800.01"), "BTC": D("0.5")}, ["USD"]),
        ({"USD": D("9800.00"), "BTC": D("0.50001")}, ["BTC"]),
        ({"USD": D("9800.00")}, ["BTC"]),
        ({"BTC": D("0.5")}, ["USD"]),
        ({"USD": D("NaN"), "BTC": D("0.5")}, ["USD"]),
        ({"USD": D("9800.00"), "BTC": D("Infinity")}, ["BTC"]),
    ],
)
def test_a_balance_beyond_dust_stops_entries(
    balances: dict[str, Decimal], things: list[str]
) -> None:
    lines = found(balances=balances)
    assert [each.thing for each in lines] == things
    assert all(each.halts and each.kind is DifferenceKind.BALANCE for each in lines)


def test_a_difference_says_both_numbers_and_which_way() -> None:
    (line,) = found(balances={"USD": D("9790.00"), "BTC": D("0.5")})
    assert line.sentence == (
        "kraken holds 9790 USD, and the record comes to 9800 with what is the owner's: "
        "10 less at the venue"
    )


def test_the_owners_affairs_are_told_and_stop_nothing() -> None:
    lines = found(
        balances={**SAME.balances, "ETH": D(3)},
        orders=(STOP, StatedOrder("O9", "", "XBTUSD", Side.BUY, D(1))),
        fills=(BUY, replace(BUY, fill_id="kraken:T9", client_id="", side=Side.SELL)),
    )
    assert {each.kind for each in lines} == {
        DifferenceKind.OWNERS_ASSET, DifferenceKind.OWNERS_ORDER, DifferenceKind.OWNERS_TRADE,
    }  # fmt: skip
    assert not any(each.halts for each in lines)
    assert any("sold 0.5 of XBTUSD at 400" in each.sentence for each in lines)


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"orders": ()}, DifferenceKind.ORDER_GONE, "lists none"),
        (
            {"orders": (STOP, replace(STOP, client_id="abc-entry-1"))},
            DifferenceKind.ORDER_UNKNOWN,
            "knows as ended",
        ),
        (
            {"orders": (STOP, replace(STOP, client_id="somebody"))},
            DifferenceKind.ORDER_UNKNOWN,
            "never sent",
        ),
        (
            {"fills": (BUY, replace(BUY, fill_id="kraken:T2"))},
            DifferenceKind.FILL_UNBOOKED,
            "abc-entry-1 is not booked",
        ),
    ],
)
def test_orders_and_fills_that_the_record_does_not_account_for_stop_entries(
    changes: dict[str, object], kind: DifferenceKind, words: str
) -> None:
    (line,) = found(**changes)
    assert line.kind is kind
    assert line.halts
    assert words in line.sentence


def test_dollars_are_one_sum_over_the_venues() -> None:
    split = (
        replace(SAME, balances={"USD": D(5000), "BTC": D("0.5")}),
        VenueStatement("ibkr", {"USD": D(4800)}, (), None),
    )
    assert differences(BOOKS, split) == ()


# ---- the books of a ledger -------------------------------------------------------------


def test_books_hold_cash_lots_orders_and_what_is_the_owners() -> None:
    stop = intended("stop", Purpose.STOP, type=OrderType.STOP, stop_price=D(95), quantity=D(2))
    ledger = ledger_of(*BOUGHT, stop, happened.OrderAccepted("stop", "v-1"))
    ledger.set_aside = {"USD": D(100), "BTC": D(1)}
    books = books_of(ledger, POLICY, NOON)
    assert books.balances == {"USD": D(9899), "BTC": D(3)}
    assert books.working == {"stop": "BTC-USD"}
    assert books.dust["BTC"] == POLICY.instruments["BTC-USD"].lot
    assert books.fills == frozenset(ledger.fills)


def test_an_order_in_doubt_is_no_difference_yet() -> None:
    ledger = ledger_of(*BOUGHT[:4])
    assert books_of(ledger, POLICY, NOON).working == {}
    lost = ledger_of(*BOUGHT[:4], happened.OrderOutcomeUnknown("buy", "timed out"))
    assert books_of(lost, POLICY, NOON).working == {}


PARTS = st.lists(st.integers(1, 40), min_size=1, max_size=6)


@given(bought=PARTS, prices=st.lists(st.integers(90, 110), min_size=6, max_size=6), data=st.data())
def test_the_fills_alone_add_up_to_cash_and_positions(
    bought: list[int], prices: list[int], data: st.DataObject
) -> None:
    parts = [D(each) / 200 for each in bought]
    total = sum(parts, D(0))
    sold = total * data.draw(st.integers(0, 4)) / 4
    events = [
        *BOUGHT[:3],
        intended("buy", quantity=str(total)),
        *(
            filled("buy", str(part), price, fill_id=f"b{n}")
            for n, (part, price) in enumerate(zip(parts, prices, strict=False))
        ),
        happened.LotSettled("P-AAAA"),
        happened.LotReleased("P-AAAA"),
    ]
    if sold:
        out = order("out", Purpose.OWNER_CLOSE, str(sold))
        events += [happened.OrderIntended(out), filled("out", str(sold), 101)]
    ledger = ledger_of(*events)
    assert differences(whole_books_of(ledger, POLICY), (books_by_fills(ledger, POLICY),)) == ()
    ledger.cash_usd += D("0.05")
    (line,) = differences(whole_books_of(ledger, POLICY), (books_by_fills(ledger, POLICY),))
    assert line.thing == "USD"


AMOUNTS = st.decimals(-50, 50, places=6)


@given(usd=AMOUNTS, btc=AMOUNTS, dust=st.decimals(D("0.000001"), 1, places=6))
def test_a_balance_halts_exactly_when_it_differs_by_its_dust_or_more(
    usd: Decimal, btc: Decimal, dust: Decimal
) -> None:
    books = replace(BOOKS, dust={"USD": dust, "BTC": dust}, working={})
    there = {"USD": BOOKS.balances["USD"] + usd, "BTC": BOOKS.balances["BTC"] + btc}
    lines = differences(books, (VenueStatement("kraken", there, (), ()),))
    wanted = {name for name, gap in (("USD", usd), ("BTC", btc)) if abs(gap) >= dust}
    assert {each.thing for each in lines} == wanted
