"""Scouts at a desk: asked by the clock, journaled at once, heard by candidates, judged once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine.config import Settings
from engine.engine import Engine
from engine.engine.consulting import Consulting, due_at
from engine.facade import Desk, ScanView
from engine.journal.ledger import Ledger
from engine.journal.memory import MemoryJournal
from engine.model import events as happened
from engine.model.bars import Candles
from engine.model.witnesses import Abstention, Opinion, Pattern, Stance, Voter
from engine.opening import MarketChoice, parts_on
from engine.ports import Journal, Look, Statement
from engine.probability.scouts import votes_in
from tests.kit.desk import BTC, DeskAtWork, desk_settings, start, swinging_file
from tests.kit.loopback_llm import LlmFault, LoopbackLlm, opinion
from tests.kit.market import MONDAY

ALPHA = Voter("alpha", "1", "qwen")
MINUTE = timedelta(minutes=1)


@dataclass
class Panel:
    """Scouts who say what they are told to, through the port."""

    stance: Stance | None = Stance.LONG
    confidence: float = 0.8
    asked: list[tuple[str, str]] = field(default_factory=list)
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    hangs: bool = False
    closed: bool = False

    def shown(self, name: str, look: Look) -> Candles:
        return look.slow if name == "beta" else look.fast

    async def consult(
        self, wanted: Sequence[tuple[str, Look]], tokens_left: int
    ) -> AsyncIterator[Statement]:
        for name, look in wanted:
            self.asked.append((name, look.instrument))
            if self.hangs:
                self.hanging.set()
                await asyncio.Event().wait()
            yield Statement(self._said(name, look), 0.5)

    def _said(self, name: str, look: Look) -> Opinion | Abstention:
        voter = replace(ALPHA, name=name)
        if self.stance is None:
            return Abstention(voter, look.instrument, "blank", "it said nothing")
        at = self.shown(name, look).bars[-1].close_at
        return Opinion(
            voter, look.instrument, at, self.stance, self.confidence, Pattern.RANGE, "So it is."
        )

    async def aclose(self) -> None:
        self.closed = True


@dataclass
class Manned(DeskAtWork):
    """A desk with scouts."""

    panel: Panel

    @property
    def consulting(self) -> Consulting:
        return self.engine._consulting

    async def round(self) -> None:
        """Let whoever is due speak now."""
        await self.consulting.round(self.panel)

    async def until_candidate(self, *, rounds: bool = True) -> happened.CandidateOpened:
        """Let bars close, with a round before each, until one begins a candidate."""
        for _ in range(150):
            if rounds:
                await self.round()
            before = len(await self.record())
            if not await self.bars():
                break
            for envelope in (await self.record())[before:]:
                if isinstance(envelope.event, happened.CandidateOpened):
                    return envelope.event
        pytest.fail("no candidate came")


async def manned(
    file: Path,
    panel: Panel,
    journal: Journal | None = None,
    *,
    real_time: bool = True,
) -> Manned:
    """A desk over a replay that takes itself for the present, unless `real_time` is off."""
    scouts = {
        "base_url": "http://127.0.0.1:9/v1",
        "alpha": {"every_minutes": 60, "valid_minutes": 90, "alert_frac": 0.9},
    }
    settings = desk_settings(scouts=scouts)
    record = journal or MemoryJournal(settings.hash)
    choice = MarketChoice(files={BTC: file}, speed=float("inf"), hold_seconds=0.0)
    parts = await parts_on(record, settings, choice)
    market = replace(parts.market, paced=not real_time)
    engine = Engine(replace(parts, market=market, scouts=panel))
    await engine.open()
    events = engine._parts.feed.stream(engine.ledger.bars_at)
    return Manned(Desk(engine), engine, record, events, panel)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return swinging_file(tmp_path, 420)


def heard(desk: DeskAtWork, opened: happened.CandidateOpened) -> dict[str, bool]:
    """Votes that a candidate carries."""
    _, assessment = desk.ledger.assessed[opened.setup.instrument]
    assert assessment.at == opened.setup.at
    return votes_in(assessment.scores)


# ---------------------------------------------------------------------- rounds


async def test_every_scout_that_is_due_is_asked_and_journaled(file: Path) -> None:
    desk = await manned(file, Panel())
    await desk.round()
    assert desk.panel.asked == [("alpha", BTC), ("beta", BTC), ("gamma", BTC)]
    given = [e.event for e in await desk.record() if isinstance(e.event, happened.OpinionGiven)]
    assert [event.opinion.voter.name for event in given] == ["alpha", "beta", "gamma"]
    assert all(event.counts for event in given)
    await desk.desk.close()
    assert desk.panel.closed


async def test_nobody_is_asked_twice_about_one_bar(file: Path) -> None:
    desk = await manned(file, Panel())
    await desk.round()
    desk.consulting._asked.clear()
    await desk.round()
    assert len(desk.panel.asked) == 3
    await desk.bars()
    desk.consulting._asked.clear()
    await desk.round()
    assert desk.panel.asked[3:] == [("alpha", BTC), ("gamma", BTC)], "no new four hours yet"
    await desk.desk.close()


async def test_an_abstention_is_journaled_with_its_reason_and_asked_again(file: Path) -> None:
    desk = await manned(file, Panel(stance=None))
    await desk.round()
    desk.consulting._asked.clear()
    await desk.round()
    assert len(desk.panel.asked) == 6
    assert desk.ledger.testimony.work["alpha"].abstentions == {"blank": 2}
    scan = desk.desk.scan()
    assert "Alpha (blank: it said nothing)" in getattr(scan, "silent", ())
    await desk.desk.close()


def test_a_restart_neither_skips_nor_repeats_a_round() -> None:
    plan = Settings().scouts.alpha
    asked = MONDAY + 45 * timedelta(seconds=1)
    assert due_at(plan, asked) == MONDAY + 15 * MINUTE + timedelta(seconds=45)
    assert due_at(plan, asked + 14 * MINUTE) == due_at(plan, asked)
    assert due_at(plan, asked + 15 * MINUTE) == due_at(plan, asked) + 15 * MINUTE


async def test_the_clock_brings_the_rounds(file: Path) -> None:
    desk = await manned(file, Panel())
    running = asyncio.create_task(desk.consulting.run())
    await asyncio.sleep(0)
    while len(desk.panel.asked) < 5:
        assert await desk.bars()
    running.cancel()
    assert desk.panel.asked.count(("alpha", BTC)) >= 2
    await desk.desk.close()


async def test_a_round_that_hangs_holds_up_no_bar(file: Path) -> None:
    desk = await manned(file, Panel(hangs=True))
    running = asyncio.create_task(desk.consulting.run())
    async with asyncio.timeout(30.0):
        await desk.panel.hanging.wait()
        assert await desk.bars(3) == 3
        assert not running.done()
        await desk.desk.close()
    running.cancel()


# ---------------------------------------------------------------------- votes


async def test_a_candidate_hears_what_stood_when_its_bar_closed(file: Path) -> None:
    desk = await manned(file, Panel())
    opened = await desk.until_candidate()
    assert set(heard(desk, opened).values()) == {True}
    assert ALPHA.key in heard(desk, opened)
    assert desk.ledger.testimony.heard[BTC, opened.setup.at]
    await desk.desk.close()


async def test_a_new_witness_moves_no_odds(file: Path, tmp_path: Path) -> None:
    with_votes = await manned(file, Panel())
    opened = await with_votes.until_candidate()
    alone = await manned(file, Panel())
    again = await alone.until_candidate(rounds=False)
    assert again.setup == opened.setup
    one, other = (d.ledger.assessed[BTC][1].odds for d in (with_votes, alone))
    assert one is not None
    assert other is not None
    assert one.p_mean == pytest.approx(other.p_mean, rel=1e-12)
    await with_votes.desk.close()
    await alone.desk.close()


@pytest.mark.parametrize("stance", [Stance.STAND_ASIDE, Stance.EXIT])
async def test_only_long_is_a_yes(file: Path, stance: Stance) -> None:
    desk = await manned(file, Panel(stance=stance))
    opened = await desk.until_candidate()
    assert set(heard(desk, opened).values()) == {False}
    await desk.desk.close()


async def test_an_opinion_after_the_close_is_not_heard(file: Path) -> None:
    desk = await manned(file, Panel())
    opened = await desk.until_candidate(rounds=False)
    began = desk.ledger.assessed[BTC][1]
    await desk.bars()
    await desk.round()
    assert not desk.ledger.testimony.standing(BTC, opened.setup.at)
    assert votes_in(began.scores) == {}
    assert not desk.ledger.testimony.heard
    await desk.desk.close()


async def test_an_opinion_that_ran_out_is_not_heard(file: Path) -> None:
    desk = await manned(file, Panel())
    await desk.round()
    at = desk.ledger.at
    assert at is not None
    stands = desk.ledger.testimony.standing
    assert {o.voter.name for o in stands(BTC, at + 90 * MINUTE)} == {"alpha", "beta", "gamma"}
    assert {o.voter.name for o in stands(BTC, at + 91 * MINUTE)} == {"beta", "gamma"}
    await desk.desk.close()


async def test_what_is_said_in_a_replay_never_counts(file: Path) -> None:
    desk = await manned(file, Panel(), real_time=False)
    opened = await desk.until_candidate()
    assert heard(desk, opened) == {}
    assert desk.ledger.testimony.work["alpha"].opinions
    await desk.desk.close()


async def test_a_closed_candidate_is_learnt_once_also_over_a_restart(file: Path) -> None:
    desk = await manned(file, Panel())
    opened = await desk.until_candidate()
    key = (opened.setup.instrument, opened.setup.at, opened.setup.kind)
    again = await manned(file, Panel(), desk.journal)  # the candidate is still open
    assert again.ledger.testimony.heard == desk.ledger.testimony.heard
    while key not in again.ledger.labels:
        assert await again.bars()
    label = again.ledger.labels[key]
    assert ALPHA.key in votes_in(label.scores), "the restart had forgotten the vote"
    assert 0.0 < _weight(again) <= _votes(again.ledger)
    third = await manned(file, Panel(), again.journal)
    assert _weight(third) == pytest.approx(_weight(again))
    assert third.ledger.testimony == again.ledger.testimony
    await third.desk.close()


def _weight(desk: DeskAtWork) -> float:
    """Votes of Alpha that layer 10 has learnt, uniqueness-weighted."""
    standings = desk.engine._parts.pipeline.witnesses.standings(ALPHA.key)
    return sum(each.tp + each.fn + each.fp + each.tn for each in standings)


def _votes(ledger: Ledger) -> int:
    """Closed candidates on which Alpha has voted."""
    return sum(ALPHA.key in votes_in(label.scores) for label in ledger.labels.values())


async def test_confidence_is_held_to_what_happened(file: Path) -> None:
    desk = await manned(file, Panel(confidence=0.8))
    opened = await desk.until_candidate()
    key = (opened.setup.instrument, opened.setup.at, opened.setup.kind)
    while key not in desk.ledger.labels:
        assert await desk.bars()
    bins = desk.ledger.testimony.confidence[ALPHA.key]
    assert [each.votes for each in bins] == [0, 0, 0, 0, 1]
    assert bins[4].right == desk.ledger.labels[key].hit
    view = next(s for s in desk.desk.witnesses.scouts().scouts if s.name == "alpha")
    assert view.confidence[0].said_frac == pytest.approx(0.8)
    assert view.standings
    await desk.desk.close()


# ---------------------------------------------------------------------- alerts


async def test_a_sure_scout_is_posted_once_for_one_stance(file: Path) -> None:
    desk = await manned(file, Panel(confidence=0.95))
    for _ in range(3):
        await desk.round()
        await desk.bars()
    given = [e.event for e in await desk.record() if isinstance(e.event, happened.OpinionGiven)]
    of_alpha = [event.alert for event in given if event.opinion.voter.name == "alpha"]
    assert of_alpha[0] is True
    assert not any(of_alpha[1:])
    await desk.desk.close()


@pytest.mark.parametrize(
    ("stance", "confidence"), [(Stance.LONG, 0.89), (Stance.STAND_ASIDE, 1.0)]
)
async def test_an_unsure_scout_is_not_posted(
    file: Path, stance: Stance, confidence: float
) -> None:
    desk = await manned(file, Panel(stance=stance, confidence=confidence))
    await desk.round()
    given = [e.event for e in await desk.record() if isinstance(e.event, happened.OpinionGiven)]
    assert given
    assert not any(event.alert for event in given)
    await desk.desk.close()


async def test_a_proposal_tells_what_stood_of_the_scouts(file: Path) -> None:
    desk = await manned(file, Panel())
    await desk.bars(30)
    await desk.round()
    await desk.bars()
    view = await desk.proposal()
    assert {said.voter.name for said in view.scouts} == {"alpha", "beta", "gamma"}
    await desk.desk.close()


async def test_a_server_that_hangs_delays_no_scan(file: Path) -> None:
    async with LoopbackLlm("lm_studio", ["qwen2.5-vl-3b", "gemma-2-2b"], opinion()).serve() as llm:
        llm.fail(*[LlmFault.HANG] * 100)
        settings = desk_settings(scouts={"base_url": llm.base_url})
        desk = await start(file, settings)
        async with asyncio.timeout(60.0):
            running = asyncio.create_task(desk.desk.run())
            await llm.hanging.wait()
            await running
        assert desk.ledger.bars_at == desk.engine.clock.now(), "every bar was assessed"
        scan = desk.desk.scan()
        assert isinstance(scan, ScanView)
        assert [each.split()[0] for each in scan.silent[:3]] == ["Alpha", "Beta", "Gamma"]
        await desk.desk.close()
