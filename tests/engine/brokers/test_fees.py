"""The account's fee tier, read from a loopback venue that checks who is asking."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from engine.brokers.exchange.client import VenueKey, key_if_any
from engine.brokers.fees import read_fee_tier
from engine.clock import VirtualClock
from engine.config import Secrets, Settings
from engine.errors import BrokerError, BrokerUnavailable
from engine.model.events import FeeTierRead
from engine.opening.account import learn_fees
from tests.kit.accounts import (
    COINBASE_KEY,
    COINBASE_SECRET,
    KRAKEN_KEY,
    KRAKEN_SECRET,
    LoopbackAccount,
)
from tests.kit.desk import OWNER, DeskAtWork, at_work, swinging_file
from tests.kit.market import MONDAY, status_503


def pair(key: str, secret: str) -> VenueKey:
    return VenueKey(SecretStr(key), SecretStr(secret))


KEYS = {
    "kraken": pair(KRAKEN_KEY, KRAKEN_SECRET),
    "coinbase": pair(COINBASE_KEY, COINBASE_SECRET),
}
SYMBOLS = ("BTC/USD", "PAXG/USD")


@pytest.fixture
async def venue() -> AsyncIterator[tuple[LoopbackAccount, str]]:
    account = LoopbackAccount(VirtualClock(MONDAY))
    async with account.serving() as url:
        yield account, url


async def read(name: str, url: str, key: VenueKey | None = None) -> FeeTierRead:
    return await read_fee_tier(
        name, SYMBOLS, key or KEYS[name], base_url=url, timeout=timedelta(seconds=5)
    )


async def test_kraken_tells_the_dearest_pair_to_a_signed_call(
    venue: tuple[LoopbackAccount, str],
) -> None:
    account, url = venue
    tier = await read("kraken", url)
    assert tier == FeeTierRead(
        "kraken", 0.002, 0.0038, "Kraken account tier at 61,234 USD in 30 days"
    )
    assert account.refused == []
    assert account.requests["TradeVolume"] == len(SYMBOLS)


async def test_coinbase_tells_its_tier_to_a_signed_token(
    venue: tuple[LoopbackAccount, str],
) -> None:
    account, url = venue
    tier = await read("coinbase", url)
    assert tier == FeeTierRead("coinbase", 0.002, 0.0035, "Coinbase Advanced 2")
    assert account.refused == []


async def test_a_rebate_counts_as_nothing(venue: tuple[LoopbackAccount, str]) -> None:
    account, url = venue
    account.fees = dict.fromkeys(SYMBOLS, (-0.0001, 0.001))
    assert (await read("coinbase", url)).maker_frac == 0.0
    assert (await read("kraken", url)).maker_frac == 0.0


async def test_a_wrong_secret_is_named_without_being_shown(
    venue: tuple[LoopbackAccount, str],
) -> None:
    account, url = venue
    wrong = "d3Jvbmcgc2VjcmV0"
    with pytest.raises(BrokerError, match="refused the keys: check KRAKEN_API_KEY") as told:
        await read("kraken", url, pair(KRAKEN_KEY, wrong))
    assert account.refused == ["EAPI:Invalid signature"]
    assert wrong not in str(told.value)
    assert KRAKEN_KEY not in str(told.value)


async def test_a_venue_that_is_down_leaves_the_configured_fees(
    venue: tuple[LoopbackAccount, str],
) -> None:
    account, url = venue
    account.fail("TradeVolume", status_503, 9)
    with pytest.raises(BrokerUnavailable, match="the configured fees stand"):
        await read("kraken", url)


@pytest.mark.parametrize("fee", [0.2, float("nan")])
async def test_an_absurd_fee_is_not_believed(
    venue: tuple[LoopbackAccount, str], fee: float
) -> None:
    account, url = venue
    account.fees = dict.fromkeys(SYMBOLS, (0.001, fee))
    with pytest.raises(BrokerError, match="the configured fees stand"):
        await read("kraken", url)


async def test_keys_need_both_halves_and_may_have_their_line_ends_spelled_out(
    monkeypatch: pytest.MonkeyPatch, venue: tuple[LoopbackAccount, str]
) -> None:
    for name in ("KRAKEN_API_SECRET", "COINBASE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KRAKEN_API_KEY", "one half")
    assert key_if_any("kraken", Secrets()) is None
    assert key_if_any("ibkr", Secrets()) is None
    monkeypatch.setenv("COINBASE_API_KEY", COINBASE_KEY)
    monkeypatch.setenv("COINBASE_API_SECRET", COINBASE_SECRET.replace("\n", "\\n"))
    key = key_if_any("coinbase", Secrets())
    assert key is not None
    assert (await read("coinbase", venue[1], key)).name == "Coinbase Advanced 2"


@pytest.fixture
async def asked(
    tmp_path: Path, venue: tuple[LoopbackAccount, str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[DeskAtWork, LoopbackAccount, str]]:
    """A desk whose environment has Kraken's keys, beside the venue that knows them."""
    monkeypatch.setenv("KRAKEN_API_KEY", KRAKEN_KEY)
    monkeypatch.setenv("KRAKEN_API_SECRET", KRAKEN_SECRET)
    async with at_work(swinging_file(tmp_path), Settings()) as desk:
        yield desk, *venue


async def learn(desk: DeskAtWork, url: str) -> None:
    await learn_fees(desk.engine, Settings(), Secrets(), base_url=url)


async def test_what_was_read_is_journaled_once_and_counted_from_then_on(
    asked: tuple[DeskAtWork, LoopbackAccount, str],
) -> None:
    desk, _, url = asked
    before = (await desk.proposal()).terms
    await desk.desk.reject(OWNER, before.id, "not yet")
    await learn(desk, url)
    await learn(desk, url)
    assert (await desk.kinds()).count("fee_tier_read") == 1
    after = (await desk.proposal()).terms
    assert [before.costs.fee_frac, after.costs.fee_frac] == pytest.approx([0.008, 0.007])
    assert "Kraken account tier" in after.costs.fee_tier
    assert (await desk.refold()).fee_tiers == desk.ledger.fee_tiers


async def test_a_worse_tier_than_configured_is_used_at_once(
    asked: tuple[DeskAtWork, LoopbackAccount, str],
) -> None:
    desk, account, url = asked
    account.fees["BTC/USD"] = (0.01, 0.02)
    await learn(desk, url)
    assert (await desk.proposal()).terms.costs.fee_frac == pytest.approx(0.04)


async def test_a_fault_leaves_the_configured_tier(
    asked: tuple[DeskAtWork, LoopbackAccount, str],
) -> None:
    desk, account, url = asked
    account.fail("TradeVolume", status_503, 9)
    await learn(desk, url)
    assert desk.ledger.fee_tiers == {}
    assert (await desk.proposal()).terms.costs.fee_frac == pytest.approx(0.008)
