"""What a key may do is asked, and a key that can withdraw never trades live."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from engine.brokers.exchange.keys import KeyFitness, check_key, require_fit_key
from engine.compliance import ALLOWED_VENUE_CALLS
from engine.config import Secrets
from engine.errors import ConfigError
from engine.rehearsal.venue import Fault
from tests.kit.broker_desks import ExchangeDesk


async def _finding(desk: ExchangeDesk) -> tuple[KeyFitness, str]:
    finding = await check_key(desk.name, desk.secrets, desk.clock, base_url=desk.url)
    return finding.fitness, finding.detail


async def test_a_key_that_can_read_and_trade_is_fit(live: ExchangeDesk) -> None:
    fitness, detail = await _finding(live)
    assert fitness is KeyFitness.FIT
    assert "cannot withdraw" in detail
    await require_fit_key(live.name, live.secrets, live.clock, base_url=live.url)


async def test_a_key_that_can_withdraw_is_refused(live: ExchangeDesk) -> None:
    live.venue.can_withdraw = True
    with pytest.raises(ConfigError, match="can withdraw: refused for live"):
        await require_fit_key(live.name, live.secrets, live.clock, base_url=live.url)


async def test_a_key_that_cannot_trade_is_named(live: ExchangeDesk) -> None:
    live.venue.can_trade = False
    fitness, detail = await _finding(live)
    assert fitness is KeyFitness.UNFIT
    assert detail.endswith("key cannot trade")
    assert live.name in detail.lower()


async def test_a_key_that_cannot_read_is_named(live: ExchangeDesk) -> None:
    live.venue.can_query = False
    fitness, detail = await _finding(live)
    assert fitness is KeyFitness.UNFIT
    assert "cannot read" in detail


async def test_a_venue_that_does_not_tell_leaves_a_key_unfit(live: ExchangeDesk) -> None:
    for word in ("GetApiKeyInfo", "key_permissions"):
        live.venue.fail(word, Fault.ERROR_BEFORE)
    fitness, _ = await _finding(live)
    assert fitness is KeyFitness.UNKNOWN
    live.venue.fail("GetApiKeyInfo", {"error": [], "result": {}})
    live.venue.fail("key_permissions", {"can_view": True})
    with pytest.raises(ConfigError):
        await require_fit_key(live.name, live.secrets, live.clock, base_url=live.url)


async def test_half_a_key_is_named(live: ExchangeDesk) -> None:
    halved = live.secrets.model_copy(update={f"{live.name}_api_secret": None})
    finding = await check_key(live.name, halved, live.clock)
    assert finding.fitness is KeyFitness.UNKNOWN
    assert f"{live.name.upper()}_API_SECRET" in finding.detail


async def test_there_is_no_key_of_an_exchange_that_is_not_one(live: ExchangeDesk) -> None:
    with pytest.raises(ConfigError, match="no exchange 'binance'"):
        await check_key("binance", Secrets(), live.clock)


async def test_no_secret_shows_in_what_is_told(live: ExchangeDesk) -> None:
    live.venue.fail("GetApiKeyInfo", {"error": ["EAPI:Invalid key"]})
    live.venue.can_withdraw = True
    finding = await check_key(live.name, live.secrets, live.clock, base_url=live.url)
    assert not any(value in repr(finding) for value in live.secrets.revealed())


async def test_a_mistyped_secret_is_not_quoted(live: ExchangeDesk) -> None:
    mistyped = SecretStr("-----BEGIN not a key at all")
    wrong = live.secrets.model_copy(update={f"{live.name}_api_secret": mistyped})
    finding = await check_key(live.name, wrong, live.clock, base_url=live.url)
    assert finding.fitness is KeyFitness.UNKNOWN
    assert "not a key" not in repr(finding)
    assert not live.venue.sent("key_permissions"), "nothing leaves unsigned"


def test_only_what_was_agreed_may_be_called() -> None:
    for name in ALLOWED_VENUE_CALLS:
        assert not any(
            word in name for word in ("withdraw", "margin", "leverage", "borrow", "stake", "earn")
        )
