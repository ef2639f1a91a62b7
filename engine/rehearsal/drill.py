"""The drill: from the yes to the settled lot and out again, a lost answer and a restart included.

Refuses to pass over a step: the first that does not come out as it must ends the drill.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.brokers.exchange.keys import KeyFitness, check_key
from engine.clock import VirtualClock
from engine.config import Settings
from engine.engine import Engine
from engine.journal.ledger import Ledger
from engine.journal.verify import verify
from engine.model.actors import Actor, Role
from engine.model.canonical import plain
from engine.model.orders import OrderState, Purpose, Side
from engine.model.positions import LotState
from engine.model.verdicts import Refused
from engine.outside.reconciling import reconcile_outside
from engine.rehearsal.market import RehearsalFeed
from engine.rehearsal.stage import INSTRUMENT, OWN_USD, Stage, stage
from engine.rehearsal.venue import Fault

OWNER = Actor("1", "B, rehearsed", Role.OWNER)
_START = datetime(2025, 3, 4, 12, tzinfo=UTC)
_SPEED = 20.0
_TICK = timedelta(seconds=1)
_MOST_TICKS = 90
_SPREAD = Decimal("0.2")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the drill and what came of it.

    Attributes
    ----------
    told : str
        One sentence with what was seen.
    """

    name: str
    done: bool
    told: str


@dataclass(frozen=True, slots=True)
class DrillReport:
    """What came of a drill.

    Attributes
    ----------
    rehearsal : bool
        Always true: nothing in here was real.
    pnl_usd : Decimal or None, US dollars
        Of the one trade, after fees; None if it never came to be.
    requests : int
        Signed requests that the played venue answered.
    """

    steps: tuple[Step, ...]
    pnl_usd: Decimal | None
    requests: int
    journal: str
    rehearsal: bool = True

    @property
    def ok(self) -> bool:
        """Whether every step was done."""
        return len(self.steps) == len(STEPS) and all(step.done for step in self.steps)


class Drilled(Exception):
    """A step did not come out as it must; the argument is what was seen."""


@dataclass
class Drill:
    """A drill under way."""

    stage: Stage
    clock: VirtualClock
    engine: Engine
    feed: RehearsalFeed
    life: asyncio.Task[None]
    steps: list[Step] = field(default_factory=list)
    proposal: str = ""

    @property
    def ledger(self) -> Ledger:
        """The desk's state, for reading."""
        return self.engine.ledger

    async def until(self, holds: Callable[[Ledger], bool], what: str) -> None:
        """Let time pass at the present price until `holds`.

        Raises
        ------
        Drilled
            If it does not come to that.
        """
        for _ in range(_MOST_TICKS):
            if holds(self.ledger):
                return
            await self.clock.advance_to(self.clock.now() + _TICK)
            await self.feed.show(self.stage.account.bid, self.stage.account.ask)
        raise Drilled(f"{what} did not happen within {_MOST_TICKS} seconds")

    async def price(self, bid: Decimal) -> None:
        """Move the market."""
        await self.clock.advance_to(self.clock.now() + _TICK)
        await self.feed.show(bid, bid + _SPREAD)

    async def restart(self) -> None:
        """End the desk and take its record up in a new one."""
        await _end(self)
        self.engine, self.feed = await self.stage.open()
        self.life = asyncio.create_task(self.engine.run(), name="rehearsed desk")


async def _keys(drill: Drill) -> str:
    stage = drill.stage
    found = await check_key("kraken", stage.venues.secrets, drill.clock, base_url=stage.url)
    _require(found.fitness is KeyFitness.FIT, found.detail)
    stage.venue.can_withdraw = True
    greedy = await check_key("kraken", stage.venues.secrets, drill.clock, base_url=stage.url)
    stage.venue.can_withdraw = False
    _require(greedy.fitness is KeyFitness.UNFIT, f"a key that can withdraw: {greedy.detail}")
    return f"{found.detail}; one that could was refused"


async def _account(drill: Drill) -> str:
    ledger = drill.ledger
    _require(ledger.mode == "rehearsal", f"the record says {ledger.mode}")
    _require(ledger.cash_usd == OWN_USD, f"the desk has {ledger.cash_usd} USD")
    aside = ledger.set_aside["BTC"].normalize()
    return f"the desk may call {ledger.cash_usd:,.2f} USD its own; {aside} BTC stay the owner's"


async def _yes(drill: Drill) -> str:
    await drill.feed.show(drill.stage.account.bid, drill.stage.account.ask)
    raised = await drill.engine.deciding.propose(OWNER, INSTRUMENT)
    if isinstance(raised, Refused):
        raise Drilled(raised.sentence)
    # The answer is lost, and the venue's lists lag behind what it has done.
    drill.stage.venue.fail("AddOrder", Fault.DROP_AFTER)
    drill.stage.account.hides_orders = drill.stage.account.hides_trades = True
    terms = raised.terms
    answer = await drill.engine.deciding.approve(OWNER, terms.id, raised.short_hash, 1.0, "drill")
    if isinstance(answer, Refused):
        raise Drilled(answer.sentence)
    drill.proposal = terms.id
    size = f"{terms.quantity} BTC for {terms.notional_usd:,.2f} USD"
    return f"{terms.id}: {size}, bound to {raised.short_hash}"


async def _found(drill: Drill) -> str:
    record = drill.ledger.orders_of(drill.proposal, Side.BUY)[0]
    _require(record.state is OrderState.UNKNOWN, f"the order is {record.state}, not in doubt")
    await drill.until(lambda _: len(drill.stage.venue.sent("ClosedOrders")) > 0, "a look-up")
    _require(drill.proposal not in drill.ledger.positions, "a fill that nobody has shown")
    drill.stage.account.reveal()
    await drill.until(
        lambda ledger: drill.proposal in ledger.positions, "finding the order by its own id"
    )
    sent = [o for o in drill.stage.account.orders.values() if o.side == "buy"]
    _require(len(sent) == 1, f"{len(sent)} buys reached the venue for one yes")
    return (
        f"the answer was lost on its way; {record.order.client_id} was looked up, never sent again"
    )


async def _lot(drill: Drill) -> str:
    held = drill.ledger.positions[drill.proposal]
    _require(held.lot is LotState.SELLABLE, f"the lot is {held.lot}")
    return f"{held.quantity:f} BTC bought at {held.entry_price:,.2f}, settled and ours"


async def _stop(drill: Drill) -> str:
    held = drill.ledger.positions[drill.proposal]
    await drill.until(lambda _: bool(drill.stage.account.listed("open")), "the stop at the venue")
    (stop,) = drill.stage.account.listed("open")
    _require(stop.trigger == held.stop and stop.quantity == held.quantity, f"it is {stop}")
    return f"a stop for the whole lot rests at the venue, at {stop.trigger:,.2f}"


async def _restarted(drill: Drill) -> str:
    fills, rests = dict(drill.ledger.fills), drill.stage.account.listed("open")
    await drill.restart()
    _require(drill.ledger.fills == fills, "a fill was counted twice or lost")
    _require(drill.stage.account.listed("open") == rests, "the stop is another one")
    return "the record was taken up: the same position, the same stop, no fill told twice"


async def _out(drill: Drill) -> str:
    held = drill.ledger.positions[drill.proposal]
    await drill.price(held.target + 1)
    await drill.until(lambda ledger: bool(ledger.trades), "the sale at the target")
    trade = drill.ledger.trades[-1]
    _require(trade.closed_by is Purpose.TARGET, f"it was closed by {trade.closed_by}")
    left = drill.stage.account.listed("open")
    _require(not left, f"{len(left)} orders still rest")
    return (
        f"sold at {trade.exit_price:,.2f}: {trade.pnl_usd:+,.2f} USD after fees, the stop is off"
    )


async def _books(drill: Drill) -> str:
    moved = drill.stage.account.own["USD"] - OWN_USD
    trade = drill.ledger.trades[-1]
    gap = abs(moved - trade.pnl_usd)
    _require(gap < _CENT, f"the account moved by {moved} USD, not by {trade.pnl_usd}")
    await _end(drill)
    compared = await reconcile_outside(
        drill.stage.settings, drill.stage.journal, drill.stage.venues, drill.clock
    )
    _require(compared.agrees, compared.sentence)
    report = verify(drill.stage.journal)
    _require(report.ok, report.sentence)
    return f"{compared.sentence} {report.sentence}"


Play = Callable[[Drill], Awaitable[str]]
STEPS: tuple[tuple[str, Play], ...] = (
    ("the key", _keys),
    ("the account", _account),
    ("the owner's yes", _yes),
    ("a lost answer", _found),
    ("the lot", _lot),
    ("the stop", _stop),
    ("a restart", _restarted),
    ("the way out", _out),
    ("the books", _books),
)
"""Every step of the drill, in order."""


async def drill(settings: Settings, journal: Path) -> DrillReport:
    """Play the live path from end to end against a venue on this machine.

    Parameters
    ----------
    journal : Path
        Where the record is begun; there may be no file yet.

    Raises
    ------
    ExecutorError
        If the desk cannot be opened at all.
    """
    clock = VirtualClock(_START, _SPEED)
    async with stage(settings, journal, clock, directed=True) as played:
        async with _desk(played, clock) as under_way:
            for name, play in STEPS:
                try:
                    step = Step(name, done=True, told=await play(under_way))
                except Drilled as fault:
                    step = Step(name, done=False, told=str(fault))
                under_way.steps.append(step)
                if not step.done:
                    break
            trades = under_way.ledger.trades
        return DrillReport(
            steps=tuple(under_way.steps),
            pnl_usd=trades[-1].pnl_usd if trades else None,
            requests=len(played.venue.requests),
            journal=str(journal),
        )


def drill_as_json(report: DrillReport) -> dict[str, Any]:
    """The report as plain JSON data; money is text, exactly."""
    told: dict[str, Any] = plain(report)
    return told | {"ok": report.ok}


@asynccontextmanager
async def _desk(played: Stage, clock: VirtualClock) -> AsyncIterator[Drill]:
    engine, feed = await played.open()
    life = asyncio.create_task(engine.run(), name="rehearsed desk")
    under_way = Drill(played, clock, engine, feed, life)
    try:
        yield under_way
    finally:
        await _end(under_way)


async def _end(drill: Drill) -> None:
    """Let the desk go; once is enough, twice is harmless."""
    if drill.life.done():
        return
    drill.life.cancel()
    await asyncio.gather(drill.life, return_exceptions=True)
    await drill.engine.aclose()


def _require(holds: bool, seen: str) -> None:
    if not holds:
        raise Drilled(seen)
