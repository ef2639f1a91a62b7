"""When to ask an exchange for the bars that just closed, and which of them may go on together.

Refuses to present late bars as fresh: what was missed or came late is flagged as caught up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from engine.clock import EPOCH, Clock
from engine.errors import BadTick, MarketDataError
from engine.market.feed import FindingSink, Gate, grouped
from engine.market.findings import Finding, FindingKind
from engine.market.public_api import VenueUnreachable
from engine.model.bars import Bar, BarsClosed, Timeframe
from engine.model.instruments import Calendar

PATIENCE = timedelta(seconds=30)
"""How long the bars of one close wait for each other; later ones come as caught up."""

LONGEST_PAUSE = timedelta(seconds=60)
"""Between two requests for a bar that has not come yet."""

MAX_BACKFILL_BARS = 3000
"""After a longer absence the older part is reported as a gap."""

Fetch = Callable[[str, datetime, datetime], Awaitable[list[Bar]]]
"""(instrument, begin, end) to the bars that open from `begin` and have closed by `end`."""


def floor_to_bar(at: datetime, timeframe: Timeframe) -> datetime:
    """Last bar boundary at or before `at`; boundaries are multiples from 1970 UTC.

    Examples
    --------
    >>> floor_to_bar(EPOCH + timedelta(minutes=90), Timeframe.H1) - EPOCH
    datetime.timedelta(seconds=3600)
    """
    return at - (at - EPOCH) % timeframe.length


def tell_silence(
    tell: FindingSink, instrument: str, now: datetime, fault: MarketDataError
) -> None:
    """Tell that a venue gave nothing usable; the stream lives on and asks again."""
    tell(Finding(FindingKind.UNREACHABLE, instrument, now, str(fault)))


class Polls:
    """What one stream has seen of each instrument, and when to ask for more.

    Parameters
    ----------
    instruments : sequence of str
        In the order in which bars of one instant are given.
    timeframe : Timeframe
    clock : Clock
    after : datetime, aware UTC
        Only bars that close after it are asked for.
    fetch : callable
        Asks the venue.
    delay : timedelta, > 0
        From a close to the first request worth making.
    tell : callable of Finding

    Attributes
    ----------
    due_at : datetime, aware UTC
        When `poll` is worth calling next.
    """

    def __init__(
        self,
        instruments: Sequence[str],
        timeframe: Timeframe,
        clock: Clock,
        after: datetime,
        *,
        fetch: Fetch,
        delay: timedelta,
        tell: FindingSink,
    ) -> None:
        self._order = tuple(instruments)
        self._timeframe, self._length = timeframe, timeframe.length
        self._clock, self._fetch, self._delay, self._tell = clock, fetch, delay, tell
        self._began = clock.now()
        seen, present = (floor_to_bar(at, timeframe) for at in (after, self._began))
        self._known = dict.fromkeys(
            self._order, max(seen, present - MAX_BACKFILL_BARS * self._length)
        )
        self._gates = {
            instrument: Gate(Calendar.CONTINUOUS, tell, resumed_at=seen)
            for instrument in self._order
        }
        self._held: list[Bar] = []
        behind = seen < present
        self._target = present if behind else max(seen, present) + self._length
        self.due_at = self._began if behind else self._target + delay

    @property
    def quiet_from(self) -> datetime:
        """From here on no quote may be given before the bars that close there."""
        waiting = self._clock.now() - self._target <= PATIENCE
        return self._target if waiting else self._target + self._length

    async def poll(self) -> list[BarsClosed]:
        """Ask for what has closed and was not seen.

        Returns
        -------
        list of BarsClosed, oldest first
            What need not wait: the newest group waits for all its bars, but not beyond `PATIENCE`.
        """
        present = floor_to_bar(self._clock.now(), self._timeframe)
        self._target = max(self._target, present)
        for instrument, known in self._known.items():
            if known < self._target:
                await self._ask(instrument, known)
        complete = all(known >= self._target for known in self._known.values())
        waited = self._clock.now() - self._target
        ready = self._release(everything=complete or waited > PATIENCE)
        self._plan(waited, complete=complete)
        return ready

    async def _ask(self, instrument: str, known: datetime) -> None:
        try:
            bars = await self._fetch(instrument, known, self._target)
        except (BadTick, VenueUnreachable) as fault:
            tell_silence(self._tell, instrument, self._clock.now(), fault)
            return
        for bar in bars:
            self._known[instrument] = max(self._known[instrument], bar.close_at)
            if self._gates[instrument].admits(bar, self._clock.now()):
                self._held.append(bar)

    def _release(self, *, everything: bool) -> list[BarsClosed]:
        ready = [bar for bar in self._held if everything or bar.close_at < self._target]
        self._held = [bar for bar in self._held if bar not in ready]
        return [
            replace(group, caught_up=self._is_late(group.at))
            for group in grouped(ready, self._order)
        ]

    def _is_late(self, closed_at: datetime) -> bool:
        patience = min(2 * PATIENCE, self._length / 2)
        return closed_at <= self._began or self._clock.now() - closed_at > patience

    def _plan(self, waited: timedelta, *, complete: bool) -> None:
        """Next boundary when all is seen; until then ask again, ever more slowly."""
        following = self._target + self._length + self._delay
        if complete:
            self._target += self._length
            self.due_at = following
        else:
            pause = min(max(waited / 2, timedelta(seconds=1)), LONGEST_PAUSE)
            self.due_at = min(self._clock.now() + pause, following)
