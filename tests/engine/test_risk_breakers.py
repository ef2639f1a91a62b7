"""Trips, resets and the state of the desk."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.model.actors import DESK, Actor, Role
from engine.model.verdicts import Refused
from engine.risk import (
    BREAKERS,
    DeskState,
    Limits,
    Reset,
    Trip,
    TrippedBreaker,
    breaker_changes,
    check_reset,
    desk_state,
)
from tests.engine.test_risk_entry import NOW, calm_market, calm_picture

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
    found = changes(high_water_usd=Decimal(11_765), halt_high_water_usd=Decimal(11_765))
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
        ("high_water_usd", "drawdown kill"),
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
    assert isinstance(check_reset(picture, name, by, reason), Refused)


def test_the_owner_resets_with_a_reason() -> None:
    picture = calm_picture(**tripped("daily loss"))
    assert check_reset(picture, "daily loss", OWNER, "a bad print, I looked") is None


def test_every_row_has_a_name_of_its_own_and_says_what_resets_it() -> None:
    assert len({breaker.name for breaker in BREAKERS}) == len(BREAKERS)
    assert all(breaker.resets.endswith(".") for breaker in BREAKERS)


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
