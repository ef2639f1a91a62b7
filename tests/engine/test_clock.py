"""The virtual clock keeps order and pace; nothing here waits for real time."""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import EPOCH, SystemClock, VirtualClock, as_utc, reach

START = datetime(2025, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class _InstantSelector(selectors.DefaultSelector):
    """Waits no real time: each wait moves the loop's clock on instead."""

    elapsed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.elapsed += timeout or 0.0
        return super().select(0)


class _InstantLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.selector = _InstantSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.elapsed


def run_instantly(main: Coroutine[Any, Any, None]) -> float:
    """Run `main`; gives the seconds it would have taken."""
    loop = _InstantLoop()
    try:
        loop.run_until_complete(main)
        return loop.time()
    finally:
        loop.close()


def test_paced_advance_takes_delta_over_speed() -> None:
    clock = VirtualClock(START, speed=60.0)
    taken = run_instantly(clock.advance_to(START + 600 * SECOND))
    assert taken == pytest.approx(10.0, abs=0.01)
    assert clock.now() == START + 600 * SECOND


def test_now_interpolates_but_never_passes_the_next_event() -> None:
    clock = VirtualClock(START, speed=10.0)

    async def watch() -> None:
        moving = asyncio.create_task(clock.advance_to(START + 100 * SECOND))
        await asyncio.sleep(4.0)
        assert (clock.now() - START).total_seconds() == pytest.approx(40.0, abs=0.1)
        await moving
        await asyncio.sleep(50.0)
        assert clock.now() == START + 100 * SECOND

    run_instantly(watch())


def test_a_sleeper_that_arrives_on_the_way_is_woken_at_its_own_instant() -> None:
    clock = VirtualClock(START, speed=1.0)
    woken: list[datetime] = []

    async def late_sleeper() -> None:
        await asyncio.sleep(3.0)
        await clock.sleep_until(START + 5 * SECOND)
        woken.append(clock.now())

    async def both() -> None:
        await asyncio.gather(late_sleeper(), clock.advance_to(START + 100 * SECOND))

    run_instantly(both())
    assert [(at - START).total_seconds() for at in woken] == [pytest.approx(5.0, abs=0.01)]


def test_a_cancelled_advance_keeps_the_time_it_reached() -> None:
    clock = VirtualClock(START, speed=1.0)

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(7.0):
                await clock.advance_to(START + 100 * SECOND)
        assert (clock.now() - START).total_seconds() == pytest.approx(7.0, abs=0.01)
        await clock.advance_to(START + 8 * SECOND)

    run_instantly(give_up())


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=20), st.sampled_from([math.inf, 1e7]))
def test_sleepers_wake_in_order_each_at_its_instant(seconds: list[int], speed: float) -> None:
    clock = VirtualClock(START, speed)
    woken: list[tuple[datetime, datetime]] = []

    async def sleeper(at: datetime) -> None:
        await clock.sleep_until(at)
        woken.append((at, clock.now()))

    async def main() -> None:
        tasks = [asyncio.create_task(sleeper(START + s * SECOND)) for s in seconds]
        await asyncio.sleep(0)
        await clock.advance_to(START + 1000 * SECOND)
        await asyncio.gather(*tasks)

    run_instantly(main())
    assert [asked for asked, _ in woken] == sorted(asked for asked, _ in woken)
    assert all(asked == told for asked, told in woken)


async def test_fast_as_possible_still_yields_to_the_loop() -> None:
    clock, turns = VirtualClock(START), 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    for k in range(1, 11):
        await clock.advance_to(START + k * SECOND)
    task.cancel()
    assert turns >= 10


async def test_time_cannot_go_back() -> None:
    clock = VirtualClock(START)
    with pytest.raises(ValueError, match="go back"):
        await clock.advance_to(START - SECOND)
    with pytest.raises(ValueError, match="go back"):
        clock.jump_to(START - SECOND)


async def test_one_driver_at_a_time() -> None:
    clock = VirtualClock(START, speed=1.0)
    driving = asyncio.create_task(clock.advance_to(START + 10_000 * SECOND))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="one driver"):
        await clock.advance_to(START + 20_000 * SECOND)
    driving.cancel()


async def test_jump_wakes_whoever_is_due() -> None:
    clock = VirtualClock(START)
    sleeping = asyncio.create_task(clock.sleep_until(START + SECOND))
    await asyncio.sleep(0)
    assert clock.next_wake == START + SECOND
    clock.jump_to(START + 2 * SECOND)
    await sleeping
    assert clock.next_wake is None


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = VirtualClock(START)
    sleeping = asyncio.create_task(clock.sleep_until(START + SECOND))
    await asyncio.sleep(0)
    sleeping.cancel()
    await clock.advance_to(START + 2 * SECOND)
    assert clock.now() == START + 2 * SECOND


async def test_reach_drives_a_virtual_clock_and_is_idle_for_the_past() -> None:
    clock = VirtualClock(START)
    await reach(clock, START + SECOND)
    await reach(clock, START)
    assert clock.now() == START + SECOND


async def test_system_clock_is_aware_and_does_not_wait_for_the_past() -> None:
    clock = SystemClock()
    before = clock.now()
    await clock.sleep_until(before - SECOND)
    await reach(clock, before)
    assert before.utcoffset() == timedelta(0)
    assert clock.now() >= before


@pytest.mark.parametrize("speed", [0.0, -1.0, math.nan])
def test_a_senseless_speed_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed must be > 0"):
        VirtualClock(EPOCH, speed)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        as_utc(datetime(2025, 1, 1))  # noqa: DTZ001 - the fault under test
