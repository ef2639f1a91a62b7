"""The metals calendar, across the changes of New York's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market.sessions import (
    bar_exists,
    end_of_trading,
    is_open,
    missing_between,
    open_time_between,
    opens_session,
)
from engine.model.bars import Timeframe
from engine.model.instruments import Calendar

METALS, ALWAYS = Calendar.METALS, Calendar.CONTINUOUS
instants = st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-01-03T21:59Z", True),  # Friday 16:59 in winter
        ("2025-01-03T22:00Z", False),
        ("2025-07-04T20:59Z", True),  # Friday 16:59 in summer
        ("2025-07-04T21:00Z", False),
        ("2025-01-04T12:00Z", False),  # Saturday
        ("2025-01-05T22:59Z", False),
        ("2025-01-05T23:00Z", True),  # Sunday 18:00
        ("2025-01-06T22:30Z", False),  # Monday's break
        ("2025-01-06T23:00Z", True),
    ],
)
def test_metals_rest_at_the_break_and_the_weekend(text: str, expected: bool) -> None:
    assert is_open(METALS, datetime.fromisoformat(text)) is expected


def test_four_hour_bars_of_metals_have_no_gap_when_clocks_change() -> None:
    friday = datetime(2025, 3, 7, 18, tzinfo=UTC)
    sunday = datetime(2025, 3, 9, 21, tzinfo=UTC)  # an hour earlier in UTC
    assert missing_between(METALS, Timeframe.H4, friday, sunday) == 0


def test_daily_bars_of_metals_exist_on_weekdays() -> None:
    monday = datetime(2025, 3, 3, tzinfo=UTC)
    exist = [bar_exists(METALS, Timeframe.D1, monday + timedelta(days=k)) for k in range(7)]
    assert exist == [True] * 5 + [False] * 2


def test_a_session_opens_after_the_break() -> None:
    reopening = datetime(2025, 1, 6, 23, tzinfo=UTC)
    assert opens_session(METALS, reopening)
    assert not opens_session(METALS, reopening + timedelta(hours=1))
    assert not opens_session(ALWAYS, reopening)


@given(instants, st.integers(0, 200), st.integers(0, 200))
def test_trading_time_adds_up(start: datetime, first: int, second: int) -> None:
    middle = start + timedelta(minutes=17 * first)
    end = middle + timedelta(minutes=23 * second)
    parts = [open_time_between(METALS, *span) for span in ((start, middle), (middle, end))]
    assert sum(parts, timedelta(0)) == open_time_between(METALS, start, end)


@given(instants)
def test_any_week_of_metals_holds_115_hours(start: datetime) -> None:
    hours = open_time_between(METALS, start, start + timedelta(days=7)) / timedelta(hours=1)
    assert hours == pytest.approx(115.0, abs=1.001)  # an hour more or less when clocks change


@given(start=instants, hours=st.integers(0, 120))
def test_end_of_trading_leaves_the_asked_trading_time_behind(start: datetime, hours: int) -> None:
    length = timedelta(hours=hours)
    whole = start.replace(minute=0, second=0, microsecond=0)
    end = end_of_trading(Calendar.METALS, whole, length)
    open_hours = sum(
        is_open(Calendar.METALS, whole + n * timedelta(hours=1))
        for n in range(int((end - whole) / timedelta(hours=1)))
    )
    assert open_hours == hours


def test_end_of_trading_is_plain_addition_where_trading_never_stops() -> None:
    start = datetime(2025, 1, 3, 20, 30, tzinfo=UTC)
    limit = end_of_trading(Calendar.CONTINUOUS, start, timedelta(days=2))
    assert limit == start + timedelta(days=2)
