"""The edges of risk: both ends of every range, the very instant, and the other side of a sign.

Each of these tests was asked for by a small change in the room that nobody had noticed.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import engine.risk
from engine.model.actors import Actor, Role
from engine.risk import (
    BREAKERS,
    Limits,
    NotMeasured,
    PastEntry,
    Reset,
    Scope,
    Senses,
    Trip,
    TrippedBreaker,
    breaker_changes,
    findings,
)
from engine.risk.picture import Look, fall
from engine.risk.readings import danger
from tests.engine.test_risk_entry import (
    GOLD,
    HOUR,
    LIMITS,
    NOW,
    calm_market,
    calm_picture,
    exposure,
)

OWNER = Actor("1", "B", Role.OWNER)
SECOND = timedelta(seconds=1)


def changes(**picture: Any) -> tuple[Trip | Reset, ...]:
    return breaker_changes(calm_picture(**picture), LIMITS)


def value_of(name: str, **picture: Any) -> Any:
    found = findings(calm_picture(**picture), LIMITS)
    return next(f.reading for f in found if f.name == name)


def standing(name: str, at: datetime, value: str = "x") -> dict[str, Any]:
    return {"tripped": (TrippedBreaker(name, at, value),)}


def resets(**picture: Any) -> list[str]:
    return [change.name for change in changes(**picture) if isinstance(change, Reset)]


# ---- shapes ------------------------------------------------------------------------------------

MODULES = [m.name for m in pkgutil.iter_modules(engine.risk.__path__, "engine.risk.")]
SHAPES = sorted(
    {
        shape
        for name in MODULES
        for shape in vars(importlib.import_module(name)).values()
        if isinstance(shape, type) and is_dataclass(shape) and shape.__module__ == name
    },
    key=lambda shape: shape.__name__,
)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_risk_hands_round_cannot_be_changed_or_given_more(shape: type) -> None:
    """``Monitors`` alone is a state and not a value; it has no room for more, either."""
    assert "__slots__" in vars(shape)
    if shape.__name__ == "Monitors":
        return
    blank: Any = object.__new__(shape)
    with pytest.raises(FrozenInstanceError):
        setattr(blank, fields(shape)[0].name, None)


def test_what_nobody_has_said_is_the_safe_default() -> None:
    quiet = Senses()
    assert quiet.spread_median_frac == 0.0
    assert (quiet.second_agreeing_count, quiet.print_agreeing_count) == (0, 0)
    assert Trip("a", "b", "c", "d", "e").to_paper is False


# ---- limits ------------------------------------------------------------------------------------

DEFAULTS = {
    "instrument_frac": 0.30, "total_frac": 0.60, "pair_frac": 0.40, "pair_correlation": 0.70,
    "risk_frac": 0.01, "heat_frac": 0.03, "daily_loss_frac": 0.02, "weekly_loss_frac": 0.04,
    "daily_trips_count": 2, "drawdown_halt_frac": 0.12, "drawdown_kill_frac": 0.15,
    "losses_pause_count": 4, "losses_halt_count": 7, "losses_pause_for": 24 * HOUR,
    "day_entries_count": 6, "instrument_entries_count": 3, "entry_spacing_for": HOUR,
    "volatility_rank_frac": 0.99, "move_sigmas": 6.0, "calm_bars": 24, "stale_bars": 2.0,
    "stale_quotes_for": 60 * SECOND, "second_gap_frac": 0.01, "second_gap_metals_frac": 0.005,
    "print_sigmas": 8.0, "agreeing_count": 3, "spread_frac": 0.003, "spread_medians": 3.0,
    "clock_offset_for": 2 * SECOND, "slippage_ratio": 2.0, "e_process": 20.0,
    "brier_cusum": 5.0, "rejects_count": 3, "rejects_for": 600 * SECOND,
    "unread_for": 1800 * SECOND, "exploratory_week_frac": 0.02,
}  # fmt: skip


def test_the_limits_are_those_of_the_method() -> None:
    """MATH.md section 4, number by number: a default that drifts is a looser desk."""
    assert {f.name: getattr(LIMITS, f.name) for f in fields(Limits)} == DEFAULTS


MAY_BE_ZERO = ("daily_trips_count", "day_entries_count", "instrument_entries_count")
MULTIPLES = (
    "move_sigmas", "stale_bars", "print_sigmas", "spread_medians", "slippage_ratio", "e_process",
    "brier_cusum",
)  # fmt: skip
# Each pair must keep its order, so the other one moves along.
PAIRS = {
    "drawdown_kill_frac": "drawdown_halt_frac",
    "losses_pause_count": "losses_halt_count",
    "losses_halt_count": "losses_pause_count",
    "drawdown_halt_frac": "drawdown_kill_frac",
}


def ends(name: str) -> tuple[list[Any], list[Any]]:
    """The outermost values that are taken, and the innermost that are refused."""
    if name.endswith("_for"):
        tick = timedelta(microseconds=1)
        if name == "entry_spacing_for":
            return [timedelta(0), tick], [-tick]
        return [tick], [timedelta(0), -tick]
    if name.endswith("_count") or name == "calm_bars":
        least = 0 if name in MAY_BE_ZERO else 1
        return [least, least + 1], [least - 1, math.nan]
    if name in MULTIPLES:
        return [1e-9, 1e9], [0.0, -1.0, math.inf, math.nan]
    return [1e-9, 1.0], [0.0, -0.5, math.nextafter(1.0, 2.0), math.nan]


@pytest.mark.parametrize("name", list(DEFAULTS))
def test_each_limit_takes_its_whole_range_and_nothing_beyond_it(name: str) -> None:
    taken, refused = ends(name)
    for value in taken:
        both = {name: value} | ({PAIRS[name]: value} if name in PAIRS else {})
        assert getattr(Limits(**both), name) == value
    for value in refused:
        with pytest.raises(ValueError, match=f"^{name} must be .*, was "):
            Limits(**{name: value})


# ---- the table ---------------------------------------------------------------------------------

# Whether a trip is journaled, whether the bound itself trips, whether the count begins anew.
ROWS = {
    "halt": (False, True, False), "back to paper": (False, True, False),
    "drawdown kill": (True, True, True), "drawdown halt": (True, True, True),
    "weekly loss": (True, True, False), "daily loss": (True, True, False),
    "losses in a row, halt": (True, True, True), "losses in a row, pause": (True, True, True),
    "invariant": (True, True, True), "clock skew": (True, False, False),
    "clock ran back": (True, False, False), "balances": (True, True, False),
    "venue ledger": (True, False, False),
    "unknown orders": (True, True, True), "order rejects": (True, True, True),
    "slippage": (True, False, True), "overconfidence": (True, True, True),
    "Brier score": (True, True, True), "orders without an answer": (False, True, False),
    "stale data": (True, False, False), "stale quotes": (True, False, False),
    "volatility": (True, False, False), "price jump": (True, False, False),
    "second price": (True, False, False), "single print": (True, False, False),
    "spread": (True, False, False), "market closed": (False, True, False),
    "entries today": (False, True, False), "entries today in": (False, True, False),
    "time since the last entry in": (False, False, False), "one position in": (False, True, False),
}  # fmt: skip


def test_the_table_stands_in_its_order_with_its_switches() -> None:
    assert {b.name: (b.latched, b.at_bound, b.rebased) for b in BREAKERS} == ROWS
    assert [b.name for b in BREAKERS] == list(ROWS)
    assert [b.name for b in BREAKERS if b.to_paper] == ["drawdown kill"]
    assert all(
        b.title("XAU-USD") == (f"{b.name} XAU-USD" if b.scope is Scope.INSTRUMENT else b.name)
        for b in BREAKERS
    )


BOUNDS = {
    "halt": "1", "back to paper": "1", "drawdown kill": "15.00 %", "drawdown halt": "12.00 %",
    "weekly loss": "4.00 %", "daily loss": "2.00 %", "losses in a row, halt": "7",
    "losses in a row, pause": "4", "invariant": "1", "clock skew": "2.0 s",
    "clock ran back": "0.0 s", "balances": "1 differing", "venue ledger": "1800 s unread",
    "unknown orders": "1 fills",
    "order rejects": "3 within the window", "slippage": "2.00 x modelled",
    "overconfidence": "20.0 to 1", "Brier score": "5.00 sd", "orders without an answer": "1",
    "stale data": "2.0 bars", "stale quotes": "60 s", "volatility": "99.00 %",
    "price jump": "6.00 sigma", "second price": "0.50 %", "single print": "8.00 sigma",
    "spread": "0.300 %", "market closed": "1", "entries today": "6", "entries today in": "3",
    "time since the last entry in": "0 min missing", "one position in": "1",
}  # fmt: skip


def test_each_row_shows_its_bound_with_its_unit() -> None:
    look = Look(calm_picture(), LIMITS, "XAU-USD")
    assert {b.name: b.show(b.bound(look)) for b in BREAKERS} == BOUNDS


def test_each_row_asks_its_own_limit() -> None:
    """A bound that reads its neighbour's limit would pass every default that happens to agree."""
    mine = Limits(stale_quotes_for=timedelta(seconds=7), second_gap_frac=0.03)
    look = Look(calm_picture(markets=(calm_market("BTC-USD"),)), mine, "BTC-USD")
    shown = {b.name: b.bound(look) for b in BREAKERS}
    assert shown["stale quotes"] == 7.0
    nobody = Look(calm_picture(markets=()), LIMITS, "BTC-USD")
    assert nobody.senses is None
    bounds = {b.name: b.bound(nobody) for b in BREAKERS}
    assert (bounds["second price"], bounds["spread"]) == (0.005, 0.003)


# ---- losses ------------------------------------------------------------------------------------


def test_a_count_below_zero_is_unknown() -> None:
    assert value_of("losses in a row, halt", consecutive_losses=-1) is None
    assert value_of("losses in a row, halt", consecutive_losses=0) == 0.0


def test_a_pause_ends_with_the_very_second_and_stays_ended() -> None:
    name = "losses in a row, pause"
    for ago, value in ((24 * HOUR - SECOND, 5.0), (24 * HOUR, 0.0), (99 * HOUR, 0.0)):
        assert value_of(name, consecutive_losses=5, last_loss_at=NOW - ago) == value


def test_a_pause_that_the_owner_ended_begins_again_with_the_next_loss() -> None:
    run: dict[str, Any] = {"consecutive_losses": 5, "last_loss_at": NOW - HOUR}
    for ended, value in ((NOW - HOUR, 0.0), (NOW - HOUR - SECOND, 5.0)):
        assert value_of("losses in a row, pause", **run, pause_ended_at=ended) == value
        assert value_of("losses in a row, halt", **run, pause_ended_at=ended) == 5.0


def test_a_daily_loss_waits_for_a_later_day_not_for_another() -> None:
    assert resets(**standing("daily loss", NOW + 24 * HOUR)) == []


@pytest.mark.parametrize(
    ("now", "noted", "reset"),
    [
        (datetime(2025, 3, 10, tzinfo=UTC), NOW, True),
        (datetime(2025, 3, 10, tzinfo=UTC), NOW - SECOND, False),
        (datetime(2025, 3, 9, 23, 59, tzinfo=UTC), NOW, False),
        (datetime(2025, 3, 12, tzinfo=UTC), datetime(2025, 3, 11, tzinfo=UTC), True),
        (datetime(2025, 3, 12, tzinfo=UTC), datetime(2025, 3, 13, tzinfo=UTC), False),
        (datetime(2025, 3, 12, tzinfo=UTC), datetime(2025, 3, 12, tzinfo=UTC), True),
    ],
)
def test_a_weekly_loss_ends_next_monday_once_noted(
    now: datetime, noted: datetime, *, reset: bool
) -> None:
    """`NOW` is a Wednesday; the Monday after it is the 10th."""
    found = resets(now=now, review_note_at=noted, **standing("weekly loss", NOW))
    assert found == ["weekly loss"] * reset


def test_a_fall_is_measured_from_something() -> None:
    assert fall(Decimal(100), Decimal(75)) == 0.25
    assert fall(Decimal(100), Decimal(150)) == -0.5
    assert fall(Decimal("0.5"), Decimal("0.25")) == 0.5
    for start in (Decimal(0), Decimal(-1), Decimal("NaN"), None):
        assert fall(start, Decimal(1)) is None
    assert fall(Decimal(1), None) is None


# ---- pace --------------------------------------------------------------------------------------


def test_only_this_days_entries_in_this_instrument_count() -> None:
    midnight = datetime(2025, 3, 5, tzinfo=UTC)
    entries = (
        PastEntry("XAU-USD", midnight),
        PastEntry("XAU-USD", midnight - SECOND),
        PastEntry("XAU-USD", midnight + 24 * HOUR),
        PastEntry("XAG-USD", midnight),
        PastEntry("AAA-USD", midnight),
        PastEntry("ZZZ-USD", midnight),
    )
    assert value_of("entries today", entries=entries) == 4.0
    assert value_of("entries today in XAU-USD", entries=entries) == 1.0


def test_the_spacing_is_told_in_minutes_since_the_newest_entry() -> None:
    name = "time since the last entry in XAU-USD"
    entries = tuple(
        PastEntry(symbol, NOW - minutes * 60 * SECOND)
        for symbol, minutes in (("XAU-USD", 45), ("XAU-USD", 50), ("AAA-USD", 5), ("ZZZ-USD", 5))
    )
    assert value_of(name, entries=entries) == 15.0
    assert value_of(name, entries=entries[2:]) == 0.0
    assert value_of(name, entries=(PastEntry("XAU-USD", NOW - 61 * 60 * SECOND),)) == 0.0


def test_positions_of_other_instruments_are_not_this_ones() -> None:
    aaa, zzz = (replace(exposure("1"), instrument=symbol) for symbol in ("AAA-USD", "ZZZ-USD"))
    held = {"positions": (exposure("1", of=GOLD), aaa), "pending": (zzz,)}
    assert value_of("one position in XAU-USD", **held) == 1.0


def test_yes_is_one_and_no_is_zero() -> None:
    assert (value_of("halt", halted="x"), value_of("halt", halted="")) == (1.0, 0.0)
    assert [value_of("back to paper", live_after_kill=v) for v in (True, False)] == [1.0, 0.0]
    for rests in (True, False):
        closed = (calm_market("XAU-USD", open=not rests),)
        assert value_of("market closed XAU-USD", markets=closed) == float(rests)


# ---- markets -----------------------------------------------------------------------------------


def gold(name: str, **state: Any) -> Any:
    return value_of(f"{name} XAU-USD", markets=(calm_market("XAU-USD", **state),))


def test_the_age_of_a_bar_counts_in_bars_and_not_while_the_market_rests() -> None:
    assert gold("stale data", bar_age_for=HOUR) == 1.0
    assert gold("stale data", bar_age_for=HOUR, bar_length_for=HOUR / 2) == 2.0
    assert gold("stale data", bar_age_for=HOUR, open=False) == 0.0
    assert gold("stale data", bar_age_for=timedelta(microseconds=-1)) is None
    assert gold("stale data", bar_age_for=timedelta(0)) == 0.0


def test_a_resting_market_has_no_stale_quotes_but_unknown_ones() -> None:
    assert gold("stale quotes", senses=Senses(quote_age_seconds=99.0), open=False) == 0.0
    assert gold("stale quotes", senses=Senses(quote_age_seconds=99.0)) == 99.0
    assert gold("stale quotes", senses=Senses(quote_age_seconds=None), open=False) is None
    assert gold("stale quotes", senses=Senses(quote_age_seconds=9.0), open=None) is None
    assert isinstance(gold("stale quotes"), NotMeasured)


def test_a_rank_is_a_fraction_and_a_crossed_book_is_unknown() -> None:
    ranks = (0.0, 1.0, -0.001, 1.001)
    assert [gold("volatility", volatility_rank_frac=r) for r in ranks] == [0.0, 1.0, None, None]
    spreads = [gold("spread", senses=Senses(spread_frac=s)) for s in (0.0, -0.001, 0.5)]
    assert spreads == [0.0, None, 0.5]


def test_danger_has_no_sign() -> None:
    assert (danger(-2.0), danger(2.0), danger(None)) == (2.0, 2.0, None)
    reason = NotMeasured("by design")
    assert danger(reason) is reason
    assert gold("second price", senses=Senses(second_gap_frac=-0.2)) == 0.2


@pytest.mark.parametrize(("calm", "reset"), [(23, False), (24, True), (25, True)])
def test_quiet_bars_are_counted_to_the_last(calm: int, *, reset: bool) -> None:
    for row in ("volatility XAU-USD", "price jump XAU-USD"):
        quiet = (calm_market("XAU-USD", calm_bars=calm),)
        assert resets(markets=quiet, **standing(row, NOW)) == [row] * reset


@pytest.mark.parametrize(("agreeing", "reset"), [(2, False), (3, True), (4, True)])
def test_each_disagreement_counts_its_own_agreement(agreeing: int, *, reset: bool) -> None:
    found = []
    for second, prints, row in ((agreeing, 0, "second price"), (0, agreeing, "single print")):
        seen = Senses(
            second_gap_frac=0.0,
            second_agreeing_count=second,
            print_sigmas=0.0,
            print_agreeing_count=prints,
        )
        market = (calm_market("XAU-USD", senses=seen),)
        found += resets(markets=market, **standing(f"{row} XAU-USD", NOW))
    assert found == ["second price XAU-USD", "single print XAU-USD"] * reset


def test_the_state_of_a_market_is_looked_up_by_its_own_name() -> None:
    picture = calm_picture(markets=tuple(calm_market(s) for s in ("AAA", "MMM", "ZZZ")))
    for name in ("AAA", "MMM", "ZZZ"):
        found = picture.market(name)
        assert found is not None
        assert found.instrument == name
    assert picture.market("NNN") is None
