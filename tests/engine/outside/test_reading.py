"""The risk read from the record alone agrees with the desk's own, but for what needs a market."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import JournalError
from engine.killswitch import KillFile, kill_path
from engine.model import events as happened
from engine.model.actors import DESK
from engine.outside.reading import read_risk, risk_as_json
from engine.risk import DeskState
from engine.views.risk import LimitLevel, RiskView, RowState
from tests.kit.desk import OWNER, desk_settings, sqlite, start, swinging_file

_SETTINGS = desk_settings()


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swinging_file(tmp_path_factory.mktemp("market"), 300, half_life=20.0)


def state_of(view: RiskView, name: str) -> RowState:
    return next(each.state for each in view.breakers if each.name == name)


async def test_record_and_desk_tell_the_same_while_the_desk_runs(
    tmp_path: Path, bars: Path
) -> None:
    db = tmp_path / "desk.sqlite"
    desk = await start(bars, _SETTINGS, await sqlite(db, _SETTINGS), KillFile(kill_path(db)))
    await desk.bars(2)
    await desk.position()
    await desk.engine._recorder.record(
        happened.BreakerTripped("weekly loss", "4.10 %", "4.00 %", "Wait."),
        happened.BreakerTripped("stale data BTC-USD", "unknown", "2.0 bars", "Wait."),
        happened.BreakerReset("stale data BTC-USD", DESK, "known again: 1.0 bars"),
    )
    await desk.desk.halt(OWNER, "odd prices")
    own, read = desk.desk.risk(), read_risk(_SETTINGS, db)
    assert read.market is None
    assert own.market is not None
    assert (read.state, read.halted_by, read.halted_reason) == (
        DeskState.HALTED, OWNER, "odd prices",
    )  # fmt: skip
    assert read.limits == own.limits
    assert read.history == own.history
    assert [(each.what, each.name) for each in read.history] == [
        ("halted", "halt"),
        ("reset", "stale data BTC-USD"),
        ("tripped", "stale data BTC-USD"),
        ("tripped", "weekly loss"),
    ]
    assert (read.journal_seq, read.journal_hash) == (own.journal_seq, own.journal_hash)
    held = next(each for each in read.limits if each.name == "BTC-USD")
    assert held.use_frac is not None
    assert held.use_frac > 0.0
    assert held.level in (LimitLevel.EASY, LimitLevel.NEAR)
    await desk.desk.close()


async def test_what_needs_a_market_is_not_measured_rather_than_failed(
    tmp_path: Path, bars: Path
) -> None:
    db = tmp_path / "desk.sqlite"
    desk = await start(bars, _SETTINGS, await sqlite(db, _SETTINGS))
    await desk.bars(2)
    await desk.desk.close()
    read = read_risk(_SETTINGS, db)
    assert read.state is DeskState.ACTIVE
    for name in ("stale data BTC-USD", "volatility BTC-USD", "price jump BTC-USD"):
        assert state_of(read, name) is RowState.NOT_MEASURED
    for name in ("daily loss", "drawdown kill"):
        assert state_of(read, name) is RowState.ARMED


async def test_breaker_that_is_within_its_bound_again_is_cooling(
    tmp_path: Path, bars: Path
) -> None:
    db = tmp_path / "desk.sqlite"
    desk = await start(bars, _SETTINGS, await sqlite(db, _SETTINGS))
    await desk.bars(2)
    await desk.engine._recorder.record(
        happened.BreakerTripped("daily loss", "2.10 %", "2.00 %", "Tomorrow."),
        happened.BreakerTripped("drawdown halt", "12.1 %", "12.0 %", "The owner."),
    )
    view = desk.desk.risk()
    await desk.desk.close()
    assert state_of(view, "daily loss") is RowState.COOLING
    assert state_of(view, "drawdown halt") is RowState.COOLING
    assert [each.tripped_value for each in view.breakers[:2]] == ["12.1 %", "2.10 %"]


async def test_kill_file_beside_a_desk_that_does_not_run_reads_as_halted(
    tmp_path: Path, bars: Path
) -> None:
    db = tmp_path / "desk.sqlite"
    desk = await start(bars, _SETTINGS, await sqlite(db, _SETTINGS))
    await desk.desk.close()
    kill_path(db).write_text("odd prices")
    read = read_risk(_SETTINGS, db)
    assert (read.state, read.halted_by) == (DeskState.HALTED, None)
    assert (read.kill_switch.thrown, read.kill_switch.reason) == (True, "odd prices")


async def test_json_is_plain_and_whole(tmp_path: Path, bars: Path) -> None:
    db = tmp_path / "desk.sqlite"
    desk = await start(bars, _SETTINGS, await sqlite(db, _SETTINGS))
    await desk.desk.halt(OWNER, "odd prices")
    await desk.desk.close()
    told = json.loads(json.dumps(risk_as_json(read_risk(_SETTINGS, db)), allow_nan=False))
    assert {"limits", "breakers", "state", "history", "kill_switch", "halted_by"} <= set(told)
    assert told["state"] == "halted"
    assert told["history"][0]["by"]["name"] == "B"
    assert {each["state"] for each in told["breakers"]} <= {each.value for each in RowState}


async def test_record_that_was_changed_is_refused(tmp_path: Path, bars: Path) -> None:
    from tests.wire.test_command_line import tamper

    db = tmp_path / "desk.sqlite"
    desk = await start(bars, _SETTINGS, await sqlite(db, _SETTINGS))
    await desk.desk.halt(OWNER, "lunch")
    await desk.desk.close()
    tamper(db, "lunch", "never")
    with pytest.raises(JournalError, match=r"desk\.sqlite: event .* was changed"):
        read_risk(_SETTINGS, db)


async def test_missing_and_empty_records_are_told(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no such journal"):
        read_risk(_SETTINGS, tmp_path / "absent.sqlite")
    async with await sqlite(tmp_path / "empty.sqlite", _SETTINGS):
        with pytest.raises(JournalError, match="no desk has opened on it yet"):
            read_risk(_SETTINGS, tmp_path / "empty.sqlite")
