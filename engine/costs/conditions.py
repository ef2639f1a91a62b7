"""What the market has shown lately, as far as costs go: newest quote, pair spreads, a day's flow.

Refuses to look ahead: whoever asks names the instant, and only what had closed by then answers.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.costs.flow import Flow, flow_of, flow_over
from engine.costs.spread import WINDOW_PAIRS, SpreadEstimate, estimate_of, pair_spread
from engine.model.bars import Bar, Quote

QUOTE_FOR = timedelta(seconds=60)
"""Age beyond which a quote says nothing of the spread, unless the settings say otherwise."""

KEPT_BARS = WINDOW_PAIRS + 3  # the newest may be younger than the instant that is asked about
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was known of one instrument at one instant.

    Attributes
    ----------
    quote : Quote or None
        Fresh and uncrossed, or None.
    estimate : SpreadEstimate or None
    flow : Flow or None
        Of the last day.
    """

    quote: Quote | None = None
    estimate: SpreadEstimate | None = None
    flow: Flow | None = None


@dataclass(frozen=True, slots=True)
class _Trace:
    """What one bar leaves behind."""

    bar: Bar
    pair: float  # NaN where the bar before it was not adjacent
    flow: Flow | None


@dataclass(slots=True)
class Conditions:
    """Memory of the market that the desk and the paper venue share.

    Attributes
    ----------
    quote_for : timedelta, > 0
        How long a quote speaks for the spread.
    """

    quote_for: timedelta = QUOTE_FOR
    _traces: dict[str, deque[_Trace]] = field(default_factory=dict)
    _quotes: dict[str, Quote] = field(default_factory=dict)

    def see(self, bar: Bar) -> None:
        """Remember a closed bar; one that is not newer than the last changes nothing."""
        traces = self._traces.setdefault(bar.instrument, deque(maxlen=KEPT_BARS))
        last = traces[-1].bar if traces else None
        if last is not None and bar.close_at <= last.close_at:
            return
        traces.append(_Trace(bar, _pair(last, bar), flow_of(bar)))

    def see_quote(self, quote: Quote) -> None:
        """Remember a quote; one that is crossed, empty or older changes nothing."""
        last = self._quotes.get(quote.instrument)
        if 0.0 < quote.bid < quote.ask < math.inf and (last is None or quote.at > last.at):
            self._quotes[quote.instrument] = quote

    def seen(self, instrument: str, at: datetime) -> Seen:
        """What was known of `instrument` at `at`, from bars closed and quotes given by then."""
        traces = [t for t in self._traces.get(instrument, ()) if t.bar.close_at <= at]
        pairs = [t.pair for t in traces[-WINDOW_PAIRS:] if math.isfinite(t.pair)]
        day = [t.flow for t in traces if t.flow is not None and t.bar.open_at >= at - _DAY]
        return Seen(self._fresh(instrument, at), estimate_of(pairs), flow_over(day))

    def _fresh(self, instrument: str, at: datetime) -> Quote | None:
        quote = self._quotes.get(instrument)
        fresh = quote is not None and timedelta(0) <= at - quote.at <= self.quote_for
        return quote if fresh else None


def _pair(before: Bar | None, bar: Bar) -> float:
    """Spread of two adjacent bars; over a closed hour the price may jump, which is no spread."""
    if before is None or before.close_at != bar.open_at or not (0.0 < bar.low <= bar.high):
        return math.nan
    if not 0.0 < before.low <= before.high:
        return math.nan
    return pair_spread(before.high, before.low, bar.high, bar.low)
