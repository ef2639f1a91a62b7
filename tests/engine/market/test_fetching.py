"""Fetching history from a loopback Kraken and Coinbase into files that are always whole."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from aiohttp import web

from engine.clock import VirtualClock
from engine.errors import MarketDataError
from engine.market.columns import BarColumns, from_micros
from engine.market.fetching import Fetched, FetchPlan, fetch_history, read_stored
from engine.market.fetching.trades import TradeBars
from engine.market.files import read_bars
from engine.market.public_api import PublicApi, PublicTrade
from engine.market.venues import venue_named
from engine.model.bars import Timeframe
from tests.kit.market import HOUR, MONDAY, LoopbackVenue, driven, status_503, web_page
from tests.kit.recorded import market_folder

NOW = MONDAY + timedelta(minutes=10)
DAY = timedelta(days=1)


@dataclass
class Shop:
    """A venue, and a file that is fetched from it."""

    venue: LoopbackVenue
    clock: VirtualClock
    url: str
    out: Path

    async def fetch(
        self, name: str, hours_ago: int, *, trades: bool = False, until: datetime | None = None
    ) -> Fetched:
        plan = FetchPlan("BTC-USD", Timeframe.H1, MONDAY - hours_ago * HOUR, until, trades)
        api = PublicApi(
            venue_named(name),
            self.clock,
            base_url=self.url,
            spacing=timedelta(milliseconds=1),
        )
        async with contextlib.aclosing(api):
            return await fetch_history(api, plan, self.out)

    def bars(self) -> BarColumns:
        return read_bars(self.out, "BTC-USD")

    def asked(self, word: str) -> int:
        return self.venue.requests[word]


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    clock = VirtualClock(NOW)
    venue = LoopbackVenue(clock)
    async with venue.serving() as url, driven(clock):
        yield Shop(venue, clock, url, tmp_path / "btc.parquet")


@pytest.mark.parametrize("name", ["kraken", "coinbase"])
async def test_every_closed_bar_comes_once_and_in_order(shop: Shop, name: str) -> None:
    fetched = await shop.fetch(name, 700)
    bars = shop.bars()
    assert fetched.added == len(bars) == 700
    assert (np.diff(bars.open_us) == 3_600_000_000).all()
    assert from_micros(int(bars.close_us[-1])) == MONDAY
    assert not (bars.close == LoopbackVenue.FORMING_CLOSE).any()


async def test_a_second_call_asks_only_for_what_is_new(shop: Shop) -> None:
    await shop.fetch("coinbase", 700)
    asked = shop.asked("candles")
    again = await shop.fetch("coinbase", 700)
    assert (again.added, shop.asked("candles")) == (0, asked)
    await shop.clock.advance_to(NOW + 5 * HOUR)
    assert (await shop.fetch("coinbase", 700)).added == 5
    assert shop.asked("candles") == asked + 1


async def test_a_stopped_fetch_keeps_what_came_and_goes_on(shop: Shop) -> None:
    whole = shop.out.with_name("whole.parquet")
    held = asyncio.Event()
    arrived = asyncio.Event()

    async def hold(request: web.Request) -> web.StreamResponse:
        arrived.set()
        await held.wait()
        return await status_503(request)

    shop.venue.fail(f"start={int((MONDAY - 100 * HOUR).timestamp())}", hold)
    task = asyncio.create_task(shop.fetch("coinbase", 700))
    async with asyncio.timeout(20):
        await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    held.set()
    assert 0 < len(shop.bars()) < 700
    kept = len(shop.bars())
    rest = await shop.fetch("coinbase", 700)
    assert rest.added == 700 - kept
    went_on, shop.out = shop.bars(), whole
    await shop.fetch("coinbase", 700)
    assert pl.read_parquet(whole).equals(pl.read_parquet(whole.with_name("btc.parquet")))
    assert len(went_on) == 700


async def test_a_quiet_stretch_is_missing_and_counted(shop: Shop) -> None:
    shop.venue.absent = {("BTC/USD", MONDAY - k * HOUR) for k in range(20, 30)}
    fetched = await shop.fetch("coinbase", 100)
    assert (fetched.added, fetched.report.missing_bars) == (90, 10)


async def test_an_end_in_the_past_is_kept_to(shop: Shop) -> None:
    await shop.fetch("coinbase", 50, until=MONDAY - 20 * HOUR)
    assert from_micros(int(shop.bars().close_us[-1])) == MONDAY - 20 * HOUR


async def test_an_outage_is_told_and_what_came_before_is_kept(shop: Shop) -> None:
    shop.venue.fail(f"start={int((MONDAY - 100 * HOUR).timestamp())}", status_503, times=3)
    with pytest.raises(MarketDataError, match="Coinbase did not answer"):
        await shop.fetch("coinbase", 400)
    assert len(shop.bars()) == 300
    assert (await shop.fetch("coinbase", 400)).added == 100


async def test_a_login_page_is_no_empty_answer(shop: Shop) -> None:
    shop.venue.fail("candles", web_page)
    with pytest.raises(MarketDataError, match="unreadable answer"):
        await shop.fetch("coinbase", 10)


# ---- Kraken, which keeps 720 candles ------------------------------------------------------


async def test_kraken_says_how_far_back_it_reaches_and_the_ways_round(shop: Shop) -> None:
    with pytest.raises(MarketDataError) as told:
        await shop.fetch("kraken", 800)
    words = str(told.value)
    assert "newest 720 candles" in words
    assert f"{MONDAY - 719 * HOUR:%Y-%m-%d %H:%M}Z" in words
    assert "--from-trades" in words
    assert "--venue coinbase" in words
    assert not shop.out.exists()


async def test_a_file_that_fell_behind_krakens_candles_is_not_gone_on_with_a_hole(
    shop: Shop,
) -> None:
    await shop.fetch("kraken", 700)
    await shop.clock.advance_to(NOW + 40 * DAY)
    with pytest.raises(MarketDataError, match="newest 720 candles"):
        await shop.fetch("kraken", 700)


async def test_bars_of_trades_are_those_of_the_trades(shop: Shop) -> None:
    shop.venue.trade_every_s = 600
    fetched = await shop.fetch("kraken", 800, trades=True)
    bars = shop.bars()
    assert fetched.added == len(bars) == 800
    first = int((MONDAY - 800 * HOUR).timestamp()) // 600
    told = [shop.venue.trade("BTC/USD", k) for k in range(first, first + 6)]
    prices = [price for _, price, _ in told]
    assert (bars.open[0], bars.close[0]) == (prices[0], prices[-1])
    assert (bars.high[0], bars.low[0]) == (max(prices), min(prices))
    assert bars.volume[0] == sum(amount for _, _, amount in told)


async def test_trades_go_on_where_they_were_stopped(shop: Shop) -> None:
    await shop.fetch("kraken", 800, trades=True, until=MONDAY - 400 * HOUR)
    asked = shop.asked("Trades")
    await shop.fetch("kraken", 800, trades=True)
    went_on = pl.read_parquet(shop.out)
    assert 1 < shop.asked("Trades") - asked <= asked + 2
    shop.out = shop.out.with_name("whole.parquet")
    await shop.fetch("kraken", 800, trades=True)
    assert pl.read_parquet(shop.out).equals(went_on)


async def test_hours_without_trades_have_no_bar(shop: Shop) -> None:
    shop.venue.trade_every_s = 3 * 3600
    fetched = await shop.fetch("kraken", 30, trades=True)
    assert (fetched.report.rows, fetched.report.missing_bars) == (10, 18)


async def test_trades_of_a_venue_that_keeps_its_candles_are_refused(shop: Shop) -> None:
    with pytest.raises(MarketDataError, match="leave out --from-trades"):
        await shop.fetch("coinbase", 30, trades=True)


def test_a_bar_is_given_when_everything_in_it_is_known() -> None:
    making = TradeBars("BTC-USD", Timeframe.H1)
    trade = PublicTrade(MONDAY, 100.0, 1.0)
    assert making.add([trade], MONDAY + HOUR - timedelta(seconds=1)) == []
    (bar,) = making.add([], MONDAY + HOUR)
    assert (bar.open_at, bar.close, bar.volume) == (MONDAY, 100.0, 1.0)
    assert making.add([], MONDAY + 9 * HOUR) == []


@pytest.mark.market_data
def test_bars_of_recorded_trades_are_krakens_own_minutes() -> None:
    folder = market_folder() / "fixtures"
    if not (folder / "BTC-USDT_trades_kraken_20251110.parquet").is_file():
        pytest.skip(f"no recorded trades in {folder}")
    rows = pl.read_parquet(folder / "BTC-USDT_trades_kraken_20251110.parquet")
    minutes = pl.read_parquet(folder / "BTC-USDT_1m_kraken_20251110.parquet")
    trades = [
        PublicTrade(at, price, size)
        for at, price, size in rows.select("ts", "price", "size").iter_rows()
    ]
    bars = TradeBars("BTC-USDT", Timeframe.M1).add(trades, trades[-1].at)[1:]
    recorded = {row["ts"]: row for row in minutes.iter_rows(named=True)}
    shared = [bar for bar in bars if bar.open_at in recorded]
    assert len(shared) > 50
    for bar in shared:
        row = recorded[bar.open_at]
        assert (bar.open, bar.high, bar.low, bar.close) == tuple(
            row[name] for name in ("open", "high", "low", "close")
        )
        assert bar.volume == pytest.approx(row["volume"], abs=1e-7)


# ---- the file ----------------------------------------------------------------------------


async def test_a_file_of_something_else_is_not_written_over(shop: Shop) -> None:
    await shop.fetch("coinbase", 10)
    before = shop.out.read_bytes()
    with pytest.raises(MarketDataError, match="its venue is coinbase, not kraken"):
        await shop.fetch("kraken", 10)
    with pytest.raises(MarketDataError, match="begins at"):
        await shop.fetch("coinbase", 20)
    assert shop.out.read_bytes() == before


async def test_a_file_of_another_program_is_not_written_over(shop: Shop) -> None:
    pl.DataFrame({"ts": [1, 2]}).write_parquet(shop.out)
    with pytest.raises(MarketDataError, match="was not written by executor data fetch"):
        await shop.fetch("coinbase", 10)


async def test_a_folder_that_is_a_file_is_one_line(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    shop.out = tmp_path / "taken" / "btc.parquet"
    with pytest.raises(MarketDataError, match="give another --out"):
        await shop.fetch("coinbase", 10)


async def test_the_file_says_what_it_is(shop: Shop) -> None:
    await shop.fetch("coinbase", 10)
    found = read_stored(shop.out)
    assert found is not None
    stored, columns = found
    assert (stored.venue, stored.symbol, stored.source) == ("coinbase", "BTC-USD", "candles")
    assert (stored.begin_at, stored.reached_at) == (MONDAY - 10 * HOUR, MONDAY)
    assert len(columns) == 10
    assert not list(shop.out.parent.glob("*.part"))


async def test_the_half_file_of_another_process_is_left_alone(shop: Shop) -> None:
    theirs = shop.out.with_name(shop.out.name + ".part")
    theirs.write_bytes(b"half of a file")
    await shop.fetch("coinbase", 10)
    assert theirs.read_bytes() == b"half of a file"
