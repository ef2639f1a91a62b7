"""Turns: one change at a time, finished once begun, and a broken invariant halts the desk.

Refuses to leave half of a change behind: a caller that is cancelled does not stop its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

import structlog

from engine.engine.recorder import Recorder
from engine.errors import ForbiddenCall, InvariantBroken
from engine.journal.ledger import Ledger
from engine.model import events as happened
from engine.model.actors import DESK, Actor
from engine.model.events import Event

_log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")


class Turns:
    """The desk's one lock.

    Parameters
    ----------
    recorder : Recorder

    Attributes
    ----------
    after : callable ()
        Is called at the end of every turn, while the lock is still held.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._lock = asyncio.Lock()
        self.after: Callable[[], None] = _nothing

    async def take(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """Do `work` when its turn has come, and all of it.

        Raises
        ------
        InvariantBroken
            If something happened that must never happen; the desk stands halted then.
        """
        return await asyncio.shield(asyncio.ensure_future(self._one(work)))

    async def _one(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        async with self._lock:
            try:
                return await work()
            except InvariantBroken as broken:
                await self._halt_for_good(broken)
                raise
            finally:
                self.after()

    async def halt_for(self, broken: InvariantBroken) -> None:
        """Halt the desk over what broke outside of a turn, such as in the feed."""
        async with self._lock:
            await self._halt_for_good(broken)

    async def _halt_for_good(self, broken: InvariantBroken) -> None:
        _log.critical("invariant broken", what=str(broken))
        reason = f"invariant broken: {broken}"
        tried: tuple[Event, ...] = ()
        if isinstance(broken, ForbiddenCall):
            tried = (happened.InvariantRefused("venue calls", str(broken), DESK),)
        halted = halting(self._recorder.ledger, DESK, reason)
        await self._recorder.record(*tried, *halted, durable=True)


def _nothing() -> None:
    """Before anybody wants to know that a turn has ended."""


def halting(ledger: Ledger, by: Actor, reason: str) -> tuple[Event, ...]:
    """The halt, and the end of every open proposal, to be written as one."""
    withdrawn = (
        happened.ProposalWithdrawn(record.terms.id, "the desk was halted")
        for record in ledger.open_proposals()
    )
    return happened.Halted(by, reason), *withdrawn


def dropping(ledger: Ledger, watched: Collection[str]) -> tuple[Event, ...]:
    """The end of every open proposal on an instrument that is not in `watched` any more."""
    return tuple(
        happened.ProposalWithdrawn(
            record.terms.id, f"{record.terms.instrument} is not watched now"
        )
        for record in ledger.open_proposals()
        if record.terms.instrument not in watched
    )
