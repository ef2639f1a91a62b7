"""The review as the desk's guests see it: gates and verdict, performance, goal, live odds.

Refuses to grant anything by being asked: a verdict counts once its weekly look is on record.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from engine.model.verdicts import Refused

if TYPE_CHECKING:
    from engine.engine import Engine
    from engine.views.review import GoalReportView, OddsView, PerformanceView, ReviewView


class ReviewDesk:
    """A wing of the door.

    Parameters
    ----------
    engine : Engine
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def look(self) -> ReviewView | Refused:
        """Every gate with its number and what the rule makes of them now."""
        return await self._engine.reviewing.look()

    async def hold(self, slot_at: datetime) -> ReviewView | Refused:
        """The look of a weekly slot, which goes on record once."""
        return await self._engine.reviewing.hold(slot_at)

    def performance(self, days: int | None = None) -> PerformanceView | Refused:
        """How the record has done over its newest `days`, or since its plan was registered."""
        return self._engine.reviewing.performance(days)

    def goal(self) -> GoalReportView:
        """The stated daily goal beside what the record says; it decides nothing."""
        return self._engine.reviewing.goal()

    def odds(self) -> OddsView | Refused:
        """Whether the odds that were given live keep their word."""
        return self._engine.reviewing.odds()
