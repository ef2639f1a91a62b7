"""What every feed shares: the gate that each bar passes before it may reach the pipeline.

Refuses bars that contradict themselves or their predecessor; says so, and says what is missing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from engine.market.checks import admit, gap_between
from engine.market.findings import Finding, Severity
from engine.model.bars import Bar, BarsClosed
from engine.model.instruments import Calendar

FindingSink = Callable[[Finding], None]
"""Is told of every finding: rejected bars, gaps, an unreachable venue."""

_LOG = logging.getLogger(__name__)
_LEVELS = {
    Severity.NOTE: logging.INFO,
    Severity.WARNING: logging.WARNING,
    Severity.ERROR: logging.ERROR,
}


def log_finding(finding: Finding) -> None:
    """The sink used when none is given: the log."""
    _LOG.log(_LEVELS[finding.severity], "%s", finding.line)


class Gate:
    """Admits the bars of one instrument, one after the other.

    Parameters
    ----------
    calendar : Calendar
    tell : callable of Finding
    resumed_at : datetime, aware, optional
        Close of the last bar that an earlier run saw: what lies between it and the first bar is
        a gap too.
    """

    def __init__(
        self,
        calendar: Calendar,
        tell: FindingSink = log_finding,
        *,
        resumed_at: datetime | None = None,
    ) -> None:
        self._calendar = calendar
        self._tell = tell
        self._resumed_at = resumed_at
        self.last: Bar | None = None

    def admits(self, bar: Bar, now: datetime | None = None) -> bool:
        """Whether `bar` may go on; whatever is wrong with it is told.

        Parameters
        ----------
        bar : Bar
        now : datetime, aware, optional
        """
        finding = admit(bar, self.last, self._calendar, now) or self._absence(bar)
        if finding is not None:
            self._tell(finding)
            if finding.rejects:
                return False
        self.last = bar
        return True

    def _absence(self, bar: Bar) -> Finding | None:
        if self.last is not None or self._resumed_at is None:
            return None
        before = self._resumed_at - bar.timeframe.length
        return gap_between(bar.instrument, bar.timeframe, self._calendar, before, bar.open_at)


def grouped(bars: Iterable[Bar], order: Iterable[str]) -> list[BarsClosed]:
    """Bars by common close, oldest first; within a group in the order of `order`.

    Parameters
    ----------
    bars : iterable of Bar
    order : iterable of str
        Every instrument, as configured.
    """
    rank = {instrument: place for place, instrument in enumerate(order)}
    closes: dict[datetime, list[Bar]] = {}
    for bar in sorted(bars, key=lambda bar: (bar.close_at, rank[bar.instrument])):
        closes.setdefault(bar.close_at, []).append(bar)
    return [BarsClosed(at, tuple(group)) for at, group in closes.items()]
