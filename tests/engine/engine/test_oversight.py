"""Halts, resumption, breakers, access, and what a broken invariant does."""

from __future__ import annotations

import pytest

from engine.errors import InvariantBroken
from engine.facade import ProposalStatus, StatusView
from engine.journal.memory import MemoryJournal
from engine.model import events as happened
from engine.model.actors import DESK, Actor
from engine.risk import DeskState
from tests.kit.desk import (
    BTC,
    OVERSEER,
    OWNER,
    STRANGER,
    DeskAtWork,
    desk_settings,
    refusal,
    start,
)


async def test_halting_withdraws_every_open_proposal(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    answer = await desk.desk.halt(OVERSEER, "odd prices")
    assert isinstance(answer, StatusView)
    assert (answer.state, answer.halted_by) == (DeskState.HALTED, OVERSEER)
    assert desk.ledger.proposals[view.terms.id].status is ProposalStatus.WITHDRAWN


async def test_a_halted_desk_proposes_nothing(desk: DeskAtWork) -> None:
    await desk.desk.halt(OWNER, "odd prices")
    assert refusal(await desk.desk.propose(OWNER, BTC)).limit == "halt"
    before = len(desk.ledger.proposals)
    await desk.bars(150)
    assert len(desk.ledger.proposals) == before


async def test_a_stranger_does_not_halt(desk: DeskAtWork) -> None:
    before = desk.ledger.seq
    assert refusal(await desk.desk.halt(STRANGER, "boo")).limit == "permission"
    assert await desk.kinds(before) == ["access_refused"]


@pytest.mark.parametrize("actor", [OVERSEER, STRANGER])
async def test_only_the_owner_resumes(desk: DeskAtWork, actor: Actor) -> None:
    await desk.desk.halt(OWNER, "odd prices")
    assert refusal(await desk.desk.resume(actor, "all fine")).limit == "permission"
    assert desk.ledger.halt is not None


async def test_resuming_needs_a_reason_and_a_halt(desk: DeskAtWork) -> None:
    assert refusal(await desk.desk.resume(OWNER, "all fine")).limit == "halt"
    await desk.desk.halt(OWNER, "odd prices")
    assert refusal(await desk.desk.resume(OWNER, "ok")).limit == "resume"
    assert isinstance(await desk.desk.resume(OWNER, "all fine"), StatusView)


async def test_what_is_not_tripped_is_not_reset(desk: DeskAtWork) -> None:
    assert refusal(await desk.desk.reset_breaker(OWNER, "daily loss", "why")).limit
    before = desk.ledger.seq
    answer = refusal(await desk.desk.reset_breaker(OVERSEER, "daily loss", "why"))
    assert answer.limit == "permission"
    assert await desk.kinds(before) == ["access_refused"]


async def test_a_broken_invariant_halts_and_is_raised(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    impossible = happened.ProposalExpired("P-NONE")
    with pytest.raises(InvariantBroken):
        await desk.engine._turns.take(lambda: desk.engine._recorder.record(impossible))
    halt = desk.ledger.halt
    assert halt is not None
    assert (halt.by, "invariant broken" in halt.reason) == (DESK, True)
    assert desk.ledger.proposals[view.terms.id].status is ProposalStatus.WITHDRAWN


async def test_a_broken_invariant_is_still_known_after_a_restart(desk: DeskAtWork) -> None:
    await desk.engine._recorder.record(happened.Halted(OWNER, "before"))
    with pytest.raises(InvariantBroken):
        await desk.engine._recorder.record(happened.ProposalExpired("P-NONE"))
    await desk.engine._recorder.record(happened.Resumed(OWNER, "as a crash would leave it"))
    record = MemoryJournal(desk_settings().hash)
    for envelope in await desk.record():
        await record.append([envelope.event], envelope.at)
    files = desk.engine._parts.feed._files  # type: ignore[attr-defined]
    again = await start(files[BTC], desk_settings(), record)
    assert again.ledger.halt is not None
    assert again.ledger.broken == desk.ledger.broken
    await again.desk.close()


async def test_refused_access_is_on_record(desk: DeskAtWork) -> None:
    before = desk.ledger.seq
    await desk.desk.refuse_access(STRANGER, "/approve")
    assert await desk.kinds(before) == ["access_refused"]


async def test_the_record_reads_in_words_and_verifies(desk: DeskAtWork) -> None:
    lines = await desk.desk.audit(5)
    assert len(lines) == 5
    assert lines[0].seq == desk.ledger.seq
    assert all(line.sentence.endswith((".", "!")) or line.sentence for line in lines)
    report = await desk.desk.verify()
    assert (report.findings, report.head_seq) == ((), desk.ledger.seq)
