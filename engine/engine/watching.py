"""What the desk knows of the market right now: newest bars, newest quotes, the day before.

Refuses to fetch anything: it remembers what was seen.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from engine.costs import Conditions
from engine.costs.spread import WINDOW_PAIRS
from engine.desk.costing import Costing
from engine.desk.picture import Moment
from engine.desk.policy import Policy
from engine.journal.ledger import Ledger
from engine.market.sessions import is_open
from engine.model.bars import Bar, Quote, Timeframe
from engine.model.money import exact
from engine.model.setups import Assessment
from engine.ports import MarketFeed

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Touch:
    """Where the market stands for a buyer.

    Attributes
    ----------
    pays, mid : Decimal, quote currency
        What a buyer pays, and the middle, to which the costs of crossing are still to be added;
        the same where nothing but a close is known.
    """

    pays: Decimal
    mid: Decimal

    @classmethod
    def of(cls, quote: Quote) -> Touch:
        """The touch of a quote."""
        return cls(exact(quote.ask), exact(quote.mid))


@dataclass(slots=True)
class Watch:
    """Memory of the market.

    Attributes
    ----------
    conditions : Conditions
        What costs are read from; the paper venue shares it.
    newest : dict of str to Bar
        Last admitted bar of each instrument.
    quotes : dict of str to Quote
        Last quote of each instrument.
    closes : dict of str to deque of (datetime, float)
        Closes of the last day of each instrument, oldest first.
    """

    ledger: Ledger
    policy: Policy
    timeframe: Timeframe
    conditions: Conditions = field(default_factory=Conditions)
    newest: dict[str, Bar] = field(default_factory=dict)
    quotes: dict[str, Quote] = field(default_factory=dict)
    closes: dict[str, deque[tuple[datetime, float]]] = field(default_factory=dict)

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
        closes = self.closes.setdefault(bar.instrument, deque())
        closes.append((bar.close_at, bar.close))
        while len(closes) > 1 and closes[1][0] <= bar.close_at - _DAY:
            closes.popleft()

    def remember_quote(self, quote: Quote) -> None:
        """Keep a quote as the newest of its instrument."""
        self.quotes[quote.instrument] = quote
        self.conditions.see_quote(quote)

    @property
    def costing(self) -> Costing:
        """What a trade would cost by what is remembered."""
        policy = self.policy
        return Costing(policy.costs, policy.instruments, self.conditions, self.ledger)

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
        )

    def touch(self, instrument: str) -> Touch:
        """Price by the newest that was seen: quote or close, whichever is newer."""
        quote, bar = self.quotes.get(instrument), self.newest.get(instrument)
        if quote is not None and (bar is None or quote.at > bar.close_at):
            return Touch.of(quote)
        close = self.ledger.prices[instrument]
        return Touch(close, close)
