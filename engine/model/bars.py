"""Market observations: bars, quotes, order books, prints and the groups in which they arrive.

Refuses to look ahead: a bar is an observation only at its close.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise


class Timeframe(StrEnum):
    """Length of a bar, by its usual short name."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H2 = "2h"
    H4 = "4h"
    D1 = "1d"

    @property
    def length(self) -> timedelta:
        """Duration of one bar.

        Examples
        --------
        >>> Timeframe.H4.length
        datetime.timedelta(seconds=14400)
        """
        count, unit = int(self.value[:-1]), self.value[-1]
        return timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[unit]: count})

    @property
    def days(self) -> float:
        """Length in days, the time unit of every statistic here."""
        return self.length / timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """One closed candle over ``[open_at, close_at)``; usable only from `close_at`.

    Attributes
    ----------
    open_at, close_at : datetime, aware UTC
    open, high, low, close : float, quote currency, > 0, low <= open, close <= high
    volume : float, base units, >= 0; NaN where the source gives none
    """

    instrument: str
    timeframe: Timeframe
    open_at: datetime
    close_at: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True)
class Candles:
    """Closed bars of one instrument and one timeframe, oldest first."""

    instrument: str
    timeframe: Timeframe
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask at an instant.

    Attributes
    ----------
    at : datetime, aware UTC
    bid, ask : float, quote currency, 0 < bid < ask
    bid_size, ask_size : float, base units, > 0
    """

    instrument: str
    at: datetime
    bid: float
    ask: float
    bid_size: float
    ask_size: float

    @property
    def mid(self) -> float:
        """Mean of bid and ask, quote currency."""
        return (self.bid + self.ask) / 2.0


Level = tuple[float, float]
"""Price and size of one step of a book, quote currency and base units, both > 0."""


@dataclass(frozen=True, slots=True)
class Depth:
    """The resting orders of one instrument at an instant, best first.

    Attributes
    ----------
    at : datetime, aware UTC
    bids, asks : tuple of (price, size), at least one each
        Prices fall in `bids` and rise in `asks`.
    """

    instrument: str
    at: datetime
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]

    @classmethod
    def of(cls, quote: Quote) -> Depth:
        """The book of which nothing but the top is known."""
        return cls(
            quote.instrument,
            quote.at,
            ((quote.bid, quote.bid_size),),
            ((quote.ask, quote.ask_size),),
        )

    @property
    def best(self) -> Quote:
        """Best bid and ask."""
        (bid, bid_size), (ask, ask_size) = self.bids[0], self.asks[0]
        return Quote(self.instrument, self.at, bid, ask, bid_size, ask_size)

    @property
    def fault(self) -> str:
        """What no sound book holds, in words; empty where nothing is wrong.

        Examples
        --------
        >>> at = datetime.fromisoformat("2025-03-03T00:00:00+00:00")
        >>> Depth("BTC-USD", at, ((99.0, 1.0),), ((98.0, 1.0),)).fault
        'bid 99 is not below ask 98'
        """
        if not (self.bids and self.asks):
            return "a side is empty"
        for side, way in ((self.bids, -1.0), (self.asks, 1.0)):
            for price, size in side:
                if not (0.0 < price < math.inf and 0.0 < size < math.inf):
                    return f"a level is {size:g} at {price:g}"
            if any(way * (b[0] - a[0]) <= 0.0 for a, b in pairwise(side)):
                return "its levels are out of order"
        if not self.bids[0][0] < self.asks[0][0]:
            return f"bid {self.bids[0][0]:g} is not below ask {self.asks[0][0]:g}"
        return ""


@dataclass(frozen=True, slots=True)
class Print:
    """One trade of others, as the venue's tape tells it.

    Attributes
    ----------
    at : datetime, aware UTC
    price : float, quote currency, > 0
    size : float, base units, > 0
    sold : bool
        Whether the taker sold, so that a resting buy was met.
    """

    instrument: str
    at: datetime
    price: float
    size: float
    sold: bool


@dataclass(frozen=True, slots=True)
class BarsClosed:
    """Every bar that closed at one instant, in the order of the configured instruments.

    Attributes
    ----------
    at : datetime, aware UTC
        The common close.
    caught_up : bool
        True when the bars are history fetched after an absence: they move stops and labels but
        may not open anything.
    """

    at: datetime
    bars: tuple[Bar, ...]
    caught_up: bool = False


MarketEvent = BarsClosed | Quote | Depth | Print


def quote_of(event: MarketEvent) -> Quote | None:
    """Top of the book that `event` shows; None where it shows none."""
    if isinstance(event, Depth):
        return event.best
    return event if isinstance(event, Quote) else None
