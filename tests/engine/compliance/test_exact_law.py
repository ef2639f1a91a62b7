"""The yearly cap and the venues of a place: at the brink, and word for word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.compliance import NetBuys, check_net_buys, check_venue, net_buys, year_before
from engine.compliance.jurisdiction import Dealing, Jurisdiction
from engine.model.instruments import InstrumentForm
from engine.model.orders import Side
from engine.model.verdicts import Refused
from tests.engine.compliance.test_compliance import BTC

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
AGO = datetime(2025, 6, 1, 12, tzinfo=UTC)
PAXG = replace(BTC, symbol="PAXG-USD", form=InstrumentForm.TOKENISED_ALLOCATED_METAL)
SOL = replace(BTC, symbol="SOL-USD")
BARS = replace(BTC, symbol="XAU-USD", form=InstrumentForm.ALLOCATED_METAL)
WATCHED = (BTC, PAXG, BARS, SOL)
LAW = Jurisdiction(
    name="CA-ON",
    venues=frozenset({"kraken", "bitbuy"}),
    net_buy_cap_cad=Decimal(30_000),
    uncapped_assets=frozenset({"BTC"}),
    usd_cad=Decimal("1.5"),
    usd_cad_as_of=date(2026, 5, 1),
    as_of=date(2026, 5, 2),
    source="test",
)


def bought(usd: str, at: datetime = NOW, side: Side = Side.BUY, name: str = "PAXG-USD") -> Dealing:
    return Dealing(at, name, side, Decimal(usd))


def standing(*dealings: Dealing, **more: Decimal) -> NetBuys:
    found = net_buys(dealings, WATCHED, LAW, NOW, **more)
    assert found is not None
    return found


def used(*dealings: Dealing, **more: Decimal) -> Decimal:
    return standing(*dealings, **more).used_cad


@pytest.mark.parametrize(
    ("now", "before"),
    [
        ("2028-02-29", "2027-02-28"),
        ("2025-02-28", "2024-02-28"),
        ("2026-03-31", "2025-03-31"),
        ("2026-12-31", "2025-12-31"),
        ("2026-01-01", "2025-01-01"),
        ("2026-04-30", "2025-04-30"),
    ],
)
def test_a_year_before_is_the_same_day_of_the_same_month(now: str, before: str) -> None:
    at = datetime.fromisoformat(f"{now}T05:06:07+00:00")
    assert year_before(at) == datetime.fromisoformat(f"{before}T05:06:07+00:00")


def test_where_the_cap_stands_is_told_whole() -> None:
    assert standing(bought("1000"), pending_usd=Decimal("0.5")) == NetBuys(
        jurisdiction="CA-ON",
        used_cad=Decimal("1500.75"),
        cap_cad=Decimal(30_000),
        instruments=("PAXG-USD", "SOL-USD"),
        usd_cad=Decimal("1.5"),
        usd_cad_as_of=date(2026, 5, 1),
    )


def test_the_window_opens_just_after_the_same_instant_a_year_ago() -> None:
    assert used(bought("100", AGO)) == 0
    assert used(bought("100", AGO - timedelta(days=1))) == 0
    assert used(bought("100", AGO + timedelta(microseconds=1))) == 150


def test_what_is_left_out_ends_no_count() -> None:
    old, other = bought("7", AGO), bought("7", name="BTC-USD")
    assert used(old, bought("100"), other, bought("10"), bought("1", name="BARS-USD")) == Decimal(
        "166.5"
    )


def test_sales_give_back_what_was_bought_in_the_window_and_no_more() -> None:
    sale = bought("0.4", side=Side.SELL)
    assert used(bought("1"), sale) == Decimal("0.9")
    assert used(bought("0.5"), sale, sale) == 0
    assert used(sale, pending_usd=Decimal("0.4")) == Decimal("0.6")
    assert used() == 0


@pytest.mark.parametrize(
    ("spent", "left"), [("40000", "0"), ("30000", "0"), ("29999.5", "0.5"), ("0", "30000")]
)
def test_what_is_left_is_never_less_than_nothing(spent: str, left: str) -> None:
    assert replace(standing(), used_cad=Decimal(spent)).left_cad == Decimal(left)


@pytest.mark.parametrize(
    ("usd", "cad"),
    [
        ("1", None),
        ("0.5", None),
        ("1.01", "CAD 30,000.02 with this order"),
        ("NaN", "CAD NaN with this order"),
        ("Infinity", "CAD Infinity with this order"),
        ("-Infinity", "CAD -Infinity with this order"),
    ],
)
def test_the_cap_itself_may_be_reached(usd: str, cad: str | None) -> None:
    state = standing(bought("19999"))
    verdict = check_net_buys(PAXG, Decimal(usd), LAW, state)
    if cad is None:
        assert verdict is None
        return
    assert verdict == Refused(
        "net purchases in 12 months, CA-ON",
        cad,
        "CAD 30,000.00",
        "Room comes back as purchases grow older than a year, or with sales.",
    )


def test_only_what_counts_in_a_place_that_caps_is_capped() -> None:
    full = standing(bought("20000"))
    much = Decimal(10**6)
    assert isinstance(check_net_buys(PAXG, much, LAW, full), Refused)
    assert check_net_buys(PAXG, much, None, full) is None
    assert check_net_buys(PAXG, much, LAW, None) is None
    assert check_net_buys(BARS, much, LAW, full) is None
    assert check_net_buys(BTC, much, LAW, full) is None


@pytest.mark.parametrize("venue", ["aaa", "zzz"])
def test_a_venue_of_no_table_is_refused_with_the_table(venue: str) -> None:
    elsewhere = replace(BTC, venue=venue)
    assert check_venue(BTC, LAW) is None
    assert check_venue(elsewhere, None) is None
    mend = "The table was read on 2026-05-02; see [jurisdictions] in config.toml."
    measured = f"BTC-USD is traded at {venue}"
    assert check_venue(elsewhere, LAW) == Refused(
        "venues for CA-ON", measured, "bitbuy, kraken", mend
    )
    nowhere = replace(LAW, venues=frozenset())
    assert check_venue(elsewhere, nowhere) == Refused("venues for CA-ON", measured, "none", mend)
