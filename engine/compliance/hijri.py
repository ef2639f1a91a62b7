"""Dates of the Hijri calendar, for the year after which zakat falls due.

Refuses to sight a moon: the Umm al-Qura calendar is computed, and a sighting may differ by a day.
"""

from __future__ import annotations

from datetime import date, timedelta

from hijridate import Gregorian, Hijri

LUNAR_YEAR_DAYS = 354.36708


def hijri_text(day: date) -> str:
    """`day` in the Umm al-Qura calendar; empty outside of its tables (1924 to 2077).

    Examples
    --------
    >>> hijri_text(date(2026, 11, 22))
    '12 Jumada al-Akhirah 1448 AH'
    """
    try:
        hijri = Gregorian.fromdate(day).to_hijri()
    except OverflowError:
        return ""
    return f"{hijri.day} {hijri.month_name()} {hijri.year} AH"


def hawl_after(day: date) -> date:
    """The same Hijri day a lunar year after `day`; a 30th becomes the 29th where it must.

    Examples
    --------
    >>> hawl_after(date(2025, 3, 1)).isoformat()
    '2026-02-18'
    """
    try:
        hijri = Gregorian.fromdate(day).to_hijri()
        last = min(hijri.day, Hijri(hijri.year + 1, hijri.month, 1).month_length())
        return date(*Hijri(hijri.year + 1, hijri.month, last).to_gregorian().datetuple())
    except OverflowError:
        return day + timedelta(days=round(LUNAR_YEAR_DAYS))
