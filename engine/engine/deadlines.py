"""What time alone brings about: ends of proposals, orders and positions, stale data, another look.

Refuses to wait for the market: a silent feed does not keep a proposal open.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from engine.engine.recorder import Recorder
from engine.journal.ledger import Ledger, OrderRecord
from engine.model import events as happened
from engine.model.orders import OrderType
from engine.ports import Clock

FIRST_WORD = timedelta(seconds=60)
"""How long a market may be silent after a start before it counts as stale."""


LOOKS_AFTER = tuple(timedelta(seconds=2**k) for k in range(5))
"""How long after it was made an order at the market is asked after: no quote may come for long."""


def on_their_way(ledger: Ledger) -> list[str]:
    """Instruments of which an order at the market is still working."""
    return list(dict.fromkeys(each.order.instrument for each in _at_market(ledger)))


def _at_market(ledger: Ledger) -> list[OrderRecord]:
    return [each for each in ledger.open_orders() if each.order.type is OrderType.MARKET]


def expired(ledger: Ledger, now: datetime) -> list[happened.ProposalExpired]:
    """Open proposals whose time is over at `now`, as events."""
    return [
        happened.ProposalExpired(record.terms.id)
        for record in ledger.open_proposals()
        if now >= record.terms.expires_at
    ]


class Deadlines:
    """Wakes the desk when something is due and no event of the market has come.

    Parameters
    ----------
    grace : timedelta
        How long after a position's time limit the market is waited for: the bar that closes at
        the limit comes first, for it may hold the target or the stop.
    act : coroutine function of datetime
        Is told the present instant whenever something is due.
    stale_at : callable () -> datetime or None
        When the market has been silent for too long, if it stays so.
    owed_at : callable () -> datetime or None
        When the venue is to be asked for what it owes.
    stirred : asyncio.Event or None
        Set whenever `owed_at` may tell another instant without an entry in the record.
    """

    def __init__(
        self,
        recorder: Recorder,
        clock: Clock,
        grace: timedelta,
        act: Callable[[datetime], Awaitable[None]],
        stale_at: Callable[[], datetime | None] = lambda: None,
        owed_at: Callable[[], datetime | None] = lambda: None,
        stirred: asyncio.Event | None = None,
    ) -> None:
        self._recorder, self._clock = recorder, clock
        self._grace, self._act = grace, act
        self._stale_at, self._owed_at = stale_at, owed_at
        self._stirred = stirred or asyncio.Event()
        self._not_before = clock.now() + FIRST_WORD
        self._acted_at = clock.now()

    async def run(self) -> None:
        """Watch until cancelled."""
        if math.isinf(getattr(self._clock, "speed", 1.0)):
            return  # without pace the next bar is at hand before anything could wait for it
        while True:
            self._stirred.clear()
            seq, due = self._recorder.ledger.seq, self._next()
            if due is not None and due <= self._clock.now():
                self._acted_at = self._clock.now()
                await self._act(self._acted_at)
                if self._next() == due:  # it could not be done: wait for something to change
                    await self._wait(self._owed_later(), seq)
                continue
            await self._wait(due, seq)

    def _owed_later(self) -> datetime | None:
        """When the venue is next to be asked, if that is still to come."""
        owed = self._owed_at()
        return owed if owed is not None and owed > self._clock.now() else None

    def _next(self) -> datetime | None:
        ledger = self._recorder.ledger
        times = [record.terms.expires_at for record in ledger.open_proposals()]
        times += [
            held.time_limit_at + self._grace
            for held in ledger.positions.values()
            if held.id not in ledger.exits_requested
        ]
        times += [ends for each in ledger.open_orders() if (ends := each.order.expires_at)]
        times += self._looks()
        silent, owed = self._stale_at(), self._owed_at()
        if silent is not None:
            times.append(max(silent, self._not_before))
        if owed is not None:
            times.append(owed)
        return min(times, default=None)

    def _looks(self) -> list[datetime]:
        """When orders at the market are asked after next."""
        looks = (
            each.order.created_at + after
            for each in _at_market(self._recorder.ledger)
            for after in LOOKS_AFTER
        )
        return [at for at in looks if at > self._acted_at]

    async def _wait(self, due: datetime | None, seq: int) -> None:
        """Until `due` has come, the record has changed, or another errand is the next one."""
        waits: list[asyncio.Future[object]] = [
            asyncio.ensure_future(self._recorder.changed_since(seq)),
            asyncio.ensure_future(self._stirred.wait()),
        ]
        if due is not None:
            waits.append(asyncio.ensure_future(self._clock.sleep_until(due)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
