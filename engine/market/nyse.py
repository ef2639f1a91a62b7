"""When New York's exchanges trade: 9:30 to 16:00, not on holidays, until 13:00 on half days.

Source: NYSE Rule 7.2 and the exchange's published calendar, as kept since 2014; days of mourning
and storms are a list. Refuses to guess what no rule foresees: a closure announced tomorrow shows
as missing bars until it is listed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.errors import InvariantBroken

OPEN = time(9, 30)
CLOSE = time(16, 0)
HALF_DAY_CLOSE = time(13, 0)
UNFORESEEN = frozenset({date(2018, 12, 5), date(2025, 1, 9)})
"""Days of mourning on which the exchange stayed shut; add to it when one is announced."""

_JUNETEENTH_SINCE = 2022
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
_DAY = timedelta(days=1)
_LONGEST_CLOSURE = timedelta(days=14)
"""Longer than the exchange was ever shut since 1914."""


@lru_cache(maxsize=1)
def _new_york() -> ZoneInfo:
    return ZoneInfo("America/New_York")


@lru_cache(maxsize=64)
def _closed_days(year: int) -> frozenset[date]:
    """Weekdays of one year without a session."""
    fixed = [date(year, 7, 4), date(year, 12, 25)]
    if year >= _JUNETEENTH_SINCE:
        fixed.append(date(year, 6, 19))
    days = {_observed(day) for day in fixed}
    if (new_year := date(year, 1, 1)).weekday() != _SATURDAY:  # a Friday is never given for it
        days.add(_observed(new_year))
    days |= {
        _nth(year, 1, _MONDAY, 3),
        _nth(year, 2, _MONDAY, 3),
        _easter(year) - 2 * _DAY,
        _nth(year, 6, _MONDAY, 1) - 7 * _DAY,
        _nth(year, 9, _MONDAY, 1),
        _nth(year, 11, _THURSDAY, 4),
    }
    return frozenset(days | {day for day in UNFORESEEN if day.year == year})


@lru_cache(maxsize=64)
def _half_days(year: int) -> frozenset[date]:
    """Sessions of one year that end at 13:00."""
    eves = (date(year, 7, 3), date(year, 12, 24))
    after_thanksgiving = _nth(year, 11, _THURSDAY, 4) + _DAY
    return frozenset({after_thanksgiving, *(day for day in eves if day.weekday() <= _THURSDAY)})


def _observed(day: date) -> date:
    """Friday for a Saturday, Monday for a Sunday."""
    return day + {_SATURDAY: -_DAY, _SUNDAY: _DAY}.get(day.weekday(), timedelta(0))


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    first = date(year, month, 1)
    return first + ((weekday - first.weekday()) % 7 + 7 * (count - 1)) * _DAY


def _easter(year: int) -> date:
    """Easter Sunday (the anonymous Gregorian algorithm; Meeus 1991, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), g = divmod(b, 4), (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    w = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * w) // 451
    month, day = divmod(h + w - 7 * m + 114, 31)
    return date(year, month, day + 1)


def is_trading_day(day: date) -> bool:
    """Whether the exchange opens on `day`, a New York date.

    Examples
    --------
    >>> is_trading_day(date(2026, 4, 3)), is_trading_day(date(2026, 4, 6))  # Good Friday, Monday
    (False, True)
    """
    return day.weekday() < _SATURDAY and day not in _closed_days(day.year)


def session_of(day: date) -> tuple[datetime, datetime] | None:
    """Open and close of the session of `day`, a New York date; None without a session.

    Examples
    --------
    >>> from datetime import UTC
    >>> opens, closes = session_of(date(2026, 11, 27))  # the day after Thanksgiving
    >>> opens.astimezone(UTC).isoformat(), closes.astimezone(UTC).isoformat()
    ('2026-11-27T14:30:00+00:00', '2026-11-27T18:00:00+00:00')
    """
    if not is_trading_day(day):
        return None
    close, zone = HALF_DAY_CLOSE if day in _half_days(day.year) else CLOSE, _new_york()
    return datetime.combine(day, OPEN, zone), datetime.combine(day, close, zone)


def is_open(at: datetime) -> bool:
    """Whether the exchange trades at `at`."""
    session = session_of(at.astimezone(_new_york()).date())
    return session is not None and session[0] <= at < session[1]


def open_time_between(since: datetime, until: datetime) -> timedelta:
    """How long the exchange traded in ``[since, until)``."""
    total = timedelta(0)
    for opens, closes in _sessions(since):
        if opens >= until:
            break
        total += max(min(closes, until) - max(opens, since), timedelta(0))
    return total


def end_of_trading(start: datetime, length: timedelta) -> datetime:
    """Instant at which the exchange has traded for `length` since `start`."""
    left = length
    if left <= timedelta(0):
        return start
    for opens, closes in _sessions(start):
        begins = max(opens, start)
        traded = closes - begins
        if left <= traded:
            return begins + left
        left -= traded
    raise InvariantBroken("the nyse calendar has no session in a fortnight")


def _sessions(since: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Sessions that end after `since`, in order, in the zone of `since`."""
    zone = since.tzinfo
    day = since.astimezone(_new_york()).date()
    shut = timedelta(0)
    while shut < _LONGEST_CLOSURE:
        session = session_of(day)
        if session is not None and session[1] > since:
            yield session[0].astimezone(zone), session[1].astimezone(zone)
            shut = timedelta(0)
        else:
            shut += _DAY
        day += _DAY
