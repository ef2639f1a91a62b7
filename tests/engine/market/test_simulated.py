"""The simulated market: the same for the same seed, however and whenever it is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import SystemClock, VirtualClock
from engine.errors import MarketDataError
from engine.market.checks import check_bars
from engine.market.columns import BarColumns
from engine.market.paths import ORIGIN, WEEK, week_path
from engine.market.simulated import SimulatedFeed
from engine.model.bars import Bar, BarsClosed, Depth, Timeframe
from tests.kit.market import BTC, HOUR, MONDAY, XAU, take

NOON = MONDAY + 12 * HOUR


def feed_at(
    at: datetime, *, seed: int = 5, timeframe: Timeframe = Timeframe.H1, books: int = 0
) -> SimulatedFeed:
    return SimulatedFeed([BTC, XAU], timeframe, VirtualClock(at), seed, books_per_bar=books)


async def bars(
    at: datetime, count: int, symbol: str = "BTC-USD", seed: int = 5
) -> tuple[Bar, ...]:
    return await feed_at(at, seed=seed).history(symbol, at, count)


async def test_a_restart_finds_the_history_that_it_left() -> None:
    before = await bars(NOON, 300)
    assert (await bars(NOON + 50 * HOUR, 350))[:300] == before
    assert await bars(NOON, 300, seed=6) != before


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 600))
def test_a_bar_is_a_function_of_its_index(back: int) -> None:
    feed = feed_at(NOON)
    at = NOON - back * HOUR
    fresh = feed_at(at)
    assert feed._bar(BTC, at - HOUR) == fresh._bar(BTC, at - HOUR)


async def test_timeframes_are_cut_from_one_path() -> None:
    quarter = feed_at(NOON, timeframe=Timeframe.M15)
    (hour,) = await bars(NOON, 1)
    parts = await quarter.history("BTC-USD", NOON, 4)
    assert (parts[0].open, parts[-1].close) == (hour.open, hour.close)
    assert max(bar.high for bar in parts) == hour.high
    assert min(bar.low for bar in parts) == hour.low
    assert sum(bar.volume for bar in parts) == pytest.approx(hour.volume)


@pytest.mark.parametrize("timeframe", [Timeframe.M5, Timeframe.H1, Timeframe.H4, Timeframe.D1])
@pytest.mark.parametrize("thing", [BTC, XAU], ids=["24/7", "metals"])
async def test_its_bars_pass_every_check(timeframe: Timeframe, thing: object) -> None:
    assert thing in (BTC, XAU)
    instrument = BTC if thing is BTC else XAU
    history = await feed_at(NOON, timeframe=timeframe).history(instrument.symbol, NOON, 120)
    report = check_bars(BarColumns.of(history), instrument.calendar)
    assert report.rows == 120
    assert report.missing_bars == 0
    assert set(report.counts) <= {"spike"}


def test_weeks_join_without_a_seam() -> None:
    this, following = (week_path(5, BTC, week) for week in (100, 101))
    assert this.price[-1] == pytest.approx(following.price[0], rel=1e-12)


def test_metals_stand_still_while_they_rest() -> None:
    path = week_path(5, XAU, 100)
    moved = np.diff(path.price) != 0
    assert not moved[~path.is_open].any()
    assert path.volume[~path.is_open].sum() == 0


def test_volatility_is_that_of_the_asset() -> None:
    hourly = [np.diff(np.log(week_path(5, BTC, week).price[::60])).std() for week in range(60)]
    yearly = np.sqrt(np.mean(np.square(hourly)) * 8760)
    assert 0.3 < yearly < 0.7


def test_prices_revert_to_their_slow_mean() -> None:
    stretch = []
    for week in range(60):
        log_price = np.log(week_path(5, BTC, week).price[::60])
        line = np.linspace(log_price[0], log_price[-1], len(log_price))
        stretch.append(log_price - line)
    assert np.std(np.concatenate(stretch)) < 0.04  # a free walk of a week would reach 0.06


async def test_absence_is_caught_up_and_then_it_goes_on() -> None:
    feed = feed_at(NOON)
    events = await take(feed.stream(NOON - 3 * HOUR), 5)
    groups = [event for event in events if isinstance(event, BarsClosed)]
    assert [group.caught_up for group in groups] == [True, True, True, False, False]
    assert [group.at for group in groups] == [NOON + k * HOUR for k in range(-2, 3)]


async def test_books_come_between_bars_inside_the_spread() -> None:
    events = await take(feed_at(NOON, books=3).stream(None), 7)
    quotes = [event.best for event in events if isinstance(event, Depth)]
    assert [quote.at - NOON for quote in quotes[::2]] == [HOUR / 4 * k for k in (1, 2, 3)]
    assert isinstance(events[-1], BarsClosed)
    for quote in quotes:
        assert quote.ask - quote.bid < quote.mid * 20e-4


async def test_the_book_is_ordered_and_on_the_tick() -> None:
    book = await feed_at(NOON).depth("BTC-USD")
    assert book is not None
    assert book.fault == ""
    assert len(book.bids) == len(book.asks) == 10
    bids, asks = [price for price, _ in book.bids], [price for price, _ in book.asks]
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    assert all(round(price / 0.1) == pytest.approx(price / 0.1) for price in bids + asks)


async def test_a_closed_market_has_neither_books_nor_bars() -> None:
    saturday = MONDAY + timedelta(days=5, hours=12)
    feed = feed_at(saturday, books=1)
    assert await feed.depth("XAU-USD") is None
    events = await take(feed.stream(None), 4)
    assert {e.instrument for e in events if isinstance(e, Depth)} == {"BTC-USD"}
    assert all(len(e.bars) == 1 for e in events if isinstance(e, BarsClosed))


async def test_a_real_clock_gives_the_history_of_the_present() -> None:
    clock = SystemClock()
    feed = SimulatedFeed([BTC], Timeframe.M1, clock)
    newest = (await feed.history("BTC-USD", clock.now(), 1))[0]
    assert timedelta(0) <= clock.now() - newest.close_at < timedelta(minutes=2)
    assert await feed.depth("BTC-USD") is not None


async def test_what_cannot_be_simulated_is_refused() -> None:
    with pytest.raises(MarketDataError, match="at least one"):
        SimulatedFeed([], Timeframe.H1, VirtualClock())
    with pytest.raises(MarketDataError, match="choose a later start"):
        SimulatedFeed([BTC], Timeframe.H1, VirtualClock(), start=ORIGIN - WEEK)


async def test_history_ends_at_the_start_of_the_world() -> None:
    start = datetime(2025, 3, 3, 6, tzinfo=UTC)
    feed = SimulatedFeed([BTC], Timeframe.H1, VirtualClock(NOON), start=start)
    assert len(await feed.history("BTC-USD", NOON, 100)) == 6
