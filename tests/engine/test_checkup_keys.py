"""The doctor's lines on venue keys."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engine.checkup import Finding, Health, _venue_keys
from engine.config import Secrets
from tests.kit.broker_desks import VENUES, ExchangeDesk, exchange_desk


@pytest.fixture(params=sorted(VENUES))
async def live(request: pytest.FixtureRequest) -> AsyncIterator[ExchangeDesk]:
    async with exchange_desk(request.param) as desk:
        yield desk


async def _line(desk: ExchangeDesk) -> Finding:
    (finding,) = await _venue_keys(desk.secrets, {desk.name: desk.url})
    return finding


async def test_a_fit_key_is_good(live: ExchangeDesk) -> None:
    finding = await _line(live)
    assert (finding.thing, finding.health) == (f"{live.name} key", Health.GOOD)
    assert not finding.fatal


async def test_a_key_that_can_withdraw_is_bad_and_names_the_mend(live: ExchangeDesk) -> None:
    live.venue.can_withdraw = True
    finding = await _line(live)
    assert finding.health is Health.BAD
    assert "refused for live" in finding.detail
    assert "without withdrawals" in finding.mend
    assert not finding.fatal, "paper runs without any key"


async def test_without_keys_nobody_is_asked() -> None:
    (finding,) = await _venue_keys(Secrets.model_construct())
    assert finding.detail == "none are set; paper needs none"
