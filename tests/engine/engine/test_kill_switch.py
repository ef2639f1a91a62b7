"""The kill switch at a desk at work: entries stop, exits go on, only its removal frees them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest_asyncio

from engine.facade import ProposalStatus, ProposalView, StatusView
from engine.killswitch import KillFile
from engine.model import events as happened
from engine.model.actors import KILL_FILE
from engine.model.orders import OrderState, Purpose
from engine.ports import Thrown
from engine.risk import DeskState
from tests.kit.desk import (
    BTC,
    OVERSEER,
    OWNER,
    DeskAtWork,
    desk_settings,
    refusal,
    sqlite,
    start,
)

_HOURS_UNTIL_EVERY_EXIT = 60


@dataclass
class Watched:
    """A desk and the file that halts it."""

    desk: DeskAtWork
    file: Path

    async def halts(self) -> list[happened.Halted]:
        record = await self.desk.record()
        return [each.event for each in record if isinstance(each.event, happened.Halted)]


@pytest_asyncio.fixture
async def watched(market: Path, tmp_path: Path) -> AsyncIterator[Watched]:
    """A desk that asks for everything, two bars into its market."""
    file = tmp_path / "desk.halt"
    made = await start(market, desk_settings(), kill_switch=KillFile(file))
    await made.bars(2)
    yield Watched(made, file)
    await made.desk.close()


async def test_file_halts_on_the_next_bar_and_withdraws_what_is_open(watched: Watched) -> None:
    view = await watched.desk.proposal()
    watched.file.write_text("odd prices")
    await watched.desk.bars()
    assert await watched.halts() == [happened.Halted(KILL_FILE, "odd prices")]
    assert watched.desk.ledger.proposals[view.terms.id].status is ProposalStatus.WITHDRAWN
    assert watched.desk.desk.status().state is DeskState.HALTED


async def test_file_halts_without_a_bar_and_without_anybody_asking(watched: Watched) -> None:
    seq = watched.desk.ledger.seq
    watched.file.touch()
    async with asyncio.timeout(2.0):
        await watched.desk.engine._recorder.changed_since(seq)
    assert await watched.halts() == [happened.Halted(KILL_FILE, "no reason given")]


async def test_yes_after_the_file_appeared_buys_nothing(watched: Watched) -> None:
    view = await watched.desk.proposal()
    watched.file.touch()
    before = watched.desk.ledger.seq
    answer = await watched.desk.desk.approve(OWNER, view.terms.id, view.short_hash)
    assert "withdrawn" in refusal(answer).sentence
    assert "order_intended" not in await watched.desk.kinds(before)


async def test_nothing_is_proposed_while_the_file_is_there(watched: Watched) -> None:
    watched.file.touch()
    assert refusal(await watched.desk.desk.propose(OWNER, BTC)).limit == "halt"


async def test_exits_go_on_while_the_file_is_there(watched: Watched) -> None:
    name = await watched.desk.position()
    watched.file.touch()
    await watched.desk.bars(_HOURS_UNTIL_EVERY_EXIT)
    assert name not in watched.desk.ledger.positions
    assert [trade.id for trade in watched.desk.ledger.trades] == [name]
    entries = [
        record
        for record in watched.desk.ledger.orders.values()
        if record.order.purpose is Purpose.ENTRY
    ]
    assert [record.order.proposal_id for record in entries] == [name]


async def test_owner_still_closes_a_position_while_the_file_is_there(watched: Watched) -> None:
    name = await watched.desk.position()
    watched.file.touch()
    await watched.desk.desk.close_position(OWNER, name, "leaving")
    await watched.desk.bars(2)
    assert name not in watched.desk.ledger.positions


async def test_resuming_waits_until_the_file_is_gone(watched: Watched) -> None:
    watched.file.write_text("odd prices")
    await watched.desk.bars()
    answer = refusal(await watched.desk.desk.resume(OWNER, "all is well"))
    assert answer.limit == "the kill file"
    assert f"Remove the file {watched.file}" in answer.mend
    watched.file.unlink()
    assert isinstance(await watched.desk.desk.resume(OWNER, "all is well"), StatusView)
    assert isinstance(await watched.desk.desk.propose(OWNER, BTC), ProposalView)


async def test_removing_the_file_alone_frees_nothing(watched: Watched) -> None:
    watched.file.touch()
    await watched.desk.bars()
    watched.file.unlink()
    await watched.desk.bars()
    assert refusal(await watched.desk.desk.propose(OWNER, BTC)).limit == "halt"


async def test_file_is_journaled_once_each_time_it_is_thrown(watched: Watched) -> None:
    await watched.desk.desk.halt(OVERSEER, "first")
    watched.file.write_text("second")
    await watched.desk.bars(3)
    assert [each.by for each in await watched.halts()] == [OVERSEER, KILL_FILE]
    watched.file.unlink()
    await watched.desk.bars()
    await watched.desk.desk.resume(OWNER, "all is well")
    watched.file.write_text("third")
    await watched.desk.bars(2)
    assert [each.reason for each in await watched.halts()] == ["first", "second", "third"]


async def test_desk_that_starts_with_the_file_starts_halted(market: Path, tmp_path: Path) -> None:
    file, settings = tmp_path / "desk.halt", desk_settings()
    file.write_text("before the start")
    for _ in range(2):  # the second start finds the halt of the first, and adds none
        record = await sqlite(tmp_path / "desk.sqlite", settings)
        made = await start(market, settings, record, KillFile(file))
        assert made.desk.status().state is DeskState.HALTED
        halts = [e.event for e in await made.record() if isinstance(e.event, happened.Halted)]
        assert halts == [happened.Halted(KILL_FILE, "before the start")]
        kinds = await made.kinds()
        assert kinds.index("halted") < kinds.index("history_studied")
        await made.desk.close()


async def test_posted_halt_says_how_to_free_the_desk(watched: Watched) -> None:
    watched.file.write_text("odd prices")
    await watched.desk.bars()
    async for notice in watched.desk.desk.posts.notices():
        if getattr(notice, "title", "") == "Entries are halted":
            break
    told = str(getattr(notice, "sentence", ""))
    assert "The kill file halted entries: odd prices" in told
    assert "executor halt --off" in told


@dataclass
class ThrownAtTheWire:
    """A switch that somebody throws after the yes was checked, before the order is sent."""

    looks_before: int
    places: tuple[str, ...] = ()
    looks: int = field(default=0, init=False)

    def look(self) -> Thrown | None:
        self.looks += 1
        return Thrown("now", None, "nothing") if self.looks > self.looks_before else None


async def test_file_between_the_intent_and_the_wire_keeps_the_order_here(market: Path) -> None:
    switch = ThrownAtTheWire(10**9)
    made = await start(market, desk_settings(), kill_switch=switch)
    await made.bars(2)
    view = await made.proposal()
    switch.looks_before = switch.looks + 1  # the look before the checks is the last clean one
    await made.desk.approve(OWNER, view.terms.id, view.short_hash)
    (record,) = made.ledger.orders.values()
    assert record.state is OrderState.CANCELED
    assert not record.filled
    assert record.reason == "not sent: the kill file is there"
    await made.bars(3)
    assert made.ledger.positions == {}
    await made.desk.close()


async def test_desk_that_takes_small_ones_by_itself_takes_none(
    market: Path, tmp_path: Path
) -> None:
    file = tmp_path / "desk.halt"
    settings = desk_settings(auto_below=100_000)
    free = await start(market, settings)
    await free.bars(150)
    taken = len(free.ledger.orders)
    await free.desk.close()
    file.touch()
    made = await start(market, settings, kill_switch=KillFile(file))
    await made.bars(150)
    assert (taken > 0, len(made.ledger.orders)) == (True, 0)
    await made.desk.close()
