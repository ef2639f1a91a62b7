"""The owner's word for live: what it needs, and its place in the record.

Refuses everybody but the owner, any verdict but a go, and any phrase but the one that is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.config import Settings
from engine.desk.requirements import (
    Requirement,
    before_unlocking,
    cannot_unlock,
    requirements_of,
    unlock_phrase,
)
from engine.engine.recorder import Recorder
from engine.engine.turns import Turns
from engine.model import events as happened
from engine.model.actors import Actor, Permission
from engine.model.verdicts import Refused
from engine.review.plan import as_mode
from engine.review.standing import standing_of


@dataclass(frozen=True, slots=True)
class Unlocking:
    """The lock on live, as far as record and settings tell."""

    turns: Turns
    recorder: Recorder
    settings: Settings

    def needs(self) -> tuple[Requirement, ...]:
        """Every line that live needs of record and settings, met or not."""
        return requirements_of(self.settings, self.recorder.ledger)

    def phrase(self) -> str:
        """What the owner types; empty while there is nothing to unlock."""
        if before_unlocking(self.settings, self.recorder.ledger):
            return ""
        return unlock_phrase(as_mode(self.settings, "paper").hash)

    async def unlock(self, actor: Actor, phrase: str) -> tuple[Requirement, ...] | Refused:
        """Journal the owner's word; the desk is live at its next start, if the rest is met."""
        refused = await self.turns.take(lambda: self._unlock(actor, phrase))
        return self.needs() if refused is None else refused

    async def _unlock(self, actor: Actor, phrase: str) -> Refused | None:
        refused = await self.recorder.permit(actor, Permission.DECIDE, "unlock live")
        ledger = self.recorder.ledger
        refused = refused or cannot_unlock(ledger, self.settings, actor, phrase)
        standing, plan = standing_of(ledger), ledger.registration
        if refused is None and standing.verdict is not None and plan is not None:
            await self.recorder.record(
                happened.LiveUnlocked(actor, standing.verdict, plan.seq), durable=True
            )
        return refused
