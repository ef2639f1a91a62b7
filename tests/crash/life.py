"""One life of a real desk: opened on its journal and its venue, and led where its plan says.

Refuses to remember anything: what the owner and the market do next follows from the record alone,
so that a life which begins after a death goes on where the last one ended.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from pydantic import SecretStr

from engine.clock import VirtualClock
from engine.config import Secrets, Settings
from engine.engine import Engine
from engine.engine.recorder import Recorder
from engine.facade import Desk, ProposalView
from engine.journal.ledger import Ledger, OrderRecord
from engine.model.bars import BarsClosed, MarketEvent, Quote
from engine.model.orders import OrderState, Purpose
from engine.model.positions import Position
from engine.opening import PAPER, Composition, MarketChoice, Venues, open_replay, start_on
from engine.ports import Clock, Journal
from tests.crash import mutants
from tests.crash.mortality import Mortality, make_wire_mortal, mortal_journal
from tests.crash.plan import Aim, Plan
from tests.kit.desk import BTC, OVERSEER, OWNER, desk_settings
from tests.kit.market import HOUR

PARTS = (0.4, 1.0)
"""Shares of an order that are filled one after the other."""
A_MINUTE = timedelta(minutes=1)
_MOST_STEPS = 60
_UNANSWERED = frozenset({OrderState.INTENDED, OrderState.UNKNOWN})


class Hand:
    """The hand that moves the loopback venue; on paper the recorded bars are the market."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc

    def fill(self, client_id: str, share: float) -> None:
        """Fill an order up to a share of it, if the venue has it and it works."""
        self._do("fill", client_id=client_id, share=share)

    def move(self, price: float) -> None:
        """Move the venue's market: the stops that it reaches sell."""
        self._do("move", price=price)

    def holding(self) -> list[str] | None:
        """What is held at the venue, then what each of our sales there has left; None on paper."""
        told = self._do("holding")
        return None if told is None else json.loads(told)

    def _do(self, what: str, **how: Any) -> str | None:
        if not self._host:
            return None
        connection = http.client.HTTPConnection(self._host, timeout=10)
        try:
            connection.request("POST", f"/hand/{what}?{urlencode(how)}")
            answer = connection.getresponse()
            told = answer.read().decode()
            if answer.status != 200:
                raise RuntimeError(told)
            return told
        finally:
            connection.close()


class Life:
    """A desk, its owner and its market."""

    def __init__(self, engine: Engine, hand: Hand, aim: Aim) -> None:
        self.engine, self.hand, self.aim = engine, hand, aim
        self.desk = Desk(engine)
        self._events: AsyncIterator[MarketEvent] | None = None

    @property
    def ledger(self) -> Ledger:
        return self.engine.ledger

    async def lead(self) -> None:
        """Go on until nothing is left to do; a life that does not come to rest is a fault."""
        await self._find_out()
        for _ in range(_MOST_STEPS):
            if await self._at_rest():
                return
            await self._step()
        raise RuntimeError(f"not at rest after {_MOST_STEPS} steps: {self._standing()}")

    async def _find_out(self) -> None:
        """A minute without a bar: nothing is in doubt after it, and nothing held is unguarded."""
        clock = self.engine.clock
        assert isinstance(clock, VirtualClock)
        until = clock.now() + A_MINUTE
        while (due := self.engine._errands.due_at()) is not None and due <= until:
            clock.jump_to(max(due, clock.now()))
            await self.engine._time_is_up(clock.now())
        clock.jump_to(until)
        if any(record.state in _UNANSWERED for record in self.ledger.open_orders()):
            raise RuntimeError(f"in doubt for a minute: {self._standing()}")
        self._require_guards()

    def _require_guards(self) -> None:
        """By the venue's own word, what is held there has a stop for all of it or is being sold.

        Also if the desk does not know of it yet.
        """
        told = self.hand.holding()
        if told is None:
            return
        held, *guards = map(Decimal, told)
        if held and held not in guards:
            raise RuntimeError(f"{held} at the venue unguarded after a minute: {guards}")

    def _standing(self) -> str:
        orders = [f"{o.order.client_id} {o.state}" for o in self.ledger.open_orders()]
        return f"positions {list(self.ledger.positions)}, open orders {orders}"

    async def _at_rest(self) -> bool:
        ledger = self.ledger
        if not ledger.proposals or ledger.open_proposals():
            return False
        if any(record.state in _UNANSWERED for record in ledger.open_orders()):
            return False
        if self._of(Purpose.ENTRY):
            return self.aim is Aim.ENTER
        if ledger.exits_requested:
            return False
        return all(self._far_enough(held) for held in ledger.positions.values())

    def _far_enough(self, held: Position) -> bool:
        if self.aim is Aim.WAIT:
            assert self.ledger.bars_at is not None
            return held.time_limit_at <= self.ledger.bars_at + HOUR
        return self.aim in (Aim.HOLD, Aim.HALT)

    # ------------------------------------------------------------------ what happens next

    async def _step(self) -> None:
        ledger = self.ledger
        if not ledger.proposals:
            view = await self.desk.propose(OWNER, BTC)
            assert isinstance(view, ProposalView), view
        elif opened := ledger.open_proposals():
            record = opened[0]
            await self.desk.approve(OWNER, record.terms.id, record.terms_hash[:12])
            if ledger.open_proposals():
                await self._bar()
        elif entry := self._of(Purpose.ENTRY):
            await self._enter(entry)
        else:
            await self._leave(next(iter(ledger.positions.values()), None))

    async def _enter(self, entry: OrderRecord) -> None:
        if self.aim is Aim.HALT and entry.filled:
            if self.ledger.halt is None:
                await self.desk.halt(OVERSEER, "odd prices")
        else:
            self._fill_more(entry)
        await self._bar()

    async def _leave(self, held: Position | None) -> None:
        sale = self._of(Purpose.OWNER_CLOSE) or self._of(Purpose.TIME_LIMIT)
        if held is not None and sale is not None:
            self._fill_more(sale)
        elif held is None or self.aim in (Aim.HOLD, Aim.HALT, Aim.TIME, Aim.WAIT):
            pass
        elif self.aim is Aim.CLOSE:
            if held.id not in self.ledger.exits_requested:
                await self.desk.close_position(OWNER, held.id, "enough")
        elif self.aim is Aim.STOP and (stop := self._of(Purpose.STOP)):
            self._fill_more(stop)
        elif self.aim is Aim.TARGET:
            await self._quote(float(held.target) + 1.0)
        await self._bar()

    def _of(self, purpose: Purpose) -> OrderRecord | None:
        open_orders = self.ledger.open_orders()
        return next((o for o in open_orders if o.order.purpose is purpose), None)

    def _fill_more(self, record: OrderRecord) -> None:
        share = float(record.filled / record.order.quantity)
        self.hand.fill(record.order.client_id, next(part for part in PARTS if part > share))

    # ------------------------------------------------------------------ the market

    async def _bar(self) -> None:
        if self._events is None:
            self._events = self.engine._parts.feed.stream(self.ledger.bars_at)
        event = await anext(self._events)
        assert isinstance(event, BarsClosed)
        self.hand.move(event.bars[0].close)
        await self.engine.take(event)

    async def _quote(self, bid: float) -> None:
        clock = self.engine.clock
        assert isinstance(clock, VirtualClock)
        clock.jump_to(clock.now() + timedelta(seconds=1))
        self.hand.move(bid)
        await self.engine.take(Quote(BTC, clock.now(), bid, bid + 0.1, 100.0, 100.0))


async def live(plan: Plan) -> None:
    """Live one life."""
    clock: list[Clock] = []
    fd = os.open(plan.moments, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if plan.moments else -1

    def told(name: str) -> None:
        if fd >= 0:
            os.write(fd, f"{name}\n".encode())

    if plan.mutant:
        mutants.seed(plan.mutant)
    mortality = Mortality(plan.end_at, told)
    make_wire_mortal(mortality, lambda: clock[0])
    journal = await mortal_journal(mortality).open(Path(plan.db), settings_of(plan).hash)
    engine = await _opened(plan, journal, clock)
    life = Life(engine, Hand(plan.url), plan.aim)
    await life.lead()
    await life.desk.close()


async def _opened(plan: Plan, journal: Journal, clock: list[Clock]) -> Engine:
    """The desk as the product composes it: on paper, or a rehearsal at the loopback venue."""
    settings, recorder = settings_of(plan), Recorder(journal)
    await recorder.replay()
    choice = MarketChoice(files={BTC: Path(plan.file)}, speed=float("inf"), hold_seconds=0.0)
    market = open_replay(settings, choice, recorder.ledger)
    clock.append(market.clock)
    venues = _venues(plan) if plan.url else None
    parts = await Composition(settings, market, journal, recorder, venues=venues).parts()
    async with AsyncExitStack() as opened:
        return await start_on(parts, opened)


def settings_of(plan: Plan) -> Settings:
    """Settings of a desk on bitcoin alone: on paper, or live at the plan's venue."""
    if plan.venue == PAPER:
        return desk_settings()
    return desk_settings(
        desk={"mode": "live", "watch": (BTC,)},
        instruments={BTC: {"attested_by": "a scholar", "venue": plan.venue}},
        discord={"owner_id": OWNER.id.rjust(18, "1")},
    )


def _venues(plan: Plan) -> Venues:
    pair: dict[str, Any] = {
        f"{plan.venue}_api_key": SecretStr(plan.key),
        f"{plan.venue}_api_secret": SecretStr(plan.secret),
    }
    secrets = Secrets.model_construct(**pair)
    roots = {plan.venue: plan.url}
    return Venues(secrets, roots, rehearsal=True, spacing=timedelta(microseconds=1))
