"""What time brings about: expiry with and without bars, and a replay that waits for the owner."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.clock import VirtualClock
from engine.engine.deadlines import Deadlines
from engine.facade import ProposalStatus, ProposalView
from tests.kit.desk import OWNER, DeskAtWork, at_work, desk_settings, sqlite, swinging_file
from tests.kit.market import HOUR, driven


def _clock(desk: DeskAtWork) -> VirtualClock:
    clock = desk.engine.clock
    assert isinstance(clock, VirtualClock)
    return clock


async def test_a_bar_ends_a_proposal_whose_time_is_over(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    await desk.bars(3)
    record = desk.ledger.proposals[view.terms.id]
    assert record.status is ProposalStatus.EXPIRED


async def test_silence_is_a_no_and_buys_nothing(desk: DeskAtWork) -> None:
    await desk.proposal()
    await desk.bars(5)
    assert (desk.ledger.orders, desk.ledger.positions) == ({}, {})


async def test_a_silent_market_does_not_keep_a_proposal_open(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    clock = _clock(desk)
    clock.speed = 1e9
    deadlines = Deadlines(desk.engine._recorder, clock, HOUR, desk.engine._time_is_up)
    watch = asyncio.create_task(deadlines.run())
    async with driven(clock):
        async with asyncio.timeout(5):
            await desk.engine._recorder.changed_since(desk.ledger.seq)
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
    record = desk.ledger.proposals[view.terms.id]
    assert (record.status, record.decided_at) == (ProposalStatus.EXPIRED, view.terms.expires_at)


async def test_a_silent_market_does_not_keep_a_position_past_its_limit(desk: DeskAtWork) -> None:
    name = await desk.position()
    held, clock = desk.ledger.positions[name], _clock(desk)
    clock.speed = 1e9
    deadlines = Deadlines(desk.engine._recorder, clock, HOUR, desk.engine._time_is_up)
    watch = asyncio.create_task(deadlines.run())
    async with driven(clock):
        async with asyncio.timeout(5):
            while name not in desk.ledger.exits_requested:
                await desk.engine._recorder.changed_since(desk.ledger.seq)
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
    assert desk.ledger.exits_requested[name].at >= held.time_limit_at + HOUR


async def test_the_run_ends_with_the_market_and_the_desk_goes_on_answering(
    desk: DeskAtWork,
) -> None:
    await desk.desk.run()
    assert desk.desk.status().last_bars_at == desk.engine.clock.now()
    assert desk.desk.scan() is not None
    assert isinstance(await desk.desk.propose(OWNER, "BTC-USD"), object)


async def test_a_paced_replay_waits_for_the_owner(tmp_path: Path) -> None:
    file = swinging_file(tmp_path, 240)
    settings = desk_settings(auto_below=10**6)  # only what is asked for holds the market
    async with at_work(file, settings, hold_seconds=60.0) as desk:
        running = asyncio.create_task(desk.desk.run())
        view = await desk.proposal()
        seen = desk.ledger.bars_at
        await asyncio.sleep(0.05)
        assert desk.ledger.bars_at is not None
        assert seen is not None
        assert desk.ledger.bars_at - seen <= HOUR
        assert isinstance(
            await desk.desk.approve(OWNER, view.terms.id, view.short_hash), ProposalView
        )
        async with asyncio.timeout(20):
            await running
    assert view.terms.id in {t.id for t in desk.ledger.trades} | set(desk.ledger.positions)


async def test_a_paced_replay_does_not_wait_for_ever(tmp_path: Path) -> None:
    file = swinging_file(tmp_path, 215)
    async with at_work(file, desk_settings(), hold_seconds=0.05) as desk:
        view = await desk.proposal()
        async with asyncio.timeout(20):
            await desk.desk.run()
        assert desk.ledger.proposals[view.terms.id].status is ProposalStatus.EXPIRED


async def test_a_question_stops_a_replay_on_its_way_to_the_next_bar(tmp_path: Path) -> None:
    file = swinging_file(tmp_path, 240)
    settings = desk_settings(auto_below=10**6)
    async with at_work(file, settings, speed=36_000.0, hold_seconds=60.0) as desk:
        running = asyncio.create_task(desk.desk.run())
        await asyncio.sleep(0.03)
        view = await desk.proposal()
        await asyncio.sleep(0.02)
        stood = desk.desk.now()
        await asyncio.sleep(0.2)
        assert desk.desk.now() == stood
        answer = await desk.desk.approve(OWNER, view.terms.id, view.short_hash)
        assert isinstance(answer, ProposalView)
        await asyncio.sleep(0.15)
        assert desk.desk.now() > stood
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_restart_waits_for_the_question_that_was_open(tmp_path: Path) -> None:
    file = swinging_file(tmp_path, 240)
    settings = desk_settings(auto_below=10**6)
    journal = await sqlite(tmp_path / "executor.sqlite", settings)
    async with at_work(file, settings, journal) as desk:
        await desk.bars(2)
        view = await desk.proposal()
    journal = await sqlite(tmp_path / "executor.sqlite", settings)
    async with at_work(file, settings, journal, hold_seconds=60.0) as desk:
        seen = desk.ledger.bars_at
        running = asyncio.create_task(desk.desk.run())
        await asyncio.sleep(0.1)
        assert desk.ledger.bars_at == seen
        answer = await desk.desk.approve(OWNER, view.terms.id, view.short_hash)
        assert isinstance(answer, ProposalView)
        async with asyncio.timeout(20):
            await running


async def test_a_bar_that_waits_for_its_turn_does_not_overtake_a_question(tmp_path: Path) -> None:
    file = swinging_file(tmp_path, 240)
    async with at_work(file, desk_settings(auto_below=10**6), hold_seconds=60.0) as desk:
        event = await anext(desk.events)
        view = await desk.proposal()
        assert not await desk.engine._take_unless_asking(event)
        await desk.desk.reject(OWNER, view.terms.id, "not today")
        assert await desk.engine._take_unless_asking(event)
