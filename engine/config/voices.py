"""Settings of outside voices: calls that are recorded, and headlines that are read.

Refuses addresses that are not https, but for this machine's own.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from engine.config.addresses import SecureAddress
from engine.config.fields import Section, number, setting


class SignalSettings(Section):
    """Outside calls, recorded and held to their word; weightless until their record says more."""

    calls_a_day: int = number(
        5, "Calls of one source that are heard in 24 hours", "calls", ge=1, le=100
    )
    most_sources: int = number(
        50, "Sources on record beyond which a new one is refused", "sources", ge=1, le=1000
    )
    longest_days: float = number(30.0, "Longest horizon of a call", "days", gt=0, le=365)
    price_factor: float = number(
        3.0,
        "Most by which target and stop may differ from the newest price, up or down",
        "factor",
        gt=1,
        le=100,
    )

    @property
    def longest_for(self) -> timedelta:
        """Longest horizon of a call."""
        return timedelta(days=self.longest_days)


class NewsSettings(Section):
    """Headlines for witnesses that read; nothing is read unless it is named here."""

    feeds: tuple[SecureAddress, ...] = setting(
        (), "RSS, Atom or JSON feeds that may be read", "https addresses"
    )
    recorded: tuple[Path, ...] = setting(
        (), "Recorded headlines, used in replays only, as of their time", "Parquet files"
    )
    every_minutes: float = number(
        15.0, "Least time between two looks at the feeds", "minutes", ge=1, le=1440
    )
    answer_seconds: float = number(
        10.0, "Cap on one look at all feeds", "real seconds", gt=0, le=120
    )
    answer_kb: int = number(1000, "Cap on the size of one feed", "kilobytes", ge=1, le=20_000)
    keep_hours: float = number(72.0, "Age beyond which a headline is no news", "hours", gt=0)
