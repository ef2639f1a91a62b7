"""A market that needs nothing: seeded, never the same as the real one, always the same as itself.

Refuses to pass for real: `simulated` is True, and every post made of it must say SIMULATED.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime

import numpy as np

from engine.clock import Clock, VirtualClock, as_utc, reach
from engine.errors import MarketDataError
from engine.market.book import book_at, decimals_of
from engine.market.paths import MINUTE, ORIGIN, WEEK, WeekPath, week_path
from engine.market.sessions import bar_exists
from engine.model.bars import Bar, BarsClosed, Depth, MarketEvent, Timeframe
from engine.model.instruments import Instrument

_KEPT_WEEKS = 4


class SimulatedFeed:
    """Regime-switching, jumping, mean-reverting prices with an order book (see `paths`).

    Every bar is a function of (seed, instrument, its open time): a restart, another timeframe or
    another start finds the same market. With a `SystemClock` bars close on the real boundaries of
    the timeframe; a `VirtualClock` is driven at its own speed.

    Parameters
    ----------
    instruments : sequence of Instrument
        Symbol, asset, tick and calendar are used, in this order within a group.
    timeframe : Timeframe
    clock : Clock
        A `VirtualClock` is driven by this feed alone.
    seed : int
    start : datetime, aware, optional
        No bar opens before it. Default: `paths.ORIGIN`.
    books_per_bar : int, >= 0
        Books of each instrument streamed between two closes, evenly spaced.

    Raises
    ------
    MarketDataError
        If there is no instrument, or `start` lies before the simulated world.
    """

    name = "simulated"
    simulated = True

    def __init__(
        self,
        instruments: Sequence[Instrument],
        timeframe: Timeframe,
        clock: Clock,
        seed: int = 1,
        start: datetime | None = None,
        *,
        books_per_bar: int = 4,
    ) -> None:
        if not instruments:
            raise MarketDataError("nothing to simulate: configure at least one instrument")
        self._instruments = {instrument.symbol: instrument for instrument in instruments}
        self.timeframe = timeframe
        self.seed = seed
        self.start = as_utc(start) if start else ORIGIN
        if self.start < ORIGIN:
            raise MarketDataError(
                f"the simulated market begins {ORIGIN:%Y-%m-%d}, so it cannot start "
                f"{self.start:%Y-%m-%d}: choose a later start"
            )
        self._clock = clock
        self._books_per_bar = books_per_bar
        self._weeks: OrderedDict[tuple[str, int], WeekPath] = OrderedDict()
        if isinstance(clock, VirtualClock) and clock.now() < self.start:
            clock.jump_to(self.start)

    @property
    def description(self) -> str:
        """One line for humans: that this market is simulated, and from which seed."""
        return f"SIMULATED market, seed {self.seed}: {', '.join(self._instruments)}"

    async def history(self, instrument: str, until: datetime, count: int) -> tuple[Bar, ...]:
        """The last `count` bars closed by `until` and by now, oldest first.

        Parameters
        ----------
        instrument : str
        until : datetime, aware
        count : int, >= 0

        Raises
        ------
        MarketDataError
            If `instrument` is not simulated here.
        """
        thing = self._of(instrument)
        bars: list[Bar] = []
        open_at = self._floor(min(as_utc(until), self._clock.now())) - self.timeframe.length
        while len(bars) < count and open_at >= self.start:
            if bar := self._bar(thing, open_at):
                bars.append(bar)
            open_at -= self.timeframe.length
        return tuple(reversed(bars))

    async def stream(self, after: datetime | None) -> AsyncIterator[MarketEvent]:
        """Groups of bars at their close, and books between them, in time order.

        Parameters
        ----------
        after : datetime, aware, or None
            Only what happened strictly after it. Bars that closed between it and the present are
            given first, flagged as caught up. None begins at the present.
        """
        began = self._clock.now()
        at = as_utc(after) if after else began
        if isinstance(self._clock, VirtualClock) and began < at:
            self._clock.jump_to(at)
        while True:
            close_at = self._floor(at) + self.timeframe.length
            for shown_at in self._book_times(at, close_at, began):
                await reach(self._clock, shown_at)
                for book in self._books(shown_at):
                    yield book
            if close_at > began:
                await reach(self._clock, close_at)
            if bars := self._closed(close_at):
                yield BarsClosed(close_at, bars, caught_up=close_at <= began)
            at = close_at

    async def depth(self, instrument: str) -> Depth | None:
        """The order book now; None while the market is shut.

        Parameters
        ----------
        instrument : str

        Raises
        ------
        MarketDataError
            If `instrument` is not simulated here, or the clock stands before the start.
        """
        return self._book(self._of(instrument), self._clock.now())

    async def check(self) -> None:
        """Raise MarketDataError if the clock stands before the simulated world."""
        self._require_begun(self._clock.now())

    async def aclose(self) -> None:
        """Nothing to close."""

    def _of(self, instrument: str) -> Instrument:
        try:
            return self._instruments[instrument]
        except KeyError:
            known = ", ".join(self._instruments)
            raise MarketDataError(
                f"{instrument!r} is not simulated (there are: {known}): add it to the config"
            ) from None

    def _require_begun(self, at: datetime) -> None:
        if at < self.start:
            raise MarketDataError(
                f"the clock says {at:%Y-%m-%d}, before the simulated market begins "
                f"({self.start:%Y-%m-%d}): set this machine's time"
            )

    def _floor(self, at: datetime) -> datetime:
        """Last bar boundary at or before `at`; boundaries are counted from 1970 UTC."""
        length = self.timeframe.length
        return at - (at - ORIGIN) % length

    def _closed(self, close_at: datetime) -> tuple[Bar, ...]:
        open_at = close_at - self.timeframe.length
        if open_at < self.start:
            return ()
        bars = (self._bar(thing, open_at) for thing in self._instruments.values())
        return tuple(bar for bar in bars if bar)

    def _book_times(
        self, since: datetime, close_at: datetime, began: datetime
    ) -> Iterator[datetime]:
        step = self.timeframe.length / (self._books_per_bar + 1)
        for k in range(self._books_per_bar, 0, -1):
            at = close_at - k * step
            if at > max(since, began):
                yield at

    def _books(self, at: datetime) -> Iterator[Depth]:
        for thing in self._instruments.values():
            if book := self._book(thing, at):
                yield book

    def _book(self, thing: Instrument, at: datetime) -> Depth | None:
        self._require_begun(at)
        return book_at(self.seed, thing, self._week(thing, (at - ORIGIN) // WEEK), at)

    def _week(self, thing: Instrument, week: int) -> WeekPath:
        key = (thing.symbol, week)
        if key not in self._weeks:
            self._weeks[key] = week_path(self.seed, thing, week)
        self._weeks.move_to_end(key)
        while len(self._weeks) > _KEPT_WEEKS * len(self._instruments):
            self._weeks.popitem(last=False)
        return self._weeks[key]

    def _bar(self, thing: Instrument, open_at: datetime) -> Bar | None:
        """The bar that opens at `open_at`, or None if the market is shut for all of it.

        A bar never spans two weeks: every timeframe divides a week counted from a Monday.
        """
        if not bar_exists(thing.calendar, self.timeframe, open_at):
            return None
        path = self._week(thing, (open_at - ORIGIN) // WEEK)
        first = (open_at - ORIGIN) % WEEK // MINUTE
        rows = slice(first, first + self.timeframe.length // MINUTE)
        traded = np.flatnonzero(path.is_open[rows]) + first
        tick, digits = float(thing.tick), decimals_of(thing.tick)
        opening, high, low, close = (
            round(round(price / tick) * tick, digits)
            for price in (
                float(path.price[traded[0]]),
                float(path.high[traded].max()),
                float(path.low[traded].min()),
                float(path.price[traded[-1] + 1]),
            )
        )
        volume = round(float(path.volume[traded].sum()), 8)
        return Bar(
            thing.symbol, self.timeframe, open_at, open_at + self.timeframe.length,
            opening, high, low, close, volume,
        )  # fmt: skip
