"""The recorded market behind the port: history up to an instant, no quotes, no stream of its own.

Refuses to stream: a backtest hands the desk each set of bars itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from engine.model.bars import Bar, Depth, MarketEvent
from engine.research.backtest.line import Line, micros

MICROS = 1_000_000


class WrittenFeed:
    """A line of bars as a desk asks for it.

    Parameters
    ----------
    line : Line
    """

    name = "backtest"
    simulated = False

    def __init__(self, line: Line) -> None:
        self._line = line

    @property
    def description(self) -> str:
        """One line for people."""
        names = ", ".join(track.instrument.symbol for track in self._line.tracks)
        return f"backtest on recorded {self._line.timeframe} bars of {names}"

    async def history(self, instrument: str, until: datetime, count: int) -> tuple[Bar, ...]:
        """The last `count` bars closed by `until`, oldest first."""
        track = self._line.track(instrument)
        end = track.row_of(micros(until) // MICROS) + 1
        return tuple(track.bar(row) for row in range(max(0, end - count), end))

    async def stream(self, after: datetime | None) -> AsyncIterator[MarketEvent]:  # noqa: ARG002
        """Nothing."""
        nothing: tuple[MarketEvent, ...] = ()
        for event in nothing:
            yield event

    async def depth(self, instrument: str) -> Depth | None:  # noqa: ARG002
        """None: there is no book on record."""
        return None

    async def check(self) -> None:
        """Nothing to check: the histories were checked when they were read."""

    async def aclose(self) -> None:
        """Nothing to let go of."""
