"""Zakat, purification and the Hijri calendar to the digit; and that no answer can be changed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.compliance import INVARIANTS, QUESTIONS, NetBuys
from engine.compliance.hijri import hawl_after, hijri_text
from engine.compliance.invariants import invariant_of
from engine.compliance.jurisdiction import Dealing, Jurisdiction
from engine.compliance.purification import purification
from engine.compliance.zakat import (
    GRAMS_PER_TROY_OUNCE,
    LUNAR_RATE,
    SOLAR_RATE,
    Nisab,
    OuncePrice,
    TradingGood,
    ZakatReport,
    ZakatYear,
    zakat_report,
)
from engine.model.orders import Side
from engine.model.venue_lines import VenueLine

DAY = date(2026, 3, 1)
AT = datetime(2026, 1, 1, tzinfo=UTC)
OUNCE = OuncePrice(GRAMS_PER_TROY_OUNCE * 100, DAY, "test")
GOODS = (
    TradingGood("BTC-USD", Decimal("0.1"), Decimal(50_000)),
    TradingGood("PAXG-USD", Decimal("0.5"), Decimal(3_000)),
)


def report(cash: str = "5000", debts: str = "1000", **more: object) -> ZakatReport:
    fields = {"nisab": Nisab.GOLD, "price": OUNCE, "year": ZakatYear.LUNAR} | more
    return zakat_report(DAY, GOODS, Decimal(cash), Decimal(debts), **fields)  # type: ignore[arg-type]


def line(amount: str, asset: str = "USD", worth: str | None = None, day: int = 1) -> VenueLine:
    at = AT.replace(day=day)
    value = None if worth is None else Decimal(worth)
    return VenueLine(f"{asset}{day}", "kraken", at, "interest", asset, Decimal(amount), value)


# ---- zakat -------------------------------------------------------------------------------


def test_a_report_shows_everything_that_went_into_it() -> None:
    assert report() == ZakatReport(
        day=DAY,
        hijri="12 Ramadan 1447 AH",
        goods=GOODS,
        cash_usd=Decimal(5000),
        due_debts_usd=Decimal(1000),
        base_usd=Decimal(10_500),
        nisab=Nisab.GOLD,
        price=OUNCE,
        gram_usd=Decimal(100),
        nisab_usd=Decimal(8500),
        year=ZakatYear.LUNAR,
        rate=Decimal("0.025"),
        due_usd=Decimal("262.5"),
        next_hawl=None,
        next_hawl_hijri="",
        simulated=False,
    )
    assert report().goods_usd == Decimal(6500)
    assert report().formula == (
        "goods 6,500.00 + cash 5,000.00 − due debts 1,000.00 = 10,500.00 USD; "
        "nisab 85 g × 100.0000 USD = 8,500.00 USD; × 2.5000 % = 262.50 USD"
    )


def test_what_was_chosen_is_what_is_reported() -> None:
    made = report(
        nisab=Nisab.SILVER, year=ZakatYear.SOLAR, hawl_on=date(2025, 3, 1), simulated=True
    )
    assert (made.nisab_usd, made.due_usd, made.simulated) == (Decimal(59_500), Decimal(0), True)
    assert made.rate == SOLAR_RATE
    assert (made.next_hawl, made.next_hawl_hijri) == (date(2026, 2, 18), "1 Ramadan 1447 AH")


def test_rates_are_those_of_the_lunar_and_of_the_solar_year() -> None:
    assert Decimal("0.025") == LUNAR_RATE
    assert Decimal("0.0257672") < SOLAR_RATE < Decimal("0.0257673")
    assert [year.rate for year in ZakatYear] == [LUNAR_RATE, SOLAR_RATE]
    assert [nisab.grams for nisab in Nisab] == [85, 595]


@pytest.mark.parametrize(
    ("cash", "base", "due"),
    [("3000", "8500", "212.5"), ("2999.99", "8499.99", "0"), ("3000.4", "8500.4", "212.51")],
)
def test_the_nisab_itself_is_enough(cash: str, base: str, due: str) -> None:
    made = report(cash)
    assert (made.base_usd, made.due_usd) == (Decimal(base), Decimal(due))


def test_debts_above_everything_leave_nothing() -> None:
    made = report("0", "6500.5")
    assert (made.base_usd, made.due_usd) == (Decimal(0), Decimal(0))
    assert report("0", "6499.5").base_usd == Decimal("0.5")


@pytest.mark.parametrize("amount", ["-0.5", "-1", "NaN", "Infinity"])
def test_an_amount_below_nothing_is_named(amount: str) -> None:
    with pytest.raises(ValueError, match=f"^cash_usd must be >= 0, was {amount}$"):
        report(amount)
    with pytest.raises(ValueError, match=f"^due_debts_usd must be >= 0, was {amount}$"):
        report("0", amount)


@pytest.mark.parametrize("price", ["0", "-0.5", "-1", "NaN", "Infinity"])
def test_an_ounce_costs_something(price: str) -> None:
    with pytest.raises(ValueError, match=f"^price of the ounce must be above 0, was {price}$"):
        report(price=OuncePrice(Decimal(price), DAY, "test"))


@pytest.mark.parametrize("price", ["0.5", "1"])
def test_an_ounce_may_be_cheap(price: str) -> None:
    made = report("0", "0", price=OuncePrice(Decimal(price), DAY, "test"))
    assert made.due_usd == Decimal("162.5")


# ---- the Hijri calendar ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "after"),
    [
        (date(2025, 3, 1), date(2026, 2, 18)),
        # A 30th whose month has 29 days a year later.
        (date(2024, 4, 9), date(2025, 3, 29)),
        (date(2024, 7, 6), date(2025, 6, 25)),
        # Beyond the tables: 354 days.
        (date(2080, 1, 1), date(2080, 12, 20)),
        (date(2077, 11, 1), date(2078, 10, 21)),
        (date(1900, 1, 1), date(1900, 12, 21)),
    ],
)
def test_a_hijri_year_on(day: date, after: date) -> None:
    assert hawl_after(day) == after


def test_no_day_is_named_beyond_the_tables() -> None:
    assert hijri_text(date(2077, 11, 16)) == "30 Dhu al-Hijjah 1500 AH"
    assert hijri_text(date(2077, 11, 17)) == ""
    assert hijri_text(date(1900, 1, 1)) == ""


# ---- purification ------------------------------------------------------------------------


def test_what_came_in_is_summed_oldest_first() -> None:
    late, early, alone = line("0.5", day=3), line("2", "ETH", "7", day=2), line("1", "SOL", day=1)
    account = purification(
        (late, line("0", day=4), line("-3", day=5), early, alone), map(Decimal, ("1", "0.25"))
    )
    assert account.lines == (alone, early, late)
    assert account.unvalued == (alone,)
    assert (account.received_usd, account.given_usd) == (Decimal("7.5"), Decimal("1.25"))
    assert account.left_usd == Decimal("6.25")


def test_nothing_received_is_nothing_to_give() -> None:
    account = purification((), ())
    assert {account.received_usd, account.given_usd, account.left_usd} == {Decimal(0)}


# ---- values ------------------------------------------------------------------------------


def test_each_limit_belongs_to_its_invariant_or_to_none() -> None:
    for each in INVARIANTS:
        assert {invariant_of(limit) for limit in each.limits} == {each.name}
    assert invariant_of("daily loss") == "daily loss"


PLACE = Jurisdiction("X", frozenset(), None, frozenset(), Decimal(1), DAY, DAY, "test")


@pytest.mark.parametrize(
    "value",
    [
        *(INVARIANTS[0], QUESTIONS[0], OUNCE, GOODS[0], report(), purification((), ()), PLACE),
        Dealing(AT, "BTC-USD", Side.BUY, Decimal(1)),
        NetBuys("X", Decimal(0), Decimal(1), (), Decimal(1), DAY),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_answer_cannot_be_changed(value: object) -> None:
    field = next(iter(type(value).__dataclass_fields__))  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError):
        setattr(value, field, "else")
    assert not hasattr(value, "__dict__")
