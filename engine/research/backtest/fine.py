"""Finer bars of the same market: they tell whether a stop or a target came first within a bar.

Refuses to fill gaps: where finer bars do not cover a bar whole, the bar itself is traded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.model.bars import Bar, BarsClosed, Timeframe
from engine.model.instruments import Instrument
from engine.probability.history import History
from engine.research.backtest.line import Track, instant, micros

MICROS = 1_000_000


class FineBars:
    """Finer histories by instrument.

    Parameters
    ----------
    coarse : Timeframe
        Of the bars that are assessed.
    """

    def __init__(
        self,
        histories: Sequence[History],
        timeframe: Timeframe,
        instruments: Mapping[str, Instrument],
        coarse: Timeframe,
    ) -> None:
        self._tracks = {
            history.scale.symbol: _track(history, timeframe, instruments[history.scale.symbol])
            for history in histories
        }
        self._share = round(coarse.length / timeframe.length)

    def pieces(self, batch: BarsClosed) -> Sequence[BarsClosed]:
        """Finer bars of the same stretch, then the bars that have none."""
        found: dict[int, list[Bar]] = {}
        whole: list[Bar] = []
        for bar in batch.bars:
            rows = self._rows(bar)
            if rows is None:
                whole.append(bar)
                continue
            track = self._tracks[bar.instrument]
            for row in range(rows.start, rows.stop):
                found.setdefault(int(track.history.closed_at[row]), []).append(track.bar(row))
        pieces = [BarsClosed(instant(at), tuple(found[at])) for at in sorted(found)]
        return [*pieces, BarsClosed(batch.at, tuple(whole))] if whole else pieces

    def _rows(self, bar: Bar) -> slice | None:
        """Rows that cover `bar`; None where one is missing."""
        track = self._tracks.get(bar.instrument)
        if track is None:
            return None
        closed_at = track.history.closed_at
        opens, closes = (micros(at) // MICROS for at in (bar.open_at, bar.close_at))
        first = int(np.searchsorted(closed_at, opens, side="right"))
        last = int(np.searchsorted(closed_at, closes, side="right"))
        return slice(first, last) if last - first == self._share else None

    def track(self, symbol: str) -> Track | None:
        """Finer bars of one instrument; None where there are none."""
        return self._tracks.get(symbol)


def _track(history: History, timeframe: Timeframe, instrument: Instrument) -> Track:
    places = np.arange(history.close.shape[0])
    return Track(instrument, timeframe, history, np.zeros((0, 4)), places, places)
