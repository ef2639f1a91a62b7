"""What every market feed promises, one numbered case each, run on all of them."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.clock import VirtualClock
from engine.errors import MarketDataError
from engine.market.checks import row_fault
from engine.market.exchange import ExchangeFeed
from engine.market.replay import ReplayFeed
from engine.market.simulated import SimulatedFeed
from engine.model.bars import BarsClosed, Depth, MarketEvent, Timeframe
from tests.kit.market import (
    BTC,
    HOUR,
    MONDAY,
    XAU,
    LoopbackVenue,
    driven,
    take,
    walk,
    write_bars,
)

NOON = MONDAY + 12 * HOUR + timedelta(minutes=20)


@dataclass
class Subject:
    """One feed under test: how to open it at an instant, and what it should say of itself."""

    name: str
    simulated: bool
    instruments: tuple[str, ...]
    open: Callable[[datetime], contextlib.AbstractAsyncContextManager[tuple[Any, VirtualClock]]]


def _replay(folder: Path) -> Subject:
    files = {
        "BTC-USD": write_bars(folder / "btc.parquet", walk("BTC-USD", seed=1)),
        "XAU-USD": write_bars(folder / "xau.csv", walk("XAU-USD", seed=2)),
    }

    @contextlib.asynccontextmanager
    async def open_at(at: datetime) -> AsyncIterator[tuple[ReplayFeed, VirtualClock]]:
        clock = VirtualClock(at)
        yield ReplayFeed(files, None, clock, start=MONDAY + 5 * HOUR), clock

    return Subject("replay", simulated=False, instruments=tuple(files), open=open_at)


def _simulated(_: Path) -> Subject:
    @contextlib.asynccontextmanager
    async def open_at(at: datetime) -> AsyncIterator[tuple[SimulatedFeed, VirtualClock]]:
        clock = VirtualClock(at)
        yield SimulatedFeed([BTC, XAU], Timeframe.H1, clock, seed=5, books_per_bar=1), clock

    return Subject("simulated", True, ("BTC-USD", "XAU-USD"), open_at)


def _exchange(venue_name: str) -> Callable[[Path], Subject]:
    symbols = {"BTC-USD": "BTC/USD", "PAXG-USD": "PAXG/USD"}

    @contextlib.asynccontextmanager
    async def open_at(at: datetime) -> AsyncIterator[tuple[ExchangeFeed, VirtualClock]]:
        clock = VirtualClock(at)
        async with LoopbackVenue(clock).serving() as url, driven(clock):
            feed = ExchangeFeed(
                venue_name,
                symbols,
                Timeframe.H1,
                clock,
                base_url=url,
                spacing=timedelta(milliseconds=1),
                books_every=timedelta(minutes=25),
            )
            async with contextlib.aclosing(feed):
                yield feed, clock

    return lambda _: Subject(venue_name, False, tuple(symbols), open_at)


MAKERS: dict[str, Callable[[Path], Subject]] = {
    "replay": _replay,
    "simulated": _simulated,
    "kraken": _exchange("kraken"),
    "coinbase": _exchange("coinbase"),
}


@pytest.fixture(params=MAKERS)
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
    return MAKERS[request.param](tmp_path)


def closes(events: list[MarketEvent]) -> list[BarsClosed]:
    return [event for event in events if isinstance(event, BarsClosed)]


async def test_mf01_says_what_it_is_in_one_line(subject: Subject) -> None:
    async with subject.open(NOON) as (feed, _):
        assert (feed.name, feed.simulated) == (subject.name, subject.simulated)
        assert ("SIMULATED" in feed.description) is subject.simulated
        assert "\n" not in feed.description


async def test_mf02_history_is_contiguous_and_oldest_first(subject: Subject) -> None:
    async with subject.open(NOON) as (feed, _):
        bars = await feed.history("BTC-USD", MONDAY + 10 * HOUR, 8)
    assert [bar.close_at for bar in bars] == [MONDAY + k * HOUR for k in range(3, 11)]


async def test_mf03_history_never_holds_a_bar_that_has_not_closed(subject: Subject) -> None:
    async with subject.open(NOON) as (feed, _):
        bars = await feed.history("BTC-USD", NOON + 50 * HOUR, 4)
    assert bars[-1].close_at == MONDAY + 12 * HOUR


async def test_mf04_history_of_nothing_is_empty(subject: Subject) -> None:
    async with subject.open(NOON) as (feed, _):
        assert await feed.history("BTC-USD", NOON, 0) == ()


async def test_mf05_stream_is_in_time_order_and_strictly_after(subject: Subject) -> None:
    after = MONDAY + 9 * HOUR
    async with subject.open(NOON) as (feed, _):
        events = await take(feed.stream(after), 12)
    instants = [event.at for event in events]
    assert instants == sorted(instants)
    assert instants[0] == after + HOUR


async def test_mf06_bars_of_one_close_come_once_and_in_order(subject: Subject) -> None:
    async with subject.open(NOON) as (feed, _):
        groups = closes(await take(feed.stream(MONDAY + 9 * HOUR), 12))
    for group in groups:
        assert {bar.close_at for bar in group.bars} == {group.at}
        assert tuple(bar.instrument for bar in group.bars) == subject.instruments
    assert len({group.at for group in groups}) == len(groups)


async def test_mf07_stream_resumes_where_it_is_told_to(subject: Subject) -> None:
    async with subject.open(NOON) as (feed, _):
        first = closes(await take(feed.stream(MONDAY + 6 * HOUR), 6))
    async with subject.open(NOON) as (feed, _):
        resumed = closes(await take(feed.stream(first[2].at), 3))
    assert [group.bars for group in resumed] == [group.bars for group in first[3:6]]


async def test_mf08_history_and_stream_hold_the_same_bars(subject: Subject) -> None:
    async with subject.open(NOON) as (feed, _):
        groups = closes(await take(feed.stream(MONDAY + 8 * HOUR), 9))
        bars = await feed.history("BTC-USD", groups[-1].at, len(groups))
    assert bars == tuple(group.bars[0] for group in groups)


async def test_mf09_no_event_comes_before_its_time(subject: Subject) -> None:
    async with (
        subject.open(NOON) as (feed, clock),
        contextlib.aclosing(feed.stream(None)) as events,
    ):
        for _ in range(8):
            event = await anext(events)
            assert event.at <= clock.now()


async def test_mf10_a_book_is_sound_or_none(subject: Subject) -> None:
    async with subject.open(NOON) as (feed, clock):
        book = await feed.depth("BTC-USD")
        assert book is None or isinstance(book, Depth)
        if book:
            assert book.fault == ""
            assert book.at == clock.now()


async def test_mf11_an_unknown_instrument_is_named_with_the_mend(subject: Subject) -> None:
    async with subject.open(NOON) as (feed, _):
        for ask in (feed.history("XPT-USD", NOON, 1), feed.depth("XPT-USD")):
            with pytest.raises(MarketDataError, match=r"XPT-USD.*: add") as caught:
                await ask
            assert "\n" not in str(caught.value)


async def test_mf12_check_passes_and_closing_twice_is_harmless(subject: Subject) -> None:
    async with subject.open(NOON) as (feed, _):
        await feed.check()
        await feed.aclose()
        await feed.aclose()


async def test_mf13_every_bar_is_sound(subject: Subject) -> None:
    async with subject.open(NOON) as (feed, _):
        groups = closes(await take(feed.stream(MONDAY + 6 * HOUR), 10))
    assert all(row_fault(bar) is None for group in groups for bar in group.bars)


async def test_mf14_a_stream_left_early_leaves_the_feed_usable(subject: Subject) -> None:
    async with subject.open(NOON) as (feed, clock):
        await take(feed.stream(None), 2)
        again = await take(feed.stream(None), 1)
    assert again[0].at <= clock.now()


async def test_mf15_bars_follow_each_other_without_a_hole(subject: Subject) -> None:
    async with subject.open(NOON) as (feed, _):
        groups = closes(await take(feed.stream(MONDAY + 6 * HOUR), 14))
    for before, behind in itertools.pairwise(groups):
        assert behind.at - before.at == HOUR
