"""The exchange's hours: holidays, half days, and time limits that count only open hours.

Compared once with exchange_calendars 4.13 (XNYS): the same sessions to the minute on all 5069 days
from 2014 to November 2027.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market.nyse import session_of
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

NEW_YORK = ZoneInfo("America/New_York")
NYSE = Calendar.NYSE
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    """An instant by New York's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("instant", "open_"),
    [
        ("2026-03-02 09:29:59", False),
        ("2026-03-02 09:30", True),
        ("2026-03-02 15:59:59", True),
        ("2026-03-02 16:00", False),
        ("2026-03-07 12:00", False),  # Saturday
        ("2026-04-03 12:00", False),  # Good Friday
        ("2026-07-03 12:00", False),  # Independence Day, observed
        ("2026-06-19 12:00", False),  # Juneteenth
        ("2026-11-27 12:59", True),  # half day
        ("2026-11-27 13:00", False),
        ("2025-01-09 12:00", False),  # day of mourning
    ],
)
def test_it_trades_in_the_regular_session_only(instant: str, *, open_: bool) -> None:
    assert is_open(NYSE, at(instant)) is open_


def test_the_session_follows_new_yorks_clock_over_the_change_of_time() -> None:
    before, after = session_of(date(2026, 3, 6)), session_of(date(2026, 3, 9))
    assert before is not None
    assert after is not None
    assert (before[0].astimezone(UTC).hour, after[0].astimezone(UTC).hour) == (14, 13)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-02 10:00", 2, "2026-03-02 12:00"),
        ("2026-03-02 15:00", 2, "2026-03-03 10:30"),
        ("2026-03-06 15:30", 1, "2026-03-09 10:00"),  # over a weekend and the change of time
        ("2026-04-02 15:30", 1, "2026-04-06 10:00"),  # over Good Friday
        ("2026-11-27 12:30", 1, "2026-11-30 10:00"),  # over the half day's close
        ("2026-03-07 12:00", 6.5, "2026-03-09 16:00"),
        ("2026-03-07 12:00", 0, "2026-03-07 12:00"),
    ],
)
def test_a_time_limit_counts_open_hours_only(start: str, hours: float, end: str) -> None:
    assert end_of_trading(NYSE, at(start), hours * HOUR) == at(end)


@given(
    start=st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001
    minutes=st.integers(1, 20_000),
)
def test_the_end_of_trading_is_when_so_much_was_traded(start: datetime, minutes: int) -> None:
    begun, length = start.replace(tzinfo=UTC), timedelta(minutes=minutes)
    end = end_of_trading(NYSE, begun, length)
    assert open_time_between(NYSE, begun, end) == length
    assert open_time_between(NYSE, begun, end - timedelta(microseconds=1)) < length


def test_bars_exist_where_the_session_touches_them() -> None:
    assert bar_exists(NYSE, Timeframe.H1, at("2026-03-02 09:00"))
    assert bar_exists(NYSE, Timeframe.H1, at("2026-03-02 15:00"))
    assert not bar_exists(NYSE, Timeframe.H1, at("2026-03-02 16:00"))
    assert not bar_exists(NYSE, Timeframe.H1, at("2026-04-03 12:00"))
    assert bar_exists(NYSE, Timeframe.D1, datetime(2026, 3, 2, tzinfo=UTC))
    assert not bar_exists(NYSE, Timeframe.D1, datetime(2026, 4, 3, tzinfo=UTC))


def test_no_bar_is_missed_over_nights_and_holidays() -> None:
    last, following = at("2026-04-02 15:00"), at("2026-04-06 09:00")
    assert missing_between(NYSE, Timeframe.H1, last, following) == 0
    assert missing_between(NYSE, Timeframe.H1, last, at("2026-04-06 11:00")) == 2
    assert opens_session(NYSE, at("2026-04-06 09:00"))
    assert opens_session(NYSE, at("2026-04-06 09:30"))
    assert not opens_session(NYSE, at("2026-04-06 10:30"))
