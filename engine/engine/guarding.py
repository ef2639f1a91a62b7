"""The breakers at work: measured on every event and before every order, and journaled at once.

Refuses to reset what the pure rules do not reset, and never stands in the way of an exit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import structlog

from engine.desk.picture import picture_of
from engine.engine.recorder import Recorder
from engine.engine.watching import Watch
from engine.model import events as happened
from engine.model.actors import DESK
from engine.model.events import Event
from engine.risk import Limits, RiskPicture, Trip, breaker_changes

_log = structlog.get_logger(__name__)

_CENT = Decimal("0.01")
_DUST = Decimal("1e-8")


@dataclass(frozen=True, slots=True)
class Guard:
    """Measures the breakers and writes down what they do."""

    recorder: Recorder
    watch: Watch

    async def look(self, now: datetime) -> RiskPicture:
        """Measure every breaker at `now` and journal trips and resets; answer what was seen.

        Within a turn that the caller has taken.
        """
        policy = self.watch.policy
        picture = picture_of(self.recorder.ledger, policy, self.watch.moment(now))
        changes = events_of(picture, policy.limits)
        if not changes:
            return picture
        tripped = any(isinstance(change, happened.BreakerTripped) for change in changes)
        await self.recorder.record(*changes, durable=tripped)
        return picture_of(self.recorder.ledger, policy, self.watch.moment(now))


def events_of(picture: RiskPicture, limits: Limits) -> list[Event]:
    """What the breakers do at `picture`, as events."""
    events: list[Event] = []
    for change in breaker_changes(picture, limits):
        if isinstance(change, Trip):
            events.append(
                happened.BreakerTripped(
                    name=change.name,
                    value=change.value,
                    bound=change.bound,
                    resets=change.resets,
                    why=change.why,
                    to_paper=change.to_paper,
                )
            )
        else:
            events.append(happened.BreakerReset(change.name, DESK, change.reason))
    return events
