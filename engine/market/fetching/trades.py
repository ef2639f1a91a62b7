"""Bars built from a venue's trades, for stretches of which it keeps no candles.

Refuses to invent: where nothing traded there is no bar, and one that is not over is not given.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from engine.market.polls import floor_to_bar
from engine.market.public_api import PublicTrade
from engine.model.bars import Bar, Timeframe


class TradeBars:
    """Trades in, finished bars out.

    Parameters
    ----------
    instrument : str
    timeframe : Timeframe
    """

    def __init__(self, instrument: str, timeframe: Timeframe) -> None:
        self._instrument, self._timeframe = instrument, timeframe
        self._open_at: datetime | None = None
        self._prices: list[float] = []
        self._amount = 0.0

    def add(self, trades: Iterable[PublicTrade], reached_at: datetime) -> list[Bar]:
        """Bars that are over now, oldest first.

        Parameters
        ----------
        trades : iterable of PublicTrade, in order
        reached_at : datetime, aware UTC
            Everything before it is known.
        """
        finished: list[Bar] = []
        for trade in trades:
            open_at = floor_to_bar(trade.at, self._timeframe)
            if open_at != self._open_at:
                finished += self._close()
                self._open_at = open_at
            self._prices.append(trade.price)
            self._amount += trade.amount
        if self._open_at is not None and self._open_at + self._length <= reached_at:
            finished += self._close()
        return finished

    @property
    def _length(self) -> timedelta:
        return self._timeframe.length

    def _close(self) -> list[Bar]:
        if self._open_at is None:
            return []
        prices = self._prices
        bar = Bar(
            self._instrument,
            self._timeframe,
            self._open_at,
            self._open_at + self._length,
            prices[0],
            max(prices),
            min(prices),
            prices[-1],
            self._amount,
        )
        self._open_at, self._prices, self._amount = None, [], 0.0
        return [bar]
