"""The verdict on an entry: what refuses it, what cuts it, and that unknown refuses."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.model.instruments import Asset, Calendar, Instrument, InstrumentForm
from engine.model.proposals import CardKind
from engine.model.verdicts import Approved, Refused, Resized, Verdict
from engine.risk import (
    ClockState,
    EntryRequest,
    Exposure,
    Limits,
    MarketState,
    OddsRecord,
    PastEntry,
    RiskPicture,
    TrippedBreaker,
    VenueState,
    assess_entry,
    room_left,
)
from engine.sizing import Bet, Room, size_entry

NOW = datetime(2025, 3, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIMITS = Limits()


def instrument(symbol: str, asset: Asset) -> Instrument:
    form = InstrumentForm.ALLOCATED_METAL
    return Instrument(
        symbol,
        asset,
        form,
        "ibkr",
        Decimal("0.01"),
        Decimal("0.01"),
        Decimal(10),
        Calendar.METALS,
    )


GOLD = instrument("XAU-USD", Asset.GOLD)
SILVER = instrument("XAG-USD", Asset.SILVER)


def calm_market(symbol: str, **changes: Any) -> MarketState:
    market = MarketState(
        instrument=symbol,
        asset=Asset.SILVER if symbol.startswith("XAG") else Asset.GOLD,
        open=True,
        bar_age_for=timedelta(0),
        bar_length_for=HOUR,
        volatility_rank_frac=0.5,
        move_sigmas=1.0,
        calm_bars=100,
    )
    return replace(market, **changes)


def calm_picture(**changes: Any) -> RiskPicture:
    money = Decimal(10_000)
    picture = RiskPicture(
        now=NOW,
        equity_usd=money,
        settled_cash_usd=money,
        day_open_equity_usd=money,
        week_open_equity_usd=money,
        high_water_usd=money,
        kill_high_water_usd=money,
        halt_high_water_usd=money,
        positions=(),
        pending=(),
        entries=(),
        consecutive_losses=0,
        last_loss_at=None,
        pause_ended_at=None,
        daily_loss_trips=0,
        exploratory_week_usd=Decimal(0),
        review_note_at=None,
        halted="",
        live_after_kill=False,
        tripped=(),
        invariant_attempts=0,
        metals_correlation=0.9,
        clock=ClockState(0.1, 0.0),
        venue=VenueState(1.0, 0.0, 0.0, 0.0, 0.0),
        odds=OddsRecord(1.0, 0.0),
        markets=(calm_market("XAU-USD"), calm_market("XAG-USD")),
    )
    return replace(picture, **changes)


def request(quantity: str = "1", **changes: Any) -> EntryRequest:
    asked = EntryRequest(GOLD, CardKind.PROPOSAL, Decimal(2000), Decimal(quantity), 0.008, 0.002)
    return replace(asked, **changes)


def verdict(quantity: str = "1", **changes: Any) -> Verdict:
    return assess_entry(request(quantity), calm_picture(**changes), LIMITS)


def refused_by(answer: Verdict) -> str:
    assert isinstance(answer, Refused), answer
    return answer.limit


def exposure(notional: str, risk: str = "0", of: Instrument = SILVER) -> Exposure:
    return Exposure(of.symbol, of.asset, Decimal(notional), Decimal(risk))


def test_a_modest_entry_is_approved_as_asked() -> None:
    assert verdict("1") == Approved(Decimal(1))


@pytest.mark.parametrize(
    ("changes", "quantity", "limit"),
    [
        ({}, "1.5", "instrument cap"),
        ({"positions": (exposure("5000"),), "metals_correlation": 0.1}, "0.5", "total exposure"),
        ({"positions": (exposure("2000"),)}, "1", "gold and silver together"),
        ({"pending": (exposure("2000"),)}, "1", "gold and silver together"),
        ({"metals_correlation": None, "positions": (exposure("2000"),)}, "1", "gold and silver"),
        ({"positions": (exposure("100", "295"),)}, "0.25", "heat"),
        ({"settled_cash_usd": Decimal(501)}, "0.25", "settled cash"),
    ],
)
def test_a_cap_cuts_the_entry_to_what_is_left(
    changes: dict[str, Any], quantity: str, limit: str
) -> None:
    answer = verdict("3", **changes)
    assert isinstance(answer, Resized)
    assert answer.quantity == Decimal(quantity)
    assert answer.limit.startswith(limit)


def test_a_wide_stop_is_cut_by_the_risk_at_the_stop() -> None:
    answer = assess_entry(request("1", stop_frac=0.0979), calm_picture(), LIMITS)
    assert answer == Resized(Decimal("0.5"), "risk at the stop", "2000.00 USD", "1001.00 USD")


def test_uncoupled_metals_do_not_share_a_cap() -> None:
    changes = {"metals_correlation": 0.5, "positions": (exposure("2000"),)}
    assert verdict("1.5", **changes) == Approved(Decimal("1.5"))


def test_what_is_left_below_the_minimum_is_refused() -> None:
    assert refused_by(verdict("1", settled_cash_usd=Decimal(15))) == "settled cash"


def test_exploratory_entries_keep_to_their_week() -> None:
    asked = request("1", kind=CardKind.EXPLORATORY)
    picture = calm_picture(exploratory_week_usd=Decimal(195))
    answer = assess_entry(asked, picture, LIMITS)
    assert isinstance(answer, Resized)
    assert (answer.quantity, answer.limit) == (Decimal("0.25"), "weekly exploratory budget")
    spent = calm_picture(exploratory_week_usd=Decimal(200))
    assert refused_by(assess_entry(asked, spent, LIMITS)) == "weekly exploratory budget"


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"halted": "B is asleep"}, "halt"),
        ({"day_open_equity_usd": Decimal(10_205)}, "daily loss"),
        ({"week_open_equity_usd": Decimal(10_417)}, "weekly loss"),
        ({"halt_high_water_usd": Decimal(11_364)}, "drawdown halt"),
        ({"kill_high_water_usd": Decimal(11_765)}, "drawdown kill"),
        ({"consecutive_losses": 4, "last_loss_at": NOW - 23 * HOUR}, "losses in a row, pause"),
        ({"consecutive_losses": 7, "last_loss_at": NOW - 90 * HOUR}, "losses in a row, halt"),
        ({"entries": (PastEntry("BTC-USD", NOW - HOUR),) * 6}, "entries today"),
        ({"entries": (PastEntry("XAU-USD", NOW - 2 * HOUR),) * 3}, "entries today in XAU-USD"),
        ({"entries": (PastEntry("XAU-USD", NOW - HOUR / 2),)}, "time since the last entry in"),
        ({"positions": (exposure("1", of=GOLD),)}, "one position in XAU-USD"),
        ({"pending": (exposure("1", of=GOLD),)}, "one position in XAU-USD"),
        ({"markets": (calm_market("XAU-USD", bar_age_for=2.1 * HOUR),)}, "stale data XAU-USD"),
        ({"markets": (calm_market("XAU-USD", volatility_rank_frac=0.991),)}, "volatility"),
        ({"markets": (calm_market("XAU-USD", move_sigmas=-6.1),)}, "price jump XAU-USD"),
        ({"markets": (calm_market("XAU-USD", open=False),)}, "market closed XAU-USD"),
        ({"tripped": (TrippedBreaker("daily loss", NOW, "2.10 %"),)}, "daily loss"),
        ({"tripped": (TrippedBreaker("a breaker of tomorrow", NOW),)}, "a breaker of tomorrow"),
    ],
)
def test_a_breaker_refuses_by_name(changes: dict[str, Any], limit: str) -> None:
    assert refused_by(verdict(**changes)).startswith(limit)


@pytest.mark.parametrize(
    "changes",
    [
        {"day_open_equity_usd": Decimal(10_204)},
        {"consecutive_losses": 4, "last_loss_at": NOW - 24 * HOUR},
        {"consecutive_losses": 3, "last_loss_at": NOW},
        {"entries": (PastEntry("XAU-USD", NOW - HOUR),)},
        {"entries": (PastEntry("BTC-USD", NOW - 13 * HOUR),) * 6},
        {"tripped": (TrippedBreaker("stale data XAG-USD", NOW),)},
        {"markets": (calm_market("XAU-USD", bar_age_for=2 * HOUR),)},
        {"markets": (calm_market("XAU-USD", volatility_rank_frac=0.99, move_sigmas=6.0),)},
    ],
)
def test_just_within_its_bounds_an_entry_is_approved(changes: dict[str, Any]) -> None:
    assert verdict(**changes) == Approved(Decimal(1))


MAY_BE_NONE = {"now", "last_loss_at", "pause_ended_at", "review_note_at"}
MAY_BE_NONE |= {"metals_correlation", "markets"}
# They decide a reset, and exploratory entries alone.
NOT_ASKED_HERE = {"daily_loss_trips", "exploratory_week_usd", "high_water_usd"}


@pytest.mark.parametrize(
    "name", sorted({f.name for f in fields(RiskPicture)} - MAY_BE_NONE - NOT_ASKED_HERE)
)
def test_an_unknown_number_refuses(name: str) -> None:
    nothing: dict[str, Any] = {name: None}
    assert isinstance(verdict(**nothing), Refused)


@pytest.mark.parametrize(
    "name",
    [
        f.name
        for f in fields(RiskPicture)
        if f.name.endswith("_usd") and f.name not in NOT_ASKED_HERE
    ],
)
def test_a_number_that_is_none_refuses(name: str) -> None:
    nan: dict[str, Any] = {name: Decimal("NaN")}
    assert isinstance(verdict(**nan), Refused)


def test_an_unknown_exploratory_budget_refuses() -> None:
    asked = request(kind=CardKind.EXPLORATORY)
    picture = calm_picture(exploratory_week_usd=None)
    assert refused_by(assess_entry(asked, picture, LIMITS)) == "exploratory budget"


def test_an_unknown_last_loss_refuses() -> None:
    assert isinstance(verdict(consecutive_losses=2, last_loss_at=None), Refused)


@pytest.mark.parametrize("name", ["open", "bar_age_for", "volatility_rank_frac", "move_sigmas"])
def test_an_unknown_market_refuses(name: str) -> None:
    assert isinstance(verdict(markets=(calm_market("XAU-USD", **{name: None}),)), Refused)
    assert isinstance(verdict(markets=()), Refused)


@pytest.mark.parametrize(
    "changes",
    [
        {"price": Decimal("NaN")},
        {"quantity": Decimal(0)},
        {"quantity": Decimal("Infinity")},
        {"stop_frac": math.nan},
        {"stop_frac": 0.0},
        {"cost_frac": math.nan},
        {"kind": CardKind.WATCH},
    ],
)
def test_a_senseless_request_is_refused(changes: dict[str, Any]) -> None:
    assert refused_by(assess_entry(request(**changes), calm_picture(), LIMITS)) == "request"


def test_a_refusal_tells_its_number_its_bound_and_its_mend() -> None:
    answer = verdict(day_open_equity_usd=Decimal(10_250))
    assert isinstance(answer, Refused)
    assert answer.sentence.startswith(
        "Refused by daily loss: 2.44 % against a bound of 2.00 %. It resets at the next 00:00 UTC"
    )


def test_what_sizing_answers_risk_approves() -> None:
    picture = calm_picture(settled_cash_usd=Decimal(2500), positions=(exposure("1111.11", "22"),))
    room = room_left(picture, LIMITS, GOLD)
    assert isinstance(room, Room)
    bet = Bet(Decimal(2000), GOLD.lot, Decimal(10), 0.6, 0.62, 0.02, 0.012, 0.008, 0.002, 0.15)
    size = size_entry(bet, room, equity_usd=Decimal(10_000), drawdown_frac=0.0)
    asked = request(str(size.quantity))
    assert assess_entry(asked, picture, LIMITS) == Approved(size.quantity)
