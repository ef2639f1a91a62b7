"""A stretch of a venue's candles, page by page: one way for feeds and for files.

Refuses candles that have not closed by the end of the stretch.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import NamedTuple

from engine.market.public_api import PublicApi
from engine.model.bars import Bar, Timeframe


class CandlePage(NamedTuple):
    """One answer of a venue.

    Attributes
    ----------
    bars : tuple of Bar, oldest first
        Empty where nothing traded.
    reached_at : datetime, aware UTC
        Everything that opens before it has been asked for.
    """

    bars: tuple[Bar, ...]
    reached_at: datetime


async def candle_pages(
    api: PublicApi,
    instrument: str,
    symbol: str,
    timeframe: Timeframe,
    begin: datetime,
    end: datetime,
) -> AsyncGenerator[CandlePage, None]:
    """Bars that open at or after `begin` and have closed by `end`.

    Parameters
    ----------
    instrument : str
        Name inside Executor, for the bars.
    symbol : str
        ccxt's unified name.

    Raises
    ------
    MarketDataError
        As `PublicApi.candles`.
    """
    length = timeframe.length
    while begin + length <= end:
        wanted = (end - begin) // length + 1
        rows = await api.candles(instrument, symbol, timeframe, begin, wanted)
        # An empty page is a quiet stretch on Coinbase: the next one may hold bars again.
        reached = max((bar.open_at for bar in rows), default=begin)
        begin = max(reached + length, begin + min(wanted, api.venue.page_bars) * length)
        yield CandlePage(tuple(bar for bar in rows if bar.close_at <= end), min(begin, end))
