"""A rehearsal ends at the first step that does not come out, and touches nothing else."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.config import Settings
from engine.errors import JournalError
from engine.facade import MarketView, Timeframe
from engine.model.bars import Quote
from engine.rehearsal.drill import STEPS, drill
from engine.rehearsal.stage import INSTRUMENT, rehearsal_settings, stage

D = Decimal


async def test_a_step_that_does_not_come_out_ends_the_drill(tmp_path: Path) -> None:
    nothing_allowed = Settings.model_validate({"risk": {"trades_a_day": 0}})
    report = await drill(nothing_allowed, tmp_path / "r.sqlite")
    assert not report.ok
    assert [step.done for step in report.steps] == [True, True, False]
    assert "entries today" in report.steps[-1].told
    assert report.pnl_usd is None
    assert len(report.steps) < len(STEPS)


def test_the_settings_are_the_owners_but_for_mode_and_market() -> None:
    own = Settings.model_validate(
        {"risk": {"trades_a_day": 3}, "sizing": {"risk_cap_frac": 0.005}}
    )
    made = rehearsal_settings(own)
    assert (made.risk, made.sizing, made.costs) == (own.risk, own.sizing, own.costs)
    assert (made.desk.mode, made.desk.watch) == ("live", (INSTRUMENT,))
    assert made.instruments[INSTRUMENT].attested_by == "nobody: a rehearsal"
    assert own.instruments[INSTRUMENT].attested_by == ""


async def test_a_record_that_is_there_is_left_alone(tmp_path: Path) -> None:
    there = tmp_path / "executor.sqlite"
    there.write_bytes(b"mine")
    with pytest.raises(JournalError, match="begins anew each time"):
        async with stage(Settings(), there, SystemClock(), directed=False):
            pass
    assert there.read_bytes() == b"mine"


async def test_desk_and_venue_see_the_same_price(tmp_path: Path) -> None:
    async with stage(Settings(), tmp_path / "r.sqlite", SystemClock(), directed=False) as played:
        engine, feed = await played.open()
        try:
            book = await feed.depth(INSTRUMENT)
            assert (D(str(book.best.bid)), D(str(book.best.ask))) == (
                played.account.bid, played.account.ask,
            )  # fmt: skip
            assert engine.market.rehearsal
            assert isinstance(engine.market, MarketView)
            assert engine.market.timeframe is Timeframe.M1
            assert played.url.startswith("http://127.0.0.1:")
        finally:
            await engine.aclose()


async def test_the_streamed_market_moves_the_venue_first(tmp_path: Path) -> None:
    async with stage(Settings(), tmp_path / "r.sqlite", SystemClock(), directed=False) as played:
        engine, feed = await played.open()
        try:
            async for event in feed.stream(None):
                if isinstance(event, Quote):  # a minute may end first, and then its bar comes
                    assert D(str(event.bid)) == played.account.bid
                    break
        finally:
            await engine.aclose()
