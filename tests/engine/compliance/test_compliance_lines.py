"""The venue's own ledger: ordinary, forbidden, unknown; and what the owner may say of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from engine.compliance import meaning_of
from engine.compliance.lines import check_classification
from engine.engine import Engine
from engine.facade import Desk, MarketChoice
from engine.journal.memory import MemoryJournal
from engine.model.venue_lines import Meaning, VenueLine
from engine.opening import parts_on
from tests.kit.awkward_venue import AwkwardVenue
from tests.kit.desk import (
    BTC,
    OVERSEER,
    OWNER,
    DeskAtWork,
    desk_settings,
    refusal,
    swinging_file,
)
from tests.kit.market import MONDAY


def line(kind: str, line_id: str = "L1", asset: str = "USD", amount: str = "1.5") -> VenueLine:
    return VenueLine(line_id, "kraken", MONDAY, kind, asset, Decimal(amount))


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [
        ("trade", Meaning.ORDINARY),
        ("Deposit", Meaning.ORDINARY),
        ("fee", Meaning.ORDINARY),
        ("interest", Meaning.INTEREST),
        ("staking", Meaning.INTEREST),
        ("staking-reward", Meaning.INTEREST),
        ("dividend", Meaning.INTEREST),
        ("rollover", Meaning.FINANCING),
        ("margin", Meaning.FINANCING),
        ("settled", Meaning.FINANCING),
        ("Debit Interest", Meaning.FINANCING),
        ("trade/tradespot", Meaning.ORDINARY),
        ("transfer/spottostaking", Meaning.INTEREST),
        ("earn/allocation", Meaning.INTEREST),
        ("deposit/rollover", Meaning.FINANCING),
        ("margin_conversion", Meaning.FINANCING),
        ("earn_payout", Meaning.INTEREST),
        ("intx_deposit", Meaning.FINANCING),
        ("advanced_trade_fill", Meaning.ORDINARY),
        ("send", Meaning.ORDINARY),
        ("send/user", Meaning.UNKNOWN),
        ("transfer", Meaning.UNKNOWN),
        ("adjustment", Meaning.UNKNOWN),
        ("airdrop", Meaning.UNKNOWN),
        ("", Meaning.UNKNOWN),
    ],
)
def test_a_kind_has_its_meaning(kind: str, meaning: Meaning) -> None:
    assert meaning_of(line(kind)) is meaning


@pytest.mark.parametrize("kind", ["margin_fee", "transfer/spottostaking", "Trade/tradespot"])
def test_what_is_known_cannot_be_talked_into_something_else(kind: str) -> None:
    assert check_classification("kraken", kind, Meaning.ORDINARY) is not None


def test_a_reward_balance_makes_any_line_interest() -> None:
    assert meaning_of(line("trade", asset="USD.F")) is Meaning.INTEREST


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[tuple[DeskAtWork, AwkwardVenue]]:
    settings = desk_settings()
    journal = MemoryJournal(settings.hash)
    file = swinging_file(tmp_path, 390, half_life=20.0)
    choice = MarketChoice(files={BTC: file}, speed=float("inf"), hold_seconds=0.0)
    parts = await parts_on(journal, settings, choice)
    venue = AwkwardVenue(parts.broker)  # type: ignore[arg-type]
    engine = Engine(replace(parts, broker=venue))
    await engine.open()
    events = parts.feed.stream(engine.ledger.bars_at)
    work = DeskAtWork(Desk(engine), engine, journal, events)
    await work.bars(2)
    yield work, venue
    await work.desk.close()


Work = tuple[DeskAtWork, AwkwardVenue]


@pytest.mark.parametrize("kind", ["interest", "rollover"])
async def test_a_line_of_interest_or_financing_halts_the_desk(desk: Work, kind: str) -> None:
    work, venue = desk
    venue.lines.append(line(kind))
    await work.bars()
    halt = work.ledger.halt
    assert halt is not None
    assert "interest or financing" in halt.reason
    assert work.ledger.attempts[0][1] == "ledger lines"
    await work.desk.resume(OWNER, "looked into it")
    assert refusal(await work.desk.propose(OWNER, BTC)).limit == "invariant"
    await work.bars()
    await work.desk.reset_breaker(OWNER, "invariant", "rewards are off now")
    assert (await work.proposal()).terms.instrument == BTC
    assert len(await work.kinds()) == work.ledger.seq
    assert (await work.kinds()).count("venue_line_seen") == 1


async def test_an_unknown_line_blocks_entries_until_the_owner_names_it(desk: Work) -> None:
    work, venue = desk
    venue.lines.append(line("gift"))
    await work.bars()
    assert work.ledger.halt is None
    view = await work.proposal()
    said = refusal(await work.desk.approve(OWNER, view.terms.id, view.short_hash))
    assert said.limit == "ledger lines"
    assert work.ledger.attempts == []
    sharia = work.desk.sharia
    for by, kind, reason in (
        (OVERSEER, "gift", "surely"),
        (OWNER, "gift", ""),
        (OWNER, "rollover", "please"),
        (OWNER, "airdrop", "never was"),
    ):
        refusal(await sharia.classify(by, "kraken", kind, "ordinary", reason))
    state = await sharia.classify(OWNER, "kraken", "gift", "ordinary", "a welcome bonus")
    assert getattr(state, "unknown_lines", None) == ()
    answer = await work.desk.approve(OWNER, view.terms.id, view.short_hash)
    assert getattr(answer, "status", None) == "approved"


async def test_an_unknown_line_that_was_interest_halts_and_is_to_be_purified(desk: Work) -> None:
    work, venue = desk
    venue.lines.append(line("gift"))
    await work.bars()
    await work.desk.sharia.classify(OWNER, "kraken", "gift", "interest", "it was for idle cash")
    assert work.ledger.halt is not None
    assert work.desk.sharia.purification().account.left_usd == Decimal("1.5")
    refusal(await work.desk.sharia.give(OVERSEER, Decimal(1), "to the poor"))
    refusal(await work.desk.sharia.give(OWNER, Decimal(-1), "to the poor"))
    refusal(await work.desk.sharia.give(OWNER, Decimal(1), ""))
    await work.desk.sharia.give(OWNER, Decimal("1.5"), "to the poor")
    account = work.desk.sharia.purification().account
    assert (account.received_usd, account.left_usd) == (Decimal("1.5"), Decimal(0))
    assert await work.refold() == work.ledger
