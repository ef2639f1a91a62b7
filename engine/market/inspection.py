"""One file looked at from all sides: order, gaps, rows, outliers, clock; with what to do about it.

Refuses to change the file, and to call usable what a study would refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import MarketDataError
from engine.market.checks import check_bars
from engine.market.columns import from_micros
from engine.market.files import read_bars
from engine.market.findings import STRUCTURAL, DataReport, FindingKind, Severity
from engine.market.hours import clock_findings
from engine.model.instruments import Calendar

MENDS: Mapping[FindingKind, str] = MappingProxyType(
    {
        FindingKind.UNSORTED: "sort the file by time; until then it is refused whole",
        FindingKind.DUPLICATE: "keep one row for each time; until then the file is refused whole",
        FindingKind.OVERLAP: "the file mixes lengths of bars: keep one; until then it is refused",
        FindingKind.MISALIGNED: "write open times only, one length apart",
        FindingKind.NOT_FINITE: "these rows are left out; fetch them again if there are many",
        FindingKind.NON_POSITIVE: "these rows are left out; fetch them again if there are many",
        FindingKind.INCONSISTENT: "these rows are left out: a high below, or a low above, a price",
        FindingKind.NEGATIVE_VOLUME: "these rows are left out",
        FindingKind.FUTURE: "these bars cannot be known yet: they form still, or a clock is off",
        FindingKind.GAP: "nothing is filled in: fetch the stretch again, or leave it as it is",
        FindingKind.STALE: "fetch the newest bars",
        FindingKind.SPIKE: "compare with a second source: a true move stays, a misprint should go",
        FindingKind.UNREACHABLE: "ask the venue again",
        FindingKind.CLOCK: "convert the times to UTC, or name the right --calendar: sessions, "
        "daily bars and joins with other files are wrong until then",
        FindingKind.SHORT_SESSION: "holidays look like this; nothing needs to be done",
    }
)
"""What to do about each kind of finding."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file holds and what is wrong with it.

    Attributes
    ----------
    first_at, last_at : datetime, aware UTC
        Open of the first and of the last bar.
    """

    path: Path
    calendar: Calendar
    first_at: datetime
    last_at: datetime
    report: DataReport

    @property
    def usable(self) -> bool:
        """Whether research and replays may take it: no row out of order, no doubt of its clock.

        Single bad rows are left out by whoever reads, and told; gaps stay gaps.
        """
        return not (STRUCTURAL | {FindingKind.CLOCK}) & self.report.counts.keys()

    @property
    def clean(self) -> bool:
        """Whether nothing but notes was found."""
        return self.report.worst in (None, Severity.NOTE)

    @property
    def sentence(self) -> str:
        """The result in plain words."""
        held = (
            f"{self.report.rows:,} bars of {self.report.timeframe} from "
            f"{self.first_at:%Y-%m-%d %H:%M}Z to {self.last_at:%Y-%m-%d %H:%M}Z"
        )
        if self.clean:
            return f"{held}: nothing is wrong"
        if self.usable:
            return f"{held}: usable, with what is listed"
        return f"{held}: not usable as it is"


def inspect_file(
    path: Path, symbol: str, calendar: Calendar, now: datetime | None = None
) -> Inspection:
    """Everything that is wrong with a file of bars.

    Parameters
    ----------
    symbol : str
        For its name in findings.
    calendar : Calendar
        When its market trades.
    now : datetime, aware, optional
        Then bars of the future are found too; that history is old is no fault.

    Raises
    ------
    MarketDataError
        If it cannot be read at all.
    """
    columns = read_bars(path, symbol)
    report = check_bars(columns, calendar, now)
    found = [each for each in report.findings if each.kind is not FindingKind.STALE]
    counts = dict(report.counts)
    counts.pop(FindingKind.STALE, None)
    if not STRUCTURAL & counts.keys():
        clock = clock_findings(columns, calendar)
        found += clock
        counts |= {FindingKind.CLOCK: len(clock)} if clock else {}
    told = DataReport(
        symbol, columns.timeframe, report.rows, tuple(found), counts, report.missing_bars
    )
    first, last = int(columns.open_us.min()), int(columns.open_us.max())
    return Inspection(path, calendar, from_micros(first), from_micros(last), told)


def symbol_of(path: Path) -> str:
    """The instrument that a file's name begins with, as in ``XAU-USD_1h_mt5.parquet``.

    Raises
    ------
    MarketDataError
        If it begins with none.

    Examples
    --------
    >>> symbol_of(Path("data/XAU-USD_1h_mt5.parquet"))
    'XAU-USD'
    """
    name = path.name.split("_")[0].split(".")[0].upper()
    base, dash, quote = name.partition("-")
    if not (base.isalnum() and dash and quote.isalnum()):
        raise MarketDataError(f"{path.name} does not name its instrument: give --symbol")
    return name


def inspection_as_json(inspection: Inspection) -> dict[str, Any]:
    """An inspection as plain data."""
    report = inspection.report
    return {
        "path": str(inspection.path),
        "instrument": report.instrument,
        "timeframe": report.timeframe.value,
        "calendar": inspection.calendar.value,
        "first_at": inspection.first_at.isoformat(),
        "last_at": inspection.last_at.isoformat(),
        "bars": report.rows,
        "missing_bars": report.missing_bars,
        "usable": inspection.usable,
        "clean": inspection.clean,
        "sentence": inspection.sentence,
        "counts": {kind.value: count for kind, count in report.counts.items()},
        "mends": {kind.value: MENDS[kind] for kind in report.counts},
        "findings": [
            {
                "kind": each.kind.value,
                "severity": each.severity.name.lower(),
                "at": each.at.isoformat(),
                "detail": each.detail,
                "missing_bars": each.missing,
            }
            for each in report.findings
        ],
    }
