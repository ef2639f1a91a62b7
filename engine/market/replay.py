"""Recorded history played back on a virtual clock, at any speed.

Refuses to look ahead: neither its history nor its stream holds a bar that closes after `now()`.
"""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from engine.clock import VirtualClock, as_utc
from engine.errors import MarketDataError
from engine.market.checks import check_bars, sound_rows
from engine.market.columns import BarColumns, from_micros, to_micros
from engine.market.feed import FindingSink, log_finding
from engine.market.files import read_bars, require_order
from engine.market.findings import DataReport
from engine.market.recordings import read_recording
from engine.model.bars import Bar, BarsClosed, Depth, MarketEvent, Print, Timeframe
from engine.model.instruments import Calendar

DEFAULT_WARMUP_BARS = 500

BOOK_FOR = timedelta(seconds=60)
"""Age beyond which a recorded book is not the present one."""


class ReplayFeed:
    """Bars from files, merged by their common close, with recorded books between them.

    Files are read and checked at construction (about half a second for three files of five years
    of hours) and kept as numpy columns. The clock is brought to the start at once, so that
    `history` serves the warm-up before the first event.

    Parameters
    ----------
    files : mapping of str to Path
        Instrument to file, in the order in which bars of one instant are given.
    timeframe : Timeframe or None
        What the files must hold; None takes it from them. All must agree.
    clock : VirtualClock
        Driven by this feed alone.
    start : datetime, aware, optional
        Nothing that closed at or before it is streamed. Default: where every file has given
        `warmup_bars` bars, or half of itself if it is shorter than twice that.
    until : datetime, aware, optional
        Last close to be streamed. Default: the end of the files.
    warmup_bars : int, >= 0
    calendars : mapping of str to Calendar, optional
        24/7 where not given.
    books : mapping of str to Path, optional
        Recordings of order books and tapes (see `recordings`), read while they are played.
    tell : callable of Finding
        Is told what the checks found in each file, once.

    Raises
    ------
    MarketDataError
        If a file cannot be used, or the files leave nothing to replay.
    """

    name = "replay"
    simulated = False

    def __init__(
        self,
        files: Mapping[str, Path],
        timeframe: Timeframe | None,
        clock: VirtualClock,
        start: datetime | None = None,
        until: datetime | None = None,
        *,
        warmup_bars: int = DEFAULT_WARMUP_BARS,
        calendars: Mapping[str, Calendar] | None = None,
        books: Mapping[str, Path] | None = None,
        tell: FindingSink = log_finding,
    ) -> None:
        if not files:
            raise MarketDataError("no file to replay: give --data SYMBOL=FILE at least once")
        self._clock = clock
        self._files = dict(files)
        self._books = dict(books or {})
        self._shown: dict[str, Depth] = {}
        self._calendars = dict(calendars or {})
        self._reports: dict[str, DataReport] = {}
        self._columns = self._load(timeframe, tell)
        self.timeframe = next(iter(self._columns.values())).timeframe
        self.start = as_utc(start) if start else self._default_start(warmup_bars)
        self.until = as_utc(until) if until else self._last_close()
        self._require_events()
        self._require_recorded()
        if clock.now() < self.start:
            clock.jump_to(self.start)

    @property
    def description(self) -> str:
        """One line for humans: which recorded market this is."""
        names = ", ".join(f"{name} ({path.name})" for name, path in self._files.items())
        return (
            f"replay of {names}, {self.timeframe} bars, "
            f"{self.start:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M} UTC"
        )

    @property
    def reports(self) -> Mapping[str, DataReport]:
        """What the checks found in each instrument's file."""
        return self._reports

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
            If there is no file for `instrument`.
        """
        return self._of(instrument).until(min(as_utc(until), self._clock.now()), count)

    async def stream(self, after: datetime | None) -> AsyncIterator[MarketEvent]:
        """Bars and recorded books in time order, each given when the clock has reached it.

        Parameters
        ----------
        after : datetime, aware, or None
            Only what closed strictly after it; None begins at `start`. The clock is brought to
            it without waiting.
        """
        begin = max(self.start, as_utc(after)) if after else self.start
        if self._clock.now() < begin:
            self._clock.jump_to(begin)
        recorded = (self._recorded(name, path, begin) for name, path in self._books.items())
        events: Iterator[MarketEvent] = heapq.merge(
            self._groups(begin), *recorded, key=lambda event: event.at
        )
        for event in events:
            if event.at > self._clock.now():
                await self._clock.advance_to(event.at)
            if isinstance(event, Depth):
                self._shown[event.instrument] = event
            yield event

    async def depth(self, instrument: str) -> Depth | None:
        """The newest recorded book, if it is at most a minute old; none is made of bars."""
        self._of(instrument)
        book = self._shown.get(instrument)
        return book if book is not None and self._clock.now() - book.at <= BOOK_FOR else None

    async def check(self) -> None:
        """Nothing more to find: the files were read and checked at construction."""

    async def aclose(self) -> None:
        """Nothing to close."""

    def _load(self, timeframe: Timeframe | None, tell: FindingSink) -> dict[str, BarColumns]:
        loaded: dict[str, BarColumns] = {}
        for instrument, path in self._files.items():
            columns = read_bars(path, instrument, timeframe)
            timeframe = columns.timeframe  # the first file decides for those after it
            loaded[instrument] = self._sound(path, columns, tell)
        return loaded

    def _sound(self, path: Path, columns: BarColumns, tell: FindingSink) -> BarColumns:
        calendar = self._calendars.get(columns.instrument, Calendar.CONTINUOUS)
        report = check_bars(columns, calendar)
        require_order(path, report)
        self._reports[columns.instrument] = report
        for finding in report.findings:
            tell(finding)
        sound = columns.where(sound_rows(columns))
        if not len(sound):
            raise MarketDataError(
                f"{path} has no usable bar (first fault: {report.findings[0].detail}): "
                "export it again"
            )
        return sound

    def _of(self, instrument: str) -> BarColumns:
        try:
            return self._columns[instrument]
        except KeyError:
            known = ", ".join(self._columns)
            raise MarketDataError(
                f"no file for {instrument!r} (there are: {known}): add --data {instrument}=FILE"
            ) from None

    def _default_start(self, warmup_bars: int) -> datetime:
        closes = (columns.close_us for columns in self._columns.values())
        return from_micros(
            max(int(close[max(min(warmup_bars, len(close) // 2) - 1, 0)]) for close in closes)
        )

    def _last_close(self) -> datetime:
        return from_micros(max(int(c.close_us[-1]) for c in self._columns.values()))

    def _require_events(self) -> None:
        for instrument, columns in self._columns.items():
            closes = columns.close_us
            inside = (closes > to_micros(self.start)) & (closes <= to_micros(self.until))
            if not inside.any():
                first, last = (f"{from_micros(closes[k]):%Y-%m-%d %H:%M}Z" for k in (0, -1))
                raise MarketDataError(
                    f"{self._files[instrument]} has bars from {first} to {last}, none after "
                    f"{self.start:%Y-%m-%d %H:%M}Z until {self.until:%Y-%m-%d %H:%M}Z: "
                    "give files of a common span or another start"
                )

    def _require_recorded(self) -> None:
        for instrument, path in self._books.items():
            self._of(instrument)
            if next(read_recording(path, instrument), None) is None:
                raise MarketDataError(
                    f"{path} holds no order book of {instrument}: give another file to --books"
                )

    def _groups(self, begin: datetime) -> Iterator[BarsClosed]:
        """Bars by common close, merged lazily from every instrument's columns."""
        runs = (
            self._run(place, columns, begin)
            for place, columns in enumerate(self._columns.values())
        )
        group: list[Bar] = []
        for _, _, bar in heapq.merge(*runs, key=lambda item: item[:2]):
            if group and bar.close_at != group[0].close_at:
                yield BarsClosed(group[0].close_at, tuple(group))
                group = []
            group.append(bar)
        if group:
            yield BarsClosed(group[0].close_at, tuple(group))

    def _recorded(self, instrument: str, path: Path, begin: datetime) -> Iterator[Depth | Print]:
        for event in read_recording(path, instrument):
            if begin < event.at <= self.until:
                yield event

    def _run(
        self, place: int, columns: BarColumns, begin: datetime
    ) -> Iterator[tuple[datetime, int, Bar]]:
        closes = columns.close_us
        first = int(np.searchsorted(closes, to_micros(begin), side="right"))
        end = int(np.searchsorted(closes, to_micros(self.until), side="right"))
        for row in range(first, end):
            bar = columns.bar(row)
            yield bar.close_at, place, bar
