"""Who may contradict a public market: chosen at the opening, against exchanges on the loopback."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio

from engine.clock import VirtualClock
from engine.config import Settings
from engine.engine.crosschecks import Witnesses
from engine.errors import MarketDataError
from engine.market.exchange import ExchangeFeed
from engine.model.bars import Timeframe
from engine.opening.markets import witnesses_of
from tests.kit.market import MONDAY, LoopbackVenue, driven, status_503

BOTH = {"BTC-USD": "BTC/USD", "PAXG-USD": "PAXG/USD"}


@dataclass
class Opening:
    """Kraken at the opening, and Coinbase at an address of its own."""

    coinbase: LoopbackVenue
    kraken_url: str
    coinbase_url: str
    clock: VirtualClock
    opened: contextlib.AsyncExitStack

    def settings(self, second: str) -> Settings:
        return Settings.model_validate({"market": {"second_source": second, "check_seconds": 45}})

    async def feed(self, names: dict[str, str], timeframe: Timeframe) -> ExchangeFeed:
        made = ExchangeFeed(
            "kraken",
            names,
            timeframe,
            self.clock,
            base_url=self.kraken_url,
            books_every=None,
            spacing=timedelta(milliseconds=1),
        )
        return await self.opened.enter_async_context(contextlib.aclosing(made))

    async def witnesses(
        self,
        second: str,
        names: dict[str, str] = BOTH,
        timeframe: Timeframe = Timeframe.H1,
    ) -> Witnesses:
        feed = await self.feed(names, timeframe)
        found = await witnesses_of(self.settings(second), "kraken", feed, names, self.coinbase_url)
        return await self.opened.enter_async_context(contextlib.aclosing(found))


@pytest_asyncio.fixture
async def opening() -> AsyncIterator[Opening]:
    clock = VirtualClock(MONDAY + timedelta(minutes=10))
    kraken, coinbase = LoopbackVenue(clock), LoopbackVenue(clock)
    async with contextlib.AsyncExitStack() as opened:
        urls = [await opened.enter_async_context(v.serving()) for v in (kraken, coinbase)]
        await opened.enter_async_context(driven(clock))
        yield Opening(coinbase, urls[0], urls[1], clock, opened)


async def test_without_a_second_source_only_the_venue_tells_its_time(opening: Opening) -> None:
    found = await opening.witnesses("")
    assert found.time is not None
    assert (found.second, found.unlisted) == (None, frozenset())
    assert (found.streams_quotes, found.every) == (True, timedelta(seconds=45))
    assert not opening.coinbase.requests


async def test_a_venue_is_no_witness_of_itself(opening: Opening) -> None:
    with pytest.raises(MarketDataError, match="kraken, which is the first source too: name the"):
        await opening.witnesses("kraken")


async def test_what_the_second_source_does_not_list_is_named(opening: Opening) -> None:
    found = await opening.witnesses("coinbase", {**BOTH, "XAG-USD": "XAG/USD"})
    assert found.second is not None
    assert found.second.name == "coinbase"
    assert found.unlisted == {"XAG-USD"}


async def test_a_second_source_need_not_have_the_candles_of_the_first(opening: Opening) -> None:
    """Coinbase has none of four hours; it is asked for prices alone, and must not be passed by."""
    found = await opening.witnesses("coinbase", timeframe=Timeframe.H4)
    assert found.unlisted == frozenset()


async def test_a_second_source_that_is_away_at_the_opening_counts_as_unknown(
    opening: Opening,
) -> None:
    opening.coinbase.fail("products", status_503, times=100)
    found = await opening.witnesses("coinbase")
    assert found.second is not None
    assert found.unlisted == frozenset()
