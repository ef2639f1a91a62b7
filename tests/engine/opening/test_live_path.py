"""A desk composed for live at a loopback Kraken: from the yes to the settled lot and out again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.config import Secrets
from engine.errors import ConfigError, JournalError
from engine.model import events as happened
from engine.model.orders import Purpose
from engine.opening import Venues
from tests.kit.desk import OWNER, swinging_file
from tests.kit.live_desk import Bench, bench, secrets_of

D = Decimal


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swinging_file(tmp_path_factory.mktemp("live"), 260, half_life=20.0)


@pytest.fixture(params=["kraken", "coinbase"])
async def at(market: Path, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with bench(market, name=request.param) as made:
        await made.open()
        await made.desk.bars(2)
        yield made


async def test_the_desk_owns_the_dollars_and_leaves_the_rest_to_the_owner(at: Bench) -> None:
    ledger = at.desk.ledger
    assert ledger.mode == "rehearsal"
    assert ledger.cash_usd == D(10_000)
    assert ledger.set_aside == {"USD": D(0), "BTC": D(1)}


async def test_a_yes_buys_once_and_the_stop_rests_at_the_venue(at: Bench) -> None:
    name = await at.bought()
    held = at.desk.ledger.positions[name]
    (entry,) = [o for o in at.account.orders.values() if o.side == "buy"]
    assert entry.executed == held.quantity
    (stop,) = at.working()
    assert (stop.side, stop.trigger, stop.quantity) == ("sell", held.stop, held.quantity)
    assert at.desk.ledger.cash_usd == at.account.own["USD"]
    assert at.account.own["BTC"] == D(1) + held.quantity


async def test_the_stop_sells_and_the_books_agree_with_the_venue(at: Bench) -> None:
    name = await at.bought()
    stop = at.desk.ledger.positions[name].stop
    await at.quote(str(stop - 10), str(stop - 9))
    await at.quote(str(stop - 10), str(stop - 9))
    (trade,) = at.desk.ledger.trades
    assert trade.closed_by is Purpose.STOP
    assert trade.pnl_usd == at.account.own["USD"] - D(10_000)
    assert at.account.own["BTC"] == D(1)
    assert at.working() == []


async def test_a_restart_takes_up_fills_and_stop_and_sells_once(at: Bench) -> None:
    name = await at.bought()
    (stop,) = at.working()
    fills = dict(at.desk.ledger.fills)
    await at.crash()
    await at.open()
    assert at.desk.ledger.fills == fills
    assert [order.venue_id for order in at.working()] == [stop.venue_id]
    answer = await at.desk.desk.close_position(OWNER, name, "enough")
    assert answer.position.id == name  # type: ignore[union-attr]
    await at.quote("49900.0", "49900.2")
    assert at.desk.ledger.positions == {}
    assert at.account.own["BTC"] == D(1)
    sides = [order.side for order in at.account.orders.values() if order.executed]
    assert sides == ["buy", "sell"]
    assert len(at.desk.ledger.trades) == 1


async def test_a_restart_does_not_count_the_owners_money_as_the_desks(at: Bench) -> None:
    await at.bought()
    cash = at.desk.ledger.cash_usd
    await at.crash()
    at.account.own["USD"] += D(500)  # the owner deposits for himself
    await at.open()
    assert at.desk.ledger.cash_usd == cash
    changes = [e for e in await at.record() if isinstance(e.event, happened.ModeChanged)]
    assert len(changes) == 1


async def test_closing_the_desk_lets_go_of_the_venue(market: Path) -> None:
    async with bench(market) as made:
        desk = await made.open()
        made.desks.clear()
        await desk.desk.close()  # an open session left behind is a warning, and that an error


async def test_a_paper_desk_does_not_take_a_rehearsal_over(market: Path, at: Bench) -> None:
    await at.crash()
    paper = at.settings.model_copy(
        update={"desk": at.settings.desk.model_copy(update={"mode": "paper"})}
    )
    at.settings = paper
    with pytest.raises(JournalError, match="record of a rehearsal"):
        await at.open(Venues(Secrets()))


@pytest.mark.parametrize(
    "root",
    [
        "https://api.kraken.com",
        "http://api.kraken.com",
        "http://localhost:80",
        "http://127.0.0.1.nip.io",
        "http://127.0.0.1@api.kraken.com",
        "http://10.0.0.1:80",
        "",
    ],
)
def test_only_this_machine_may_stand_in_for_a_venue(root: str) -> None:
    with pytest.raises(ConfigError, match="not on this machine"):
        Venues(Secrets(), {"kraken": root})


async def test_a_rehearsal_never_reaches_a_venue_that_nothing_plays(
    market: Path, at: Bench
) -> None:
    await at.crash()
    alone = Venues(secrets_of(at.venue, at.name), {}, rehearsal=True)
    with pytest.raises(ConfigError, match="the real one is not touched"):
        await at.open(alone)


async def test_a_key_that_is_missing_is_named(market: Path, at: Bench) -> None:
    await at.crash()
    nobody = Venues(Secrets.model_construct(), {at.name: at.url}, rehearsal=True)
    with pytest.raises(ConfigError, match=f"{at.name.upper()}_API_KEY"):
        await at.open(nobody)


async def test_an_account_without_dollars_opens_no_desk(market: Path) -> None:
    async with bench(market, dollars="0") as made:
        with pytest.raises(ConfigError, match="0 settled US dollars"):
            await made.open()
        assert await made.record() == []
