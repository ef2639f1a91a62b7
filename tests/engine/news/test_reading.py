"""Reading feeds on the wire: caps, faults, what is kept, and what is never read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio

from engine.checkup import Health, _news
from engine.clock import VirtualClock
from engine.config import Settings
from engine.model.bars import Timeframe
from engine.model.instruments import Asset
from engine.news import FeedReader, ReadingBounds
from engine.opening.news import headlines_of
from engine.views import MarketView
from tests.kit.injections import INJECTIONS
from tests.kit.loopback_feeds import LoopbackFeeds, atom, json_feed, rss
from tests.kit.market import MONDAY

NOON = MONDAY + timedelta(hours=12)
AN_HOUR_AGO = NOON - timedelta(hours=1)
BTC = "BTC-USD"
DAY = f"{MONDAY:%a, %d %b %Y}"
GOOD = rss([(AN_HOUR_AGO, "Bitcoin climbs")])
BOMB = b"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "bitcoin bitcoin">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<rss><channel><item><title>&c;</title></item></channel></rss>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<rss><channel><item><title>bitcoin &a;</title></item></channel></rss>"""


@pytest_asyncio.fixture
async def server() -> AsyncIterator[LoopbackFeeds]:
    async with LoopbackFeeds({"rss": GOOD}).serve() as made:
        yield made


@dataclass
class Readers:
    """Makes readers, and closes them at the end of the test."""

    opened: AsyncExitStack

    def of(
        self,
        server: LoopbackFeeds,
        *paths: str,
        clock: VirtualClock | None = None,
        seconds: float = 5.0,
    ) -> FeedReader:
        bounds = ReadingBounds(answer_seconds=seconds, answer_bytes=100_000)
        urls = [f"{server.url}/{path}" for path in paths or ("rss",)]
        made = FeedReader(urls, {BTC: Asset.BITCOIN}, clock or VirtualClock(NOON), bounds)
        self.opened.push_async_callback(made.aclose)
        return made


@pytest_asyncio.fixture
async def readers() -> AsyncIterator[Readers]:
    async with AsyncExitStack() as opened:
        yield Readers(opened)


async def titles(source: FeedReader, count: int = 50) -> list[str]:
    found = await source.headlines(BTC, NOON + timedelta(hours=9), count)
    return [each.title for each in found]


@pytest.mark.parametrize("made", [rss, atom, json_feed])
async def test_every_kind_of_feed_is_read(
    server: LoopbackFeeds, readers: Readers, made: object
) -> None:
    assert callable(made)
    server.bodies["rss"] = made([(AN_HOUR_AGO, "Bitcoin & gold climb")])
    (found,) = await readers.of(server).headlines(BTC, NOON, 5)
    assert (found.at, found.title) == (AN_HOUR_AGO, "Bitcoin & gold climb")
    assert found.source == "127.0.0.1"


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        (f"{DAY} 06:00:00 +0200", 4),
        (f"{DAY} 06:00:00 EST", 11),
        (f"{DAY} 06:00:00 -0000", 6),
        (f"{MONDAY:%Y-%m-%d}T06:00:00Z", 6),
        (f"{MONDAY:%Y-%m-%d}T06:00:00", 6),
    ],
)
async def test_dates_are_read_with_their_zone(
    server: LoopbackFeeds, readers: Readers, written: str, hours: int
) -> None:
    server.bodies["rss"] = rss([(written, "Bitcoin")])
    (found,) = await readers.of(server).headlines(BTC, NOON, 5)
    assert found.at == MONDAY + timedelta(hours=hours)


@pytest.mark.parametrize(
    "written",
    ["", "yesterday", "Mon, 99 Mar 2025 06:00:00 GMT", "0001-01-01T00:00:00+14:00", "9" * 400,
     NOON + timedelta(minutes=1), NOON + timedelta(days=3650)],
)  # fmt: skip
async def test_undated_and_future_headlines_are_left_out(
    server: LoopbackFeeds, readers: Readers, written: str
) -> None:
    server.bodies["rss"] = rss([(written, "Bitcoin tomorrow"), (AN_HOUR_AGO, "Bitcoin now")])
    assert await titles(readers.of(server)) == ["Bitcoin now"]


@pytest.mark.parametrize(
    "body",
    [b"", b"not a feed", b"<html><title>Bitcoin</title></html>", GOOD[:-20], BOMB, OUTSIDE,
     b"{}", b'{"version": "x", "items": []}', b"[" * 100_000, b"\xff\xfe" + GOOD,
     b"<?xml version='1.0' encoding='utf-99'?><rss/>"],
)  # fmt: skip
async def test_what_is_no_feed_gives_nothing_and_raises_nothing(
    server: LoopbackFeeds, readers: Readers, body: bytes
) -> None:
    server.bodies["bad"] = body
    assert await titles(readers.of(server, "bad", "rss")) == ["Bitcoin climbs"]


@pytest.mark.parametrize(
    "fault", ["slow", "endless", "gzip", "drop", 301, 403, 404, 429, 500, 503]
)
async def test_a_feed_that_fails_does_not_spoil_the_others(
    server: LoopbackFeeds, readers: Readers, fault: str | int
) -> None:
    server.faults["bad"] = fault
    async with asyncio.timeout(20):
        assert await titles(readers.of(server, "bad", "rss", seconds=1.0)) == ["Bitcoin climbs"]


async def test_a_feed_that_fails_later_leaves_what_was_known(
    server: LoopbackFeeds, readers: Readers
) -> None:
    clock = VirtualClock(NOON)
    source = readers.of(server, clock=clock)
    assert await titles(source) == ["Bitcoin climbs"]
    server.faults["rss"] = 500
    clock.jump_to(NOON + timedelta(hours=1))
    assert await titles(source) == ["Bitcoin climbs"]
    assert len(server.asked) == 2


async def test_what_is_fresh_is_not_read_again_and_what_is_unchanged_not_sent_again(
    server: LoopbackFeeds,
    readers: Readers,
) -> None:
    clock = VirtualClock(NOON)
    source = readers.of(server, clock=clock)
    for _ in range(3):
        assert await titles(source) == ["Bitcoin climbs"]
    assert len(server.asked) == 1
    clock.jump_to(NOON + timedelta(minutes=15))
    assert await titles(source) == ["Bitcoin climbs"]
    _, headers = server.asked[1]
    assert headers["If-None-Match"]
    assert headers["If-Modified-Since"] == "yesterday"
    assert headers["Accept-Encoding"] == "identity"


async def test_a_redirect_leads_only_to_allowed_hosts(
    server: LoopbackFeeds, readers: Readers
) -> None:
    server.faults["moved"] = "/rss"
    assert await titles(readers.of(server, "moved")) == ["Bitcoin climbs"]
    async with LoopbackFeeds({"rss": GOOD}).serve() as other:
        for there in (f"{other.url}/rss", "https://example.org/rss", "file:///etc/passwd", "//"):
            server.faults["moved"] = there
            assert await titles(readers.of(server, "moved")) == []
        assert other.asked == []
    server.faults["moved"] = "/moved"
    assert await titles(readers.of(server, "moved")) == []


@pytest.mark.parametrize(
    "url",
    ["http://example.org/rss", "ftp://127.0.0.1/rss", "https://a:b@example.org/", "", "rss",
     "https://", "https://example.org:99999999/"],
)  # fmt: skip
async def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="neither https nor"):
        FeedReader([url], {}, VirtualClock(NOON))
    with pytest.raises(ValueError, match="news"):
        Settings.model_validate({"news": {"feeds": [url]}})


async def test_injections_are_one_plain_line_each(server: LoopbackFeeds, readers: Readers) -> None:
    wanted = [text for text in INJECTIONS if text.isprintable()]
    server.bodies["rss"] = json_feed((AN_HOUR_AGO, f"Bitcoin {text}") for text in INJECTIONS)
    found = await titles(readers.of(server), 500)
    assert len(found) > len(wanted) / 2
    for title in found:
        assert 0 < len(title) <= 200
        assert title.isprintable()
        assert "<" not in title or ">" not in title.partition("<")[2]


def test_headlines_of_the_present_never_reach_a_replay(server: LoopbackFeeds) -> None:
    clock = VirtualClock(NOON)
    settings = Settings.model_validate({"news": {"feeds": [f"{server.url}/rss"]}})
    for name, some in (("replay", False), ("simulated", False), ("kraken", True)):
        view = MarketView(name, "", name == "simulated", name == "replay", Timeframe.H1)
        assert (headlines_of(settings, view, (BTC,), clock) is not None) is some
    assert headlines_of(Settings(), view, (BTC,), clock) is None


async def test_the_doctor_says_what_each_feed_has(server: LoopbackFeeds) -> None:
    server.bodies["undated"] = rss([("", "Bitcoin")])
    server.faults["bad"] = 404
    urls = [f"{server.url}/{path}" for path in ("rss", "undated", "bad")]
    good, undated, bad = await _news(Settings.model_validate({"news": {"feeds": urls}}))
    assert (good.health, good.detail) == (Health.GOOD, "1 dated headlines")
    assert (undated.health, undated.detail) == (Health.NOTE, "it has no dated headline")
    assert (bad.health, bad.detail) == (Health.NOTE, "HTTP 404")
    (off,) = await _news(Settings())
    assert off.health is Health.GOOD
