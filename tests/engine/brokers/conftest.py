"""Live adapters at their loopback venues."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.kit.broker_desks import VENUES, ExchangeDesk, exchange_desk


@pytest.fixture
async def kraken() -> AsyncIterator[ExchangeDesk]:
    async with exchange_desk("kraken") as desk:
        yield desk


@pytest.fixture
async def coinbase() -> AsyncIterator[ExchangeDesk]:
    async with exchange_desk("coinbase") as desk:
        yield desk


@pytest.fixture(params=sorted(VENUES))
async def live(request: pytest.FixtureRequest) -> AsyncIterator[ExchangeDesk]:
    async with exchange_desk(request.param) as desk:
        yield desk
