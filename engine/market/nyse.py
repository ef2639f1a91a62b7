"""When New York's exchanges trade: 9:30 to 16:00, not on holidays, until 13:00 on half days.

Refuses to know holidays by heart: they come from the `holidays` package, one year at a time, when
the first instrument of this calendar is asked about.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.errors import ConfigError

OPEN = time(9, 30)
CLOSE = time(16, 0)
HALF_DAY_CLOSE = time(13, 0)
_DAY = timedelta(days=1)
_SATURDAY = 5
_LONGEST_CLOSURE = timedelta(days=14)
"""Longer than the exchange was ever shut since 1914."""


@lru_cache(maxsize=1)
def _new_york() -> ZoneInfo:
    return ZoneInfo("America/New_York")


@lru_cache(maxsize=64)
def _holidays(year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Days without trading and half days of one year."""
    try:
        from holidays import financial_holidays
    except ImportError:
        raise ConfigError(
            "the nyse calendar needs the package holidays: pip install 'executor[ibkr]'"
        ) from None
    closed = financial_holidays("NYSE", years=year)
    halves = financial_holidays("NYSE", years=year, categories=("half_day",))
    return frozenset(closed), frozenset(halves)


def is_trading_day(day: date) -> bool:
    """Whether the exchange opens on `day`, a New York date.

    Examples
    --------
    >>> is_trading_day(date(2026, 4, 3)), is_trading_day(date(2026, 4, 6))  # Good Friday, Monday
    (False, True)
    """
    return day.weekday() < _SATURDAY and day not in _holidays(day.year)[0]


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
    close = HALF_DAY_CLOSE if day in _holidays(day.year)[1] else CLOSE
    zone = _new_york()
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
    raise ConfigError("the nyse calendar has no session in a fortnight: mend the package holidays")


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
