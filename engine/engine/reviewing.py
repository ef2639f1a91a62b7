"""Looks at the record: what stands now, and the weekly look that goes on record.

Refuses to hold a look twice for one slot, and to keep the desk waiting: what takes long is done
on what was taken out of the ledger, beside the desk's turns.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from engine.config import Settings
from engine.engine.recorder import Recorder
from engine.engine.turns import Turns
from engine.errors import InvariantBroken
from engine.journal.fold import apply
from engine.journal.ledger import Ledger
from engine.model.events import ReviewHeld
from engine.model.verdicts import Refused
from engine.ports import Clock, Journal
from engine.review.measuring import Beside, Review, is_scheduled, look_of, review_of
from engine.review.record import Record, record_of
from engine.review.viewing import (
    NO_PLAN,
    goal_view,
    odds_view,
    performance_view,
    review_view,
    search_at,
)
from engine.views import MarketView
from engine.views.review import GoalReportView, OddsView, PerformanceView, ReviewView

_ATTEMPTS = 5
"""How often the record may outrun a replay of it before the replay is given up."""


@dataclass(frozen=True, slots=True)
class Reviewing:
    """The review of a desk at work."""

    turns: Turns
    clock: Clock
    recorder: Recorder
    journal: Journal
    settings: Settings
    market: MarketView

    @property
    def _ledger(self) -> Ledger:
        return self.recorder.ledger

    async def look(self) -> ReviewView | Refused:
        """What the rule says now; nothing goes on record, and no pilot is granted."""
        beside = await self._beside()
        record = record_of(self._ledger, self.clock.now())
        if record is None:
            return NO_PLAN
        return self._view(record, await _judge(record, beside, scheduled=False))

    async def hold(self, slot_at: datetime) -> ReviewView | Refused:
        """The look of a weekly slot: once on record, from the first week that allows it.

        A slot that has been held already is shown as the record stands now.
        """
        beside = await self._beside()
        record = record_of(self._ledger, self.clock.now())
        if record is None:
            return NO_PLAN
        due = self._is_due(record.plan_seq, slot_at)
        early = record.weeks < record.registered.plan.first_look_weeks
        scheduled = due and is_scheduled(record)
        review = await _judge(record, beside, scheduled=scheduled)
        if due and not early:
            held = look_of(record, review, slot_at)
            await self.turns.take(lambda: self._record(held))
        return self._view(record, review)

    async def _record(self, held: ReviewHeld) -> None:
        if self._is_due(held.plan_seq, held.slot_at):
            await self.recorder.record(held, durable=True)

    def _is_due(self, plan_seq: int, slot_at: datetime) -> bool:
        registered = self._ledger.registration
        if registered is None or registered.seq != plan_seq:
            return False
        return all(look.held.slot_at != slot_at for look in self._ledger.looks)

    def performance(self, days: int | None) -> PerformanceView | Refused:
        """How the record has done over its newest `days`, or since the registration."""
        record = record_of(self._ledger, self.clock.now())
        return NO_PLAN if record is None else performance_view(record, days, self.market)

    def goal(self) -> GoalReportView:
        """The stated goal beside what the record says."""
        return goal_view(self._ledger, self.settings, self.clock, self.market)

    def odds(self) -> OddsView | Refused:
        """Whether the odds given live keep their word."""
        record = record_of(self._ledger, self.clock.now())
        if record is None:
            return NO_PLAN
        bound = self.settings.risk.overconfidence_ratio
        return odds_view(self._ledger, record, bound, self.market)

    def _view(self, record: Record, review: Review) -> ReviewView:
        return review_view(self._ledger, record, review, self.market)

    async def _beside(self) -> Beside:
        search = await asyncio.to_thread(search_at, self.settings.review.trials, self.clock)
        return Beside(replays=await self._replays(), search=search)

    async def _replays(self) -> bool | None:
        """Whether the record folds to the state at hand; None where it keeps running ahead.

        Raises
        ------
        JournalError
            If the chain does not verify.
        """
        again = Ledger()
        for _ in range(_ATTEMPTS):
            async for envelope in self.journal.read(again.seq):
                with suppress(InvariantBroken):
                    apply(again, envelope)
            if again.seq == self._ledger.seq:
                return again == self._ledger
        return None


async def _judge(record: Record, beside: Beside, *, scheduled: bool) -> Review:
    return await asyncio.to_thread(review_of, record, beside, scheduled=scheduled)
