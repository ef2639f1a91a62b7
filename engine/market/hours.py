"""Whether a file's times can be UTC: what hours its bars fall in, against when its market trades.

Refuses to correct anything: it says by how much a clock seems to be off, and from what.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from engine.market.columns import BarColumns, Instants, from_micros, to_micros
from engine.market.findings import Finding, FindingKind
from engine.market.sessions import is_open
from engine.model.instruments import Calendar

_HOUR = timedelta(hours=1)
_HOUR_US = 3_600_000_000
_WEEK_HOURS = 168
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday
_SEASONS = {"winter": (12, 1, 2), "summer": (6, 7, 8)}
"""Months in which the clocks of Europe and of America stand alike."""
_SAMPLE_WEEKS = {
    "winter": datetime(2024, 1, 8, tzinfo=UTC),
    "summer": datetime(2024, 7, 8, tzinfo=UTC),
}
"""Mondays of weeks without a holiday."""
_SHIFTS = range(-14, 15)
_SUSPICIOUS = 0.015
"""Share of bars in closed hours that no holiday explains."""
_LEAST_WEEKS = 4
_LEAST_SPRINGS = 2
_ZONES = ("America/New_York", "Europe/London", "Europe/Berlin", "Europe/Athens")


class _Shift(NamedTuple):
    hours: int
    outside: float


def clock_findings(columns: BarColumns, calendar: Calendar) -> list[Finding]:
    """Reasons to doubt that the times are UTC; none for bars of more than an hour.

    Parameters
    ----------
    columns : BarColumns
        In order.
    calendar : Calendar
        When its market trades.
    """
    if columns.timeframe.length > _HOUR or _weeks(columns.open_us) < _LEAST_WEEKS:
        return []
    if calendar is Calendar.METALS:
        return list(_shifted(columns, calendar))
    if calendar is Calendar.CONTINUOUS:
        return [*_weekends(columns), *_summer_time(columns)]
    return []


def _shifted(columns: BarColumns, calendar: Calendar) -> Iterator[Finding]:
    """Bars that fit the week of their market only when they are moved."""
    told = {}
    for season, opens in _by_season(columns.open_us).items():
        if _weeks(opens) < _LEAST_WEEKS:
            continue
        counts = _hours_of_week(opens)
        mask = _open_hours(calendar, season)
        found = [_Shift(hours, _outside(counts, mask, hours)) for hours in _SHIFTS]
        now = next(shift.outside for shift in found if shift.hours == 0)
        best = min(found, key=lambda shift: (round(shift.outside, 6), abs(shift.hours)))
        if now >= _SUSPICIOUS and best.outside <= now / 2:
            told[season] = (best, now)
    if told:
        parts = [
            f"by {best.hours:+d} h in {season} ({now:.1%} of bars lie in closed hours, "
            f"{best.outside:.1%} if moved back)"
            for season, (best, now) in told.items()
        ]
        detail = f"the clock seems to be off {' and '.join(parts)}{_guess(told)}"
        yield Finding(
            FindingKind.CLOCK, columns.instrument, from_micros(columns.open_us[0]), detail
        )


def _guess(told: dict[str, tuple[_Shift, float]]) -> str:
    """The clock of a usual export that has these shifts."""
    shifts = tuple(told[season][0].hours if season in told else None for season in _SEASONS)
    known = {
        (2, 3): "New York + 7 h or eastern European time, as MT5 exports have",
        (-5, -4): "New York time",
        (0, 1): "London time",
        (None, 1): "London time",
        (1, 2): "central European time",
    }
    return f": {known[shifts]}" if shifts in known else ""


def _by_season(opens: Instants) -> dict[str, Instants]:
    months = opens.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    return {name: opens[np.isin(months, chosen)] for name, chosen in _SEASONS.items()}


def _hours_of_week(opens: Instants) -> NDArray[np.int64]:
    """Bars in each hour of the UTC week, Monday 00:00 first."""
    hours = (opens // _HOUR_US + 24 * _EPOCH_WEEKDAY) % _WEEK_HOURS
    return np.bincount(hours, minlength=_WEEK_HOURS)


def _open_hours(calendar: Calendar, season: str) -> NDArray[np.bool_]:
    monday = _SAMPLE_WEEKS[season]
    return np.array([is_open(calendar, monday + k * _HOUR) for k in range(_WEEK_HOURS)])


def _outside(counts: NDArray[np.int64], mask: NDArray[np.bool_], shift: int) -> float:
    """Share of bars in closed hours if the clock is `shift` hours ahead of UTC."""
    return float(counts[~np.roll(mask, shift)].sum() / counts.sum())


def _weeks(opens: Instants) -> int:
    return int(np.unique(opens // (_WEEK_HOURS * _HOUR_US)).size)


def _weekends(columns: BarColumns) -> Iterator[Finding]:
    """A market that never sleeps, in a file without Saturdays."""
    days = _hours_of_week(columns.open_us).reshape(7, 24).sum(axis=1)
    if days[5] < 0.05 * days[:5].mean():
        detail = (
            f"{days[5]:,} bars on Saturdays against {days[:5].mean():,.0f} on a weekday: a market "
            "with a weekend, or one whose weekends were left out"
        )
        yield Finding(
            FindingKind.CLOCK, columns.instrument, from_micros(columns.open_us[0]), detail
        )


def _summer_time(columns: BarColumns) -> Iterator[Finding]:
    """A local clock skips an hour each spring; UTC never does."""
    first, last = (from_micros(int(columns.open_us[k])) for k in (0, -1))
    there = np.unique(columns.open_us // _HOUR_US * _HOUR_US)
    for name in _ZONES:
        skipped = [
            at
            for year in range(first.year, last.year + 1)
            if first < (at := _skipped_hour(name, year)) < last
        ]
        if len(skipped) >= _LEAST_SPRINGS and all(_is_hole(there, at) for at in skipped):
            detail = (
                f"the hour {skipped[0]:%H:%M} is missing in all {len(skipped)} springs on the day "
                f"on which {name} skips it: the times seem to be local to it"
            )
            yield Finding(FindingKind.CLOCK, columns.instrument, skipped[0], detail)
            return


def _skipped_hour(name: str, year: int) -> datetime:
    """The local hour that a zone skips in spring, written as if it were UTC."""
    zone = ZoneInfo(name)
    at = datetime(year, 3, 1, tzinfo=UTC)
    while True:
        local = at.replace(tzinfo=zone)
        if local.astimezone(UTC).astimezone(zone).replace(tzinfo=UTC) != at:
            return at
        at += _HOUR


def _is_hole(there: Instants, at: datetime) -> bool:
    """Whether the hour is missing and its neighbours are not."""
    wanted = [to_micros(at + k * _HOUR) for k in (-1, 0, 1)]
    return bool(np.array_equal(np.isin(wanted, there), [True, False, True]))
