"""What costs are read from, of a market that is written down already.

Refuses to look ahead: who asks names the instant, and only bars that had closed by then answer.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np

from engine.costs import Conditions, Flow, Seen, estimate_of, flow_of, flow_over
from engine.costs.conditions import KEPT_BARS
from engine.costs.spread import WINDOW_PAIRS, pair_spread
from engine.model.bars import Bar, Quote
from engine.research.backtest.line import MICROS, Line, Track, micros

_DAY = timedelta(days=1)


class WrittenConditions(Conditions):
    """The market's memory without remembering: each answer is worked out from the record.

    Parameters
    ----------
    line : Line
    """

    __slots__ = ("_asked", "_line", "_pasts")

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line
        self._pasts = {t.instrument.symbol: _Past(t) for t in line.tracks}
        self._asked: dict[str, tuple[datetime, Seen]] = {}

    def see(self, bar: Bar) -> None:
        """Nothing to remember: it is on record."""

    def see_quote(self, quote: Quote) -> None:
        """A recorded market has no quotes."""

    def seen(self, instrument: str, at: datetime) -> Seen:
        """What was known of `instrument` at `at`."""
        asked = self._asked.get(instrument)
        if asked is None or asked[0] != at:
            asked = self._asked[instrument] = (at, self._pasts[instrument].seen(at))
        return asked[1]


class _Past:
    """Pair spreads and flows of one instrument, worked out where they are asked for."""

    def __init__(self, track: Track) -> None:
        n = track.history.close.shape[0]
        self._track = track
        self._length_us = track.timeframe.length // timedelta(microseconds=1)
        self._closed_us = track.history.closed_at * MICROS
        self._pairs = np.full(n, np.nan)
        self._pair_known = np.zeros(n, dtype=np.bool_)
        self._flows: dict[int, Flow | None] = {}

    def seen(self, at: datetime) -> Seen:
        end = int(np.searchsorted(self._closed_us, micros(at), side="right"))
        first = max(0, end - WINDOW_PAIRS)
        for row in np.flatnonzero(~self._pair_known[first:end]) + first:
            self._pairs[row] = self._pair(int(row))
            self._pair_known[row] = True
        pairs = [pair for pair in self._pairs[first:end].tolist() if math.isfinite(pair)]
        return Seen(None, estimate_of(pairs), flow_over(self._day(at, end)))

    def _pair(self, row: int) -> float:
        """Spread of the bar in `row` with the one before; NaN where that is not adjacent."""
        history = self._track.history
        apart_us = self._closed_us[row] - self._closed_us[row - 1] if row else 0
        if apart_us != self._length_us:
            return math.nan
        high, low = history.high[row - 1 : row + 1].tolist(), history.low[row - 1 : row + 1]
        return pair_spread(high[0], float(low[0]), high[1], float(low[1]))

    def _day(self, at: datetime, end: int) -> list[Flow]:
        since = micros(at - _DAY) + self._length_us
        first = int(np.searchsorted(self._closed_us, since, side="left"))
        flows = (self._flow(row) for row in range(max(first, end - KEPT_BARS), end))
        return [flow for flow in flows if flow is not None]

    def _flow(self, row: int) -> Flow | None:
        if row not in self._flows:
            self._flows[row] = flow_of(self._track.bar(row))
        return self._flows[row]
