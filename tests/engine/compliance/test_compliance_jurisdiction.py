"""Venues and the yearly cap of the place: counted from executions, at one dated rate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.compliance import check_net_buys, check_venue, net_buys, year_before
from engine.compliance.jurisdiction import Dealing, Jurisdiction
from engine.config import Settings
from engine.model.instruments import InstrumentForm
from engine.model.orders import Side
from engine.model.verdicts import Refused
from tests.kit.desk import BTC as BTC_USD
from tests.kit.desk import OWNER, at_work, desk_settings, refusal, swinging_file
from tests.kit.market import BTC, XAU

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PAXG = replace(BTC, symbol="PAXG-USD", form=InstrumentForm.TOKENISED_ALLOCATED_METAL)
LAW = Jurisdiction(
    name="CA-ON",
    venues=frozenset({"kraken"}),
    net_buy_cap_cad=Decimal(30_000),
    uncapped_assets=frozenset({"BTC", "ETH", "LTC", "BCH"}),
    usd_cad=Decimal("1.5"),
    usd_cad_as_of=date(2026, 5, 1),
    as_of=date(2026, 5, 1),
    source="test",
)


def deal(usd: int, days_ago: float = 1, side: Side = Side.BUY, name: str = "PAXG-USD") -> Dealing:
    return Dealing(NOW - timedelta(days=days_ago), name, side, Decimal(usd))


def used(*dealings: Dealing, pending: int = 0) -> Decimal:
    found = net_buys(dealings, (BTC, XAU, PAXG), LAW, NOW, pending_usd=Decimal(pending))
    assert found is not None
    return found.used_cad


def test_a_token_on_gold_counts_and_bitcoin_and_metal_at_a_broker_do_not() -> None:
    assert [LAW.counts(each) for each in (PAXG, BTC, XAU)] == [True, False, False]
    found = net_buys((), (BTC, XAU, PAXG), LAW, NOW)
    assert found is not None
    assert found.instruments == ("PAXG-USD",)


@pytest.mark.parametrize(
    ("dealings", "cad"),
    [
        ((), 0),
        ((deal(1000),), 1500),
        ((deal(1000), deal(400, side=Side.SELL)), 900),
        ((deal(1000, 366), deal(400, side=Side.SELL)), 0),
        ((deal(1000, 364), deal(1000, 365.0)), 1500),
        ((deal(1000, name="BTC-USD"), deal(1000, name="XAU-USD")), 0),
        ((deal(1000, name="DOGE-USD"),), 1500),
    ],
)
def test_purchases_net_of_sales_in_twelve_months(dealings: tuple[Dealing, ...], cad: int) -> None:
    assert used(*dealings) == cad


def test_working_buys_count() -> None:
    assert used(deal(1000), pending=100) == 1650


@pytest.mark.parametrize(
    ("outlay", "lawful"), [("1000", True), ("1000.01", False), ("NaN", False)]
)
def test_the_cap_is_kept_to_the_cent(outlay: str, lawful: bool) -> None:
    state = net_buys((deal(19_000),), (PAXG,), LAW, NOW)
    verdict = check_net_buys(PAXG, Decimal(outlay), LAW, state)
    assert (verdict is None) == lawful


def test_what_does_not_count_is_not_capped_and_no_place_has_no_cap() -> None:
    state = net_buys((deal(30_000),), (PAXG,), LAW, NOW)
    assert check_net_buys(BTC, Decimal(10**6), LAW, state) is None
    assert check_net_buys(PAXG, Decimal(10**6), None, None) is None
    assert net_buys((), (PAXG,), replace(LAW, net_buy_cap_cad=None), NOW) is None


def test_a_venue_that_may_not_serve_the_owner_is_named() -> None:
    assert check_venue(BTC, LAW) is None
    assert isinstance(check_venue(XAU, LAW), Refused)
    assert check_venue(XAU, None) is None


def test_a_leap_day_has_a_year_before() -> None:
    assert year_before(datetime(2028, 2, 29, tzinfo=UTC)).date() == date(2027, 2, 28)


def test_the_owner_lives_in_ontario_unless_told_otherwise() -> None:
    law = Settings().law
    assert law is not None
    assert (law.name, law.net_buy_cap_cad) == ("CA-ON", Decimal(30_000))
    assert Settings(compliance={"jurisdiction": ""}).law is None
    with pytest.raises(ValueError, match="none of CA-ON"):
        Settings(compliance={"jurisdiction": "CA-QC"})


async def test_the_desk_keeps_to_the_cap_and_to_the_venues(tmp_path: Path) -> None:
    file = swinging_file(tmp_path, 390, half_life=20.0)
    table = {"uncapped_assets": (), "net_buy_cap_cad": 100}
    async with at_work(file, desk_settings(jurisdictions={"CA-ON": table})) as desk:
        await desk.bars(2)
        view = await desk.proposal()
        said = refusal(await desk.desk.approve(OWNER, view.terms.id, view.short_hash))
        assert said.limit == "net purchases in 12 months, CA-ON"
        assert desk.ledger.attempts == []
        shown = desk.desk.portfolio().net_buys
        assert shown is not None
        assert (shown.used_cad, shown.cap_cad, shown.instruments) == (
            Decimal(0),
            Decimal(100),
            (BTC_USD,),
        )
    barred = desk_settings(jurisdictions={"CA-ON": {"venues": ("coinbase",)}})
    async with at_work(file, barred) as desk:
        await desk.bars(2)
        view = await desk.proposal()
        said = refusal(await desk.desk.approve(OWNER, view.terms.id, view.short_hash))
        assert said.limit == "venues for CA-ON"
