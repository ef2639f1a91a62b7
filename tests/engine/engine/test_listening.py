"""Outside voices at a desk at work: on record, a vote, held to their word, weightless at first."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model import events as happened
from engine.model.actors import Actor, Role
from engine.model.setups import Odds
from engine.model.verdicts import Refused
from engine.probability.scouts import votes_in
from engine.views import SignalView
from tests.kit.analysts import analysed_desk
from tests.kit.desk import (
    BTC,
    OVERSEER,
    OWNER,
    STRANGER,
    DeskAtWork,
    at_work,
    desk_settings,
    refusal,
    sqlite,
    state_of,
    swinging_file,
)
from tests.kit.injections import CALL, INJECTIONS

LAYLA = Actor("900000000000000001", "Layla", Role.STRANGER)


async def call(desk: DeskAtWork, side: str = "long", horizon: str = "2w") -> SignalView:
    view = await desk.desk.witnesses.add_signal(OWNER, "layla", BTC, side, horizon)
    assert isinstance(view, SignalView), view
    return view


async def odds_of(desk: DeskAtWork) -> list[Odds]:
    return [
        assessment.odds
        for envelope in await desk.record()
        if isinstance(envelope.event, happened.BarsAssessed)
        for assessment in envelope.event.assessments
        if assessment.odds is not None
    ]


@pytest.mark.parametrize("who", [OVERSEER, STRANGER])
async def test_only_the_owner_adds_a_call(tmp_path: Path, who: Actor) -> None:
    async with at_work(swinging_file(tmp_path), desk_settings()) as desk:
        await desk.bars(1)
        answer = await desk.desk.witnesses.add_signal(who, "layla", BTC, "long", "3d")
        assert "Only the owner" in refusal(answer).sentence
        assert not desk.ledger.signals


async def test_a_voice_without_a_record_moves_no_odds_at_all(tmp_path: Path) -> None:
    file = swinging_file(tmp_path)
    async with (
        analysed_desk(file, desk_settings(), None) as alone,
        analysed_desk(file, desk_settings(), None) as heard,
    ):
        for desk in (alone, heard):
            await desk.bars(1)
        await call(heard, "short", "4w")
        for desk in (alone, heard):
            await desk.bars(60)
        with_voice = [each.p_mean for each in await odds_of(heard)]
        without = [each.p_mean for each in await odds_of(alone)]
        assert with_voice == pytest.approx(without, abs=1e-12)
        assert len(without) > 3


async def test_a_call_votes_on_candidates_and_their_labels_make_its_record(
    tmp_path: Path,
) -> None:
    async with analysed_desk(swinging_file(tmp_path), desk_settings(), None) as desk:
        await desk.bars(1)
        await call(desk)
        assert desk.desk.witnesses.sources().sources[0].standings == ()
        await desk.bars(150)
        voted = [label for label in desk.ledger.labels.values() if votes_in(label.scores)]
        assert voted
        assert all(votes_in(label.scores) == {"signal:layla": True} for label in voted)
        standings = desk.desk.witnesses.sources().sources[0].standings
        assert 0.0 < sum(s.tp + s.fp for s in standings) <= len(voted)
        assert all(s.fn == s.tn == 0.0 for s in standings)


async def test_a_call_is_held_to_its_word_and_it_is_journaled(tmp_path: Path) -> None:
    async with at_work(swinging_file(tmp_path), desk_settings()) as desk:
        await desk.bars(1)
        await call(desk, horizon="3h")
        await desk.bars(2)
        assert desk.ledger.signals["S-1"].open
        await desk.bars(1)
        result = desk.ledger.signals["S-1"].result
        assert result is not None
        closes = {
            e.event.bars_at: e.event.assessments[0].price
            for e in await desk.record()
            if isinstance(e.event, happened.BarsAssessed)
        }
        first, last = sorted(closes)[-3], max(closes)
        assert (float(result.entry), float(result.leave)) == (closes[first], closes[last])
        assert result.cost_frac > 0.0
        (source,) = desk.desk.witnesses.sources().sources
        assert (source.right + source.wrong, source.open) == (1, 0)
        assert state_of(await desk.refold()) == state_of(desk.ledger)


async def test_a_restart_forgets_neither_calls_nor_votes_on_open_candidates(
    tmp_path: Path,
) -> None:
    file, settings = swinging_file(tmp_path), desk_settings()
    journal = tmp_path / "desk.sqlite"
    async with analysed_desk(file, settings, None, await sqlite(journal, settings)) as desk:
        await desk.bars(1)
        await call(desk)
        while not desk.ledger.candidate_votes:
            await desk.bars(1)
        voted = set(desk.ledger.candidate_votes)
    async with analysed_desk(file, settings, None, await sqlite(journal, settings)) as desk:
        assert set(desk.ledger.candidate_votes) == voted
        while desk.ledger.candidate_votes.keys() & voted:
            await desk.bars(1)
        labels = desk.ledger.labels.values()
        closed = [label for label in labels if (label.instrument, label.opened_at) in voted]
        assert closed
        assert all(votes_in(label.scores) == {"signal:layla": True} for label in closed)


async def test_a_message_is_a_call_or_nothing(tmp_path: Path) -> None:
    async with at_work(swinging_file(tmp_path), desk_settings()) as desk:
        await desk.bars(1)
        before = desk.ledger.seq
        for text in INJECTIONS:
            assert await desk.desk.witnesses.overhear(LAYLA, text) is None
        assert desk.ledger.seq == before
        view = await desk.desk.witnesses.overhear(LAYLA, CALL)
        assert isinstance(view, SignalView)
        assert view.signal.who == f"discord:{LAYLA.id}"
        assert isinstance(await desk.desk.witnesses.overhear(LAYLA, CALL), Refused)
        assert await desk.kinds(before) == ["signal_heard"]


async def test_a_flood_of_calls_is_bounded(tmp_path: Path) -> None:
    settings = desk_settings(signals={"calls_a_day": 2})
    async with at_work(swinging_file(tmp_path), settings) as desk:
        await desk.bars(1)
        for _ in range(3):
            for _ in range(20):
                await desk.desk.witnesses.overhear(LAYLA, "SIGNAL BTC-USD long 1h")
            await desk.bars(4)
        assert len(desk.ledger.signals) == 2


async def test_in_a_replay_a_call_is_scored_and_has_no_vote(tmp_path: Path) -> None:
    async with at_work(swinging_file(tmp_path), desk_settings()) as desk:
        await desk.bars(1)
        await call(desk, horizon="20h")
        await desk.bars(60)
        assert desk.ledger.signals["S-1"].result is not None
        assert not any(votes_in(label.scores) for label in desk.ledger.labels.values())
