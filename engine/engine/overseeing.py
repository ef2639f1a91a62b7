"""Closing, cancelling, halting and resuming: what makes the desk smaller, and lets it act again.

Refuses to widen anything without the owner and a reason; getting out and halting ask no limit.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.desk import approving
from engine.desk.picture import picture_of
from engine.desk.present import Present, order_view
from engine.engine.execution import UNANSWERED, Execution
from engine.engine.exits import Exits
from engine.engine.guarding import Guard
from engine.engine.recorder import Recorder
from engine.engine.stopping import Stopping
from engine.engine.street import Street
from engine.engine.turns import Turns
from engine.engine.watching import Watch
from engine.journal.ledger import Ledger
from engine.model import events as happened
from engine.model.actors import Actor, Permission
from engine.model.orders import Purpose
from engine.model.verdicts import Refused
from engine.ports import Clock
from engine.risk import check_reset
from engine.views import OrderView, PositionView, StatusView

LEAST_NOTE_CHARACTERS = 20


@dataclass(frozen=True, slots=True)
class Overseeing:
    """Positions, orders, halts and breakers."""

    turns: Turns
    clock: Clock
    recorder: Recorder
    execution: Execution
    exits: Exits
    watch: Watch
    street: Street
    guard: Guard
    stopping: Stopping
    present: Present

    @property
    def _ledger(self) -> Ledger:
        return self.recorder.ledger

    # ------------------------------------------------------------------ orders and positions

    async def close_position(
        self, actor: Actor, position_id: str, reason: str
    ) -> PositionView | Refused:
        """Sell a position at the market; works while entries are halted."""
        name = position_id.strip().upper()
        view = await self.turns.take(lambda: self._close(actor, name, reason))
        if not isinstance(view, Refused):
            await self.street.meet(view.position.instrument)
        return view

    async def _close(self, actor: Actor, name: str, reason: str) -> PositionView | Refused:
        refused = await self.recorder.permit(actor, Permission.DECIDE, f"close {name}")
        if refused is not None:
            return refused
        held = self._ledger.positions.get(name)
        if held is None:
            told = f"there is no open position {name!r}"
            return Refused("position", told, "", "See /positions.")
        if name in self._ledger.exits_requested:
            return Refused("position", f"{name} is being sold already", "", "Nothing was changed.")
        view = self.present.holdings.position_view(held)
        await self.exits.close(held, Purpose.OWNER_CLOSE, actor, reason.strip())
        return view

    async def cancel_order(self, actor: Actor, client_id: str) -> OrderView | Refused:
        """Take a working entry off the market, or any order that the venue cannot tell of.

        Of the latter the owner's word counts: who cancels it has seen to it that it is not live.
        """
        return await self.turns.take(lambda: self._cancel(actor, client_id.strip()))

    async def _cancel(self, actor: Actor, client_id: str) -> OrderView | Refused:
        refused = await self.recorder.permit(actor, Permission.DECIDE, f"cancel {client_id}")
        if refused is not None:
            return refused
        record = self._ledger.orders.get(client_id)
        if record is None or not record.open:
            return Refused("order", f"there is no open order {client_id!r}", "", "See /orders.")
        if record.state in UNANSWERED and await self.execution.take_word(record, actor):
            await self.exits.keep_up(self.clock.now())
            return order_view(record)
        if record.order.purpose is not Purpose.ENTRY:
            mend = "Use /close to sell the position instead."
            return Refused("protection", f"{client_id} protects a position", "", mend)
        if not await self.execution.cancel(client_id, f"canceled by {actor.name}"):
            await self.exits.keep_up(self.clock.now())
            mend = "See /orders and /positions."
            return Refused("order", f"the venue did not take {client_id} off", "", mend)
        return order_view(record)

    # ------------------------------------------------------------------ halts

    async def halt(self, actor: Actor, reason: str) -> StatusView | Refused:
        """Forbid entries until the owner resumes; exits go on."""
        refused = await self.turns.take(lambda: self._halt(actor, reason, Permission.HALT))
        return self.present.oversight.status() if refused is None else refused

    async def _halt(self, actor: Actor, reason: str, needed: Permission) -> Refused | None:
        refused = await self.recorder.permit(actor, needed, "halt")
        if refused is not None:
            return refused
        await self.stopping.halt(actor, reason.strip() or "no reason given")
        return None

    async def flatten(self, actor: Actor, reason: str) -> tuple[PositionView, ...] | Refused:
        """Halt, withdraw every open proposal and sell every position."""
        views = await self.turns.take(lambda: self._flatten(actor, reason))
        if not isinstance(views, Refused):
            await self.street.meet(*dict.fromkeys(v.position.instrument for v in views))
        return views

    async def _flatten(self, actor: Actor, reason: str) -> tuple[PositionView, ...] | Refused:
        refused = await self._halt(actor, reason.strip() or "flattened", Permission.DECIDE)
        if refused is not None:
            return refused
        views = self.present.holdings.positions()
        for held in list(self._ledger.positions.values()):
            if held.id not in self._ledger.exits_requested:
                await self.exits.close(held, Purpose.OWNER_CLOSE, actor, "flattened")
        return views

    async def resume(self, actor: Actor, reason: str) -> StatusView | Refused:
        """Allow entries again; needs the owner and a reason."""
        refused = await self.turns.take(lambda: self._resume(actor, reason.strip()))
        return self.present.oversight.status() if refused is None else refused

    async def _resume(self, actor: Actor, reason: str) -> Refused | None:
        refused = await self.recorder.permit(actor, Permission.DECIDE, "resume")
        refused = refused or approving.without_reason("resume", reason)
        if refused is None and self._ledger.halt is None:
            refused = Refused("halt", "the desk is not halted", "", "Nothing was changed.")
        refused = refused or self.stopping.still_thrown()
        if refused is None:
            await self.recorder.record(happened.Resumed(actor, reason), durable=True)
        return refused

    # ------------------------------------------------------------------ resetting

    async def reset_breaker(self, actor: Actor, name: str, reason: str) -> StatusView | Refused:
        """Arm a tripped breaker again; needs the owner and a reason."""
        refused = await self.turns.take(lambda: self._reset(actor, name.strip(), reason.strip()))
        return self.present.oversight.status() if refused is None else refused

    async def _reset(self, actor: Actor, name: str, reason: str) -> Refused | None:
        refused = await self.recorder.permit(actor, Permission.DECIDE, f"reset {name}")
        if refused is not None:
            return refused
        moment = self.watch.moment(self.clock.now())
        picture = picture_of(self._ledger, self.watch.policy, moment)
        refused = check_reset(picture, self.watch.policy.limits, name, actor, reason)
        if refused is None:
            await self.recorder.record(happened.BreakerReset(name, actor, reason), durable=True)
        return refused

    async def note_review(self, actor: Actor, text: str) -> StatusView | Refused:
        """Write what to make of a bad week; needs the owner and some words."""
        refused = await self.turns.take(lambda: self._note(actor, text.strip()))
        return self.present.oversight.status() if refused is None else refused

    async def _note(self, actor: Actor, text: str) -> Refused | None:
        refused = await self.recorder.permit(actor, Permission.DECIDE, "write a review note")
        if refused is None and len(text) < LEAST_NOTE_CHARACTERS:
            refused = Refused(
                "review note",
                f"{len(text)} characters",
                f"{LEAST_NOTE_CHARACTERS} at least",
                "Say what went wrong and what changes; it goes on record.",
            )
        if refused is None:
            await self.recorder.record(happened.ReviewNoted(actor, text), durable=True)
            await self.guard.look(self.clock.now())
        return refused

    async def refuse_access(self, actor: Actor, action: str) -> None:
        """Journal that somebody asked for what is not theirs to ask."""
        await self.turns.take(lambda: self.recorder.record(happened.AccessRefused(actor, action)))
