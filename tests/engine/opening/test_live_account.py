"""A desk at a loopback Kraken whose account the owner, the venue or the network disturbs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.journal.ledger import OrderRecord
from engine.journal.sqlite import SqliteJournal
from engine.model import events as happened
from engine.model.events import AccountReconciled
from engine.model.orders import OrderState, Purpose
from engine.outside.reconciling import reconcile_outside
from engine.rehearsal.account import VenueSideOrder
from engine.rehearsal.venue import Fault
from tests.kit.desk import BTC, OWNER, refusal, swinging_file
from tests.kit.live_desk import Bench, bench

D = Decimal


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swinging_file(tmp_path_factory.mktemp("account"), 260, half_life=20.0)


@pytest.fixture
async def at(market: Path) -> AsyncIterator[Bench]:
    async with bench(market) as made:
        await made.open()
        await made.desk.bars(2)
        await made.desk.engine._time_is_up(made.clock.now())  # a replay runs ahead of schedules
        yield made


async def reconciled(at: Bench) -> list[AccountReconciled]:
    return [e.event for e in await at.record() if isinstance(e.event, AccountReconciled)]


async def due(at: Bench, after: timedelta = timedelta(0)) -> None:
    """Let the desk's own deadlines find the time of their next errand."""
    owed = at.desk.engine._errands.due_at()
    assert owed is not None
    at.clock.jump_to(max(owed, at.clock.now() + after))
    await at.desk.engine._time_is_up(at.clock.now())


def silent(at: Bench) -> bool:
    return at.desk.engine._execution.silent


def state_of(record: OrderRecord) -> OrderState:
    return record.state


# ---- reconciliation ----------------------------------------------------------------------


async def test_the_first_comparison_goes_on_record_and_the_same_is_not_told_again(
    at: Bench,
) -> None:
    await at.desk.bars(3)
    (first,) = await reconciled(at)
    assert first.differences == ()
    assert first.compared == "kraken: 2 balances, 0 working orders, 0 executions"


async def test_the_owners_own_trade_is_told_once_and_its_effect_stops_entries(at: Bench) -> None:
    mine = VenueSideOrder(
        at.account.new_id("O"), "", BTC, "buy", "market", D("0.01"), at.clock.now()
    )
    at.account.place(mine)
    await at.desk.bars(2)
    kinds = {each.kind.value for each in (await reconciled(at))[-1].differences}
    assert kinds == {"balance", "owner's trade"}
    assert "balances" in at.desk.ledger.trips
    assert at.desk.ledger.positions == {}
    assert at.desk.ledger.strange_fills_count == 0
    refused = refusal(await at.desk.desk.propose(OWNER, BTC))
    assert refused.limit == "balances"
    (account,) = [at.desk.desk.risk().account]
    assert account is not None
    assert any("0.01 more at the venue" in line for line in account.differing)
    seen = len(await reconciled(at))
    await at.desk.bars(2)
    assert len(await reconciled(at)) == seen


async def test_it_is_put_right_reset_and_told(at: Bench) -> None:
    at.account.own["USD"] -= D(25)
    await at.desk.bars(1)
    assert refusal(await at.desk.desk.reset_breaker(OWNER, "balances", "no matter")).limit
    at.account.own["USD"] += D(25)
    await at.desk.bars(1)
    assert (await reconciled(at))[-1].differences == ()
    await at.desk.desk.reset_breaker(OWNER, "balances", "I had lent it out")
    assert at.desk.ledger.trips == {}


async def test_dust_is_no_difference(at: Bench) -> None:
    at.account.own["BTC"] += D("0.000009")
    at.account.own["USD"] += D("0.009")
    await at.desk.bars(2)
    assert at.desk.ledger.trips == {}


async def test_an_order_of_nobodys_knowledge_stops_entries(at: Bench) -> None:
    strange = VenueSideOrder(
        at.account.new_id("O"), "0123456789abE1", BTC, "buy", "limit", D("0.01"), at.clock.now(),
        limit=D(40_000),
    )  # fmt: skip
    at.account.place(strange)
    await at.desk.bars(1)
    (line,) = (await reconciled(at))[-1].differences
    assert (line.kind.value, line.thing) == ("order unknown", "0123456789ab-entry-1")
    assert strange.status == "open", "it is neither taken over nor fought"


async def test_a_fill_on_its_way_is_no_difference(at: Bench) -> None:
    name = await at.bought()
    at.account.hides_trades = True
    stop = at.desk.ledger.positions[name].stop
    at.account.move(str(stop - 10), str(stop - 9))
    at.account.reveal()
    await at.desk.bars(1)
    assert len(at.desk.ledger.trades) == 1
    assert [each.differences for each in await reconciled(at)] == [()]


async def test_it_is_compared_on_schedule_without_any_bar(at: Bench) -> None:
    at.account.own["USD"] -= D(25)
    await due(at, at.settings.risk.reconcile_every)
    assert "balances" in at.desk.ledger.trips


async def test_after_a_silence_the_account_is_compared_at_once(at: Bench) -> None:
    await at.bought()
    at.venue.fail("OpenOrders", Fault.ERROR_BEFORE)
    await at.quote("49999.9", "50000.1")
    assert silent(at)
    at.account.own["USD"] -= D(25)
    await due(at)
    assert not silent(at)
    assert "balances" in at.desk.ledger.trips


async def test_from_outside_the_account_is_asked_and_a_difference_is_code_1(
    market: Path, tmp_path: Path
) -> None:
    async with bench(market) as made:
        db = tmp_path / "live.sqlite"
        made.journal = await SqliteJournal.open(db, made.settings.hash)
        await made.open()
        await made.desk.bars(2)
        await made.bought()
        beside = await reconcile_outside(made.settings, db, made.venues, made.clock)
        assert "by the desk that runs now" in beside.compared
        await made.crash()
        await made.journal.aclose()
        asked = await reconcile_outside(made.settings, db, made.venues, made.clock)
        assert asked.agrees, asked
        assert asked.compared == "kraken: 2 balances, 2 working orders, 1 executions"
        made.account.own["USD"] -= D(1)
        lost = await reconcile_outside(made.settings, db, made.venues, made.clock)
        assert not lost.agrees
        assert lost.differences[0].sentence.endswith(": 1 less at the venue")


# ---- errands -----------------------------------------------------------------------------


async def test_an_order_in_doubt_is_looked_up_when_its_window_allows(at: Bench) -> None:
    """No bar comes: the deadline alone settles that it never arrived."""
    view = await at.desk.proposal()
    at.venue.fail("AddOrder", Fault.DROP_BEFORE)
    await at.desk.desk.approve(OWNER, view.terms.id, view.short_hash)
    (record,) = at.desk.ledger.open_orders()
    assert state_of(record) is OrderState.UNKNOWN
    await due(at)
    assert at.desk.ledger.open_orders() != [], "five seconds prove nothing"
    before = len(at.venue.requests)
    await at.desk.engine._time_is_up(at.clock.now())
    assert len(at.venue.requests) == before, "nothing is asked before its instant"
    await due(at)
    assert at.desk.ledger.open_orders() == []
    assert state_of(record) is OrderState.CANCELED
    assert "never reached the venue" in record.reason


async def test_after_a_restart_an_order_in_doubt_is_looked_up_without_a_bar(at: Bench) -> None:
    view = await at.desk.proposal()
    at.account.hides_orders = at.account.hides_trades = True
    at.venue.fail("AddOrder", Fault.DROP_AFTER)
    await at.desk.desk.approve(OWNER, view.terms.id, view.short_hash)
    await at.crash()
    await at.open()
    (record,) = at.desk.ledger.open_orders()
    assert record.state in (OrderState.UNKNOWN, OrderState.INTENDED)
    at.account.reveal()
    await due(at)
    await at.quote("49999.9", "50000.1")
    assert view.terms.id in at.desk.ledger.positions
    assert len([o for o in at.account.orders.values() if o.side == "buy"]) == 1


async def test_an_exit_that_could_not_be_sent_is_tried_again_before_the_next_bar(
    at: Bench,
) -> None:
    name = await at.bought()
    at.venue.fail("CancelOrder", Fault.ERROR_BEFORE)
    await at.desk.desk.close_position(OWNER, name, "enough")
    assert name in at.desk.ledger.exits_requested
    assert at.working() != [], "its stop still guards it"
    await due(at)
    await at.quote("49999.9", "50000.1")
    assert at.desk.ledger.positions == {}
    assert at.account.own["BTC"] == D(1)


async def test_exits_go_on_while_the_desk_is_halted(at: Bench) -> None:
    name = await at.bought()
    await at.desk.desk.halt(OWNER, "odd")
    stop = at.desk.ledger.positions[name].stop
    await at.quote(str(stop - 10), str(stop - 9))
    await at.quote(str(stop - 10), str(stop - 9))
    (trade,) = at.desk.ledger.trades
    assert trade.closed_by is Purpose.STOP


async def test_the_target_is_taken_while_halted(at: Bench) -> None:
    name = await at.bought()
    await at.desk.desk.halt(OWNER, "odd")
    target = at.desk.ledger.positions[name].target
    await at.quote(str(target + 10), str(target + 11))
    await at.quote(str(target + 10), str(target + 11))
    (trade,) = at.desk.ledger.trades
    assert trade.closed_by is Purpose.TARGET
    assert at.working() == []


@pytest.mark.parametrize("gap", [-10, -2000])
async def test_a_stop_that_sold_while_we_were_away_is_booked_at_the_start(
    at: Bench, gap: int
) -> None:
    name = await at.bought()
    stop = at.desk.ledger.positions[name].stop
    await at.crash()
    at.account.move(str(stop + gap), str(stop + gap + 1))
    await at.open()
    (trade,) = at.desk.ledger.trades
    assert trade.closed_by is Purpose.STOP
    assert at.desk.ledger.cash_usd == at.account.own["USD"]
    assert at.desk.ledger.trips == {}


async def test_a_target_that_was_passed_while_we_were_away_is_taken_at_the_next_quote(
    at: Bench,
) -> None:
    name = await at.bought()
    target = at.desk.ledger.positions[name].target
    await at.crash()
    at.account.move(str(target + 50), str(target + 51))
    await at.open()
    assert name in at.desk.ledger.positions
    at.tick(60)  # until then the old target might still be on its way
    await at.quote(str(target + 50), str(target + 51))
    await at.quote(str(target + 50), str(target + 51))
    (trade,) = at.desk.ledger.trades
    assert trade.closed_by is Purpose.TARGET
    assert trade.exit_price > target


# ---- the venue's own ledger ----------------------------------------------------------------


async def test_a_ledger_that_stays_unread_blocks_entries_until_it_is_read(at: Bench) -> None:
    at.venue.fail("Ledgers", Fault.ERROR_BEFORE, times=9)
    await at.desk.bars(1)
    assert "venue ledger" not in at.desk.ledger.trips
    at.clock.jump_to(at.clock.now() + at.settings.risk.unread_for + timedelta(seconds=1))
    await at.desk.engine._time_is_up(at.clock.now())
    assert "venue ledger" in at.desk.ledger.trips
    at.venue._faults.clear()
    await due(at)
    assert "venue ledger" not in at.desk.ledger.trips


async def test_a_ledger_that_was_never_read_blocks_entries(at: Bench) -> None:
    await at.crash()
    at.venue.fail("Ledgers", Fault.ERROR_BEFORE, times=2)
    await at.open()
    refused = refusal(await at.desk.desk.propose(OWNER, BTC))
    assert (refused.limit, refused.value) == ("venue ledger", "unknown")
    trips = [
        e.event.name for e in await at.record() if isinstance(e.event, happened.BreakerTripped)
    ]
    assert trips == ["venue ledger"]
