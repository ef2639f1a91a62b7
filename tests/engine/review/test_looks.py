"""Looks of a desk at work: on record once a slot, from the week that allows it, and the goal."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.config import Settings
from engine.errors import JournalError
from engine.facade import ReviewView
from engine.facade.research import (
    ReviewFiles,
    read_review,
    review_as_json,
)
from engine.model.events import NoticePosted, SessionStarted
from engine.model.reviews import Verdict
from engine.review.reading import ReadReview
from tests.kit.desk import DeskAtWork, at_work, desk_settings, sqlite, state_of, swinging_file

SETTINGS = desk_settings(auto_below=10**6, review={"trials": ""})
SIX_WEEKS = 6 * 7 * 24
WARMUP = 200


def monday(at: datetime) -> datetime:
    return at.replace(hour=7, minute=0) - timedelta(days=at.weekday())


async def looked(desk: DeskAtWork) -> ReviewView:
    view = await desk.desk.review.look()
    assert isinstance(view, ReviewView)
    return view


async def test_a_look_goes_on_record_once_a_slot_and_not_before_six_weeks(tmp_path: Path) -> None:
    file = swinging_file(tmp_path, WARMUP + SIX_WEEKS + 30)
    async with at_work(file, SETTINGS) as desk:
        await desk.bars(48)
        assert isinstance(await desk.desk.review.hold(monday(desk.desk.now())), ReviewView)
        assert desk.ledger.looks == []
        await desk.bars(SIX_WEEKS - 24)
        slot = monday(desk.desk.now())
        await desk.desk.review.hold(slot)
        view = await desk.desk.review.hold(slot)
        assert isinstance(view, ReviewView)
        (look,) = desk.ledger.looks
        assert look.held.slot_at == slot
        assert look.held.verdict is Verdict.KEEP_PAPER
        assert not look.held.scheduled
        assert view.standing.verdict is Verdict.KEEP_PAPER
        assert view.review.measured.evidence.replays is True
        assert view.review.measured.evidence.uptime_frac == 1.0
        assert (await desk.refold()).looks == desk.ledger.looks


async def test_a_look_on_request_writes_nothing(tmp_path: Path) -> None:
    async with at_work(swinging_file(tmp_path), SETTINGS) as desk:
        await desk.bars(5)
        seq = desk.ledger.seq
        await looked(desk)
        desk.desk.review.goal()
        desk.desk.review.odds()
        desk.desk.review.performance(7)
        assert desk.ledger.seq == seq


async def test_reading_every_card_leaves_a_record_that_replays(tmp_path: Path) -> None:
    """What is only shown must not write into the ledger: the review would say NO-GO of it."""
    async with at_work(swinging_file(tmp_path), SETTINGS) as desk:
        await desk.bars(5)
        read = desk.desk
        read.status(), read.risk(), read.costs(), read.scan(), read.portfolio(), read.profit()
        read.proposals(), read.positions(), read.orders(), read.trades()
        read.witnesses.scouts(), read.witnesses.signals(), read.witnesses.sources()
        assert (await looked(desk)).review.measured.evidence.replays is True


async def test_changing_the_goal_changes_no_order_size_limit_or_probability(
    tmp_path: Path,
) -> None:
    """The whole desk twice over the same market, with a goal of 1-2 % and of 40-50 % a day."""
    file = swinging_file(tmp_path, 420)
    wild = {"goal_low_frac": 0.4, "goal_high_frac": 0.5, "trials": ""}
    records, states, goals = [], [], []
    for settings in (SETTINGS, desk_settings(auto_below=10**6, review=wild)):
        async with at_work(file, settings) as desk:
            while await desk.bars(50):
                pass
            # Entries as they are written, hashes and the settings' hash included.
            records.append(await desk.record())
            states.append(state_of(desk.ledger))
            goals.append(desk.desk.review.goal().report.high.daily_frac)
    assert goals == [0.02, 0.5]
    assert states[0]["trades"], "a desk that traded nothing would prove nothing"
    assert records[0] == records[1]
    assert states[0] == states[1]
    assert not any(isinstance(each.event, NoticePosted) for each in records[0])


# ---- from the journal alone ----------------------------------------------------------------


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of a desk that traded for some days."""
    path = tmp_path_factory.mktemp("journal") / "desk.sqlite"
    asyncio.run(_traded(path))
    return path


async def _traded(path: Path) -> None:
    record = await sqlite(path, SETTINGS)
    async with at_work(swinging_file(path.parent), SETTINGS, record) as desk:
        while await desk.bars(50):
            pass


def read(journal: Path, **files: Any) -> ReadReview:
    return read_review(SETTINGS, journal, ReviewFiles(**files))


def test_the_review_is_read_from_the_journal_alone(journal: Path) -> None:
    told = review_as_json(read(journal))
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["verdict"] == "KEEP-PAPER"
    assert {gate["name"] for gate in told["gates"]} > {"uptime", "futility", "patience"}
    assert all(gate["bound"] for gate in told["gates"])
    assert told["needs"]
    assert told["view"]["review"]["measured"]["evidence"]["replays"] is True
    assert told["view"]["review"]["measured"]["missing"]["pbo"].startswith("no trial log")


def test_reading_does_not_need_the_desks_settings_to_be_the_same(journal: Path) -> None:
    other = read_review(Settings(), journal, ReviewFiles())
    assert other.view.parameters_hash == SETTINGS.hash
    assert other.view.review.measured.evidence.frozen is True


def test_recorded_bars_stand_in_for_recorded_closes(journal: Path) -> None:
    bars = journal.with_name("BTC-USD.parquet")
    assert read(journal, prices={"BTC-USD": bars}).view.review.decision.verdict


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"trials": Path("nowhere.jsonl")}, "--trials"),
        ({"backtest": "nowhere.json"}, "nowhere.json"),
    ],
)
def test_a_file_that_is_not_there_is_named(
    journal: Path, files: dict[str, Any], named: str
) -> None:
    with pytest.raises(Exception, match=named):
        read(journal, **files)


async def test_a_journal_without_a_plan_says_how_to_get_one(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    record = await sqlite(path, SETTINGS)
    now = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    await record.append([SessionStarted("old", "kraken", SETTINGS.hash, 0, None)], now)
    await record.aclose()
    with pytest.raises(JournalError, match="open the desk on it once"):
        read(path)
