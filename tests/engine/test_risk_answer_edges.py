"""The edges of what risk answers: what it tells, what it cuts, who resets, and its monitors.

Each of these tests was asked for by a small change in the room that nobody had noticed.
"""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from engine.model.actors import Actor, Role
from engine.model.instruments import Asset
from engine.model.proposals import CardKind
from engine.model.setups import Outcome
from engine.model.verdicts import Approved, Refused, Resized
from engine.risk import (
    ClockState,
    DeskState,
    Limits,
    Reset,
    Trip,
    TrippedBreaker,
    VenueState,
    assess_entry,
    check_reset,
    desk_state,
    exploratory_budget_left,
    findings,
    room_left,
)
from engine.risk.monitors import Monitors, brier_surprise, cusum, e_process, e_step
from engine.sizing import Room
from tests.engine.test_risk_edges import changes, standing
from tests.engine.test_risk_entry import (
    GOLD,
    HOUR,
    LIMITS,
    NOW,
    SILVER,
    calm_market,
    calm_picture,
    exposure,
    instrument,
    request,
    verdict,
)
from tests.engine.test_risk_monitors import closed

OWNER = Actor("1", "B", Role.OWNER)
BITCOIN = instrument("BTC-USD", Asset.BITCOIN)

# ---- what is told ------------------------------------------------------------------------------


def test_a_trip_says_whether_it_is_danger_or_ignorance() -> None:
    known, unknown = (
        changes(day_open_equity_usd=Decimal(20_000)),
        changes(day_open_equity_usd=None),
    )
    (real,), (blind,) = known, unknown
    assert isinstance(real, Trip)
    assert isinstance(blind, Trip)
    assert real.why == "The desk has lost a day's worth of risk since 00:00 UTC."
    assert blind.why.startswith("A number that it needs is missing")
    clock = changes(clock=ClockState(math.nan, 9.0))
    assert [c.why.startswith("A number") for c in clock if isinstance(c, Trip)] == [True, False]


def test_a_reset_says_what_it_saw() -> None:
    (back,) = changes(**standing("daily loss", NOW - 24 * HOUR))
    assert isinstance(back, Reset)
    assert back.reason.startswith("back at 0.00 %: It resets at the next 00:00 UTC")
    (learnt,) = changes(**standing("daily loss", NOW, "unknown"))
    assert isinstance(learnt, Reset)
    assert learnt.reason == "known again: 0.00 %"
    (gone,) = changes(**standing("stale quotes XAU-USD", NOW, "unknown"))
    assert isinstance(gone, Reset)
    assert gone.reason == "not measured any more: this market gives no quotes"


def test_what_stays_unknown_stays_tripped() -> None:
    assert changes(equity_usd=None, **standing("daily loss", NOW, "unknown"))[0] is not None
    found = changes(day_open_equity_usd=None, **standing("daily loss", NOW, "unknown"))
    assert found == ()


def test_a_refusal_of_a_standing_trip_tells_when_it_tripped() -> None:
    answer = verdict(tripped=(TrippedBreaker("daily loss", NOW, "2.10 %"),))
    assert isinstance(answer, Refused)
    assert answer.value == "tripped at 2.10 % on 2025-03-05 12:00 UTC"


def test_a_standing_trip_that_is_still_beyond_tells_where_it_stands_now() -> None:
    answer = verdict(day_open_equity_usd=Decimal(20_000), **standing("daily loss", NOW, "2.10 %"))
    assert isinstance(answer, Refused)
    assert answer.value == "50.00 %"


def test_a_yes_or_no_row_refuses_in_words_and_an_unknown_one_in_numbers() -> None:
    told = [
        verdict(halted="B is asleep"),
        verdict(halted=None),
        verdict(live_after_kill=True),
        verdict(live_after_kill=None),
    ]
    assert [answer.value for answer in told if isinstance(answer, Refused)] == [
        "halted: B is asleep",
        "unknown",
        "a drawdown kill has sent this desk back to paper",
        "unknown",
    ]


# ---- room --------------------------------------------------------------------------------------


def room(of: Any = GOLD, **picture: Any) -> Room:
    found = room_left(calm_picture(**picture), LIMITS, of)
    assert isinstance(found, Room)
    return found


def test_the_room_of_an_empty_desk_is_every_cap() -> None:
    assert room() == Room(0.30, 0.60, 0.40, 0.03, 0.01, Decimal(10_000))
    assert room(BITCOIN).pair_frac == math.inf
    assert room(SILVER).pair_frac == 0.40


def test_room_counts_what_is_held_here_in_all_and_in_metals() -> None:
    held = (exposure("1000", "50", of=GOLD), exposure("500", "20"))
    waiting = (exposure("400", "10", of=BITCOIN),)
    found = room(positions=held, pending=waiting)
    assert found == Room(0.20, 0.41, 0.25, 0.022, 0.01, Decimal(10_000))
    symbols = tuple(replace(exposure("100"), instrument=s) for s in ("AAA-USD", "ZZZ-USD"))
    assert room(positions=symbols).instrument_frac == 0.30


def test_room_that_is_overdrawn_is_none_and_not_less() -> None:
    found = room(positions=(exposure("9000", "900", of=GOLD),), settled_cash_usd=Decimal(-1))
    assert found == Room(0.0, 0.0, 0.0, 0.0, 0.01, Decimal(0))


def test_metals_move_as_one_beyond_the_correlation_and_when_nobody_knows() -> None:
    rooms = {rho: room(metals_correlation=rho).pair_frac for rho in (0.7, 0.71, None, -0.9)}
    assert rooms == {0.7: math.inf, 0.71: 0.40, None: 0.40, -0.9: math.inf}
    assert room(metals_correlation=math.nan).pair_frac == 0.40


@pytest.mark.parametrize(
    ("picture", "limit", "value"),
    [
        ({"equity_usd": None}, "equity", "unknown"),
        ({"equity_usd": Decimal(0)}, "equity", "0"),
        ({"equity_usd": Decimal(-5)}, "equity", "-5"),
        ({"equity_usd": Decimal("Infinity")}, "equity", "Infinity"),
        ({"settled_cash_usd": None}, "settled cash", "unknown"),
        ({"settled_cash_usd": Decimal("NaN")}, "settled cash", "NaN"),
        ({"positions": None}, "exposure", "unknown"),
        ({"pending": None}, "exposure", "unknown"),
        ({"positions": (exposure("-1"),)}, "exposure", "unknown"),
        ({"positions": (exposure("1", "-1"),)}, "exposure", "unknown"),
        ({"positions": (exposure("1"), exposure("NaN"))}, "exposure", "unknown"),
        ({"positions": (exposure("1", "Infinity"),)}, "exposure", "unknown"),
    ],
)
def test_no_room_in_an_unknown_picture(picture: dict[str, Any], limit: str, value: str) -> None:
    found = room_left(calm_picture(**picture), LIMITS, GOLD)
    assert isinstance(found, Refused)
    assert (found.limit, found.value, found.bound) == (limit, value, "a known amount")


def test_a_little_equity_is_equity() -> None:
    found = room(equity_usd=Decimal("0.5"), settled_cash_usd=Decimal("0.5"))
    assert found.instrument_frac == 0.30
    few = calm_picture(equity_usd=Decimal("0.5"))
    assert exploratory_budget_left(few, LIMITS) == 0.02


@pytest.mark.parametrize(
    ("picture", "left"),
    [
        ({}, 0.02),
        ({"exploratory_week_usd": Decimal(50)}, 0.015),
        ({"exploratory_week_usd": Decimal(200)}, 0.0),
        ({"exploratory_week_usd": Decimal(500)}, 0.0),
        ({"exploratory_week_usd": Decimal("-0.5")}, "exploratory budget"),
        ({"exploratory_week_usd": Decimal("NaN")}, "exploratory budget"),
        ({"equity_usd": Decimal(0)}, "equity"),
        ({"equity_usd": Decimal(-1)}, "equity"),
        ({"equity_usd": None}, "equity"),
    ],
)
def test_the_weekly_budget_to_its_last_cent(picture: dict[str, Any], left: float | str) -> None:
    found = exploratory_budget_left(calm_picture(**picture), LIMITS)
    assert (found.limit if isinstance(found, Refused) else found) == left


# ---- requests and cuts -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"price": Decimal(0)}, "1 at 0"),
        ({"price": Decimal(-1)}, "1 at -1"),
        ({"price": Decimal("NaN")}, "1 at NaN"),
        ({"quantity": Decimal(-1)}, "-1 at 2000"),
        ({"quantity": Decimal("Infinity")}, "Infinity at 2000"),
        ({"stop_frac": 0.0}, "stop 0.0, cost 0.002"),
        ({"stop_frac": 1.0}, "stop 1.0, cost 0.002"),
        ({"cost_frac": -0.001}, "stop 0.008, cost -0.001"),
        ({"cost_frac": 1.0}, "stop 0.008, cost 1.0"),
        ({"stop_frac": -0.1}, "stop -0.1, cost 0.002"),
        ({"stop_frac": 1.5}, "stop 1.5, cost 0.002"),
        ({"cost_frac": 1.5}, "stop 0.008, cost 1.5"),
        ({"kind": CardKind.WATCH}, "a watch card"),
    ],
)
def test_a_senseless_request_is_told_what_it_said(asked: dict[str, Any], told: str) -> None:
    answer = assess_entry(request(**asked), calm_picture(), LIMITS)
    assert isinstance(answer, Refused)
    assert (answer.limit, answer.value) == ("request", told)


def test_a_request_at_the_ends_of_its_range_is_asked_on() -> None:
    free = request("1", cost_frac=0.0)
    assert assess_entry(free, calm_picture(), LIMITS) == Approved(Decimal(1))
    small = request("1000", price=Decimal("0.5"))
    assert assess_entry(small, calm_picture(), LIMITS) == Approved(Decimal(1000))
    part = request("0.5")
    assert assess_entry(part, calm_picture(), LIMITS) == Approved(Decimal("0.5"))
    wide = assess_entry(request("1", stop_frac=0.999), calm_picture(), LIMITS)
    assert isinstance(wide, Resized)
    assert (wide.quantity, wide.limit) == (Decimal("0.04"), "risk at the stop")


def test_what_just_fits_is_approved_and_a_lot_more_is_cut() -> None:
    assert verdict("1.50") == Approved(Decimal("1.50"))
    assert verdict("1.51") == Resized(
        Decimal("1.50"), "instrument cap", "3020.00 USD", "3000.00 USD"
    )


def test_a_spent_exploratory_week_cuts_no_proposal() -> None:
    assert verdict("1", exploratory_week_usd=Decimal(200)) == Approved(Decimal(1))


def test_cash_pays_the_cost_too() -> None:
    assert verdict("1", settled_cash_usd=Decimal(2004)) == Approved(Decimal(1))
    assert verdict("1", settled_cash_usd=Decimal("2003.99")) == Resized(
        Decimal("0.99"), "settled cash", "2000.00 USD", "1999.99 USD"
    )


def test_the_least_that_is_traded_is_traded() -> None:
    least = verdict("1", settled_cash_usd=Decimal("20.04"))
    assert isinstance(least, Resized)
    assert least.quantity == Decimal("0.01")
    free = replace(GOLD, min_notional_usd=Decimal(0))
    for cash, kind in (("20.04", Resized), ("20.03", Refused)):
        picture = calm_picture(settled_cash_usd=Decimal(cash))
        answer = assess_entry(request("1", instrument=free), picture, LIMITS)
        assert isinstance(answer, kind)
    exact_least = replace(GOLD, min_notional_usd=Decimal(20))
    picture = calm_picture(settled_cash_usd=Decimal("20.04"))
    answer = assess_entry(request("1", instrument=exact_least), picture, LIMITS)
    assert isinstance(answer, Resized)


def test_limits_of_one_are_no_leverage() -> None:
    whole = Limits(
        instrument_frac=1.0, total_frac=1.0, pair_frac=1.0, risk_frac=1.0, heat_frac=1.0
    )
    rich = calm_picture(settled_cash_usd=Decimal(50_000))
    answer = assess_entry(request("9"), rich, whole)
    assert isinstance(answer, Resized)
    assert answer.quantity == Decimal(5)


def test_unknown_breakers_refuse_before_anything_is_measured() -> None:
    answer = verdict(tripped=None)
    assert isinstance(answer, Refused)
    assert (answer.limit, answer.value) == ("breakers", "unknown")


# ---- who resets, and the state of the desk -----------------------------------------------------


def told_of(name: str, by: Actor = OWNER, reason: str = "I looked", **picture: Any) -> Any:
    return check_reset(calm_picture(**picture), LIMITS, name, by, reason)


def test_a_refused_reset_says_what_is_tripped() -> None:
    stands = standing("daily loss", NOW)
    assert told_of("weekly loss", **stands).bound == "tripped: daily loss"
    assert told_of("weekly loss").bound == "tripped: none"
    assert told_of("weekly loss", tripped=None).bound == "tripped: none"
    assert told_of("daily loss", reason=" ", **stands).value == "no reason given"


def test_a_reset_in_vain_is_refused_unless_it_begins_the_count_anew() -> None:
    many: dict[str, Any] = {"consecutive_losses": 9, "last_loss_at": NOW}
    assert (
        told_of("losses in a row, halt", **many, **standing("losses in a row, halt", NOW)) is None
    )
    blind = told_of("drawdown kill", kill_high_water_usd=None, **standing("drawdown kill", NOW))
    assert blind.value == "drawdown kill stands at unknown"
    assert blind.mend.endswith("Find out first why the number that it needs is missing.")
    fallen: dict[str, Any] = {"day_open_equity_usd": Decimal(20_000)}
    assert told_of("daily loss", **fallen, **standing("daily loss", NOW)).bound == "2.00 %"
    assert told_of("of tomorrow", **standing("of tomorrow", NOW)) is None


def test_rows_of_one_instrument_and_of_the_moment_leave_the_desk_active() -> None:
    unanswered = VenueState(1.0, 0.0, 0.0, 1.0, 0.0)
    jump = (calm_market("XAU-USD", move_sigmas=9.0),)
    for picture in ({"venue": unanswered}, {"markets": jump}, {"live_after_kill": True}):
        assert desk_state(calm_picture(**picture), LIMITS) is DeskState.ACTIVE


def test_findings_of_one_instrument_are_the_desks_and_its_own() -> None:
    names = [f.name for f in findings(calm_picture(), LIMITS, "XAU-USD")]
    assert "daily loss" in names
    assert "spread XAU-USD" in names
    assert not any(name.endswith("XAG-USD") for name in names)
    assert len(names) == len(set(names))


# ---- monitors ----------------------------------------------------------------------------------


def test_one_step_of_each_monitor() -> None:
    assert (e_step(2.0, 0.25, 1.0), e_step(2.0, 0.25, 0.0)) == (1.25, 2.25)
    assert (e_step(2.0, 1.0, 1.0), e_step(2.0, 0.0, 0.0)) == (2.0, 2.0)
    assert e_step(1.0, 0.5, 0.0, 0.25) == 1.125
    assert e_step(1e12, 0.9, 0.0) == 1e12
    assert e_process((), ()) == 1.0
    assert e_process((0.5,), (0,), 0.0) == 1.0
    assert e_process((0.5,), (0,), 0.5) == 1.25
    assert (cusum(()), cusum((0.75,)), cusum((0.75,), 0.25), cusum((-3.0, 1.0))) == (
        0.0, 0.25, 0.5, 0.5,
    )  # fmt: skip


@pytest.mark.parametrize("bet", [-0.001, 0.501, math.nan])
def test_a_senseless_bet_is_named(bet: float) -> None:
    with pytest.raises(ValueError, match=r"bet must be in \[0, 0.5\], was"):
        e_process((0.5,), (0,), bet)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_senseless_score_is_named(score: float) -> None:
    with pytest.raises(ValueError, match="scores must be finite, one was"):
        cusum((0.0, score))


@pytest.mark.parametrize("odds", [-0.001, 1.001, math.nan])
def test_senseless_odds_are_named_by_each_monitor(odds: float) -> None:
    with pytest.raises(ValueError, match=r"p must be in \[0, 1\], was"):
        brier_surprise(odds, 1.0)
    with pytest.raises(ValueError, match=r"p must be in \[0, 1\], was"):
        e_step(1.0, odds, 1.0)


def test_the_surprise_of_certain_and_of_even_odds() -> None:
    assert [brier_surprise(p, p) for p in (0.0, 1.0)] == [0.0, 0.0]
    assert [brier_surprise(p, 1.0 - p) for p in (0.0, 1.0)] == [1e12, 1e12]
    assert [brier_surprise(0.5, y) for y in (0.0, 1.0)] == [0.0, 0.0]


def test_a_monitor_begins_with_no_evidence_and_keeps_its_peaks() -> None:
    new = Monitors()
    assert (new.labels_count, new.since) == (0, None)
    assert (new.e_now, new.e_highest, new.cusum_now, new.cusum_highest) == (1.0, 1.0, 0.0, 0.0)
    label = closed(0, 1)
    new.count(label)
    surprise = brier_surprise(label.p_mean, float(label.hit))
    assert new.e_now == 1.0 - 0.5 * (float(label.hit) - label.p_mean)
    assert new.e_highest == max(1.0, new.e_now)
    assert new.cusum_now == max(0.0, surprise - 0.5) == new.cusum_highest
    new.begin_anew(NOW)
    begun = (new.e_now, new.e_highest, new.cusum_now, new.cusum_highest, new.counted_until)
    assert begun == (1.0, 1.0, 0.0, 0.0, {})
    assert (new.labels_count, new.since) == (0, NOW)


def test_misses_add_up_and_a_label_that_opens_at_the_close_of_another_counts() -> None:
    misses = Monitors()
    surprise = brier_surprise(0.8, 0.0)
    for hour in range(3):
        label = closed(hour, hour + 1, outcome=Outcome.STOP, p_mean=0.8)
        misses.count(label)
    assert misses.labels_count == 3
    assert misses.cusum_now == pytest.approx(3 * (surprise - 0.5))
    assert misses.cusum_highest == misses.cusum_now
    misses.count(closed(1, 9, outcome=Outcome.STOP, p_mean=0.8))
    assert misses.labels_count == 3
    misses.count(closed(20, 21))
    assert misses.labels_count == 4


def test_outcomes_without_odds_are_named() -> None:
    with pytest.raises(ValueError, match=r"y must be as long as p \(1\), was 2 long"):
        e_process((0.5,), (0, 1))
