"""Recorded headlines, for replays: given as of their time, never before.

Refuses to guess a time of day: what is dated by the day alone is known when that day is over.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ConfigError
from engine.model.headlines import Headline
from engine.model.instruments import Asset
from engine.news.titles import is_about, plain_title

if TYPE_CHECKING:
    import polars as pl

_DAY = timedelta(days=1)
_UNKNOWN = "recorded"


class RecordedHeadlines:
    """A `Headlines` port over Parquet files with ``ts``, ``title`` and maybe ``source``.

    Parameters
    ----------
    files : iterable of Path
    assets : mapping of instrument to Asset
    keep_for : timedelta
        Age beyond which a headline is no news.

    Raises
    ------
    ConfigError
        If a file cannot be read, or has no such columns; one line with its mend.
    """

    name = "recorded"

    def __init__(
        self, files: Iterable[Path], assets: Mapping[str, Asset], keep_for: timedelta = 3 * _DAY
    ) -> None:
        every = sorted(
            (each for file in files for each in read_headlines(file)), key=lambda h: h.at
        )
        self._keep_for = keep_for
        self._of = {
            instrument: [each for each in every if is_about(each.title, asset)]
            for instrument, asset in assets.items()
        }

    async def headlines(
        self, instrument: str, until: datetime, count: int
    ) -> tuple[Headline, ...]:
        """Newest `count` headlines on `instrument` with ``at <= until``, oldest first."""
        found = self._of.get(instrument, [])
        end = bisect_right(found, until, key=lambda each: each.at)
        recent = found[max(0, end - max(count, 0)) : end]
        return tuple(each for each in recent if each.at >= until - self._keep_for)

    async def aclose(self) -> None:
        """Nothing to let go of."""


def read_headlines(file: Path) -> list[Headline]:
    """Headlines of one file, each with the instant from which it could be known.

    Raises
    ------
    ConfigError
        If it cannot be read.
    """
    frame = _frame(file)
    sources = frame["source"] if "source" in frame.columns else [_UNKNOWN] * frame.height
    found = []
    for ts, source, title in zip(frame["ts"], sources, frame["title"], strict=True):
        line = plain_title(title or "")
        if isinstance(ts, datetime) and line:
            found.append(Headline(_known_at(ts), plain_title(source or "")[:60] or _UNKNOWN, line))
    return found


def _known_at(ts: datetime) -> datetime:
    at = ts.replace(tzinfo=UTC) if ts.tzinfo is None else ts.astimezone(UTC)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return at + _DAY if at == midnight else at


def _frame(file: Path) -> pl.DataFrame:
    import polars as pl

    try:
        frame = pl.read_parquet(file)
    except (OSError, pl.exceptions.PolarsError) as fault:
        why = str(fault).partition("\n")[0][:160]
        raise ConfigError(
            f"news.recorded names {file}, which cannot be read ({why}): give a Parquet file"
        ) from None
    if not {"ts", "title"} <= set(frame.columns):
        held = ", ".join(frame.columns[:8])
        raise ConfigError(f"{file} has the columns {held}: recorded headlines need ts and title")
    return frame
