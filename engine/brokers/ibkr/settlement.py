"""When what was bought is ours: trade date plus business days, in New York.

Refuses to count a purchase as possessed before its settlement day has begun.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.brokers.ibkr.facts import VenueExecution
from engine.model.orders import Side

BusinessDay = Callable[[date], bool]
_NOTHING = Decimal(0)
_SATURDAY = 5


def weekday(day: date) -> bool:
    """Whether `day` is Monday to Friday: the rule where no exchange calendar is given."""
    return day.weekday() < _SATURDAY


def trade_date(at: datetime) -> date:
    """New York date of an instant."""
    return at.astimezone(ZoneInfo("America/New_York")).date()


def settles_on(traded: date, days: int, is_business_day: BusinessDay = weekday) -> date:
    """First day on which a trade of `traded` is settled.

    Parameters
    ----------
    days : int, business days, >= 0
    is_business_day : callable of date

    Examples
    --------
    >>> settles_on(date(2026, 1, 2), 1)  # Friday
    datetime.date(2026, 1, 5)
    """
    day, left = traded, days
    while left > 0:
        day += timedelta(days=1)
        left -= is_business_day(day)
    return day


def settles_at(traded_at: datetime, days: int, is_business_day: BusinessDay = weekday) -> datetime:
    """Instant at which a trade is settled: the start of its settlement day in New York, in UTC."""
    day = settles_on(trade_date(traded_at), days, is_business_day)
    return datetime.combine(day, time(), ZoneInfo("America/New_York")).astimezone(UTC)


def unsettled(
    executions: Iterable[VenueExecution],
    con_id: int,
    days: int,
    now: datetime,
    is_business_day: BusinessDay = weekday,
) -> Decimal:
    """Base units of `con_id` that were bought and are not ours yet at `now`."""
    today = trade_date(now)
    return sum(
        (
            each.quantity
            for each in executions
            if each.con_id == con_id
            and each.side is Side.BUY
            and settles_on(trade_date(each.at), days, is_business_day) > today
        ),
        _NOTHING,
    )
