"""Before day one: the plan goes on record, and any change of it starts the clock again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ConfigError, InvariantBroken
from engine.journal.ledger import Ledger
from engine.model import events as happened
from engine.model.reviews import Verdict
from engine.review.gates import planned_gates
from engine.review.plan import as_mode, futility_bets_for, parameters_of
from engine.review.standing import standing_of, verdict_of
from engine.review.statistics import futility_process
from tests.kit.desk import OWNER, at_work, desk_settings, sqlite, swinging_file
from tests.kit.records import look_at, registered


async def life(file: Path, bars: int = 0, **changes: Any) -> Ledger:
    """One process on the same record; answers what it leaves behind."""
    settings = desk_settings(**changes)
    journal = await sqlite(file.with_name("desk.sqlite"), settings)
    async with at_work(file, settings, journal) as desk:
        await desk.bars(bars)
        return desk.ledger


async def test_the_plan_is_registered_before_the_first_bar(tmp_path: Path) -> None:
    settings = desk_settings()
    async with at_work(swinging_file(tmp_path), settings) as desk:
        record = await desk.record()
    kinds = [each.kind for each in record]
    assert kinds.index("plan_registered") < kinds.index("bars_assessed")
    event = record[kinds.index("plan_registered")].event
    assert isinstance(event, happened.PlanRegistered)
    assert event.parameters_hash == settings.hash
    assert event.live_hash == as_mode(settings, "live").hash
    assert event.plan.instruments == ("BTC-USD",)
    assert not event.plan.real_market
    assert event.plan.gates == planned_gates()
    assert event.changed == ()


async def test_the_same_settings_keep_the_clock_running(tmp_path: Path) -> None:
    file = swinging_file(tmp_path)
    first = (await life(file)).registration
    later = await life(file)
    assert later.registration == first
    assert later.registrations_count == 1


async def test_a_changed_parameter_starts_the_clock_again_and_says_which(tmp_path: Path) -> None:
    file = swinging_file(tmp_path)
    before = (await life(file, bars=30)).registration
    after = await life(file, risk={"daily_loss_frac": 0.01})
    assert before is not None
    assert after.registration is not None
    assert after.registration.at > before.at
    assert after.registration.event.changed == ("risk.daily_loss_frac: 0.02 → 0.01",)
    assert after.tenure is not None
    assert after.tenure.marks == 0
    assert any(
        isinstance(each.event, happened.PlanRegistered) for each in after.untold.values()
    ), "a restart of the clock is told in the channel"


async def test_a_changed_goal_keeps_the_clock_running(tmp_path: Path) -> None:
    file = swinging_file(tmp_path)
    await life(file)
    after = await life(file, review={"goal_high_frac": 0.5})
    assert after.registrations_count == 1


async def test_the_backtest_belongs_to_the_plan(tmp_path: Path) -> None:
    file = swinging_file(tmp_path)
    await life(file)
    metrics = tmp_path / "metrics.json"
    metrics.write_text('{"expectancy_r_interval": [-0.1, 0.4]}', encoding="utf-8")
    after = await life(file, review={"backtest": str(metrics)})
    assert after.registration is not None
    assert after.registration.event.plan.backtest_r == (-0.1, 0.4)
    assert after.registration.event.changed == ("plan, backtest r",)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"expectancy_r_interval": [2, 1]}', '{"expectancy_r_interval": null}'],
)
async def test_a_backtest_that_does_not_say_is_named(tmp_path: Path, text: str) -> None:
    metrics = tmp_path / "metrics.json"
    metrics.write_text(text, encoding="utf-8")
    settings = desk_settings(review={"backtest": str(metrics)})
    with pytest.raises(ConfigError, match=r"metrics\.json"):
        async with at_work(swinging_file(tmp_path), settings):
            pass


async def test_a_replay_comes_to_every_mark_that_was_written(tmp_path: Path) -> None:
    settings = desk_settings(auto_below=10**6)
    async with at_work(swinging_file(tmp_path), settings) as desk:
        while await desk.bars(20):
            pass
        ledger = desk.ledger
    assert ledger.tenure is not None
    assert ledger.trades
    assert ledger.tenure.marks == len(ledger.tenure.on_time) + len(ledger.tenure.late) > 100
    assert ledger.tenure.wrong_marks == 0
    assert not ledger.tenure.strayed


def test_parameters_are_all_that_decides_trades_but_the_mode() -> None:
    settings = desk_settings()
    found = parameters_of(settings)
    assert found["risk.trades_a_day"] == "50"
    assert parameters_of(as_mode(settings, "live")) == found
    assert not any(name.startswith(("review.", "discord.")) for name in found)


@pytest.mark.parametrize("largest", [1.5, 2.65, 4.0, 20.0])
def test_no_win_breaks_the_futility_bets(largest: float) -> None:
    assert futility_process([largest], bets=futility_bets_for(largest))[-1] >= 0.0


# ---- what stands ---------------------------------------------------------------------------


def test_nothing_stands_before_the_first_look() -> None:
    standing = standing_of(registered().ledger)
    assert standing.verdict is None
    assert standing.since == registered().ledger.at
    assert verdict_of(Ledger()) is None


@pytest.mark.parametrize(
    ("looks", "stands"),
    [
        ([Verdict.KEEP_PAPER], Verdict.KEEP_PAPER),
        ([Verdict.GO_FULL], Verdict.GO_FULL),
        ([Verdict.GO_FULL, Verdict.KEEP_PAPER], Verdict.KEEP_PAPER),
        ([Verdict.GO_PILOT, Verdict.KEEP_PAPER, Verdict.KEEP_PAPER], Verdict.GO_PILOT),
        ([Verdict.GO_PILOT, Verdict.GO_FULL, Verdict.KEEP_PAPER], Verdict.GO_PILOT),
        ([Verdict.GO_PILOT, Verdict.KEEP_PAPER, Verdict.NO_GO], Verdict.NO_GO),
        ([Verdict.GO_PILOT, Verdict.NO_GO, Verdict.KEEP_PAPER], Verdict.KEEP_PAPER),
    ],
)
def test_the_newest_look_decides_but_for_a_pilot(looks: list[Verdict], stands: Verdict) -> None:
    book = registered()
    for week, verdict in enumerate(looks):
        book.add(look_at(book, week, verdict))
    assert verdict_of(book.ledger) is stands


def test_a_new_registration_leaves_nothing_standing() -> None:
    book = registered()
    book.add(look_at(book, 0, Verdict.GO_FULL))
    book.add(replace(book.plan, changed=("risk.daily_loss_frac: 0.02 → 0.01",)))
    assert verdict_of(book.ledger) is None


def test_strayed_settings_leave_nothing_standing() -> None:
    book = registered()
    book.add(look_at(book, 0, Verdict.GO_FULL))
    live = book.plan.live_hash
    book.add(happened.SessionStarted("test", "kraken", live, 0, None))
    assert verdict_of(book.ledger) is Verdict.GO_FULL
    book.add(happened.SessionStarted("test", "kraken", "f" * 64, 0, None))
    assert verdict_of(book.ledger) is None


def test_a_look_by_another_plan_contradicts_the_record() -> None:
    book = registered()
    with pytest.raises(InvariantBroken, match="not in force"):
        book.add(replace(look_at(book, 0, Verdict.GO_FULL), plan_seq=99))


def test_a_slot_and_the_scheduled_look_are_held_once() -> None:
    book = registered()
    book.add(look_at(book, 0, Verdict.KEEP_PAPER, scheduled=True))
    with pytest.raises(InvariantBroken, match="held twice"):
        book.add(look_at(book, 0, Verdict.GO_PILOT))
    with pytest.raises(InvariantBroken, match="scheduled look"):
        book.add(look_at(book, 1, Verdict.GO_PILOT, scheduled=True))


def test_attempts_and_contradictions_are_counted_since_the_registration() -> None:
    book = registered()
    book.add(happened.InvariantRefused("long only", "tried to sell short", OWNER))
    with pytest.raises(InvariantBroken):
        book.add(happened.OrderCanceled("nobody", "why"))
    assert book.ledger.tenure is not None
    assert book.ledger.tenure.violations_count == 2
    book.add(replace(book.plan, changed=("x",)), after=timedelta(days=1))
    assert book.ledger.tenure is not None
    assert book.ledger.tenure.violations_count == 0
