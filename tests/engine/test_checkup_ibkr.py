"""What the doctor says of the IB Gateway, and a broker made of nothing but the settings."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.checkup import Finding, Health, check_up
from engine.clock import VirtualClock
from engine.config import Settings
from engine.config.ibkr import IbkrSettings
from engine.config.venues import BrokersSettings
from engine.model.bars import Quote
from engine.opening.ibkr import ibkr_broker
from engine.ports import Accepted, Rejected
from tests.kit.ib_gateway.gateway import LoopbackGateway
from tests.kit.ib_gateway.trading import buy, stop
from tests.kit.ib_gateway.venue import MONDAY_11, LoopbackVenue


async def finding(folder: Path, port: int, account: str = "DU1234567") -> Finding | None:
    """The doctor's line on the gateway."""
    config = folder / "config.toml"
    config.write_text(
        f'[brokers.ibkr]\naccount = "{account}"\nport = {port}\nrequest_seconds = 2.0\n', "utf-8"
    )
    found = await check_up(config, {}, folder / "journal.sqlite")
    return next((each for each in found if each.thing == "IB Gateway"), None)


async def test_a_gateway_that_may_be_used_is_shown_with_its_account(tmp_path: Path) -> None:
    async with LoopbackGateway() as gateway:
        told = await finding(tmp_path, gateway.port)
    assert told is not None
    assert told.health is Health.GOOD
    assert "DU1234567 is a paper account, cash" in told.detail
    assert "protocol 178" in told.detail


async def test_an_account_that_may_not_be_used_is_a_note_with_its_mend(tmp_path: Path) -> None:
    async with LoopbackGateway(LoopbackVenue(account="U1234567")) as gateway:
        told = await finding(tmp_path, gateway.port, "U1234567")
    assert told is not None
    assert told.health is Health.NOTE
    assert "log the gateway in to the other one" in told.mend


async def test_a_gateway_that_is_away_is_a_note_with_its_mend(tmp_path: Path) -> None:
    async with LoopbackGateway() as gateway:
        port = gateway.port
    told = await finding(tmp_path, port)
    assert told is not None
    assert (told.health, told.fatal) == (Health.NOTE, False)
    assert "does not answer: start it" in told.detail
    assert "docs/howto/ibkr.md" in told.mend


async def test_a_desk_without_an_account_there_hears_nothing_of_it(tmp_path: Path) -> None:
    assert await finding(tmp_path, 4002, account="") is None


async def test_the_settings_make_a_broker_that_keeps_the_exchanges_hours() -> None:
    async with LoopbackGateway() as gateway:
        ibkr = IbkrSettings(account="DU1234567", port=gateway.port, ack_seconds=0.5)
        settings = Settings(brokers=BrokersSettings(ibkr=ibkr))
        clock = VirtualClock(MONDAY_11)
        broker = ibkr_broker(settings, clock)
        try:
            await broker.observe(Quote("PHYS-USD", clock.now(), 19.0, 19.0, 100.0, 100.0))
            assert isinstance(await broker.submit(buy("in hours")), Accepted)
            gateway.fill("in hours", "10", "19.00")
            clock.jump_to(datetime(2026, 3, 2, 21, tzinfo=UTC))  # 16:00 in New York
            closed = await broker.submit(buy("after hours"))
            assert isinstance(closed, Rejected)
            assert "closed" in closed.reason
            clock.jump_to(datetime(2026, 3, 3, 15, tzinfo=UTC))
            assert (await broker.balances())["PHYS"] == Decimal(10)
            assert isinstance(await broker.submit(stop(linked_to="")), Accepted)
        finally:
            await broker.aclose()


def test_the_trusts_are_known_and_nobody_has_attested_them() -> None:
    for symbol in ("PHYS-USD", "PSLV-USD"):
        trust = Settings().instrument(symbol)
        assert (trust.calendar, trust.attested_by, trust.lot) == ("nyse", None, Decimal(1))


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="America/New_York"):
        IbkrSettings(restart_zone="Mars/Olympus")
