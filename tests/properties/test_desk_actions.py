"""Whatever people and the market do in whatever order: money conserves, nothing is done twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.clock import VirtualClock
from engine.engine import Engine
from engine.facade import Desk, MarketChoice
from engine.journal.memory import MemoryJournal
from engine.model.actors import Actor
from engine.model.orders import Purpose, Side
from engine.model.positions import LotState
from engine.model.proposals import ProposalStatus
from engine.opening import open_on
from tests.kit.desk import (
    BTC,
    OVERSEER,
    OWNER,
    STRANGER,
    DeskAtWork,
    at_work,
    desk_settings,
    money,
    state_of,
    swinging_file,
)

START = Decimal(10_000)
WORDS = (
    "bars", "bars", "bars", "propose", "approve", "approve", "halve", "reject", "halt", "resume",
    "close", "flatten", "cancel", "foreign", "forged", "reset",
)  # fmt: skip
ANYTHING = st.lists(st.sampled_from(WORDS), min_size=4, max_size=30)
ACTIONS = ANYTHING | ANYTHING.map(lambda words: ["propose", "approve", "bars", *words])


class People:
    """Acts on a desk by words."""

    def __init__(self, desk: DeskAtWork) -> None:
        self._at_work, self._desk = desk, desk.desk

    async def do(self, word: str) -> None:
        act: Callable[[], Awaitable[object]] = getattr(self, f"_{word}")
        await act()

    def _newest(self) -> tuple[str, str]:
        views = self._desk.proposals(only_open=False)
        return (views[0].terms.id, views[0].short_hash) if views else ("P-NONE", "")

    async def _bars(self) -> None:
        await self._at_work.bars(3)

    async def _propose(self) -> object:
        return await self._desk.propose(OWNER, BTC)

    async def _approve(self, by: Actor = OWNER, portion: float = 1.0) -> object:
        return await self._desk.approve(by, *self._newest(), portion=portion)

    async def _halve(self) -> object:
        return await self._approve(portion=0.5)

    async def _foreign(self) -> None:
        for actor in (OVERSEER, STRANGER):
            await self._approve(by=actor)

    async def _forged(self) -> object:
        return await self._desk.approve(OWNER, self._newest()[0], "0" * 12)

    async def _reject(self) -> object:
        return await self._desk.reject(OWNER, self._newest()[0], "no thanks")

    async def _halt(self) -> object:
        return await self._desk.halt(OVERSEER, "odd prices")

    async def _resume(self) -> object:
        return await self._desk.resume(OWNER, "fine again")

    async def _close(self) -> None:
        for view in self._desk.positions():
            await self._desk.close_position(OWNER, view.position.id, "")

    async def _flatten(self) -> object:
        return await self._desk.flatten(OWNER, "enough")

    async def _cancel(self) -> None:
        for view in self._desk.orders():
            await self._desk.cancel_order(OWNER, view.order.client_id)

    async def _reset(self) -> None:
        for breaker in self._desk.status().breakers:
            await self._desk.reset_breaker(OWNER, breaker.name, "looked at it")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swinging_file(tmp_path_factory.mktemp("market"), 320, half_life=20.0)


def run(file: Path, words: list[str], check: Callable[[DeskAtWork], Awaitable[None]]) -> None:
    async def acted() -> None:
        async with at_work(file, desk_settings()) as desk:
            people = People(desk)
            for word in words:
                await people.do(word)
            await check(desk)

    asyncio.run(acted())


few = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@few
@given(words=ACTIONS)
def test_the_fold_of_the_record_is_the_live_ledger(file: Path, words: list[str]) -> None:
    async def check(desk: DeskAtWork) -> None:
        assert await desk.refold() == desk.ledger
        assert desk.ledger.broken == []

    run(file, words, check)


@few
@given(words=ACTIONS)
def test_money_and_units_conserve(file: Path, words: list[str]) -> None:
    async def check(desk: DeskAtWork) -> None:
        ledger = desk.ledger
        assert money(ledger) == START
        there = await desk.engine._parts.broker.balances()
        held = sum((p.quantity for p in ledger.positions.values()), start=Decimal(0))
        assert there["USD"] == ledger.cash_usd >= 0
        assert there.get("BTC", Decimal(0)) == held

    run(file, words, check)


@few
@given(words=ACTIONS)
def test_a_yes_buys_once_and_within_what_was_approved(file: Path, words: list[str]) -> None:
    async def check(desk: DeskAtWork) -> None:
        ledger = desk.ledger
        buys = [o for o in ledger.orders.values() if o.order.side is Side.BUY]
        for proposal, count in Counter(o.order.proposal_id for o in buys).items():
            record = ledger.proposals[proposal]
            assert count == 1
            assert record.status is ProposalStatus.APPROVED
            assert record.decided_by == OWNER
        kinds = Counter(await desk.kinds())
        assert kinds["proposal_approved"] == len(buys)
        for bought in buys:
            approved = ledger.proposals[bought.order.proposal_id].decided_quantity
            assert bought.filled <= approved

    run(file, words, check)


@few
@given(words=ACTIONS)
def test_what_is_held_is_guarded_or_on_its_way_out(file: Path, words: list[str]) -> None:
    async def check(desk: DeskAtWork) -> None:
        for held in desk.ledger.positions.values():
            resting = desk.ledger.orders_of(held.id, Side.SELL)
            working = Counter(o.order.purpose for o in resting if o.open)
            guarded = working[Purpose.STOP] == working[Purpose.TARGET] == 1
            leaving = working[Purpose.OWNER_CLOSE] + working[Purpose.TIME_LIMIT] == 1
            assert held.lot is LotState.SELLABLE
            assert guarded != leaving

    run(file, words, check)


@few
@given(words=ACTIONS)
def test_caps_hold_at_every_entry(file: Path, words: list[str]) -> None:
    async def check(desk: DeskAtWork) -> None:
        limits = desk.engine._parts.policy.limits
        for record in desk.ledger.proposals.values():
            if record.decision_price is not None:
                worth = float(record.decided_quantity * record.decision_price)
                assert worth <= limits.instrument_frac * float(START) * 1.05

    run(file, words, check)


@few
@given(words=ACTIONS)
def test_a_halted_desk_has_nothing_open_to_decide_and_no_entry_working(
    file: Path, words: list[str]
) -> None:
    async def check(desk: DeskAtWork) -> None:
        await desk.desk.halt(OVERSEER, "at the end")
        assert desk.ledger.open_proposals() == []
        assert all(o.order.purpose is not Purpose.ENTRY for o in desk.ledger.open_orders())
        await desk.desk.flatten(OWNER, "at the end")
        await desk.bars(3)
        assert desk.ledger.positions == {}

    run(file, words, check)


@few
@given(words=ACTIONS, seed=st.integers(0, 3))
def test_on_a_market_with_quotes_too(words: list[str], seed: int) -> None:
    """The simulated market streams quotes between its bars; fills come at the next of them."""

    async def acted() -> None:
        chosen = desk_settings(desk={"watch": ("BTC-USD",)}, market={"seed": seed})
        journal = MemoryJournal(chosen.hash)
        choice = MarketChoice(source="simulated", speed=float("inf"), hold_seconds=0.0)
        engine: Engine = await open_on(journal, chosen, choice)
        assert isinstance(engine.clock, VirtualClock)
        events = engine._parts.feed.stream(engine.ledger.bars_at)
        desk = DeskAtWork(Desk(engine), engine, journal, events)
        people = People(desk)
        for word in words:
            await people.do(word)
        assert money(desk.ledger) == START
        assert state_of(await desk.refold()) == state_of(desk.ledger)
        there = await engine._parts.broker.balances()
        assert there["USD"] == desk.ledger.cash_usd
        await events.aclose()  # type: ignore[attr-defined]
        await desk.desk.close()

    asyncio.run(acted())
