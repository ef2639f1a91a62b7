"""A replay's patience: virtual time stands still while the owner is being asked.

Refuses to wait for ever, and to hold a market that runs on real time.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from engine.clock import VirtualClock
from engine.journal.ledger import Ledger, ProposalRecord
from engine.ports import Clock


class Patience:
    """Waits for the owner, once for each proposal.

    Parameters
    ----------
    hold_seconds : float, real seconds, >= 0
        How long an asked proposal holds the market; 0 never does.

    Attributes
    ----------
    decided : Event
        Set whenever a proposal is decided.
    """

    def __init__(self, ledger: Ledger, clock: Clock, hold_seconds: float) -> None:
        self._ledger = ledger
        self._clock = clock if isinstance(clock, VirtualClock) else None
        self._hold_seconds = hold_seconds
        self._until: dict[str, float] = {}
        self._standing: asyncio.Task[None] | None = None
        self.decided = asyncio.Event()

    async def wait(self) -> None:
        """Return once nothing that was asked is open, or its time of real seconds is over."""
        while (left := self.left()) > 0.0:
            self.decided.clear()
            with suppress(TimeoutError):
                # Not wait_for: in Python 3.11 it can lose a cancellation that comes just then.
                async with asyncio.timeout(left):
                    await self.decided.wait()

    def stand_still(self) -> None:
        """Hold the market where it is, on its way to the next bar, until `wait` returns."""
        if self._clock is None or self.left() <= 0.0 or self._standing is not None:
            return
        self._clock.hold()
        self._standing = asyncio.create_task(self._release(self._clock))

    async def _release(self, clock: VirtualClock) -> None:
        try:
            await self.wait()
        finally:
            clock.release()
            self._standing = None

    async def aclose(self) -> None:
        """Let the market go."""
        if self._standing is not None:
            self._standing.cancel()
            await asyncio.gather(self._standing, return_exceptions=True)

    def left(self) -> float:
        """Real seconds that the most patient open question still has; 0 if there is none."""
        if self._clock is None or self._hold_seconds <= 0.0:
            return 0.0
        now = asyncio.get_running_loop().time()
        ends = (self._until.setdefault(r.terms.id, now + self._hold_seconds) for r in self._open())
        return max((end - now for end in ends), default=0.0)

    def _open(self) -> list[ProposalRecord]:
        return [record for record in self._ledger.open_proposals() if record.asked]
