"""The owner's yes: bound to the terms, single use, checked again, durable before the order."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from engine.facade import ProposalStatus, ProposalView
from engine.model.actors import DESK, Actor
from engine.model.orders import OrderState, Purpose
from tests.kit.desk import BTC, OVERSEER, OWNER, STRANGER, DeskAtWork, refusal


async def test_a_yes_becomes_one_order_that_fills_at_the_next_open(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    answer = await desk.desk.approve(OWNER, view.terms.id, view.short_hash, note="go")
    assert isinstance(answer, ProposalView)
    assert (answer.status, answer.decided_by, answer.reason) == ("approved", OWNER, "go")
    await desk.bars()
    assert [p.position.id for p in desk.desk.positions()] == [view.terms.id]


async def test_the_yes_and_the_intent_are_one_write_before_the_wire(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    before = desk.ledger.seq
    await desk.desk.approve(OWNER, view.terms.id, view.short_hash)
    kinds = await desk.kinds(before)
    assert kinds == ["proposal_approved", "order_intended", "order_accepted"]


@pytest.mark.parametrize("actor", [OVERSEER, STRANGER, DESK])
async def test_only_the_owner_approves(desk: DeskAtWork, actor: Actor) -> None:
    view = await desk.proposal()
    before = desk.ledger.seq
    answer = refusal(await desk.desk.approve(actor, view.terms.id, view.short_hash))
    assert answer.limit == "permission"
    assert await desk.kinds(before) == ["approval_refused"]


async def test_a_yes_is_used_once(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    clicks = [desk.desk.approve(OWNER, view.terms.id, view.short_hash) for _ in range(5)]
    answers = await asyncio.gather(*clicks)
    assert [isinstance(a, ProposalView) for a in answers].count(True) == 1
    assert {refusal(a).limit for a in answers if not isinstance(a, ProposalView)} == {"single use"}
    assert (await desk.kinds()).count("order_intended") == 1


@pytest.mark.parametrize("short_hash", ["", "000000000000"])
async def test_a_yes_to_other_terms_is_refused(desk: DeskAtWork, short_hash: str) -> None:
    view = await desk.proposal()
    assert refusal(await desk.desk.approve(OWNER, view.terms.id, short_hash)).limit == "hash"


async def test_a_yes_to_nothing_is_refused(desk: DeskAtWork) -> None:
    assert refusal(await desk.desk.approve(OWNER, "P-NONE", "")).limit == "proposal"


async def test_the_id_may_be_typed_carelessly(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    careless = f"  {view.terms.id.lower()} "
    answer = await desk.desk.approve(OWNER, careless, view.short_hash.upper())
    assert isinstance(answer, ProposalView)


async def test_half_is_half(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    answer = await desk.desk.approve(OWNER, view.terms.id, view.short_hash, portion=0.5)
    assert isinstance(answer, ProposalView)
    assert answer.decided_quantity <= view.terms.quantity / 2
    assert answer.decided_quantity > view.terms.quantity * Decimal("0.49")


@pytest.mark.parametrize("portion", [0.0, -1.0, 1.5, float("nan")])
async def test_a_senseless_portion_is_refused(desk: DeskAtWork, portion: float) -> None:
    view = await desk.proposal()
    answer = await desk.desk.approve(OWNER, view.terms.id, view.short_hash, portion=portion)
    assert refusal(answer).limit == "portion"


async def test_a_portion_that_could_not_be_sold_at_the_stop_is_refused(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    answer = await desk.desk.approve(OWNER, view.terms.id, view.short_hash, portion=0.01)
    assert refusal(answer).limit == "minimum order"
    assert desk.desk.proposals() != ()


async def test_a_late_yes_is_refused_and_the_proposal_ends(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    clock = desk.engine.clock
    clock.jump_to(view.terms.expires_at)  # type: ignore[attr-defined]
    before = desk.ledger.seq
    answer = refusal(await desk.desk.approve(OWNER, view.terms.id, view.short_hash))
    assert answer.limit == "expiry"
    assert await desk.kinds(before) == ["approval_refused", "proposal_expired"]


async def test_a_price_that_ran_away_is_refused(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    desk.ledger.prices[BTC] = view.terms.entry + (view.terms.entry - view.terms.stop) / 2
    answer = refusal(await desk.desk.approve(OWNER, view.terms.id, view.short_hash))
    assert answer.limit == "price at the click"


@pytest.mark.parametrize("level", ["target", "stop"])
async def test_a_setup_that_is_over_is_refused(desk: DeskAtWork, level: str) -> None:
    view = await desk.proposal()
    desk.ledger.prices[BTC] = getattr(view.terms, level)
    answer = refusal(await desk.desk.approve(OWNER, view.terms.id, view.short_hash))
    assert "is over" in answer.mend


async def test_a_limit_that_moved_is_looked_at_again(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    desk.ledger.cash_usd = Decimal(1)
    answer = refusal(await desk.desk.approve(OWNER, view.terms.id, view.short_hash))
    assert desk.ledger.proposals[view.terms.id].status is ProposalStatus.OPEN
    assert answer.limit != "permission"


async def test_a_second_position_in_one_instrument_is_refused(desk: DeskAtWork) -> None:
    await desk.position()
    answer = refusal(await desk.desk.propose(OWNER, BTC))
    assert answer.limit.startswith(("one position", "time since"))


async def test_a_no_needs_a_reason_and_the_owner(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    assert refusal(await desk.desk.reject(OWNER, view.terms.id, " ")).limit == "rejection"
    before = desk.ledger.seq
    assert refusal(await desk.desk.reject(OVERSEER, view.terms.id, "no!")).limit == "permission"
    assert await desk.kinds(before) == ["access_refused"]
    answer = await desk.desk.reject(OWNER, view.terms.id, "too late in the day")
    assert isinstance(answer, ProposalView)
    assert answer.status is ProposalStatus.REJECTED


async def test_after_a_no_there_is_no_yes(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    await desk.desk.reject(OWNER, view.terms.id, "not today")
    answer = refusal(await desk.desk.approve(OWNER, view.terms.id, view.short_hash))
    assert answer.limit == "single use"


async def test_one_question_at_a_time(desk: DeskAtWork) -> None:
    await desk.proposal()
    assert refusal(await desk.desk.propose(OWNER, BTC)).limit == "one at a time"


@pytest.mark.parametrize("actor", [OVERSEER, STRANGER])
async def test_only_the_owner_asks_for_a_proposal(desk: DeskAtWork, actor: Actor) -> None:
    assert refusal(await desk.desk.propose(actor, BTC)).limit == "permission"


async def test_what_is_not_watched_is_not_proposed(desk: DeskAtWork) -> None:
    assert refusal(await desk.desk.propose(OWNER, "XAU-USD")).limit == "instrument"


async def test_a_cancelled_caller_does_not_leave_half_an_approval(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    click = asyncio.create_task(desk.desk.approve(OWNER, view.terms.id, view.short_hash))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    click.cancel()
    await asyncio.gather(click, return_exceptions=True)
    await desk.bars()
    record = desk.ledger.proposals[view.terms.id]
    entries = [o for o in desk.ledger.orders.values() if o.order.purpose is Purpose.ENTRY]
    assert (record.status is ProposalStatus.APPROVED) == bool(entries)
    assert all(entry.state is OrderState.FILLED for entry in entries)
