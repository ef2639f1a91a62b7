"""Files of bars as a person handles them: fetched from a venue by name, checked by instrument.

Refuses to guess a calendar: an instrument that is not configured needs one to be named.
"""

from __future__ import annotations

from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from engine.clock import Clock
from engine.config import Settings
from engine.errors import ConfigError, MarketDataError
from engine.market.fetching import Fetched, FetchPlan, fetch_history
from engine.market.fetching.fetch import Tell
from engine.market.inspection import MENDS, Inspection, inspect_file, symbol_of
from engine.market.public_api import PublicApi
from engine.market.venues import venue_named
from engine.model.instruments import Calendar
from engine.research.calibration.histories import stand_in

PATIENCE = timedelta(seconds=30)
"""For one request: a page of trades is large."""


async def fetch_file(
    venue: str,
    plan: FetchPlan,
    path: Path,
    clock: Clock,
    tell: Tell,
    base_url: str | None = None,
) -> Fetched:
    """Fetch what `path` does not hold yet; see `engine.market.fetching`.

    Parameters
    ----------
    venue : str
        ``kraken`` or ``coinbase``.
    base_url : str, optional
        Another root of its REST.

    Raises
    ------
    MarketDataError
        One line with its mend.
    """
    api = PublicApi(venue_named(venue), clock, base_url=base_url, timeout=PATIENCE)
    async with aclosing(api):
        return await fetch_history(api, plan, path, tell)


def check_file(
    settings: Settings,
    path: Path,
    symbol: str | None,
    calendar: str | None,
    now: datetime,
) -> Inspection:
    """Everything that is wrong with a file of bars.

    Parameters
    ----------
    symbol : str or None
        None takes it from the file's name.
    calendar : str or None
        None takes the configured instrument's.

    Raises
    ------
    MarketDataError, ConfigError
        One line with its mend.
    """
    if not path.is_file():
        raise MarketDataError(f"{path} is no file: give a Parquet or CSV file of bars")
    named = (symbol or symbol_of(path)).upper()
    return inspect_file(path, named, _calendar(settings, named, calendar), now)


def fetched_as_json(fetched: Fetched) -> dict[str, Any]:
    """A fetch as plain data."""
    stored, report = fetched.stored, fetched.report
    return {
        "path": str(fetched.path),
        "venue": stored.venue,
        "symbol": stored.symbol,
        "timeframe": stored.timeframe.value,
        "source": stored.source,
        "begin_at": stored.begin_at.isoformat(),
        "reached_at": stored.reached_at.isoformat(),
        "bars": report.rows,
        "added_bars": fetched.added,
        "left_out_bars": fetched.left_out,
        "missing_bars": report.missing_bars,
        "counts": {kind.value: count for kind, count in report.counts.items()},
        "mends": {kind.value: MENDS[kind] for kind in report.counts},
    }


def _calendar(settings: Settings, symbol: str, named: str | None) -> Calendar:
    if named is None:
        return settings.instrument(stand_in(settings, symbol)).calendar
    try:
        return Calendar(named)
    except ValueError:
        known = ", ".join(Calendar)
        raise ConfigError(f"there is no calendar {named!r}: choose one of {known}") from None
