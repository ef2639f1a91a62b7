"""The record of a desk that lives in a backtest: events in memory, for one reader.

Refuses to pretend to be a journal: nothing is chained, written or read back, and what the layers
said of each bar is not kept.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from engine.model import events as happened
from engine.model.events import Event
from engine.ports import Envelope

_PASSING = (happened.BarsAssessed, happened.CandidateOpened, happened.CandidateClosed)


class Notebook:
    """Envelopes in the order in which they came.

    Attributes
    ----------
    kept : list of Envelope
        All but what is said of single bars.
    """

    def __init__(self) -> None:
        self.kept: list[Envelope] = []
        self._seq = 0

    async def append(
        self,
        events: Sequence[Event],
        at: datetime,
        cause: int = 0,
        *,
        durable: bool = False,  # noqa: ARG002 - there is no disk
    ) -> tuple[Envelope, ...]:
        """Take `events` in."""
        return tuple(self.envelope(event, at, cause) for event in events)

    def envelope(self, event: Event, at: datetime, cause: int = 0) -> Envelope:
        """One event with its place."""
        self._seq += 1
        kind = type(event).__name__
        envelope = Envelope(self._seq, at, kind, 1, cause, "", event, "", "")
        if not isinstance(event, _PASSING):
            self.kept.append(envelope)
        return envelope

    async def read(self, after: int = 0) -> AsyncIterator[Envelope]:
        """Nothing: a backtest begins on an empty record."""
        for envelope in self.kept[:0]:
            if envelope.seq > after:
                yield envelope

    async def head(self) -> tuple[int, str]:
        """Number of the newest event."""
        return self._seq, ""

    async def aclose(self) -> None:
        """Nothing to let go of."""
