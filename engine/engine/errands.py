"""What the venue still owes the desk, and when it is asked again: answers, exits, news, ledger.

Refuses to wait for the market: a silent feed keeps no order in doubt and no position unsold. Each
errand has its instant; nothing is asked in between.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.engine.execution import Execution
from engine.engine.exits import Exits
from engine.engine.lawkeeping import Lawkeeping
from engine.engine.reconciling import Reconciling

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
"""How long after a vain attempt the next one follows: doubled each time, up to a longest."""


@dataclass(slots=True)
class Again:
    """When to try something again that was in vain."""

    at: datetime | None = None
    _pause: timedelta = FIRST_PAUSE

    def wanted(self, now: datetime, *, still: bool) -> None:
        """Set the next attempt while the thing is still to be done; forget it once it is done."""
        if not still:
            self.at, self._pause = None, FIRST_PAUSE
        elif self.at is None or self.at <= now:
            self.at = now + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def due(self, now: datetime) -> bool:
        """Whether its instant has come."""
        return self.at is not None and self.at <= now


@dataclass(slots=True)
class Errands:
    """Everything that is to be asked of the venue again.

    Attributes
    ----------
    every : timedelta or None
        Pause between two comparisons with the account; None compares with bars only.
    stirred : asyncio.Event
        Set whenever another errand is the next one, for whoever waits for its instant.
    """

    execution: Execution
    exits: Exits
    law: Lawkeeping
    reconciling: Reconciling
    every: timedelta | None
    stirred: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _sale: Again = field(default_factory=Again, init=False)
    _news: Again = field(default_factory=Again, init=False)
    _ledger: Again = field(default_factory=Again, init=False)
    _compare_at: datetime | None = field(default=None, init=False)

    def due_at(self) -> datetime | None:
        """When the next errand is due; None while there is none."""
        times = (
            self._sale.at,
            self._news.at,
            self._ledger.at,
            self._compare_at,
            self.execution.ask_again_at(),
        )
        return min((at for at in times if at is not None), default=None)

    def note(self, now: datetime) -> None:
        """Look what is owed now; called at the end of every turn."""
        before = self.due_at()
        self._sale.wanted(now, still=self.exits.wanting())
        self._news.wanted(now, still=self.execution.silent)
        self._ledger.wanted(now, still=self.law.unread_since is not None)
        if self._compare_at is None and self.every is not None:
            self._compare_at = now + self.every
        if self.due_at() != before:
            self.stirred.set()

    async def run(self, now: datetime) -> None:
        """Do what is due at `now`.

        Within a turn that the caller has taken.
        """
        asked = self.execution.ask_again_at()
        if asked is not None and asked <= now:
            await self.execution.look_up(now)
            await self.exits.keep_up(now)  # what was found, or sent at last, may have filled
        if self._ledger.due(now):
            await self.law.read()
        if self._sale.due(now):
            await self.exits.pursue()
            await self.exits.keep_up(now)
        was_silent = self.execution.silent
        if self._news.due(now):
            await self.exits.keep_up(now)
        scheduled = self._compare_at is not None and self._compare_at <= now
        if scheduled or (was_silent and not self.execution.silent):
            await self.exits.keep_up(now)
            await self.reconciling.compare(now)
            self._compare_at = None
