"""The exchange feed against a loopback Kraken and Coinbase that misbehave."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from engine.clock import VirtualClock
from engine.errors import BadTick, MarketDataError
from engine.market.exchange import ExchangeFeed
from engine.market.findings import Finding, FindingKind
from engine.market.public_api import VenueUnreachable
from engine.market.venues import reachable
from engine.model.bars import BarsClosed, Timeframe
from tests.kit.market import (
    HOUR,
    MONDAY,
    Fault,
    LoopbackVenue,
    driven,
    silence,
    status_503,
    take,
    web_page,
)

WORDS = {"kraken": "OHLC", "coinbase": "candles"}
SYMBOLS = {"BTC-USD": "BTC/USD", "PAXG-USD": "PAXG/USD"}


@dataclass
class Desk:
    """A feed, its venue and what it told."""

    feed: ExchangeFeed
    venue: LoopbackVenue
    clock: VirtualClock
    url: str
    candles: str
    told: list[Finding] = field(default_factory=list)

    async def groups(self, count: int, *, hours_ago: int = 0) -> list[BarsClosed]:
        events = await take(self.feed.stream(MONDAY - hours_ago * HOUR), count)
        return [event for event in events if isinstance(event, BarsClosed)]


@pytest.fixture(params=WORDS)
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    clock = VirtualClock(MONDAY + timedelta(minutes=10))
    venue, told = LoopbackVenue(clock), list[Finding]()
    async with venue.serving() as url, driven(clock):
        feed = ExchangeFeed(
            request.param,
            SYMBOLS,
            Timeframe.H1,
            clock,
            base_url=url,
            books_every=None,
            timeout=timedelta(milliseconds=300),
            spacing=timedelta(milliseconds=1),
            tell=told.append,
        )
        async with contextlib.aclosing(feed):
            yield Desk(feed, venue, clock, url, WORDS[request.param], told)


async def test_a_candle_that_still_forms_is_never_given(desk: Desk) -> None:
    bars = await desk.feed.history("BTC-USD", desk.clock.now(), 5)
    assert bars[-1].close_at == MONDAY
    groups = await desk.groups(3)
    assert all(bar.close != LoopbackVenue.FORMING_CLOSE for g in groups for bar in g.bars)


async def test_history_goes_beyond_one_page(desk: Desk) -> None:
    bars = await desk.feed.history("BTC-USD", desk.clock.now(), 650)
    assert len(bars) == 650
    assert desk.told == []


async def test_absence_is_caught_up_and_then_bars_are_fresh(desk: Desk) -> None:
    groups = await desk.groups(5, hours_ago=3)
    assert [group.caught_up for group in groups] == [True, True, True, False, False]
    assert [group.at for group in groups] == [MONDAY + k * HOUR for k in range(-2, 3)]


async def test_a_gap_is_told_and_not_filled(desk: Desk) -> None:
    desk.venue.absent |= {("BTC/USD", MONDAY - 2 * HOUR), ("BTC/USD", MONDAY - 3 * HOUR)}
    bars = await desk.feed.history("BTC-USD", desk.clock.now(), 6)
    assert len(bars) == 4
    assert [(told.kind, told.missing) for told in desk.told] == [(FindingKind.GAP, 2)]


async def test_a_gap_right_after_an_absence_is_told(desk: Desk) -> None:
    desk.venue.absent.add(("BTC/USD", MONDAY - 3 * HOUR))
    await desk.groups(3, hours_ago=3)
    assert [(told.kind, told.instrument) for told in desk.told] == [(FindingKind.GAP, "BTC-USD")]


async def test_a_late_bar_does_not_hold_up_the_others(desk: Desk) -> None:
    desk.venue.absent.add(("PAXG/USD", MONDAY))
    first, second = await desk.groups(2)
    assert [bar.instrument for bar in first.bars] == ["BTC-USD"]
    assert (first.at, first.caught_up) == (MONDAY + HOUR, False)
    assert len(second.bars) == 2
    assert [told.kind for told in desk.told] == [FindingKind.GAP]


async def test_a_short_fault_is_tried_again(desk: Desk) -> None:
    desk.venue.fail(desk.candles, status_503, times=2)
    assert len(await desk.feed.history("BTC-USD", desk.clock.now(), 5)) == 5


@pytest.mark.parametrize("fault", [status_503, silence])
async def test_a_venue_that_does_not_answer_is_named(desk: Desk, fault: Fault) -> None:
    desk.venue.fail(desk.candles, fault, times=3)
    with pytest.raises(VenueUnreachable, match=r"did not answer .*: check the network"):
        await desk.feed.history("BTC-USD", desk.clock.now(), 5)


async def test_garbage_is_not_tried_again_and_not_taken_for_silence(desk: Desk) -> None:
    desk.venue.fail(desk.candles, web_page)
    with pytest.raises(BadTick, match=r"unreadable answer .*login"):
        await desk.feed.history("BTC-USD", desk.clock.now(), 5)
    assert desk.venue.requests[desk.candles] == 1


async def test_the_stream_outlives_an_outage_without_a_hole(desk: Desk) -> None:
    desk.venue.fail(desk.candles, status_503, times=42)  # seven polls of both
    groups = await desk.groups(3)
    assert [group.at for group in groups] == [MONDAY + k * HOUR for k in (1, 2, 3)]
    assert groups[0].caught_up
    assert {told.kind for told in desk.told} == {FindingKind.UNREACHABLE}


async def test_a_crossed_book_is_a_bad_tick(desk: Desk) -> None:
    desk.venue.crossed = True
    with pytest.raises(BadTick, match=r"BTC-USD that cannot be \(bid 101 is not below"):
        await desk.feed.depth("BTC-USD")


async def test_a_wrong_local_clock_is_found(desk: Desk) -> None:
    desk.venue.clock_off_s = 40
    with pytest.raises(MarketDataError, match=r"is 40 s behind .*synchronisation"):
        await desk.feed.check()


async def test_what_the_venue_does_not_offer_is_named(desk: Desk) -> None:
    wrong = ExchangeFeed(
        desk.feed.name, {"X-USD": "X/USD"}, Timeframe.H1, desk.clock, base_url=desk.url
    )
    async with contextlib.aclosing(wrong):
        with pytest.raises(MarketDataError, match="X/USD"):
            await wrong.check()
        with pytest.raises(MarketDataError, match=r"X/USD.*config"):
            await wrong.history("X-USD", desk.clock.now(), 1)
    other = Timeframe.H2 if desk.feed.name == "kraken" else Timeframe.H4
    wrong = ExchangeFeed(desk.feed.name, SYMBOLS, other, desk.clock, base_url=desk.url)
    async with contextlib.aclosing(wrong):
        with pytest.raises(MarketDataError, match=f"has no {other} candles"):
            await wrong.check()


async def test_the_probe_tells_a_venue_from_a_login_page(desk: Desk) -> None:
    assert await reachable(desk.feed.name, base_url=desk.url)
    desk.venue.fail("ime", web_page)
    assert not await reachable(desk.feed.name, base_url=desk.url)
    desk.venue.fail("ime", status_503)
    assert not await reachable(desk.feed.name, base_url=desk.url)
    desk.venue.fail("ime", silence)
    assert not await reachable(desk.feed.name, timedelta(milliseconds=100), base_url=desk.url)


async def test_an_unknown_venue_is_refused() -> None:
    with pytest.raises(MarketDataError, match="choose one of kraken, coinbase"):
        await reachable("mtgox")
    with pytest.raises(MarketDataError, match="configure an instrument"):
        ExchangeFeed("kraken", {}, Timeframe.H1, VirtualClock())


def test_heavy_libraries_wait_until_they_are_used() -> None:
    code = (
        "import sys, engine.market.exchange, engine.market.replay, engine.market.simulated;"
        "print([m for m in ('ccxt', 'polars', 'httpx', 'aiohttp', 'numba') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert done.stdout.strip() == "[]"
