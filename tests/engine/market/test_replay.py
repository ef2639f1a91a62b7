"""Replay: where it starts, what it refuses, and that it never looks ahead."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from engine.clock import VirtualClock
from engine.errors import MarketDataError
from engine.market.findings import Finding, FindingKind
from engine.market.replay import ReplayFeed
from engine.model.bars import BarsClosed, Timeframe
from engine.model.instruments import Calendar
from tests.kit.market import HOUR, MONDAY, walk, write_bars


async def groups(feed: ReplayFeed) -> list[BarsClosed]:
    return [event async for event in feed.stream(None) if isinstance(event, BarsClosed)]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    metals = walk("XAU-USD", 300, seed=2, calendar=Calendar.METALS)
    return {
        "BTC-USD": write_bars(tmp_path / "btc.parquet", walk("BTC-USD", 300)),
        "XAU-USD": write_bars(tmp_path / "xau.parquet", metals),
    }


async def test_the_default_start_leaves_the_warm_up(files: dict[str, Path]) -> None:
    clock = VirtualClock()
    feed = ReplayFeed(files, None, clock, warmup_bars=40)
    assert clock.now() == feed.start
    for instrument in files:
        assert len(await feed.history(instrument, feed.start, 40)) == 40


async def test_a_short_file_gives_half_of_itself_to_the_warm_up(tmp_path: Path) -> None:
    path = write_bars(tmp_path / "a.parquet", walk(count=20))
    feed = ReplayFeed({"BTC-USD": path}, None, VirtualClock())
    assert feed.start == MONDAY + 10 * HOUR
    assert len(await groups(feed)) == 10


async def test_a_closed_market_is_absent_from_its_groups(files: dict[str, Path]) -> None:
    calendars = {"XAU-USD": Calendar.METALS}
    feed = ReplayFeed(files, None, VirtualClock(), start=MONDAY, calendars=calendars)
    replayed = await groups(feed)
    assert len(replayed) == 300
    saturday = next(group for group in replayed if group.at == MONDAY + 130 * HOUR)
    assert [bar.instrument for bar in saturday.bars] == ["BTC-USD"]
    assert feed.reports["XAU-USD"].counts == {}


async def test_until_is_the_last_close(files: dict[str, Path]) -> None:
    feed = ReplayFeed(files, None, VirtualClock(), MONDAY, MONDAY + 12 * HOUR)
    assert (await groups(feed))[-1].at == MONDAY + 12 * HOUR


async def test_a_bad_row_is_left_out_and_told(tmp_path: Path) -> None:
    columns = walk(count=30)
    low = columns.low.copy()
    low[20] = np.nan
    path = write_bars(tmp_path / "a.parquet", dataclasses.replace(columns, low=low))
    told: list[Finding] = []
    feed = ReplayFeed({"BTC-USD": path}, None, VirtualClock(), start=MONDAY, tell=told.append)
    assert [finding.kind for finding in told] == [FindingKind.NOT_FINITE]
    assert MONDAY + 21 * HOUR not in {group.at for group in await groups(feed)}


def test_a_file_without_a_usable_bar_is_refused(tmp_path: Path) -> None:
    columns = dataclasses.replace(walk(count=9), close=np.zeros(9))
    path = write_bars(tmp_path / "a.parquet", columns)
    with pytest.raises(MarketDataError, match=r"no usable bar .first fault: close is 0"):
        ReplayFeed({"BTC-USD": path}, None, VirtualClock())


def test_files_of_different_timeframes_are_refused(tmp_path: Path) -> None:
    hours = write_bars(tmp_path / "a.parquet", walk("BTC-USD", 30))
    days = write_bars(tmp_path / "b.parquet", walk("XAU-USD", 30, timeframe=Timeframe.D1))
    with pytest.raises(MarketDataError, match=r"b\.parquet holds 1d bars, not 1h: give files"):
        ReplayFeed({"BTC-USD": hours, "XAU-USD": days}, None, VirtualClock())


def test_files_without_a_common_span_are_refused(tmp_path: Path) -> None:
    early = walk("XAU-USD", 30, start=MONDAY - timedelta(days=400))
    files = {
        "BTC-USD": write_bars(tmp_path / "a.parquet", walk("BTC-USD", 30)),
        "XAU-USD": write_bars(tmp_path / "b.parquet", early),
    }
    with pytest.raises(MarketDataError, match=r"b\.parquet has bars from .* of a common span"):
        ReplayFeed(files, None, VirtualClock())


def test_no_file_is_refused() -> None:
    with pytest.raises(MarketDataError, match="--data"):
        ReplayFeed({}, None, VirtualClock())


async def test_history_stays_behind_the_clock_while_replaying(files: dict[str, Path]) -> None:
    clock = VirtualClock()
    feed = ReplayFeed(files, None, clock, warmup_bars=10)
    async for event in feed.stream(None):
        newest = (await feed.history("BTC-USD", event.at + timedelta(days=9), 1))[-1]
        assert newest.close_at == event.at == clock.now()
