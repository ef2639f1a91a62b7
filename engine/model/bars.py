"""Market observations: bars, quotes and the groups in which they arrive.

Refuses to look ahead: a bar is an observation only at its close.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


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


MarketEvent = BarsClosed | Quote
