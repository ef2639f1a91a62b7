"""The contract of `Headlines`: whatever gives headlines gives them as of their time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
import pytest_asyncio

from engine.clock import VirtualClock
from engine.model.instruments import Asset
from engine.news import FeedReader, RecordedHeadlines
from engine.ports import Headlines
from tests.kit.loopback_feeds import LoopbackFeeds, rss
from tests.kit.market import MONDAY

NOON = MONDAY + timedelta(hours=12)
ASSETS = {"BTC-USD": Asset.BITCOIN, "XAU-USD": Asset.GOLD}
ITEMS = [
    (NOON - timedelta(hours=hours), title)
    for hours, title in ((1, "Bitcoin climbs"), (5, "Bitcoin slips"), (3, "Gold steady"),
                         (2, "A cat sits"), (4, "Fed holds interest rates"))
]  # fmt: skip


@pytest_asyncio.fixture(params=[FeedReader, RecordedHeadlines])
async def source(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Headlines]:
    """A source that knows `ITEMS`."""
    if request.param is RecordedHeadlines:
        file = tmp_path / "news.parquet"
        pl.DataFrame(ITEMS, schema=["ts", "title"], orient="row").write_parquet(file)
        yield RecordedHeadlines([file], ASSETS)
        return
    async with LoopbackFeeds({"rss": rss(ITEMS)}).serve() as server:
        reader = FeedReader([f"{server.url}/rss"], ASSETS, VirtualClock(NOON))
        yield reader
        await reader.aclose()


async def titles(
    source: Headlines, instrument: str, hours_ago: float, count: int = 9
) -> list[str]:
    until = NOON - timedelta(hours=hours_ago)
    return [each.title for each in await source.headlines(instrument, until, count)]


async def test_hl01_oldest_first_and_only_about_the_instrument(source: Headlines) -> None:
    told = ["Bitcoin slips", "Fed holds interest rates", "Bitcoin climbs"]
    assert await titles(source, "BTC-USD", 0) == told


async def test_hl02_nothing_later_than_asked(source: Headlines) -> None:
    assert await titles(source, "BTC-USD", 1.5) == ["Bitcoin slips", "Fed holds interest rates"]
    assert await titles(source, "BTC-USD", 5.5) == []


async def test_hl03_what_is_dated_at_the_instant_counts(source: Headlines) -> None:
    assert await titles(source, "BTC-USD", 5) == ["Bitcoin slips"]


async def test_hl04_the_newest_so_many(source: Headlines) -> None:
    assert await titles(source, "XAU-USD", 0, 1) == ["Gold steady"]
    assert await titles(source, "XAU-USD", 0, 0) == []


async def test_hl05_an_unknown_instrument_has_none(source: Headlines) -> None:
    assert await titles(source, "DOGE-USD", 0) == []


async def test_hl06_old_news_is_no_news(source: Headlines) -> None:
    assert await titles(source, "BTC-USD", -24 * 30) == []


async def test_hl07_letting_go_twice_is_no_fault(source: Headlines) -> None:
    await source.aclose()
    await source.aclose()
