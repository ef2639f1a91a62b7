"""Trips, resets and the state of the desk."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.model.actors import DESK, Actor, Role
from engine.model.instruments import Asset
from engine.model.verdicts import Refused
from engine.risk import (
    BREAKERS,
    TRANSITIONS,
    BreakerState,
    ClockState,
    DeskState,
    Limits,
    MarketState,
    NotMeasured,
    OddsRecord,
    Reset,
    Senses,
    Sign,
    Trip,
    TrippedBreaker,
    VenueState,
    assess_entry,
    breaker_changes,
    check_reset,
    desk_state,
    findings,
)
from tests.engine.test_risk_entry import NOW, calm_market, calm_picture, request

LIMITS = Limits()
HOUR = timedelta(hours=1)
OWNER = Actor("1", "B", Role.OWNER)
OVERSEER = Actor("2", "Arki", Role.OVERSEER)
LOSING = {"day_open_equity_usd": Decimal(10_250)}


def changes(**picture: Any) -> tuple[Trip | Reset, ...]:
    return breaker_changes(calm_picture(**picture), LIMITS)


def tripped(name: str, ago: timedelta = timedelta(0), value: str = "x") -> dict[str, Any]:
    return {"tripped": (TrippedBreaker(name, NOW - ago, value),)}


def names(found: tuple[Trip | Reset, ...]) -> list[str]:
    return [f"{type(change).__name__} {change.name}" for change in found]


def test_a_calm_desk_changes_nothing() -> None:
    assert changes() == ()
    assert desk_state(calm_picture(), LIMITS) is DeskState.ACTIVE


def test_a_trip_tells_value_bound_and_reset() -> None:
    (trip,) = changes(**LOSING)
    assert isinstance(trip, Trip)
    assert (trip.name, trip.value, trip.bound) == ("daily loss", "2.44 %", "2.00 %")
    assert "00:00 UTC" in trip.resets


def test_a_standing_trip_is_not_tripped_again() -> None:
    assert changes(**LOSING, **tripped("daily loss")) == ()


def test_the_kill_sends_the_desk_back_to_paper() -> None:
    found = changes(kill_high_water_usd=Decimal(11_765), halt_high_water_usd=Decimal(11_765))
    assert [(t.name, t.to_paper) for t in found if isinstance(t, Trip)] == [
        ("drawdown kill", True),
        ("drawdown halt", False),
    ]


@pytest.mark.parametrize(
    ("picture", "reset"),
    [
        (tripped("daily loss"), False),
        (tripped("daily loss", 24 * HOUR), True),
        (tripped("daily loss", 24 * HOUR) | {"daily_loss_trips": 2}, True),
        (tripped("daily loss", 24 * HOUR) | {"daily_loss_trips": 3}, False),
        (tripped("daily loss", 24 * HOUR) | {"daily_loss_trips": None}, False),
        (tripped("weekly loss", 72 * HOUR) | {"review_note_at": NOW}, True),
        (tripped("weekly loss", 72 * HOUR), False),
        (tripped("weekly loss", 24 * HOUR) | {"review_note_at": NOW}, False),
        (tripped("weekly loss", 72 * HOUR) | {"review_note_at": NOW - 73 * HOUR}, False),
        (tripped("drawdown halt", 900 * HOUR), False),
        (tripped("drawdown kill", 900 * HOUR), False),
        (tripped("losses in a row, halt", 900 * HOUR), False),
        (tripped("losses in a row, pause"), True),
        (tripped("stale data XAU-USD"), True),
        (tripped("volatility XAU-USD"), True),
        (tripped("price jump XAU-USD"), True),
        (
            tripped("volatility XAU-USD") | {"markets": (calm_market("XAU-USD", calm_bars=23),)},
            False,
        ),
        (
            tripped("price jump XAU-USD") | {"markets": (calm_market("XAU-USD", calm_bars=None),)},
            False,
        ),
    ],
)
def test_a_breaker_resets_by_its_own_rule_alone(picture: dict[str, Any], reset: bool) -> None:
    assert [isinstance(change, Reset) for change in changes(**picture)] == [True] * reset


def test_nothing_resets_beyond_its_bound() -> None:
    picture = LOSING | tripped("daily loss", 48 * HOUR)
    assert changes(**picture) == ()


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("equity_usd", "daily loss"),
        ("day_open_equity_usd", "daily loss"),
        ("week_open_equity_usd", "weekly loss"),
        ("kill_high_water_usd", "drawdown kill"),
        ("consecutive_losses", "losses in a row, halt"),
    ],
)
@pytest.mark.parametrize("value", [None, math.nan])
def test_unknown_input_trips(field: str, name: str, value: float | None) -> None:
    trips = [change for change in changes(**{field: value}) if isinstance(change, Trip)]
    assert name in {trip.name for trip in trips}
    assert {trip.value for trip in trips} == {"unknown"}


def test_what_only_ignorance_tripped_comes_back_with_knowledge() -> None:
    assert names(changes(**tripped("drawdown halt", value="unknown"))) == ["Reset drawdown halt"]


def test_each_instrument_trips_for_itself() -> None:
    found = changes(markets=(calm_market("XAU-USD", move_sigmas=9.0), calm_market("XAG-USD")))
    assert names(found) == ["Trip price jump XAU-USD"]


def test_a_resting_market_is_not_stale() -> None:
    rests = calm_market("XAU-USD", open=False, bar_age_for=50 * HOUR)
    assert changes(markets=(rests,)) == ()


@pytest.mark.parametrize(
    ("picture", "state"),
    [
        ({"halted": "B said so"}, DeskState.HALTED),
        ({"halted": None}, DeskState.HALTED),
        ({"tripped": None}, DeskState.HALTED),
        (tripped("drawdown halt"), DeskState.HALTED),
        (LOSING, DeskState.REDUCING),
        (tripped("losses in a row, pause"), DeskState.REDUCING),
        (tripped("stale data XAU-USD"), DeskState.ACTIVE),
    ],
)
def test_the_desk_state_says_whether_a_person_is_needed(
    picture: dict[str, Any], state: DeskState
) -> None:
    assert desk_state(calm_picture(**picture), LIMITS) is state


@pytest.mark.parametrize(
    ("by", "reason", "name"),
    [
        (OVERSEER, "please", "daily loss"),
        (DESK, "please", "daily loss"),
        (OWNER, "  ", "daily loss"),
        (OWNER, "I looked", "drawdown halt"),
    ],
)
def test_a_manual_reset_takes_the_owner_a_reason_and_a_trip(
    by: Actor, reason: str, name: str
) -> None:
    picture = calm_picture(**tripped("daily loss"))
    assert isinstance(check_reset(picture, LIMITS, name, by, reason), Refused)


def test_the_owner_resets_with_a_reason() -> None:
    picture = calm_picture(**tripped("daily loss"))
    assert check_reset(picture, LIMITS, "daily loss", OWNER, "a bad print, I looked") is None


# ---- rows that are measured beside money -----------------------------------------------------

BTC_MARKET = calm_market("BTC-USD", asset=Asset.BITCOIN)


def sensed(market: MarketState = BTC_MARKET, **senses: Any) -> dict[str, Any]:
    return {"markets": (replace(market, senses=Senses(**senses)),)}


def venue(**readings: Any) -> dict[str, Any]:
    return {"venue": replace(CALM_VENUE, **readings)}


CALM_VENUE = VenueState(1.0, 0.0, 0.0, 0.0, 0.0)
GOLD_MARKET = calm_market("XAU-USD")


@pytest.mark.parametrize(
    ("picture", "name", "told"),
    [
        (sensed(second_gap_frac=-0.011), "second price BTC-USD", "1.10 % 1.00 %"),
        (sensed(GOLD_MARKET, second_gap_frac=0.006), "second price XAU-USD", "0.60 % 0.50 %"),
        (sensed(print_sigmas=8.1), "single print BTC-USD", "8.10 sigma 8.00 sigma"),
        (sensed(spread_frac=0.0031), "spread BTC-USD", "0.310 % 0.300 %"),
        (
            sensed(spread_frac=0.007, spread_median_frac=0.002),
            "spread BTC-USD",
            "0.700 % 0.600 %",
        ),
        (sensed(quote_age_seconds=61.0), "stale quotes BTC-USD", "61 s 60 s"),
        ({"clock": ClockState(-2.5, 0.0)}, "clock skew", "2.5 s 2.0 s"),
        ({"clock": ClockState(0.0, 0.2)}, "clock ran back", "0.2 s 0.0 s"),
        (venue(slippage_ratio=2.1), "slippage", "2.10 x modelled 2.00 x modelled"),
        (venue(rejects_count=3.0), "order rejects", "3 within the window 3 within the window"),
        (venue(strange_fills_count=1.0), "unknown orders", "1 fills 1 fills"),
        (venue(mismatches_count=1.0), "balances", "1 differing 1 differing"),
        (venue(unread_seconds=1801.0), "venue ledger", "1801 s unread 1800 s unread"),
        ({"odds": OddsRecord(20.0, 0.0)}, "overconfidence", "20.0 to 1 20.0 to 1"),
        ({"odds": OddsRecord(1.0, 5.0)}, "Brier score", "5.00 sd 5.00 sd"),
    ],
)
def test_each_further_row_trips_beyond_its_bound(
    picture: dict[str, Any], name: str, told: str
) -> None:
    (trip,) = changes(**picture)
    assert isinstance(trip, Trip)
    assert (trip.name, f"{trip.value} {trip.bound}") == (name, told)
    assert trip.why.endswith(".")


@pytest.mark.parametrize(
    "picture",
    [
        sensed(second_gap_frac=0.0099),
        sensed(print_sigmas=8.0),
        sensed(spread_frac=0.0059, spread_median_frac=0.002),
        sensed(quote_age_seconds=60.0),
        {"clock": ClockState(2.0, 0.0)},
        venue(slippage_ratio=2.0),
        venue(rejects_count=2.0),
        venue(unread_seconds=1800.0),
        {"odds": OddsRecord(19.9, 4.99)},
    ],
)
def test_each_further_row_stays_armed_within_its_bound(picture: dict[str, Any]) -> None:
    assert changes(**picture) == ()


FURTHER = (
    *(lambda v, n=name: sensed(**{n: v}) for name in (
        "second_gap_frac", "print_sigmas", "spread_frac", "quote_age_seconds",
    )),
    *(lambda v, n=name: venue(**{n: v}) for name in (
        "slippage_ratio", "rejects_count", "strange_fills_count", "mismatches_count",
        "unread_seconds",
    )),
    lambda v: {"clock": ClockState(v, 0.0)},
    lambda v: {"clock": ClockState(0.0, v)},
    lambda v: {"odds": OddsRecord(v, 0.0)},
    lambda v: {"odds": OddsRecord(1.0, v)},
)  # fmt: skip


@pytest.mark.parametrize("made", FURTHER)
def test_unknown_trips_and_not_measured_does_not(made: Callable[[Any], dict[str, Any]]) -> None:
    for missing in (None, math.nan, math.inf):
        (trip,) = changes(**made(missing))
        assert isinstance(trip, Trip)
        assert trip.value == "unknown"
    assert changes(**made(NotMeasured("there is none by design"))) == ()


def test_what_is_not_measured_any_more_does_not_reset_a_real_trip() -> None:
    none = sensed(second_gap_frac=NotMeasured("no second source"), second_agreeing_count=9)
    assert changes(**none, **tripped("second price BTC-USD", value="2 %")) == ()
    found = changes(**none, **tripped("second price BTC-USD", value="unknown"))
    assert names(found) == ["Reset second price BTC-USD"]


def test_ignorance_that_turns_out_to_be_danger_trips_for_real() -> None:
    """Else the owner's breaker would come back by itself, as if nothing had been wrong."""
    fallen = {"kill_high_water_usd": Decimal(12_000)}
    (trip,) = changes(**fallen, **tripped("drawdown kill", value="unknown"))
    assert isinstance(trip, Trip)
    assert trip.value == "16.67 %"
    assert changes(**tripped("drawdown kill", value="16.67 %")) == ()


@pytest.mark.parametrize(("agreeing", "reset"), [(2, False), (3, True)])
@pytest.mark.parametrize("row", ["second price", "single print"])
def test_three_agreeing_prices_end_a_disagreement(row: str, agreeing: int, *, reset: bool) -> None:
    quiet = sensed(
        second_gap_frac=0.0,
        print_sigmas=0.1,
        second_agreeing_count=agreeing,
        print_agreeing_count=agreeing,
    )
    found = changes(**quiet, **tripped(f"{row} BTC-USD"))
    assert [isinstance(change, Reset) for change in found] == [True] * reset


@pytest.mark.parametrize(
    "row",
    ["slippage", "order rejects", "unknown orders", "balances", "overconfidence", "Brier score"],
)
def test_what_asks_for_a_person_waits_for_one(row: str) -> None:
    standing = tripped(row, 900 * HOUR)
    assert changes(**standing) == ()
    assert desk_state(calm_picture(**standing), LIMITS) is DeskState.HALTED


# ---- states ----------------------------------------------------------------------------------


def state(name: str, **picture: Any) -> BreakerState:
    return next(f for f in findings(calm_picture(**picture), LIMITS) if f.name == name).state


def test_a_breaker_is_armed_then_tripped_then_cooling() -> None:
    assert state("daily loss") is BreakerState.ARMED
    assert state("daily loss", **LOSING) is BreakerState.TRIPPED
    assert state("daily loss", **LOSING, **tripped("daily loss")) is BreakerState.TRIPPED
    assert state("daily loss", **tripped("daily loss")) is BreakerState.COOLING


def test_every_state_knows_what_every_sign_does_to_it() -> None:
    assert set(TRANSITIONS) == {(state, sign) for state in BreakerState for sign in Sign}
    assert all(after is not BreakerState.ARMED or before is BreakerState.ARMED
               for (before, _), after in TRANSITIONS.items())  # fmt: skip


def test_a_reset_that_would_trip_again_at_once_is_refused() -> None:
    picture = calm_picture(**LOSING, **tripped("daily loss"))
    answer = check_reset(picture, LIMITS, "daily loss", OWNER, "but I want to")
    assert isinstance(answer, Refused)
    assert "trip again at once" in answer.mend
    fallen = calm_picture(kill_high_water_usd=Decimal(12_000), **tripped("drawdown kill"))
    assert check_reset(fallen, LIMITS, "drawdown kill", OWNER, "begin anew") is None


def test_an_order_without_an_answer_blocks_entries_while_it_lasts() -> None:
    answer = assess_entry(request(), calm_picture(**venue(unanswered_count=1.0)), LIMITS)
    assert isinstance(answer, Refused)
    assert answer.limit == "orders without an answer"
    assert changes(**venue(unanswered_count=1.0)) == ()


def test_a_desk_that_a_kill_sent_back_to_paper_buys_nothing_live() -> None:
    answer = assess_entry(request(), calm_picture(live_after_kill=True), LIMITS)
    assert isinstance(answer, Refused)
    assert answer.limit == "back to paper"


def test_every_row_has_a_name_of_its_own_and_says_what_resets_it() -> None:
    assert len({breaker.name for breaker in BREAKERS}) == len(BREAKERS)
    assert all(breaker.resets.endswith(".") for breaker in BREAKERS)
    assert all(breaker.why.endswith(".") for breaker in BREAKERS)


def test_daily_loss_ends_at_midnight_utc() -> None:
    late = datetime(2025, 3, 4, 23, 59, tzinfo=UTC)
    midnight = datetime(2025, 3, 5, tzinfo=UTC)
    standing = (TrippedBreaker("daily loss", late, "x"),)
    assert changes(tripped=standing, now=late) == ()
    assert names(changes(tripped=standing, now=midnight)) == ["Reset daily loss"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"instrument_frac": 0.0}, r"instrument_frac must be in \(0, 1\], was 0.0"),
        ({"heat_frac": math.nan}, "heat_frac must be in"),
        ({"losses_pause_count": 0}, "losses_pause_count must be >= 1, was 0"),
        ({"stale_bars": -1.0}, "stale_bars must be > 0"),
        ({"entry_spacing_for": timedelta(-1)}, "entry_spacing_for must be >= 0"),
        ({"drawdown_kill_frac": 0.1}, "drawdown_kill_frac must be >= drawdown_halt_frac"),
        ({"losses_halt_count": 3}, "losses_halt_count must be >= losses_pause_count"),
    ],
)
def test_limits_out_of_range_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Limits(**change)
