"""What the desk senses of each instrument between bars: quotes, spreads, prints, a second price.

Refuses to remember without end, and to take silence for agreement: a count of agreeing prices
begins anew with each that disagrees or is missing, and with each start of the desk.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from engine.model.bars import Bar, Quote
from engine.risk import NotMeasured, Reading, Senses

QUOTES_KEPT = 200
QUOTES_NEEDED = 20
"""Fewer quotes than that make no median."""

_FIRST_PRINT = NotMeasured("no price came before it")
_NO_FORECAST = NotMeasured("there is no volatility forecast yet")
_NO_QUOTES = NotMeasured("this market gives no quotes")
_UNTIMED = NotMeasured("the quotes of this market keep no real time")
_NO_SECOND = NotMeasured("no second price source is configured")


@dataclass(slots=True)
class _Sense:
    """Memory of one instrument."""

    quote: Quote | None = None
    spreads: deque[float] = field(default_factory=lambda: deque(maxlen=QUOTES_KEPT))
    median_frac: float = 0.0
    last: tuple[datetime, float] | None = None
    print_sigmas: Reading = _FIRST_PRINT
    prints_agreeing: int = 0
    second_gap: Reading = None
    second_agreeing: int = 0


class Sensing:
    """Senses of every watched instrument.

    Parameters
    ----------
    instruments : iterable of str
    bar_length : timedelta
        A price that is older is no neighbour of the next one.
    print_bound_sigmas, second_bounds : float, and mapping of str to float
        Bounds of the breakers: what lies within them agrees.
    timed : bool
        Whether the market streams quotes in real time, so that their age means something.
    second : str or None
        Name of the second source; None where there is none.
    unlisted : frozenset of str
        Instruments that the second source does not have.
    """

    def __init__(
        self,
        instruments: Iterable[str],
        bar_length: timedelta,
        *,
        print_bound_sigmas: float,
        second_bounds: Mapping[str, float],
        timed: bool = False,
        second: str | None = None,
        unlisted: frozenset[str] = frozenset(),
    ) -> None:
        self._senses = {symbol: _Sense() for symbol in instruments}
        self._bar_length = bar_length
        self._print_bound, self._second_bounds = print_bound_sigmas, second_bounds
        self.timed = timed
        self._second, self._unlisted = second, unlisted

    def see_quote(self, quote: Quote, sigma: float | None) -> None:
        """Take a quote in.

        Parameters
        ----------
        sigma : float, log-return of one bar, > 0, or None
            Forecast deviation.
        """
        sense = self._senses.get(quote.instrument)
        if sense is None or (sense.quote is not None and quote.at < sense.quote.at):
            return
        enough = len(sense.spreads) >= QUOTES_NEEDED
        sense.median_frac = median(sense.spreads) if enough else 0.0
        sense.quote = quote
        spread = _spread_frac(quote)
        if spread is not None:
            sense.spreads.append(spread)
        if quote.mid > 0.0 and math.isfinite(quote.mid):
            self._print(sense, quote.at, (quote.mid,), sigma)

    def see_bar(self, bar: Bar, sigma: float | None) -> None:
        """Take a closed bar in: its extremes are prints, and its close is the newest one."""
        sense = self._senses.get(bar.instrument)
        if sense is not None:
            self._print(sense, bar.close_at, (bar.low, bar.high, bar.close), sigma)

    def _print(
        self, sense: _Sense, at: datetime, prices: tuple[float, ...], sigma: float | None
    ) -> None:
        before = sense.last
        if before is not None and at < before[0]:
            return
        sense.last = (at, prices[-1])
        if before is None or at - before[0] > self._bar_length:
            sense.print_sigmas, sense.prints_agreeing = _FIRST_PRINT, 0
            return
        if sigma is None or not sigma > 0.0:
            sense.print_sigmas, sense.prints_agreeing = _NO_FORECAST, 0
            return
        found = max(abs(math.log(price / before[1])) for price in prices) / sigma
        sense.print_sigmas = found
        sense.prints_agreeing = sense.prints_agreeing + 1 if found <= self._print_bound else 0

    def compare(self, instrument: str, gap_frac: float | None) -> None:
        """Take in what the second source said; None where either price is missing."""
        sense = self._senses[instrument]
        sense.second_gap = gap_frac
        agrees = gap_frac is not None and abs(gap_frac) <= self._second_bounds[instrument]
        sense.second_agreeing = sense.second_agreeing + 1 if agrees else 0

    def newest_quote_at(self, instrument: str) -> datetime | None:
        """Instant of the newest quote; None before the first."""
        quote = self._senses[instrument].quote
        return quote.at if quote else None

    def senses(self, now: datetime) -> dict[str, Senses]:
        """Everything as it stands at `now`."""
        return {symbol: self._sensed(symbol, now) for symbol in self._senses}

    def _sensed(self, symbol: str, now: datetime) -> Senses:
        sense = self._senses[symbol]
        return Senses(
            quote_age_seconds=self._age(sense, now),
            spread_frac=self._spread(sense),
            spread_median_frac=sense.median_frac,
            second_gap_frac=self._second_gap(symbol, sense),
            second_agreeing_count=sense.second_agreeing,
            print_sigmas=sense.print_sigmas,
            print_agreeing_count=sense.prints_agreeing,
        )

    def _age(self, sense: _Sense, now: datetime) -> Reading:
        if not self.timed:
            return _UNTIMED
        return None if sense.quote is None else max(0.0, (now - sense.quote.at).total_seconds())

    def _spread(self, sense: _Sense) -> Reading:
        if sense.quote is None:
            return None if self.timed else _NO_QUOTES
        return _spread_frac(sense.quote)

    def _second_gap(self, symbol: str, sense: _Sense) -> Reading:
        if self._second is None:
            return _NO_SECOND
        if symbol in self._unlisted:
            return NotMeasured(f"{self._second} does not list it")
        return sense.second_gap


def _spread_frac(quote: Quote) -> float | None:
    """Quoted spread over the mid; None where the book is crossed, locked or no number."""
    if not (0.0 < quote.bid < quote.ask < math.inf):
        return None
    return (quote.ask - quote.bid) / quote.mid
