"""Two exchanges on the loopback that agree, disagree, fall silent, or tell another time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio

from engine.clock import VirtualClock
from engine.engine.crosschecks import CrossChecks, Statement, Witnesses
from engine.market.exchange import ExchangeFeed
from engine.model.bars import Timeframe
from tests.kit.market import MONDAY, LoopbackVenue, driven, silence, status_503

SYMBOLS = {"BTC-USD": "BTC/USD", "PAXG-USD": "PAXG/USD"}


@dataclass
class Street:
    """Kraken first, Coinbase second, each on a server of its own."""

    first: LoopbackVenue
    second: LoopbackVenue
    feed: ExchangeFeed
    other: ExchangeFeed
    checks: CrossChecks
    told: asyncio.Queue[Statement]
    clock: VirtualClock


@pytest_asyncio.fixture
async def street() -> AsyncIterator[Street]:
    clock = VirtualClock(MONDAY + timedelta(minutes=10))
    first, second = LoopbackVenue(clock), LoopbackVenue(clock)
    told: asyncio.Queue[Statement] = asyncio.Queue()

    async with contextlib.AsyncExitStack() as opened:
        urls = [await opened.enter_async_context(v.serving()) for v in (first, second)]
        await opened.enter_async_context(driven(clock))
        feeds = [
            ExchangeFeed(
                name,
                SYMBOLS,
                Timeframe.H1,
                clock,
                base_url=url,
                books_every=None,
                timeout=timedelta(milliseconds=300),
                spacing=timedelta(milliseconds=1),
            )
            for name, url in zip(("kraken", "coinbase"), urls, strict=True)
        ]
        for feed in feeds:
            await opened.enter_async_context(contextlib.aclosing(feed))
        feed, other = feeds
        witnesses = Witnesses(feed, other, streams_quotes=True)
        checks = CrossChecks(witnesses, feed, clock, tuple(SYMBOLS), told.put)
        yield Street(first, second, feed, other, checks, told, clock)


async def test_sources_that_agree_leave_no_gap_and_time_no_offset(street: Street) -> None:
    said = await street.checks.look()
    assert said.gaps == {"BTC-USD": pytest.approx(0.0), "PAXG-USD": pytest.approx(0.0)}
    assert said.offset_seconds == 0.0
    assert [quote.instrument for quote in said.quotes] == list(SYMBOLS)


async def test_a_gap_is_relative_to_the_second_price(street: Street) -> None:
    street.first.bid = 102.0
    said = await street.checks.look()
    assert said.gaps["BTC-USD"] == pytest.approx(102.25 / 100.25 - 1.0)


@pytest.mark.parametrize("broken", ["first", "second"])
async def test_a_crossed_book_of_either_makes_the_gap_unknown(street: Street, broken: str) -> None:
    getattr(street, broken).crossed = True
    said = await street.checks.look()
    assert said.gaps == {"BTC-USD": None, "PAXG-USD": None}


async def test_a_second_source_that_does_not_answer_makes_the_gap_unknown(street: Street) -> None:
    await street.checks.look()
    street.second.fail("product_book", silence, times=100)
    said = await street.checks.look()
    assert set(said.gaps.values()) == {None}
    assert len(said.quotes) == 2


@pytest.mark.parametrize(("off", "told"), [(5, -5.0), (-5, 4.0), (1, -1.0), (-1, 0.0)])
async def test_only_the_offset_that_is_proven_counts(
    street: Street, off: int, told: float
) -> None:
    """Venues name whole seconds: a clock that runs ahead is known but for one of them."""
    street.first.clock_off_s = off
    assert await street.feed.offset_seconds() == pytest.approx(told, abs=0.5)


async def test_a_venue_that_hides_its_time_is_unknown(street: Street) -> None:
    await street.checks.look()
    street.first.fail("Time", status_503, times=100)
    assert (await street.checks.look()).offset_seconds is None


async def test_the_second_source_says_what_it_lists(street: Street) -> None:
    assert await street.other.listed() == set(SYMBOLS)
    strange = ExchangeFeed(
        "coinbase",
        {**SYMBOLS, "XAG-USD": "XAG/USD"},
        Timeframe.H1,
        street.clock,
        base_url=street.other._api._base_url,
        spacing=timedelta(milliseconds=1),
    )
    async with contextlib.aclosing(strange):
        assert await strange.listed() == set(SYMBOLS)


async def test_it_asks_again_and_again(street: Street) -> None:
    running = asyncio.create_task(street.checks.run())
    async with asyncio.timeout(10):
        for _ in range(2):
            assert set((await street.told.get()).gaps) == set(SYMBOLS)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_nobody_to_ask_is_nobody_to_wait_for(street: Street) -> None:
    alone = CrossChecks(Witnesses(), street.feed, street.clock, tuple(SYMBOLS), street.told.put)
    await alone.run()
    assert street.told.empty()
