"""The lock on live as the desk's guests see it.

Refuses to open it: the owner's word is one line of many, and the desk's next start asks for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.model.actors import Actor
from engine.model.verdicts import Refused

if TYPE_CHECKING:
    from engine.desk.requirements import Requirement
    from engine.engine import Engine


class LiveDesk:
    """A wing of the door.

    Parameters
    ----------
    engine : Engine
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def needs(self) -> tuple[Requirement, ...]:
        """Every line that live needs of record and settings; keys are asked at the start."""
        return self._engine.unlocking.needs()

    def phrase(self) -> str:
        """What the owner types to unlock live; empty while there is nothing to unlock."""
        return self._engine.unlocking.phrase()

    async def unlock(self, actor: Actor, phrase: str) -> tuple[Requirement, ...] | Refused:
        """Journal the owner's word over the standing review; what is still missing after it."""
        return await self._engine.unlocking.unlock(actor, phrase)
