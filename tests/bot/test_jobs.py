"""A scheduled post is neither skipped nor repeated, whenever the process looks and restarts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from apscheduler.triggers.cron import CronTrigger
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs import due_slot
from tests.kit.bot_cards import words
from tests.kit.bot_desk import LiveDesk
from tests.kit.bot_world import World, world

DAILY = CronTrigger(hour=0, minute=5, timezone=UTC)
BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(st.lists(st.integers(min_value=0, max_value=60 * 80), max_size=30))
def test_slots_are_neither_skipped_nor_repeated_however_often_one_looks(gaps: list[int]) -> None:
    now, last, posted = BEGIN, BEGIN, []
    for gap in gaps:
        now += timedelta(minutes=gap)
        slot = due_slot(DAILY, last, now)
        if slot is not None:
            posted.append(slot)
            last = slot
        # Nothing that has come is left out, and what was posted is not due again.
        newest = now.replace(hour=0, minute=5)
        newest = newest if newest <= now else newest - timedelta(days=1)
        assert last == max(newest, BEGIN) or (newest < BEGIN and not posted)
        assert due_slot(DAILY, last, now) is None
    assert posted == sorted(set(posted))


def test_slot_is_due_at_its_very_instant() -> None:
    slot = datetime(2026, 3, 2, 0, 5, tzinfo=UTC)
    assert due_slot(DAILY, BEGIN, slot - timedelta(seconds=1)) is None
    assert due_slot(DAILY, BEGIN, slot) == slot


async def test_daily_summary_is_posted_once_a_day(house: World) -> None:
    await house.bot.jobs.run_due()
    assert _summaries(house) == 0
    await house.live.bars(24)
    await house.bot.jobs.run_due()
    await house.bot.jobs.run_due()
    assert _summaries(house) == 1
    await house.live.bars(24)
    await house.bot.jobs.run_due()
    assert _summaries(house) == 2


async def test_slot_missed_while_down_is_made_up_once(house: World) -> None:
    await house.live.bars(24)
    await house.bot.jobs.run_due()
    await house.live.bars(72)
    await house.restart()
    await house.bot.jobs.run_due()
    assert _summaries(house) == 2
    await house.restart()
    await house.bot.jobs.run_due()
    assert _summaries(house) == 2


async def test_summary_that_could_not_be_posted_is_tried_again(live: LiveDesk) -> None:
    async with world(live) as house:
        await live.bars(24)
        house.env.inject_error("POST", "/channels/*/messages", status=400, times=1)
        await house.bot.jobs.run_due()
        assert _summaries(house) == 0
        await house.bot.jobs.run_due()
        assert _summaries(house) == 1


def _summaries(house: World) -> int:
    channel = house.channel("trader-execution")
    stored = (house.env.backend.get_message(channel.id, each.id) for each in channel.history())
    return sum("Daily summary" in words(each.components) for each in stored)
