"""Random sequences of everything that people, the market and the venue can do to a real desk.

Refuses to trust the desk's own checks: what must hold is computed here anew, after every step.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition

from engine.brokers.paper import PaperBroker
from engine.config import Settings
from engine.engine import Engine
from engine.facade import Desk, MarketChoice, Refused
from engine.journal.ledger import Ledger, OrderRecord
from engine.journal.memory import MemoryJournal
from engine.model.actors import Actor, Role
from engine.model.bars import Bar, BarsClosed, MarketEvent
from engine.model.orders import Purpose, Side
from engine.model.positions import LotState
from engine.model.proposals import ProposalStatus
from engine.model.venue_lines import Meaning, VenueLine
from engine.opening import parts_on
from tests.kit.awkward_venue import AwkwardVenue, Trouble
from tests.kit.desk import (
    BTC,
    OVERSEER,
    OWNER,
    STRANGER,
    DeskAtWork,
    desk_settings,
    state_of,
    swings,
)
from tests.kit.market import write_bars
from tests.properties.walking import Steps

GOLD = "XAU-USD"
"""Here a listed trust: it settles on the next business day."""

START = Decimal(10_000)
SLACK = Decimal("1.02")
Answer = TypeVar("Answer")

STEPS = Steps()
rule = STEPS.rule


@cache
def files() -> dict[str, Path]:
    """Two recorded markets that swing, kept for the whole session."""
    folder = Path(_FOLDER.name)
    btc = swings(420, half_life=20.0)
    gold = swings(420, instrument=GOLD, seed=8, half_life=20.0, price=2000.0)
    return {
        BTC: write_bars(folder / "btc.parquet", btc),
        GOLD: write_bars(folder / "gold.parquet", gold),
    }


_FOLDER = TemporaryDirectory()


@cache
def settings(auto_below: int) -> Settings:
    """Cheap fees, few limits, and gold that settles a day later."""
    return desk_settings(
        auto_below=auto_below,
        desk={"watch": (BTC, GOLD)},
        instruments={GOLD: {"settles_after_days": 1, "calendar": "continuous"}},
        risk={
            "trades_a_day": 50,
            "trades_a_day_per_instrument": 50,
            "minutes_between_entries": 0.0,
            "bar_move_sigmas": 60.0,
        },
    )


class DeskMachine(RuleBasedStateMachine):
    """A desk with real journal, ledger, pipeline, sizing, risk, compliance and paper broker."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.alive = 0
        self.factor = 1.0
        self.lots: dict[str, LotState] = {}
        self.stops: dict[str, Decimal] = {}
        self.seen_fills: set[str] = set()
        self.bought_at: dict[str, datetime] = {}
        self.approved: set[str] = set()
        self.entries_at_halt: int | None = None
        self.entries_when_unknown: int | None = None
        self.line_count = 0

    # ------------------------------------------------------------------ the desk

    @initialize(auto_below=st.sampled_from([0, 400]))
    def open(self, auto_below: int) -> None:
        self.settings = settings(auto_below)
        self.journal = MemoryJournal(self.settings.hash)
        self.lines: list[VenueLine] = []
        self.runner.run(self._open())

    async def _open(self) -> None:
        choice = MarketChoice(files=files(), speed=float("inf"), hold_seconds=0.0)
        parts = await parts_on(self.journal, self.settings, choice)
        self.venue = AwkwardVenue(cast("PaperBroker", parts.broker))
        self.venue.lines = self.lines
        engine = Engine(replace(parts, broker=self.venue))
        self.venue.halted = lambda: engine.ledger.halt is not None
        await engine.open()
        self.engine, self.desk = engine, Desk(engine)
        self.events: AsyncIterator[MarketEvent] = parts.feed.stream(engine.ledger.bars_at)
        self.factor = 1.0

    def act(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        self.alive += 1
        return self.runner.run(work)

    @property
    def ledger(self) -> Ledger:
        return self.engine.ledger

    # ------------------------------------------------------------------ the market

    @rule(count=st.integers(1, 6))
    def bars(self, count: int) -> None:
        self.act(self._bars(count))

    @precondition(lambda self: self.alive % 4 == 3)
    @rule(factor=st.sampled_from([0.9, 0.97, 0.985, 1.015, 1.03, 1.1]))
    def jump(self, factor: float) -> None:
        self.factor *= factor
        self.act(self._bars(1))

    @rule(missing=st.integers(1, 4), caught_up=st.booleans())
    def gap(self, missing: int, caught_up: bool) -> None:
        self.act(self._gap(missing, caught_up=caught_up))

    async def _gap(self, missing: int, *, caught_up: bool) -> None:
        for _ in range(missing):
            await anext(self.events, None)
        await self._bars(1, caught_up=caught_up)

    async def _bars(self, count: int, *, caught_up: bool = False) -> None:
        for _ in range(count):
            event = await anext(self.events, None)
            if event is None:
                return
            assert isinstance(event, BarsClosed)
            moved = tuple(_scaled(bar, self.factor) for bar in event.bars)
            await self.engine.take(BarsClosed(event.at, moved, caught_up or event.caught_up))

    # ------------------------------------------------------------------ the venue

    @rule(trouble=st.sampled_from(Trouble))
    def venue_trouble(self, trouble: Trouble) -> None:
        if self.venue.trouble is not trouble:
            self.venue.trouble = trouble

    @precondition(lambda self: self.alive >= 10)
    @rule(kind=st.sampled_from(["trade", "trade", "gift", "airdrop", "rollover", "staking"]))
    def venue_books(self, kind: str) -> None:
        self.line_count += 1
        at = self.ledger.bars_at or self.desk.now()
        self.lines.append(VenueLine(f"L{self.line_count}", "kraken", at, kind, "USD", Decimal(1)))
        self.act(self._bars(1))
        # What the ledger showed is acted on in the same turn in which it was read.
        if kind in ("rollover", "staking") and f"L{self.line_count}" in self.ledger.lines:
            assert self.ledger.halt is not None

    @precondition(lambda self: self.alive >= 3 and self.ledger.halt is None)
    @rule(instrument=st.sampled_from([BTC, GOLD]))
    def buy_over_an_unknown_line(self, instrument: str) -> None:
        self.venue_books("gift")
        self.unknown_lines_block_entries()
        self.propose_and_approve(instrument, 1.0)
        self.unknown_lines_block_entries()
        self.classify("gift", "ordinary")

    @precondition(lambda self: self.lines)
    @rule(
        kind=st.sampled_from(["gift", "airdrop", "rollover"]),
        meaning=st.sampled_from(["ordinary", "interest", "unknown"]),
    )
    def classify(self, kind: str, meaning: str) -> None:
        answer = self.act(
            self.desk.sharia.classify(OWNER, "kraken", kind, meaning, "asked the venue"),
        )
        if kind == "rollover" or meaning == "unknown":
            assert isinstance(answer, Refused)

    # ------------------------------------------------------------------ the owner

    @rule(instrument=st.sampled_from([BTC, GOLD]))
    def propose(self, instrument: str) -> None:
        self.act(self.desk.propose(OWNER, instrument))

    @rule(instrument=st.sampled_from([BTC, GOLD]), portion=st.sampled_from([1.0, 1.0, 0.5]))
    def propose_and_approve(self, instrument: str, portion: float) -> None:
        view = self.act(self.desk.propose(OWNER, instrument))
        if not isinstance(view, Refused):
            self.act(self._click(OWNER, view.terms.id, view.short_hash, portion))

    @rule(which=st.integers(0, 5), portion=st.sampled_from([1.0, 0.5, 0.25, 0.0, 1.5]))
    def late_click(self, which: int, portion: float) -> None:
        """On any card that ever was: open, used, expired, withdrawn."""
        views = self.desk.proposals(only_open=False)
        if views:
            view = views[which % len(views)]
            status = view.status
            answer = self.act(self._click(OWNER, view.terms.id, view.short_hash, portion))
            if status is not ProposalStatus.OPEN or not 0.0 < portion <= 1.0:
                assert isinstance(answer, Refused)

    @rule(which=st.integers(0, 3))
    def double_click(self, which: int) -> None:
        views = self.desk.proposals(only_open=False)
        if views:
            view = views[which % len(views)]
            answers = self.act(self._twice(view.terms.id, view.short_hash))
            assert sum(not isinstance(answer, Refused) for answer in answers) <= 1

    async def _twice(self, name: str, short_hash: str) -> list[object]:
        clicks = (self._click(OWNER, name, short_hash, 1.0) for _ in range(2))
        return list(await asyncio.gather(*clicks))

    @precondition(lambda self: self.ledger.open_proposals())
    @rule()
    def forged_hash(self) -> None:
        for view in self.desk.proposals()[:1]:
            answer = self.act(self._click(OWNER, view.terms.id, "0" * 12, 1.0))
            assert isinstance(answer, Refused)

    async def _click(self, by: Actor, name: str, short_hash: str, portion: float) -> object:
        return await self.desk.approve(by, name, short_hash, portion=portion)

    @precondition(lambda self: self.ledger.open_proposals())
    @rule()
    def reject(self) -> None:
        for view in self.desk.proposals()[:1]:
            self.act(self.desk.reject(OWNER, view.terms.id, "no thanks"))

    @precondition(lambda self: self.ledger.positions)
    @rule()
    def close(self) -> None:
        """Getting out is possible always, halted or not."""
        for view in self.desk.positions()[:1]:
            leaving = view.position.id in self.ledger.exits_requested
            answer = self.act(self.desk.close_position(OWNER, view.position.id, "out"))
            assert leaving or not isinstance(answer, Refused)

    @precondition(lambda self: self.ledger.open_orders())
    @rule()
    def cancel(self) -> None:
        for view in self.desk.orders()[:2]:
            client_id = view.order.client_id
            answer = self.act(self.desk.cancel_order(OWNER, client_id))
            if view.order.purpose is not Purpose.ENTRY:
                assert isinstance(answer, Refused)

    @precondition(lambda self: self.ledger.halt is None and self.alive >= 8)
    @rule(by=st.sampled_from([OWNER, OVERSEER]))
    def halt(self, by: Actor) -> None:
        self.act(self.desk.halt(by, "odd prices"))
        assert self.ledger.halt is not None
        assert self.ledger.open_proposals() == []

    @precondition(lambda self: self.ledger.halt is not None)
    @rule()
    def resume(self) -> None:
        self.act(self.desk.resume(OWNER, "fine again"))
        self.entries_at_halt = None

    @precondition(lambda self: self.ledger.positions)
    @rule()
    def flatten(self) -> None:
        self.act(self.desk.flatten(OWNER, "enough"))
        for held in self.ledger.positions.values():
            assert held.id in self.ledger.exits_requested

    @precondition(lambda self: self.ledger.trips or self.ledger.attempts)
    @rule()
    def reset(self) -> None:
        for breaker in self.desk.status().breakers:
            if breaker.tripped:
                self.act(self.desk.reset_breaker(OWNER, breaker.name, "looked at it"))

    @precondition(lambda self: self.lines)
    @rule(amount=st.sampled_from(["0", "-1", "2.5"]))
    def give(self, amount: str) -> None:
        self.act(self.desk.sharia.give(OWNER, Decimal(amount), "to the poor"))

    # ------------------------------------------------------------------ everybody else

    @rule(by=st.sampled_from([OVERSEER, STRANGER]), what=st.integers(0, 9))
    def foreign(self, by: Actor, what: int) -> None:
        answer = self.act(self._foreign(by)[what]())
        assert isinstance(answer, Refused)
        assert answer.limit == "permission"

    def _foreign(self, by: Actor) -> list[Callable[[], Coroutine[Any, Any, object]]]:
        desk = self.desk
        views = desk.proposals() or desk.proposals(only_open=False)
        name, short_hash = (views[0].terms.id, views[0].short_hash) if views else ("P-NONE", "")
        held = next(iter(self.ledger.positions), "P-NONE")
        order = next((v.order.client_id for v in desk.orders()), "none")
        return [
            lambda: self._click(by, name, short_hash, 1.0),
            lambda: desk.reject(by, name, "because"),
            lambda: desk.propose(by, BTC),
            lambda: desk.close_position(by, held, "because"),
            lambda: desk.cancel_order(by, order),
            lambda: desk.resume(by, "because"),
            lambda: desk.flatten(by, "because"),
            lambda: desk.reset_breaker(by, "invariant", "because"),
            lambda: desk.sharia.classify(by, "kraken", "gift", "ordinary", "because"),
            lambda: desk.sharia.give(by, Decimal(1), "because"),
        ]

    # ------------------------------------------------------------------ the machine room

    @precondition(lambda self: self.alive >= 25)
    @rule()
    def restart(self) -> None:
        """A crash: nothing is closed, the journal is all that is left."""
        self.alive = 0
        before = state_of(self.ledger)
        self.act(self._open())
        after = state_of(self.ledger)
        for kept in ("cash_usd", "positions", "trades", "attempts", "dealings", "lines"):
            if not self.ledger.exits_requested and kept not in ("cash_usd", "positions"):
                assert after[kept] == before[kept]
        assert after["start_cash_usd"] == START

    # ------------------------------------------------------------------ what must always hold

    @invariant()
    def nothing_contradicts_the_record(self) -> None:
        assert self.ledger.broken == []
        tried = {name for _, name in self.ledger.attempts}
        assert tried <= {"ledger lines"}, "the desk itself tried what may never happen"

    @invariant()
    def money_and_units_are_own(self) -> None:
        ledger = self.ledger
        assert ledger.cash_usd >= 0
        books = self.venue.paper._ledger
        assert books.cash_usd == ledger.cash_usd
        held = {"BTC": Decimal(0), "XAU": Decimal(0)}
        for position in ledger.positions.values():
            assert Decimal(0) < position.quantity <= position.bought
            held[position.instrument[:3]] += position.quantity
        for base, units in held.items():
            assert books.balances().get(base, Decimal(0)) == units
        settled = self.runner.run(self.venue.balances())
        assert min(settled.values()) >= 0
        names = [p.instrument for p in ledger.positions.values()]
        assert len(names) == len(set(names)), "averaged down: one instrument is held twice"

    @invariant()
    def lots_go_their_way(self) -> None:
        """Never back but for a further fill, never sellable before their own day."""
        held = self.ledger.positions
        for fill_id, fill_at, record in self._new_fills():
            self.seen_fills.add(fill_id)
            lot = record.order.proposal_id
            if record.order.side is Side.BUY:
                self.bought_at[lot] = max(fill_at, self.bought_at.get(lot, fill_at))
            elif record.order.instrument == GOLD:
                assert fill_at >= _next_day(self.bought_at[lot]), "sold before it settled"
        for name, position in held.items():
            known = self.lots.get(name, position.lot)
            assert (known, position.lot) in _LEGAL, f"{known} became {position.lot}"
            if position.instrument == GOLD and position.lot is not LotState.BOUGHT:
                seen_at = self.ledger.at or position.opened_at
                assert seen_at >= _next_day(self.bought_at[name]), "settled before its day"
        self.lots = {name: position.lot for name, position in held.items()}

    def _new_fills(self) -> list[tuple[str, datetime, OrderRecord]]:
        fresh = []
        for fill_id in self.ledger.fills.keys() - self.seen_fills:
            client_id, _, stamp = fill_id.partition("@")
            at = datetime.fromisoformat(stamp.partition("+")[0])
            fresh.append((fill_id, at, self.ledger.orders[client_id]))
        return sorted(fresh, key=lambda each: (each[1], each[2].order.side is Side.SELL))

    @invariant()
    def what_rests_is_covered_and_never_lower(self) -> None:
        ledger = self.ledger
        for name in {o.order.proposal_id for o in ledger.open_orders()}:
            working = [o.order for o in ledger.orders_of(name, Side.SELL) if o.open]
            if not working:
                continue
            position = ledger.positions[name]
            assert position.lot is LotState.SELLABLE, "an order rests on a lot that is not ours"
            pairs = {frozenset({o.client_id, o.linked_to}): o.quantity for o in working}
            assert sum(pairs.values()) <= position.quantity, "more on sale than is held"
            for stop in (o for o in working if o.purpose is Purpose.STOP):
                assert stop.stop_price is not None
                assert stop.stop_price >= self.stops.get(name, position.stop), "a lower stop"
                self.stops[name] = stop.stop_price

    @invariant()
    def a_yes_is_the_owners_and_buys_once(self) -> None:
        ledger = self.ledger
        for name, record in ledger.proposals.items():
            buys = ledger.orders_of(name, Side.BUY)
            assert len(buys) <= (record.status is ProposalStatus.APPROVED)
            if record.status is not ProposalStatus.APPROVED or name in self.approved:
                continue
            self.approved.add(name)
            assert record.decided_by is not None
            small = record.terms.notional_usd < self.settings.approval.paper_auto_below_usd
            assert record.decided_by == OWNER or (record.decided_by.role is Role.DESK and small)
            self._within_caps(name)

    def _within_caps(self, name: str) -> None:
        """At the moment of the yes, within a hair for what the bar has moved since."""
        ledger, sizing = self.ledger, self.settings.sizing
        record = ledger.proposals[name]
        equity = ledger.marked_equity_usd()
        assert record.decision_price is not None
        worth = record.decided_quantity * record.decision_price
        assert worth <= Decimal(str(sizing.instrument_cap_frac)) * equity * SLACK
        others = sum(p.cost_usd for p in ledger.positions.values() if p.id != name)
        total = Decimal(str(sizing.total_cap_frac)) * equity
        assert worth + others <= total * Decimal("1.15")
        risk = record.decided_quantity * (record.decision_price - record.terms.stop)
        assert risk <= Decimal(str(sizing.risk_cap_frac)) * equity * SLACK

    @invariant()
    def nothing_is_bought_while_halted(self) -> None:
        assert self.venue.entries_while_halted == []
        entries = sum(o.order.purpose is Purpose.ENTRY for o in self.ledger.orders.values())
        if self.ledger.halt is None:
            self.entries_at_halt = None
        elif self.entries_at_halt is None:
            self.entries_at_halt = entries
        else:
            assert entries == self.entries_at_halt

    @invariant()
    def unknown_lines_block_entries(self) -> None:
        """While there is a line that nobody can name, no entry is added."""
        entries = sum(o.order.purpose is Purpose.ENTRY for o in self.ledger.orders.values())
        if any(r.meaning is Meaning.UNKNOWN for r in self.ledger.lines.values()):
            if self.entries_when_unknown is None:
                self.entries_when_unknown = entries
            assert entries == self.entries_when_unknown
        else:
            self.entries_when_unknown = None

    def teardown(self) -> None:
        try:
            if hasattr(self, "engine"):
                self.runner.run(self._leave())
        finally:
            self.runner.close()

    async def _leave(self) -> None:
        """Whatever happened: the chain verifies, the record folds to the same, and all can go."""
        await self.desk.flatten(OWNER, "at the end")
        left = 110  # what is bought on a Friday settles with the end of Monday
        while self.ledger.positions and left and await self._one_bar():
            left -= 1
        assert not self.ledger.positions or left or not await self._one_bar()
        assert (await self.desk.verify()).findings == ()
        work = DeskAtWork(self.desk, self.engine, self.journal, self.events)
        assert await work.refold() == self.ledger

    async def _one_bar(self) -> bool:
        before = self.ledger.bars_at
        await self._bars(1)
        return self.ledger.bars_at != before


_LEGAL = {
    (LotState.BOUGHT, LotState.BOUGHT),
    (LotState.BOUGHT, LotState.SETTLED),
    (LotState.BOUGHT, LotState.SELLABLE),
    (LotState.SETTLED, LotState.SELLABLE),
    (LotState.SETTLED, LotState.SETTLED),
    (LotState.SELLABLE, LotState.SELLABLE),
    (LotState.SELLABLE, LotState.BOUGHT),
}


def _next_day(bought_at: datetime) -> datetime:
    """Midnight after the business day that follows a purchase; told here anew, by hand."""
    day = bought_at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day + timedelta(days=1)


def _scaled(bar: Bar, factor: float) -> Bar:
    if factor == 1.0:
        return bar
    return replace(
        bar,
        open=round(bar.open * factor, 1),
        high=round(bar.high * factor, 1),
        low=round(bar.low * factor, 1),
        close=round(bar.close * factor, 1),
    )
