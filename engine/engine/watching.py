"""What the desk knows of the market right now: newest bars, newest quotes, the day before.

Refuses to fetch anything: it remembers what was seen.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from engine.costs import Conditions
from engine.costs.spread import WINDOW_PAIRS
from engine.desk.costing import Costing
from engine.desk.picture import NOT_ASKED, OWN_TIME, Moment
from engine.desk.policy import Policy
from engine.engine.parts import EngineParts
from engine.engine.sensing import Sensing
from engine.journal.ledger import Ledger
from engine.market.sessions import end_of_trading, is_open
from engine.model.bars import Bar, Quote, Timeframe
from engine.model.money import exact
from engine.model.setups import Assessment
from engine.ports import Clock, MarketFeed
from engine.risk import Reading

_DAY = timedelta(days=1)
_BEYOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Touch:
    """Where the market stands for a buyer.

    Attributes
    ----------
    pays, mid : Decimal, quote currency
        What a buyer pays, and the middle, to which the costs of crossing are still to be added;
        the same where nothing but a close is known.
    bid : Decimal or None, quote currency
        None where nothing but a close is known.
    """

    pays: Decimal
    mid: Decimal
    bid: Decimal | None = None

    @classmethod
    def of(cls, quote: Quote) -> Touch:
        """The touch of a quote."""
        return cls(exact(quote.ask), exact(quote.mid), exact(quote.bid))


@dataclass(slots=True)
class Watch:
    """Memory of the market.

    Attributes
    ----------
    sensing : Sensing
        What is sensed between bars.
    correlations : callable () -> mapping of (str, str) to float
        Of the returns of each pair of instruments.
    conditions : Conditions
        What costs are read from; the paper venue shares it.
    newest : dict of str to Bar
        Last admitted bar of each instrument.
    quotes : dict of str to Quote
        Last quote of each instrument.
    closes : dict of str to deque of (datetime, float)
        Closes of the last day of each instrument, oldest first.
    clock_offset_seconds : Reading, seconds
        As the venue last said.
    mismatches_count : Reading
        Balances, orders and executions in which venue and record last differed.
    unread_seconds : callable (datetime) -> Reading, seconds
        Since when the venue's ledger could not be read.
    """

    ledger: Ledger
    policy: Policy
    timeframe: Timeframe
    clock: Clock
    sensing: Sensing
    correlations: Callable[[], Mapping[tuple[str, str], float]]
    conditions: Conditions = field(default_factory=Conditions)
    newest: dict[str, Bar] = field(default_factory=dict)
    quotes: dict[str, Quote] = field(default_factory=dict)
    closes: dict[str, deque[tuple[datetime, float]]] = field(default_factory=dict)
    clock_offset_seconds: Reading = OWN_TIME
    mismatches_count: Reading = NOT_ASKED
    unread_seconds: Callable[[datetime], Reading] = lambda _: NOT_ASKED

    async def take_up(self, feed: MarketFeed, until: datetime) -> None:
        """Remember the newest bars before the stream begins, for their checks and day changes."""
        count = max(round(1.0 / self.timeframe.days), WINDOW_PAIRS) + 1
        for name in self.policy.instruments:
            for bar in await feed.history(name, until, count):
                self.remember(bar)

    def remember(self, bar: Bar) -> None:
        """Keep a bar as the newest of its instrument."""
        self.newest[bar.instrument] = bar
        self.conditions.see(bar)
        self.sensing.see_bar(bar, self._bar_sigma(bar.instrument, made_at=bar.open_at))
        closes = self.closes.setdefault(bar.instrument, deque())
        closes.append((bar.close_at, bar.close))
        while len(closes) > 1 and closes[1][0] <= bar.close_at - _DAY:
            closes.popleft()

    @property
    def costing(self) -> Costing:
        """What a trade would cost by what is remembered."""
        policy = self.policy
        return Costing(policy.costs, policy.instruments, self.conditions, self.ledger)

    def see(self, quote: Quote) -> None:
        """Keep a quote as the newest of its instrument."""
        self.quotes[quote.instrument] = quote
        self.conditions.see_quote(quote)
        self.sensing.see_quote(quote, self._bar_sigma(quote.instrument))

    def _bar_sigma(self, instrument: str, made_at: datetime | None = None) -> float | None:
        """Forecast deviation of one bar's log-return, made at `made_at` if that is given."""
        _, assessment = self.ledger.assessed.get(instrument, (0, None))
        if assessment is None or (made_at is not None and assessment.at != made_at):
            return None
        for reading in assessment.readings:
            if reading.name == "volatility" and "volatility_per_day" in reading.diagnostics:
                return reading.diagnostics["volatility_per_day"] * math.sqrt(self.timeframe.days)
        return None

    def stale_at(self) -> datetime | None:
        """When the next instrument falls silent for too long, if nothing comes before."""
        limits, times = self.policy.limits, []
        for name, instrument in self.policy.instruments.items():
            _, assessment = self.ledger.assessed.get(name, (0, None))
            if assessment is not None and f"stale data {name}" not in self.ledger.trips:
                longest = limits.stale_bars * self.timeframe.length
                times.append(end_of_trading(instrument.calendar, assessment.at, longest))
            quoted = self.sensing.newest_quote_at(name)
            if self.sensing.timed and quoted and f"stale quotes {name}" not in self.ledger.trips:
                times.append(quoted + limits.stale_quotes_for)
        return min(times) + _BEYOND if times else None

    def day_before(self, instrument: str) -> Decimal | None:
        """Close of a day before the newest bar, or None where history is too short."""
        closes = self.closes.get(instrument)
        if not closes or closes[-1][0] - closes[0][0] < _DAY:
            return None
        return exact(closes[0][1])

    def moment(self, now: datetime, assessments: tuple[Assessment, ...] = ()) -> Moment:
        """Prices and assessments as they are known at `now`.

        Newer than the last bars are only quotes; the closes of `assessments` go before both.
        """
        ledger = self.ledger
        assessed = {name: newest for name, (_, newest) in ledger.assessed.items()}
        assessed.update({a.instrument: a for a in assessments})
        prices = dict(ledger.prices)
        prices.update(
            {
                name: exact(quote.mid)
                for name, quote in self.quotes.items()
                if ledger.bars_at is None or quote.at > ledger.bars_at
            }
        )
        prices.update({a.instrument: exact(a.price) for a in assessments})
        return Moment(
            now=now,
            prices=prices,
            assessed=assessed,
            timeframe=self.timeframe,
            is_open=is_open,
            clock_at=self.clock.now(),
            senses=self.sensing.senses(now),
            clock_offset_seconds=self.clock_offset_seconds,
            mismatches_count=self.mismatches_count,
            unread_seconds=self.unread_seconds(self.clock.now()),
            correlations=self.correlations(),
        )

    def touch(self, instrument: str) -> Touch:
        """Price by the newest that was seen: quote or close, whichever is newer."""
        quote, bar = self.quotes.get(instrument), self.newest.get(instrument)
        if quote is not None and (bar is None or quote.at > bar.close_at):
            return Touch.of(quote)
        close = self.ledger.prices[instrument]
        return Touch(close, close)


def watch_of(parts: EngineParts) -> Watch:
    """Memory of the market, empty, with the senses that the parts allow."""
    limits, witnesses = parts.policy.limits, parts.witnesses
    sensing = Sensing(
        parts.policy.instruments,
        parts.market.timeframe.length,
        print_bound_sigmas=limits.print_sigmas,
        second_bounds={
            name: limits.second_bound_frac(instrument.asset)
            for name, instrument in parts.policy.instruments.items()
        },
        timed=witnesses.streams_quotes,
        second=witnesses.second.name if witnesses.second else None,
        unlisted=witnesses.unlisted,
    )
    return Watch(
        parts.recorder.ledger,
        parts.policy,
        parts.market.timeframe,
        parts.clock,
        sensing,
        parts.pipeline.correlations,
        parts.conditions,
    )
