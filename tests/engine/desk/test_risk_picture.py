"""What the desk tells risk of its own record: a week's trips, costs of execution, refusals."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from engine.config import Settings
from engine.desk.picture import Moment, picture_of
from engine.desk.policy import policy_of
from engine.journal.ledger import ExecutionCost, Ledger, Trip
from engine.market.sessions import is_open
from engine.model.bars import Timeframe
from engine.risk import Limits, Reset, RiskPicture, VenueState, breaker_changes

POLICY = policy_of(Settings(), ("BTC-USD",))
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
DAY = timedelta(days=1)
CASH = Settings().desk.cash_usd
LOSS = "daily loss"


def seen(ledger: Ledger, now: datetime = MONDAY) -> RiskPicture:
    ledger.cash_usd = ledger.equity_usd = CASH
    return picture_of(ledger, POLICY, Moment(now, {}, {}, Timeframe.H1, is_open))


def venue(ledger: Ledger) -> VenueState:
    state = seen(ledger).venue
    assert state is not None
    return state


def tripped_on(*days: int) -> Ledger:
    """The daily loss tripped on these days after a Monday, and stands since the last."""
    ledger = Ledger()
    ledger.trip_log = [(LOSS, MONDAY + day * DAY) for day in days]
    ledger.trips[LOSS] = Trip(LOSS, "2.40 %", "2.00 %", "", MONDAY + days[-1] * DAY)
    return ledger


def resets(ledger: Ledger, day: int) -> bool:
    changes = breaker_changes(seen(ledger, MONDAY + day * DAY), Limits())
    return any(isinstance(change, Reset) and change.name == LOSS for change in changes)


@pytest.mark.parametrize(
    ("days", "looked_on", "reset"),
    [
        ((1, 6), 7, True),
        ((1, 3, 4), 5, False),
        ((1, 3, 6), 7, False),
        ((1, 3, 6), 30, False),
        ((1, 3, 7), 8, True),
    ],
)
def test_a_third_daily_loss_of_a_week_waits_for_the_owner_beyond_the_week(
    days: tuple[int, ...], looked_on: int, reset: bool
) -> None:
    assert resets(tripped_on(*days), looked_on) is reset


def test_trips_count_in_the_present_week_once_none_stands() -> None:
    ledger = tripped_on(1, 3, 6)
    ledger.trips.clear()
    assert seen(ledger, MONDAY + 6 * DAY).daily_loss_trips == 3
    assert seen(ledger, MONDAY + 7 * DAY).daily_loss_trips == 0


@pytest.mark.parametrize(
    ("realised", "ratio"), [(0.004, 2.0), (-0.004, 0.0), (math.nan, math.nan)]
)
def test_slippage_is_realised_over_modelled_and_unknown_stays_unknown(
    realised: float, ratio: float
) -> None:
    ledger = Ledger()
    ledger.executions = [ExecutionCost(realised, 0.002)] * 20
    assert venue(ledger).slippage_ratio == pytest.approx(ratio, nan_ok=True)


@pytest.mark.parametrize(
    ("minutes", "most"),
    [
        ((), 0),
        ((0,), 1),
        ((0, 10, 20), 1),
        ((0, 5, 9, 30), 3),
        ((0, 0, 0), 3),
        ((0, 6, 9, 12, 15, 40, 41), 4),
        ((9, 0, 5), 3),
    ],
)
def test_refusals_are_counted_in_the_fullest_window(minutes: tuple[int, ...], most: int) -> None:
    """Ten minutes by default, of which the far end is not a part."""
    ledger = Ledger()
    ledger.rejected_at = [MONDAY + timedelta(minutes=minute) for minute in minutes]
    assert venue(ledger).rejects_count == most
