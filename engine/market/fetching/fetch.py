"""Fetching a stretch of a venue's past into a file, a page at a time.

Refuses to start again from the beginning: what a file holds is gone on with. Refuses to ask for
candles that the venue no longer keeps: it says how far back it reaches, and the way round.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from engine.errors import MarketDataError
from engine.market.candle_pages import CandlePage, candle_pages
from engine.market.checks import check_bars, row_fault
from engine.market.columns import BarColumns, to_micros
from engine.market.fetching.store import Stored, merged, no_bars, read_stored, write_stored
from engine.market.fetching.trades import TradeBars
from engine.market.findings import DataReport
from engine.market.polls import floor_to_bar
from engine.market.public_api import PublicApi
from engine.market.venues import Venue
from engine.model.bars import Bar, Timeframe
from engine.model.instruments import Calendar

CANDLES, TRADES = "candles", "trades"
PAGES_AT_RISK = 25
"""Pages after which the file is written: a killed process loses at most so many."""

Tell = Callable[[datetime, int], None]
"""How far it has come, and how many bars there are."""


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """What to fetch.

    Attributes
    ----------
    symbol : str
        As Executor names it: ``BTC-USD``.
    begin_at : datetime, aware UTC
        Rounded up to a bar's open.
    end_at : datetime, aware UTC, or None
        Bars that close by then; None fetches to the present.
    from_trades : bool
        Build bars from trades, for a venue that keeps few candles.
    """

    symbol: str
    timeframe: Timeframe
    begin_at: datetime
    end_at: datetime | None = None
    from_trades: bool = False

    @property
    def pair(self) -> str:
        """The venue's unified name: ``BTC/USD``."""
        return self.symbol.replace("-", "/")

    @property
    def source(self) -> str:
        """What bars are made of."""
        return TRADES if self.from_trades else CANDLES


class Fetched(NamedTuple):
    """What a file holds after a fetch.

    Attributes
    ----------
    added : int
        Bars that this run brought.
    left_out : int
        Bars of the venue that contradict themselves; they are not in the file.
    """

    path: Path
    stored: Stored
    added: int
    left_out: int
    report: DataReport


async def fetch_history(
    api: PublicApi, plan: FetchPlan, path: Path, tell: Tell = lambda _at, _bars: None
) -> Fetched:
    """Fetch what `path` does not hold yet.

    The file is whole at every instant. When this is cancelled, what has come is kept, and the same
    call goes on from there.

    Parameters
    ----------
    tell : callable
        Is told after each page.

    Raises
    ------
    MarketDataError
        If the venue cannot give it, or the file is of something else; one line with its mend.
    """
    await api.require([plan.pair], Timeframe.M1 if plan.from_trades else plan.timeframe)
    now = await api.now()
    end = floor_to_bar(min(plan.end_at or now, now), plan.timeframe)
    keeper = _Keeper.opened(path, api.venue, plan)
    _require_kept(api.venue, plan, keeper.stored.reached_at, now)
    if keeper.stored.reached_at < end:
        pages = _trade_pages if plan.from_trades else _candle_pages
        try:
            async with aclosing(pages(api, plan, keeper.stored.reached_at, end)) as stream:
                async for page in stream:
                    keeper.take(page)
                    tell(page.reached_at, keeper.count)
        finally:
            keeper.save()
    return keeper.fetched()


class _Keeper:
    """What the file holds, and what has come since it was written."""

    def __init__(self, path: Path, stored: Stored, columns: BarColumns) -> None:
        self._path, self.stored, self._columns = path, stored, columns
        self._had = len(columns)
        self._fresh: list[Bar] = []
        self._pages = self._left_out = 0

    @classmethod
    def opened(cls, path: Path, venue: Venue, plan: FetchPlan) -> _Keeper:
        begin = _ceil_to_bar(plan.begin_at, plan.timeframe)
        wanted = Stored(venue.name, plan.symbol, plan.timeframe, plan.source, begin, begin)
        found = read_stored(path)
        if found is None:
            return cls(path, wanted, no_bars(wanted))
        stored, columns = found
        _require_same(path, stored, wanted)
        return cls(path, stored, columns)

    @property
    def count(self) -> int:
        """Bars there are by now."""
        return len(self._columns) + len(self._fresh)

    def take(self, page: CandlePage) -> None:
        """Keep a page; written with some others, so that a killed process loses few."""
        for bar in page.bars:
            if row_fault(bar) is None:
                self._fresh.append(bar)
            else:
                self._left_out += 1
        self.stored = replace(self.stored, reached_at=page.reached_at)
        self._pages += 1
        if self._pages % PAGES_AT_RISK == 0:
            self.save()

    def save(self) -> None:
        """Write everything."""
        self._columns = merged(self._columns, self._fresh)
        self._fresh = []
        write_stored(self._path, self.stored, self._columns)

    def fetched(self) -> Fetched:
        """What the file holds."""
        columns = merged(self._columns, self._fresh)
        report = check_bars(columns, Calendar.CONTINUOUS)
        added = len(columns) - self._had
        return Fetched(self._path, self.stored, added, self._left_out, report)


def _candle_pages(
    api: PublicApi, plan: FetchPlan, begin: datetime, end: datetime
) -> AsyncGenerator[CandlePage, None]:
    return candle_pages(api, plan.symbol, plan.pair, plan.timeframe, begin, end)


async def _trade_pages(
    api: PublicApi, plan: FetchPlan, begin: datetime, end: datetime
) -> AsyncGenerator[CandlePage, None]:
    """Bars of trades; `reached_at` is the open of the first bar that is not over."""
    making = TradeBars(plan.symbol, plan.timeframe)
    mark = to_micros(begin) * 1000 - 1
    reached = begin
    while reached < end:
        page = await api.trades(plan.pair, mark)
        ahead = page.mark_ns > mark
        known = page.reached_at if ahead else end  # nothing newer: all of it is known
        finished = making.add(page.trades if ahead else (), known)
        reached = min(floor_to_bar(known, plan.timeframe), end)
        mark = page.mark_ns
        yield CandlePage(tuple(bar for bar in finished if bar.close_at <= end), reached)


def _require_same(path: Path, stored: Stored, wanted: Stored) -> None:
    """A file goes on as what it is."""
    for name in ("venue", "symbol", "timeframe", "source"):
        is_now, asked = getattr(stored, name), getattr(wanted, name)
        if is_now != asked:
            raise MarketDataError(
                f"{path} holds {stored.symbol} {stored.timeframe} of {stored.venue} made of "
                f"{stored.source}: its {name} is {is_now}, not {asked}; give another --out"
            )
    if wanted.begin_at < stored.begin_at:
        raise MarketDataError(
            f"{path} begins at {stored.begin_at:%Y-%m-%d %H:%M}Z and is only gone on with: give "
            "that as --from, or another --out"
        )


def _require_kept(venue: Venue, plan: FetchPlan, begin: datetime, now: datetime) -> None:
    """Refuse a stretch of which the venue has no candles any more."""
    if plan.from_trades:
        if venue.kept_bars is None:
            raise MarketDataError(
                f"{venue.title} keeps its candles, and bars are built from trades only where a "
                "venue does not: leave out --from-trades"
            )
        return
    if venue.kept_bars is None:
        return
    first = _ceil_to_bar(now - venue.kept_bars * plan.timeframe.length, plan.timeframe)
    if begin < first:
        raise MarketDataError(
            f"{venue.title} keeps only the newest {venue.kept_bars} candles, those of "
            f"{plan.timeframe} back to {first:%Y-%m-%d %H:%M}Z: give that as --from; or build "
            "bars of all trades with --from-trades (a request a second brings 1,000 trades: a "
            "busy pair's day takes minutes, its year hours; it can be stopped and goes on); or "
            "take --venue coinbase, which keeps all"
        )


def _ceil_to_bar(at: datetime, timeframe: Timeframe) -> datetime:
    floor = floor_to_bar(at, timeframe)
    return floor if floor == at else floor + timeframe.length
