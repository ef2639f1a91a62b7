"""When a vain attempt is made again: doubled pauses, a longest one, and forgotten once done."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from engine.clock import VirtualClock
from engine.engine.deadlines import FIRST_WORD, Deadlines
from engine.engine.errands import FIRST_PAUSE, LONGEST_PAUSE, Again
from engine.engine.recorder import Recorder
from engine.journal.memory import MemoryJournal
from tests.kit.market import MONDAY

SECOND = timedelta(seconds=1)


def test_pauses_double_up_to_the_longest() -> None:
    again, now, pauses = Again(), MONDAY, []
    for _ in range(9):
        again.wanted(now, still=True)
        assert again.at is not None
        pauses.append(again.at - now)
        now = again.at
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE
    assert pauses == sorted(pauses)


def test_looking_again_does_not_put_it_off() -> None:
    again = Again()
    again.wanted(MONDAY, still=True)
    first = again.at
    for later in range(1, 5):
        again.wanted(MONDAY + later * SECOND, still=True)
    assert again.at == first
    assert not again.due(MONDAY + 4 * SECOND)
    assert again.due(MONDAY + FIRST_PAUSE)


def test_what_is_done_is_forgotten_and_begins_anew() -> None:
    again = Again()
    again.wanted(MONDAY, still=True)
    again.wanted(MONDAY + FIRST_PAUSE, still=True)
    again.wanted(MONDAY + FIRST_PAUSE, still=False)
    assert again.at is None
    assert not again.due(MONDAY + timedelta(days=1))
    again.wanted(MONDAY, still=True)
    assert again.at == MONDAY + FIRST_PAUSE


async def test_an_errand_that_comes_up_without_any_entry_is_run_at_its_instant() -> None:
    clock = VirtualClock(MONDAY, speed=1000.0)
    owed: list[datetime] = []
    acted: list[datetime] = []
    stirred, done = asyncio.Event(), asyncio.Event()

    async def act(now: datetime) -> None:
        acted.append(now)
        owed.clear()
        done.set()

    deadlines = Deadlines(
        Recorder(MemoryJournal("c" * 64), clock), clock, timedelta(hours=1), act,
        owed_at=lambda: owed[0] if owed else None, stirred=stirred,
    )  # fmt: skip
    life = asyncio.create_task(deadlines.run())
    await asyncio.sleep(0)
    owed.append(MONDAY + 5 * SECOND)
    stirred.set()
    async with asyncio.timeout(10):
        await clock.advance_to(MONDAY + 9 * SECOND)
        await done.wait()
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)
    assert MONDAY + 5 * SECOND <= acted[0] <= MONDAY + 9 * SECOND


async def test_what_cannot_be_done_does_not_keep_an_errand_waiting() -> None:
    """A market that stays silent is overdue for good; the venue is asked at its instant."""
    clock = VirtualClock(MONDAY, speed=10_000.0)
    silent, owed = MONDAY + FIRST_WORD, MONDAY + FIRST_WORD + 10 * SECOND
    done = asyncio.Event()

    async def act(now: datetime) -> None:
        if now >= owed:
            done.set()

    deadlines = Deadlines(
        Recorder(MemoryJournal("c" * 64), clock), clock, timedelta(hours=1), act,
        stale_at=lambda: silent, owed_at=lambda: None if done.is_set() else owed,
    )  # fmt: skip
    life = asyncio.create_task(deadlines.run())
    async with asyncio.timeout(10):
        await clock.advance_to(owed + 5 * SECOND)
        await done.wait()
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)
