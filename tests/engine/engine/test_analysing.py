"""Memos at a desk at work: asked while the card stands, journaled first, and never in favour."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.journal.ledger import ProposalRecord
from engine.journal.memory import MemoryJournal
from engine.model import events as happened
from engine.model.actors import DESK
from engine.model.memos import Brief, Memo, MemoEffect, MemoVerdict, Missed
from engine.model.proposals import ProposalStatus
from engine.probability.scouts import votes_in
from tests.kit.analysts import WITNESS, ScriptedAnalyst, always, analysed_desk, memo
from tests.kit.desk import OWNER, DeskAtWork, desk_settings, sqlite, state_of
from tests.kit.mortal_journal import Died, MortalJournal

AGREE, DISAGREE, ABSTAIN = MemoVerdict
EVERY: dict[str, Any] = {"analyzer": {"above_usd": 0}}
ASKING = desk_settings(**EVERY)
SMALL = desk_settings(auto_below=10**6, **EVERY)


async def raised(desk: DeskAtWork) -> ProposalRecord:
    """The first proposal that the desk raises by itself."""
    while not desk.ledger.proposals:
        assert await desk.bars(1), "the market ended"
    return next(iter(desk.ledger.proposals.values()))


def teach(desk: DeskAtWork, *, no_is_right: bool, times: int = 60) -> None:
    """Give the analyzer a record of its noes, and of yeses the other way."""
    for kind in ("reversion", "exhaustion"):
        for _ in range(times):
            for vote, hit in ((-1.0, not no_is_right), (1.0, no_is_right)):
                book = desk.engine._parts.pipeline.witnesses
                book.learn({f"scout:{WITNESS}": vote}, kind, hit, 1.0)


async def heeded(desk: DeskAtWork) -> list[happened.MemoHeeded]:
    return [e.event for e in await desk.record() if isinstance(e.event, happened.MemoHeeded)]


async def test_the_card_stands_while_the_analyzer_is_asked(market: Path) -> None:
    analyst = ScriptedAnalyst(always(AGREE))
    async with analysed_desk(market, ASKING, analyst) as desk:
        record = await raised(desk)
        assert record.status is ProposalStatus.OPEN
        assert desk.ledger.memos.records[record.terms.id].pending
        assert analyst.briefs == []
        kinds = await desk.kinds()
        assert kinds[kinds.index("proposal_raised") + 1] == "memo_asked"
        answer = await desk.desk.approve(OWNER, record.terms.id, record.terms.short_hash)
        assert answer.status is ProposalStatus.APPROVED  # type: ignore[union-attr]
        await desk.engine.analysing.look()
        missed = desk.ledger.memos.records[record.terms.id].missed
        assert missed is not None
        assert missed.silence == "decided"
        assert analyst.briefs == []


async def test_what_it_is_told_are_numbers_by_name_and_what_the_layers_said(market: Path) -> None:
    analyst = ScriptedAnalyst(always(AGREE))
    async with analysed_desk(market, ASKING, analyst) as desk:
        record = await raised(desk)
        await desk.engine.analysing.look()
        (brief,) = analyst.briefs
        assert brief.numbers["p_mean"] == pytest.approx(record.terms.p_mean, rel=1e-5)
        assert brief.numbers["entry"] == pytest.approx(float(record.terms.entry), rel=1e-5)
        assert brief.words["instrument"] == "BTC-USD"


async def test_a_small_one_is_taken_once_the_memo_agrees_and_not_before(market: Path) -> None:
    async with analysed_desk(market, SMALL, ScriptedAnalyst(always(AGREE))) as desk:
        record = await raised(desk)
        assert record.asked
        assert record.status is ProposalStatus.OPEN
        before = desk.ledger.seq
        await desk.engine.analysing.look()
        kinds = await desk.kinds(before)
        assert kinds[:4] == ["model_used", "memo_given", "memo_heeded", "proposal_approved"]
        assert (record.status, record.decided_by) == (ProposalStatus.APPROVED, DESK)


@pytest.mark.parametrize("said", [DISAGREE, ABSTAIN, Missed("timeout", "no answer within 45 s")])
async def test_whatever_is_no_agreement_leaves_a_small_one_to_the_owner(
    market: Path, said: MemoVerdict | Missed
) -> None:
    def script(brief: Brief) -> Memo | Missed:
        return said if isinstance(said, Missed) else memo(said, brief)

    async with analysed_desk(market, SMALL, ScriptedAnalyst(script)) as desk:
        record = await raised(desk)
        await desk.engine.analysing.look()
        assert record.status is ProposalStatus.OPEN
        assert desk.ledger.memos.records[record.terms.id].effect is MemoEffect.OWNER
        while desk.ledger.open_proposals():
            await desk.bars(1)
        status: ProposalStatus = desk.ledger.proposals[record.terms.id].status
        assert status is ProposalStatus.EXPIRED


async def test_without_an_analyst_small_ones_are_taken_as_before(market: Path) -> None:
    async with analysed_desk(market, SMALL, None) as desk:
        record = await raised(desk)
        assert record.status is ProposalStatus.APPROVED
        assert not desk.ledger.memos.records


async def test_a_memo_without_a_record_weighs_nothing(market: Path) -> None:
    async with analysed_desk(market, ASKING, ScriptedAnalyst(always(DISAGREE))) as desk:
        record = await raised(desk)
        await desk.engine.analysing.look()
        assert record.status is ProposalStatus.OPEN
        assert [each.nats for each in await heeded(desk)] == [0.0]


async def test_a_record_lowers_the_odds_on_a_new_card_or_ends_the_proposal(market: Path) -> None:
    async with analysed_desk(market, ASKING, ScriptedAnalyst(always(DISAGREE))) as desk:
        teach(desk, no_is_right=True)
        record = await raised(desk)
        await desk.engine.analysing.look()
        assert record.status is ProposalStatus.WITHDRAWN
        (event,) = await heeded(desk)
        assert -1.1 < event.nats < -0.3
        doubted = desk.engine._parts.pipeline.doubted(record.assessment, event.nats)
        assert doubted.odds is not None
        assert record.assessment.odds is not None
        assert doubted.odds.p_mean < record.assessment.odds.p_mean
        if event.successor:
            new = desk.ledger.proposals[event.successor]
            assert new.asked
            assert new.terms_hash != record.terms_hash
            assert new.terms.quantity <= record.terms.quantity
            assert new.terms.p_mean < record.terms.p_mean
            assert new.terms.expires_at == record.terms.expires_at
        else:
            assert event.effect is MemoEffect.WITHDRAWN


async def test_a_doubt_that_still_pays_raises_a_card_with_another_hash(market: Path) -> None:
    async with analysed_desk(market, ASKING, ScriptedAnalyst(always(DISAGREE))) as desk:
        teach(desk, no_is_right=True, times=9)
        successors: list[happened.MemoHeeded] = []
        while not successors and await desk.bars(1):
            await desk.engine.analysing.look()
            successors = [each for each in await heeded(desk) if each.successor]
        (event,) = successors
        old, new = (desk.ledger.proposals[n] for n in (event.proposal_id, event.successor))
        assert new.terms_hash != old.terms_hash
        assert new.terms.quantity <= old.terms.quantity
        assert new.terms.p_mean < old.terms.p_mean
        assert new.terms.expires_at == old.terms.expires_at
        assert desk.ledger.memos.records[new.terms.id] is desk.ledger.memos.records[old.terms.id]
        assert state_of(await desk.refold())["memos"] == desk.ledger.memos


async def test_a_no_that_was_a_good_sign_never_raises(market: Path) -> None:
    async with analysed_desk(market, ASKING, ScriptedAnalyst(always(DISAGREE))) as desk:
        teach(desk, no_is_right=False)
        record = await raised(desk)
        await desk.engine.analysing.look()
        assert record.status is ProposalStatus.OPEN
        assert [each.nats for each in await heeded(desk)] == [0.0]


async def test_an_agreement_with_a_good_record_never_raises(market: Path) -> None:
    async with analysed_desk(market, ASKING, ScriptedAnalyst(always(AGREE))) as desk:
        teach(desk, no_is_right=True)
        record = await raised(desk)
        terms = record.terms
        await desk.engine.analysing.look()
        assert record.terms == terms
        assert record.status is ProposalStatus.OPEN


async def test_its_record_learns_from_labels_and_only_from_words_in_time(market: Path) -> None:
    async with analysed_desk(market, ASKING, ScriptedAnalyst(always(DISAGREE))) as desk:
        late = await raised(desk)
        await desk.bars(1)
        await desk.engine.analysing.look()
        assert not desk.ledger.memos.votes  # a bar has closed since
        while await desk.bars(1):
            await desk.engine.analysing.look()
        labels = [each for each in desk.ledger.labels.values() if votes_in(each.scores)]
        assert labels
        assert all(votes_in(each.scores) == {WITNESS: False} for each in labels)
        assert late.assessment.at not in {each.opened_at for each in labels}
        standings = desk.engine._parts.pipeline.witnesses.standings(WITNESS)
        assert sum(each.fn + each.tn for each in standings) > 0.0


async def test_the_budget_stops_it_with_one_post_a_month(market: Path) -> None:
    settings = desk_settings(auto_below=10**6, meter={"deepseek_usd_a_month": 0.025}, **EVERY)
    analyst = ScriptedAnalyst(always(AGREE))
    async with analysed_desk(market, settings, analyst) as desk:
        while len(desk.ledger.proposals) < 5 and await desk.bars(1):
            await desk.engine.analysing.look()
        assert len(analyst.briefs) == 2
        rested = [e for e in await desk.record() if e.kind == "analyzer_rested"]
        assert len(rested) == 1
        assert rested[0].seq in desk.ledger.untold
        missed = [r.missed for r in desk.ledger.memos.records.values() if r.missed]
        assert {each.silence for each in missed} == {"budget"}
        (line,) = [m for m in desk.desk.costs().bill.models if m.provider == "deepseek"]
        assert (line.calls, line.spent_usd) == (2, Decimal("0.02"))
        # What small ones would have been taken at once now asks the owner.
        assert all(
            r.status is not ProposalStatus.APPROVED
            for name, r in desk.ledger.proposals.items()
            if desk.ledger.memos.records[name].missed
        )


async def test_after_a_restart_what_was_being_asked_stays_with_the_owner(
    market: Path, tmp_path: Path
) -> None:
    file, analyst = tmp_path / "desk.sqlite", ScriptedAnalyst(always(AGREE))
    async with analysed_desk(market, SMALL, analyst, await sqlite(file, SMALL)) as desk:
        record = await raised(desk)
    async with analysed_desk(market, SMALL, analyst, await sqlite(file, SMALL)) as desk:
        again = desk.ledger.proposals[record.terms.id]
        memo_record = desk.ledger.memos.records[record.terms.id]
        assert memo_record.missed is not None
        assert memo_record.missed.silence == "restarted"
        booked = [e.event for e in await desk.record() if e.kind == "model_used"]
        assert [each.purpose for each in booked] == ["lost"]  # type: ignore[attr-defined]
        assert again.status is ProposalStatus.OPEN
        await desk.engine.analysing.look()
        assert analyst.briefs == []
        assert state_of(await desk.refold()) == state_of(desk.ledger)


async def test_a_failing_analyst_is_a_silence_on_record(market: Path) -> None:
    def broken(brief: Brief) -> Memo:
        raise RuntimeError("boom")

    async with analysed_desk(market, SMALL, ScriptedAnalyst(broken)) as desk:
        record = await raised(desk)
        await desk.engine.analysing.look()
        assert record.status is ProposalStatus.OPEN
        missed = desk.ledger.memos.records[record.terms.id].missed
        assert missed == Missed("fault", "RuntimeError")


async def test_a_proposal_by_hand_gets_a_memo_and_no_effect(market: Path) -> None:
    async with analysed_desk(market, SMALL, ScriptedAnalyst(always(AGREE))) as desk:
        teach(desk, no_is_right=True)
        await desk.bars(2)
        view = await desk.proposal()
        await desk.engine.analysing.look()
        assert desk.ledger.proposals[view.terms.id].status is ProposalStatus.OPEN
        shown = desk.desk.proposal(view.terms.id)
        assert shown.memo is not None  # type: ignore[union-attr]
        assert shown.memo.verdict is AGREE  # type: ignore[union-attr]


async def test_the_worker_asks_by_itself_while_the_desk_runs(market: Path) -> None:
    analyst = ScriptedAnalyst(always(DISAGREE))
    async with analysed_desk(market, SMALL, analyst) as desk:
        await desk.desk.run()
        given = [r for r in desk.ledger.memos.records.values() if not r.pending]
        assert given


@pytest.mark.parametrize("written", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("verdict", [AGREE, DISAGREE])
async def test_death_at_any_write_of_a_memo_approves_nothing_and_loses_nothing(
    market: Path, verdict: MemoVerdict, *, written: bool
) -> None:
    for death in range(1, 4):
        record, analyst = MemoryJournal(SMALL.hash), ScriptedAnalyst(always(verdict))
        mortal = MortalJournal(record, 10**6, written=written)
        async with analysed_desk(market, SMALL, analyst, mortal) as desk:
            teach(desk, no_is_right=True)
            proposal = (await raised(desk)).terms
            mortal.die_in(death)
            with suppress(Died):
                await desk.engine.analysing.look()
        async with analysed_desk(market, SMALL, analyst, record) as again:
            ledger = again.ledger
            found = ledger.proposals[proposal.id]
            assert not ledger.memos.pending()
            assert len(analyst.briefs) == 1
            if found.status is ProposalStatus.APPROVED:
                assert verdict is AGREE
                assert len(ledger.orders) == 1
            for each in ledger.open_proposals():
                assert each.asked
                assert each.terms.quantity <= proposal.quantity
            assert state_of(await again.refold()) == state_of(ledger)
