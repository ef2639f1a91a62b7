"""Forbidding entries: by a person's word, and by the kill switch that nobody needs the desk for.

Refuses to stop an exit, and to believe a switch released that it cannot look at.
"""

from __future__ import annotations

import asyncio

import structlog

from engine.engine.execution import Execution
from engine.engine.exits import Exits
from engine.engine.patience import Patience
from engine.engine.recorder import Recorder
from engine.engine.turns import Turns, halting
from engine.journal.ledger import Ledger
from engine.model.actors import KILL_FILE, Actor
from engine.model.orders import Purpose
from engine.model.verdicts import Refused
from engine.ports import Clock, KillSwitch

_log = structlog.get_logger(__name__)


class Stopping:
    """Halts, whoever throws them.

    Parameters
    ----------
    switch : KillSwitch or None
        Looked at before every entry, with every event of the market, and by `watch`.
    every_seconds : float, real seconds, > 0
        Pause between two looks of `watch`.
    """

    def __init__(
        self,
        turns: Turns,
        clock: Clock,
        recorder: Recorder,
        execution: Execution,
        exits: Exits,
        patience: Patience,
        switch: KillSwitch | None,
        every_seconds: float,
    ) -> None:
        self._turns, self._clock, self._recorder = turns, clock, recorder
        self._execution, self._exits, self._patience = execution, exits, patience
        self._switch, self._every_seconds = switch, every_seconds
        self._taken_in = False
        self._watching: asyncio.Task[None] | None = None

    @property
    def _ledger(self) -> Ledger:
        return self._recorder.ledger

    # ------------------------------------------------------------------ within a turn

    async def halt(self, by: Actor, reason: str) -> None:
        """Forbid entries: withdraw what is open, cancel what is on its way, keep the exits."""
        await self._recorder.record(*halting(self._ledger, by, reason), durable=True)
        self._patience.decided.set()
        await self._execution.cancel_entries("the desk was halted")
        # A fill may have been faster than the cancellation; it gets its stop.
        await self._exits.keep_up(self._clock.now())

    async def look_at_start(self) -> None:
        """Begin halted if the switch is thrown; the broker is not yet asked for anything."""
        thrown = None if self._switch is None else self._switch.look()
        if thrown is None:
            return
        if self._ledger.halt is None or self._ledger.halt.by != KILL_FILE:
            told = halting(self._ledger, KILL_FILE, thrown.reason)
            await self._recorder.record(*told, durable=True)
        self._taken_in = True

    async def look(self) -> bool:
        """Look at the switch, and halt once if it is thrown; whether it is."""
        thrown = None if self._switch is None else self._switch.look()
        if thrown is None:
            self._taken_in = False
            return False
        if not self._taken_in:
            halt = self._ledger.halt
            if halt is None or halt.by != KILL_FILE:
                _log.warning("the kill file is there: entries are halted", reason=thrown.reason)
                await self.halt(KILL_FILE, thrown.reason)
            self._taken_in = True
        elif self._ledger.halt is None:  # resumed in the moment before it was thrown
            await self.halt(KILL_FILE, thrown.reason)
        return True

    def still_thrown(self) -> Refused | None:
        """Why nothing may be resumed; None while the switch is not thrown."""
        thrown = None if self._switch is None else self._switch.look()
        if thrown is None:
            return None
        mend = f"{thrown.mend[:1].upper()}{thrown.mend[1:]} (executor halt --off), then resume."
        return Refused("the kill file", f"it is still there: {thrown.reason}", "", mend)

    # ------------------------------------------------------------------ without bars or people

    def start(self) -> None:
        """Begin to watch the switch, for as long as the desk is open."""
        if self._switch is not None:
            self._watching = asyncio.create_task(self._watch(), name="kill switch")
            self._watching.add_done_callback(_tell_of_the_end)

    @property
    def watching(self) -> tuple[asyncio.Task[None], ...]:
        """The watch, for whoever must end with it."""
        return () if self._watching is None else (self._watching,)

    async def aclose(self) -> None:
        """End the watch."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await self._turns.take(self._look_and_insist)
            await asyncio.sleep(self._every_seconds)

    async def _look_and_insist(self) -> None:
        """What a venue did not take off the market at the halt is tried again here."""
        await self.look()
        halted = self._ledger.halt is not None
        if halted and any(o.order.purpose is Purpose.ENTRY for o in self._ledger.open_orders()):
            await self._execution.cancel_entries("the desk is halted")


def _tell_of_the_end(watch: asyncio.Task[None]) -> None:
    if not watch.cancelled() and (fault := watch.exception()) is not None:
        _log.critical("the kill switch is no longer watched", why=str(fault))
