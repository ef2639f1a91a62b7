"""When a market is open, and which bars can therefore exist.

Refuses to guess holidays of metals: a missing holiday bar is reported, as a session that ended
early. New York's exchanges are in nyse.py, with their holidays and half days.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.market import nyse
from engine.model.bars import Timeframe
from engine.model.instruments import Calendar

HOUR = timedelta(hours=1)
BREAK_HOUR = 17
"""New York hour in which metals rest each day, and at which their week ends on Friday."""

_MONDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 4, 5, 6


@lru_cache(maxsize=1)
def _new_york() -> ZoneInfo:
    return ZoneInfo("America/New_York")


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether the market trades at `at`.

    Parameters
    ----------
    calendar : Calendar
    at : datetime, aware

    Examples
    --------
    >>> from datetime import UTC
    >>> is_open(Calendar.METALS, datetime(2025, 1, 3, 22, tzinfo=UTC))  # Friday 17:00 New York
    False
    >>> is_open(Calendar.METALS, datetime(2025, 1, 5, 23, tzinfo=UTC))  # Sunday 18:00 New York
    True
    """
    if calendar is Calendar.CONTINUOUS:
        return True
    if calendar is Calendar.NYSE:
        return nyse.is_open(at)
    there = at.astimezone(_new_york())
    day, hour = there.weekday(), there.hour
    if day == _SATURDAY:
        return False
    if day == _SUNDAY:
        return hour > BREAK_HOUR
    if day == _FRIDAY:
        return hour < BREAK_HOUR
    return hour != BREAK_HOUR


def bar_exists(calendar: Calendar, timeframe: Timeframe, open_at: datetime) -> bool:
    """Whether a bar opening at `open_at` can exist: the market trades in some part of it.

    A daily bar of metals is labelled by its session's date, so those exist from Monday to Friday;
    so is one of an exchange, which has none on holidays.

    Parameters
    ----------
    calendar : Calendar
    timeframe : Timeframe
    open_at : datetime, aware UTC
    """
    if calendar is Calendar.CONTINUOUS:
        return True
    if calendar is Calendar.NYSE:
        if timeframe is Timeframe.D1:
            return nyse.is_trading_day(open_at.date())
        return nyse.open_time_between(open_at, open_at + timeframe.length) > timedelta(0)
    if timeframe is Timeframe.D1:
        return _MONDAY <= open_at.weekday() <= _FRIDAY
    if open_at.minute == 0 and timeframe.length <= HOUR:
        return is_open(calendar, open_at)
    return any(is_open(calendar, at) for at in _hours(open_at, open_at + timeframe.length))


def end_of_trading(calendar: Calendar, start: datetime, length: timedelta) -> datetime:
    """Instant at which the market has traded for `length` since `start`.

    Closed hours do not count, so a time limit over a weekend is as many bars as any other.

    Parameters
    ----------
    calendar : Calendar
    start : datetime, aware UTC
    length : timedelta, >= 0

    Examples
    --------
    >>> from datetime import UTC
    >>> friday = datetime(2025, 1, 3, 20, tzinfo=UTC)  # two hours before the weekend
    >>> end_of_trading(Calendar.METALS, friday, timedelta(hours=3)).isoformat()
    '2025-01-06T00:00:00+00:00'
    """
    if calendar is Calendar.CONTINUOUS:
        return start + length
    if calendar is Calendar.NYSE:
        return nyse.end_of_trading(start, length)
    at, left = start, length
    while left > timedelta(0):
        edge = min(at.replace(minute=0, second=0, microsecond=0) + HOUR, at + left)
        if is_open(calendar, at):
            left -= edge - at
            at = edge
        else:
            at = at.replace(minute=0, second=0, microsecond=0) + HOUR
    return at


def missing_between(
    calendar: Calendar, timeframe: Timeframe, last: datetime, following: datetime
) -> int:
    """How many bars should lie between two neighbours.

    Parameters
    ----------
    calendar : Calendar
    timeframe : Timeframe
    last, following : datetime, aware UTC
        Open times of the two bars; only whole bars that fit between them are counted.

    Returns
    -------
    int, >= 0

    Examples
    --------
    >>> from datetime import UTC
    >>> friday, sunday = datetime(2025, 1, 3, 21, tzinfo=UTC), datetime(2025, 1, 5, 23, tzinfo=UTC)
    >>> missing_between(Calendar.METALS, Timeframe.H1, friday, sunday)
    0
    >>> missing_between(Calendar.CONTINUOUS, Timeframe.H1, friday, sunday)
    49
    """
    length = timeframe.length
    slots = max((following - last) // length - 1, 0)
    if calendar is Calendar.CONTINUOUS:
        return slots
    return sum(bar_exists(calendar, timeframe, last + k * length) for k in range(1, slots + 1))


def opens_session(calendar: Calendar, open_at: datetime) -> bool:
    """Whether the market was shut just before `open_at` and trades in the hour from it.

    Parameters
    ----------
    calendar : Calendar
    open_at : datetime, aware
        The hour of grace is for four-hour bars, which begin at the break itself.
    """
    if calendar is Calendar.CONTINUOUS:
        return False
    shut_before = not is_open(calendar, open_at - timedelta(seconds=1))
    at_break = not is_open(calendar, open_at)
    return (shut_before or at_break) and (
        is_open(calendar, open_at) or is_open(calendar, open_at + HOUR)
    )


def open_time_between(calendar: Calendar, since: datetime, until: datetime) -> timedelta:
    """How long the market traded in ``[since, until)``.

    Parameters
    ----------
    calendar : Calendar
    since, until : datetime, aware UTC

    Returns
    -------
    timedelta, >= 0

    Examples
    --------
    >>> from datetime import UTC
    >>> friday, sunday = datetime(2025, 1, 3, 21, tzinfo=UTC), datetime(2025, 1, 6, 0, tzinfo=UTC)
    >>> open_time_between(Calendar.METALS, friday, sunday)
    datetime.timedelta(seconds=7200)
    """
    if until <= since:
        return timedelta(0)
    if calendar is Calendar.CONTINUOUS:
        return until - since
    if calendar is Calendar.NYSE:
        return nyse.open_time_between(since, until)
    total = timedelta(0)
    for at in _hours(since, until):
        if is_open(calendar, at):
            hour_end = at.replace(minute=0, second=0, microsecond=0) + HOUR
            total += min(hour_end, until) - at
    return total


def _hours(since: datetime, until: datetime) -> Iterator[datetime]:
    """`since`, then every whole hour before `until`: sessions only change on the hour."""
    at = since
    while at < until:
        yield at
        at = at.replace(minute=0, second=0, microsecond=0) + HOUR
