"""The table of scheduled jobs, walked by APScheduler on real time and by steps on virtual time.

Refuses to skip or repeat: the journal knows the slot of each job's last post, and a missed slot
is made up once, by the newest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.posting import Poster, tag_of
from bot.render import Renderer
from bot.settings import BotSettings
from bot.ui.card import Card
from bot.ui.market import date_of
from engine.facade import Desk, Place

log = logging.getLogger(__name__)

SWEEP_SECONDS = 60
WALK_SECONDS = 0.5
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Job:
    """A post that is due at the times of its trigger.

    Attributes
    ----------
    name : str
        Under which the journal knows it; never changes.
    trigger : BaseTrigger
        In UTC.
    make : callable
        Slot to card.
    """

    name: str
    trigger: BaseTrigger
    place: Place
    make: Callable[[datetime], Awaitable[Card]]


def table(settings: BotSettings, renderer: Renderer) -> tuple[Job, ...]:
    """Every scheduled job; to add one, add a line."""
    at = settings.daily_summary_at
    daily = CronTrigger(hour=at.hour, minute=at.minute, timezone=UTC)
    return (
        Job("daily summary", daily, Place.EXECUTION, lambda slot: renderer.daily(date_of(slot))),
        Job("weekly review", _weekly(settings), Place.EXECUTION, renderer.weekly_review),
    )


def _weekly(settings: BotSettings) -> CronTrigger:
    day, at = settings.weekly_review_on, settings.weekly_review_at
    return CronTrigger(day_of_week=day, hour=at.hour, minute=at.minute, timezone=UTC)


def due_slot(trigger: BaseTrigger, since: datetime, now: datetime) -> datetime | None:
    """Newest slot after `since` that has come by `now`; None if there is none.

    Examples
    --------
    >>> daily = CronTrigger(hour=0, timezone=UTC)
    >>> since, now = datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 3, 12, tzinfo=UTC)
    >>> due_slot(daily, since, now).isoformat()
    '2026-01-03T00:00:00+00:00'
    """
    newest, at = None, since + _TICK
    while (slot := trigger.get_next_fire_time(None, at)) is not None and slot <= now:
        newest, at = slot, slot + _TICK
    return newest


class Jobs:
    """Runs the table.

    Parameters
    ----------
    desk : Desk
        Its clock decides what is due, its journal what has been posted.
    poster : Poster
    jobs : sequence of Job
    """

    def __init__(self, desk: Desk, poster: Poster, jobs: Sequence[Job]) -> None:
        self._desk = desk
        self._poster = poster
        self._jobs = tuple(jobs)
        self._first_seen = desk.now()

    async def run(self) -> None:
        """Walk the table until cancelled, on the time that the market lives in."""
        await self.run_due()
        if self._desk.market.paced:
            await self._walk()
        else:
            await self._schedule()

    async def run_due(self) -> None:
        """Post every job whose newest slot has not been posted; a failure is logged and waits."""
        for job in self._jobs:
            try:
                await self._run_one(job)
            except Exception:
                log.exception("the %s could not be posted: it is tried again", job.name)

    async def _run_one(self, job: Job) -> None:
        since = self._desk.posts.last_report(job.name) or self._first_seen
        slot = due_slot(job.trigger, since, self._desk.now())
        if slot is None:
            return
        tag = tag_of(job.name, slot.isoformat())
        card = await job.make(slot)
        sent = await self._poster.send(job.place, card, tag, maybe_sent=True)
        await self._desk.posts.report_posted(job.name, slot, str(sent.channel.id), str(sent.id))

    async def _walk(self) -> None:
        while True:
            await asyncio.sleep(WALK_SECONDS)
            await self.run_due()

    async def _schedule(self) -> None:
        scheduler = AsyncIOScheduler(timezone=UTC)
        once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        for job in self._jobs:
            scheduler.add_job(self.run_due, job.trigger, name=job.name, **once)
        # A post that failed, or a laptop that slept through a slot, is made up for here.
        scheduler.add_job(self.run_due, IntervalTrigger(seconds=SWEEP_SECONDS), **once)
        scheduler.start()
        try:
            await asyncio.Event().wait()
        finally:
            scheduler.shutdown(wait=False)
