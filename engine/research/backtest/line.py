"""Recorded histories on one line of time: which bars close when, and what was known of them.

Refuses to answer for a bar that has not closed at the place that is asked about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from engine.model.bars import Bar, BarsClosed, Timeframe
from engine.model.instruments import Instrument
from engine.probability.history import History
from engine.probability.history_pairs import Tie
from engine.probability.layer import FloatArray, IntArray
from engine.probability.volatility import Scale

MICROS = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(seconds: int) -> datetime:
    """The aware UTC instant so many seconds after 1970."""
    return EPOCH + timedelta(seconds=int(seconds))


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Track:
    """One instrument on the line.

    Attributes
    ----------
    scale : ndarray of shape (n, 4), float64
        Layer 5 at every bar: variance per day, percentile, last move in sigmas, 1 where valid.
    places : ndarray of shape (n,), int64
        Place of each bar on the line.
    rows : ndarray of shape (n_places,), int64
        Newest bar that has closed by each place; -1 before the first.
    """

    instrument: Instrument
    timeframe: Timeframe
    history: History
    scale: FloatArray
    places: IntArray
    rows: IntArray

    def closed_at(self, row: int) -> datetime:
        """When the bar in `row` closed."""
        return instant(int(self.history.closed_at[row]))

    def row_of(self, seconds: int) -> int:
        """The newest bar that has closed by an instant; -1 before the first."""
        return int(np.searchsorted(self.history.closed_at, seconds, side="right")) - 1

    def bar(self, row: int) -> Bar:
        """The bar in `row`."""
        history = self.history
        close_at = self.closed_at(row)
        volume = np.nan if history.volume is None else history.volume[row]
        return Bar(
            self.instrument.symbol,
            self.timeframe,
            close_at - self.timeframe.length,
            close_at,
            float(history.open[row]),
            float(history.high[row]),
            float(history.low[row]),
            float(history.close[row]),
            float(volume),
        )

    def row_at(self, place: int) -> int:
        """The bar that closes at `place`; -1 if none does."""
        row = int(self.rows[place])
        return row if row >= 0 and int(self.places[row]) == place else -1

    def scale_at(self, row: int) -> Scale:
        """What layer 5 said after the bar in `row`."""
        variance, percentile, surprise, valid = self.scale[row].tolist()
        return Scale(variance, percentile, surprise, valid > 0.0)


@dataclass(frozen=True, slots=True)
class Line:
    """Every track of a backtest, and the instants at which bars close.

    Attributes
    ----------
    at : ndarray of shape (n_places,), int64, seconds since 1970, increasing
    ties : mapping of pairs of symbols to Tie
    """

    at: IntArray
    timeframe: Timeframe
    tracks: tuple[Track, ...]
    ties: Mapping[tuple[str, str], Tie]

    @property
    def count(self) -> int:
        """Places."""
        return int(self.at.shape[0])

    def track(self, symbol: str) -> Track:
        """The track of an instrument."""
        return next(t for t in self.tracks if t.instrument.symbol == symbol)

    def closing(self, place: int) -> BarsClosed:
        """The bars that close at `place`."""
        rows = ((track, track.row_at(place)) for track in self.tracks)
        bars = tuple(track.bar(row) for track, row in rows if row >= 0)
        return BarsClosed(instant(int(self.at[place])), bars)

    def first_from(self, at: datetime) -> int:
        """First place at or after `at`; one past the last if there is none."""
        return int(np.searchsorted(self.at * MICROS, micros(at), side="left"))

    def correlations(self, seconds: int) -> dict[tuple[str, str], float]:
        """Newest correlation of each pair at an instant, of those that have one."""
        known = {}
        for pair, tie in self.ties.items():
            newest = int(np.searchsorted(tie.closed_at, seconds, side="right")) - 1
            if newest >= 0:
                known[pair] = float(tie.correlation[newest])
        return known


def line_of(
    histories: tuple[History, ...],
    instruments: Mapping[str, Instrument],
    scales: tuple[FloatArray, ...],
    timeframe: Timeframe,
    ties: Mapping[tuple[str, str], Tie],
) -> Line:
    """Lay histories on one line."""
    at = np.unique(np.concatenate([history.closed_at for history in histories]))
    tracks = []
    for history, scale in zip(histories, scales, strict=True):
        rows = np.searchsorted(history.closed_at, at, side="right") - 1
        places = np.searchsorted(at, history.closed_at)
        instrument = instruments[history.scale.symbol]
        tracks.append(Track(instrument, timeframe, history, scale, places, rows))
    return Line(at, timeframe, tuple(tracks), ties)
