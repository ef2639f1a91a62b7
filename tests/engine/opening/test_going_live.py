"""From a reviewed paper record to a live desk, through every gate, and what happens after."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from engine.errors import JournalError
from engine.journal.ledger import Ledger
from engine.journal.memory import MemoryJournal
from engine.model import events as happened
from engine.model.reviews import Verdict
from engine.opening import Venues
from engine.opening.gates import LiveLocked
from engine.opening.live import guards_of, live_broker
from engine.ports import Journal
from engine.review.plan import Watched, registration_due
from tests.engine.opening.test_live_gates import B, looked
from tests.kit.desk import BTC, OWNER, refusal, swinging_file
from tests.kit.events import OPENED
from tests.kit.live_desk import Bench, bench, live_settings, secrets_of
from tests.kit.market import MONDAY

D = Decimal
SETTINGS = live_settings()


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swinging_file(tmp_path_factory.mktemp("golive"), 260, half_life=20.0)


async def reviewed(verdict: Verdict = Verdict.GO_PILOT) -> Journal:
    """A paper record at Kraken, reviewed, and unlocked by its owner."""
    journal = MemoryJournal(SETTINGS.hash)
    plan = registration_due(
        SETTINGS, Watched("kraken", real_market=True, instruments=SETTINGS.watched), Ledger()
    )
    assert plan is not None
    opened = replace(OPENED, market="kraken")
    unlocked = happened.LiveUnlocked(B, verdict, 2)
    await journal.append([opened, plan, looked(verdict), unlocked], MONDAY)
    return journal


@pytest.fixture
async def at(market: Path) -> AsyncIterator[Bench]:
    async with bench(market, SETTINGS, journal=await reviewed()) as made:
        yield made


def real(at: Bench) -> Venues:
    """The venues as live reaches them, but for the address."""
    return replace(at.venues, rehearsal=False)


async def test_a_reviewed_and_unlocked_record_goes_live_as_a_pilot(at: Bench) -> None:
    desk = await at.open(real(at), pretending=True)
    assert desk.ledger.mode == "live"
    assert desk.ledger.cash_usd == D(10_000)
    assert desk.engine._parts.policy.sizing.pilot_factor == 0.1
    assert desk.engine._parts.policy.mode == "live"
    (changed,) = [e.event for e in await at.record() if e.kind == "mode_changed"]
    assert changed == happened.ModeChanged(
        "live", D(10_000), {"USD": D(0), "BTC": D(1)}, "the settled dollars at kraken"
    )
    refused = refusal(await desk.desk.propose(OWNER, BTC))
    assert "exploratory" in refused.sentence.lower()


async def test_a_restart_stays_live_with_the_same_money(at: Bench) -> None:
    await at.open(real(at), pretending=True)
    await at.crash()
    desk = await at.open(real(at), pretending=True)
    assert desk.ledger.mode == "live"
    assert [e.kind for e in await at.record()].count("mode_changed") == 1


async def test_a_no_go_locks_a_flat_live_desk_at_its_next_start(at: Bench) -> None:
    await at.open(real(at), pretending=True)
    await at.crash()
    await at.journal.append([looked(Verdict.NO_GO, 63)], at.clock.now())
    with pytest.raises(LiveLocked, match="the verdict is NO-GO"):
        await at.open(real(at), pretending=True)


async def test_a_greedy_key_locks_it_before_anything_is_recorded(at: Bench) -> None:
    at.venue.can_withdraw = True
    before = len(await at.record())
    with pytest.raises(LiveLocked, match="can withdraw"):
        await at.open(real(at), pretending=True)
    assert len(await at.record()) == before


async def test_a_replayed_market_is_no_place_for_money(at: Bench) -> None:
    with pytest.raises((LiveLocked, JournalError), match="replay"):
        await at.open(real(at))


async def test_going_back_to_paper_takes_the_word_back(at: Bench) -> None:
    await at.open(real(at), pretending=True)
    await at.crash()
    paper = SETTINGS.desk.model_copy(update={"mode": "paper"})
    at.settings = SETTINGS.model_copy(update={"desk": paper})
    desk = await at.open(real(at), pretending=True)
    assert desk.ledger.mode == "paper"
    assert desk.ledger.cash_usd == SETTINGS.desk.cash_usd
    assert desk.ledger.unlocked is None
    assert at.working() == []


# ---- several venues ------------------------------------------------------------------------


async def test_each_instrument_is_traded_at_its_own_venue(at: Bench) -> None:
    both = live_settings(desk={"mode": "live", "watch": (BTC, "PHYS-USD")})
    secrets = secrets_of(at.venue)
    broker = live_broker(both, (BTC, "PHYS-USD"), Venues(secrets), Ledger(), at.clock)
    try:
        assert broker.name == "kraken+ibkr"
    finally:
        await broker.aclose()
    guards = guards_of(both, (BTC, "PHYS-USD"), paper=False)
    assert "Kraken" in guards[BTC]
    assert "IBKR" in guards["PHYS-USD"]
    assert "while it is away nobody watches" in guards_of(both, (BTC,), paper=True)[BTC]
