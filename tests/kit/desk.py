"""Real desks for tests: replayed or simulated market, real journal, virtual clock, no waiting.

Refuses to fake a decision: everything that happens here happened in the engine.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from engine.config import Settings
from engine.engine import Engine
from engine.facade import Desk, ProposalView, Refused
from engine.journal.fold import fold
from engine.journal.ledger import Ledger
from engine.journal.memory import MemoryJournal
from engine.journal.sqlite import SqliteJournal
from engine.market.columns import BarColumns, to_micros
from engine.model.actors import Actor, Role
from engine.model.bars import BarsClosed, MarketEvent, Timeframe
from engine.opening import MarketChoice, open_on
from engine.ports import Envelope, Journal, KillSwitch
from tests.kit.market import HOUR, MONDAY, write_bars

OWNER = Actor("1", "B", Role.OWNER)
OVERSEER = Actor("2", "Arki", Role.OVERSEER)
STRANGER = Actor("3", "Mallory", Role.STRANGER)
BTC = "BTC-USD"


def swings(
    count: int,
    *,
    instrument: str = BTC,
    seed: int = 3,
    half_life: float = 6.0,
    start: datetime = MONDAY,
    price: float = 50_000.0,
) -> BarColumns:
    """Hours of a price that swings around its mean: a market in which buying dips pays."""
    rng = np.random.default_rng(seed)
    keep = 0.5 ** (1.0 / half_life)
    level, path = 0.0, [0.0]
    for shock in rng.normal(0.0, 0.006, count):
        level = keep * level + shock
        path.append(level)
    edges = np.round(price * np.exp(np.array(path)), 1)
    opening, close = edges[:-1], edges[1:]
    reach = 1.0 + np.abs(rng.normal(0.0, 0.0015, count))
    return BarColumns(
        instrument,
        Timeframe.H1,
        np.array([to_micros(start + k * HOUR) for k in range(count)], np.int64),
        opening,
        np.round(np.maximum(opening, close) * reach, 1),
        np.round(np.minimum(opening, close) / reach, 1),
        close,
        rng.lognormal(3.0, 0.3, count),
    )


def desk_settings(*, auto_below: int = 0, **changes: Any) -> Settings:
    """Cheap fees, short study, few limits: proposals appear within days of bars.

    Parameters
    ----------
    auto_below : int, US dollars
        Proposals below it are taken at once; 0 asks for every one.
    """
    data: dict[str, Any] = {
        "market": {"warmup_bars": 200},
        "approval": {"paper_auto_below_usd": auto_below},
        "costs": {"kraken": {"maker_frac": 0.0001, "taker_frac": 0.0002}},
        "risk": {"trades_a_day": 50, "trades_a_day_per_instrument": 50},
        "exploratory": {"weekly_budget_frac": 0.2},
    }
    for section, keys in changes.items():
        data[section] = data.get(section, {}) | keys
    return Settings(**data)


@dataclass
class DeskAtWork:
    """A desk, and the hand that moves its market."""

    desk: Desk
    engine: Engine
    journal: Journal
    events: AsyncIterator[MarketEvent]

    @property
    def ledger(self) -> Ledger:
        return self.engine.ledger

    async def bars(self, count: int = 1) -> int:
        """Let `count` sets of bars close; answers how many there still were."""
        seen = 0
        while seen < count:
            event = await anext(self.events, None)
            if event is None:
                break
            await self.engine.take(event)
            seen += isinstance(event, BarsClosed)
        return seen

    async def proposal(self) -> ProposalView:
        """A proposal that waits, because the owner asked for one."""
        view = await self.desk.propose(OWNER, BTC)
        assert isinstance(view, ProposalView), view
        return view

    async def position(self) -> str:
        """Id of a position that an approved proposal opened."""
        view = await self.proposal()
        answer = await self.desk.approve(OWNER, view.terms.id, view.short_hash)
        assert isinstance(answer, ProposalView), answer
        while view.terms.id not in self.ledger.positions:
            await self.bars()
        return view.terms.id

    async def record(self) -> list[Envelope]:
        return [envelope async for envelope in self.journal.read()]

    async def kinds(self, after: int = 0) -> list[str]:
        return [envelope.kind async for envelope in self.journal.read(after)]

    async def refold(self) -> Ledger:
        """What a boot would make of the journal now."""
        return fold(await self.record())


async def start(
    file: Path,
    settings: Settings,
    journal: Journal | None = None,
    kill_switch: KillSwitch | None = None,
    **choice: Any,
) -> DeskAtWork:
    """Open a desk over a replay of `file` at any speed."""
    record = journal or MemoryJournal(settings.hash)
    given: dict[str, Any] = {
        "files": {BTC: file},
        "speed": float("inf"),
        "hold_seconds": 0.0,
    } | choice
    engine = await open_on(record, settings, MarketChoice(**given), kill_switch=kill_switch)
    events = engine._parts.feed.stream(engine.ledger.bars_at)
    return DeskAtWork(Desk(engine), engine, record, events)


@asynccontextmanager
async def at_work(
    file: Path, settings: Settings, journal: Journal | None = None, **choice: Any
) -> AsyncIterator[DeskAtWork]:
    """A desk over a replay of `file`, closed at the end."""
    desk = await start(file, settings, journal, **choice)
    try:
        yield desk
    finally:
        await desk.desk.close()


async def sqlite(path: Path, settings: Settings) -> SqliteJournal:
    return await SqliteJournal.open(path, settings.hash)


def swinging_file(folder: Path, count: int = 400, **how: Any) -> Path:
    """A small recorded market in which proposals appear."""
    return write_bars(folder / "BTC-USD.parquet", swings(count, **how))


def money(ledger: Ledger) -> Decimal:
    """Cash and positions at cost, less what trades earned: what the desk began with."""
    at_cost = sum(
        (p.cost_usd - p.realised_usd for p in ledger.positions.values()), start=Decimal(0)
    )
    earned = sum((t.pnl_usd for t in ledger.trades), start=Decimal(0))
    return ledger.cash_usd + at_cost - earned


def state_of(ledger: Ledger) -> dict[str, Any]:
    """Everything of a ledger but how often and by which entries it came about, and its memory."""
    passing = {"seq", "head", "at", "sessions", "posts", "untold", "newest_scan", "assessed",
               "oversight", "drift"}  # fmt: skip
    names = (n for n in Ledger.__dataclass_fields__ if n not in passing and n[0] != "_")
    state = {name: getattr(ledger, name) for name in names}
    state["proposals"] = {
        name: replace(record, seq=0) for name, record in ledger.proposals.items()
    }
    if ledger.registration is not None:
        state["registration"] = replace(ledger.registration, seq=0)
    return state


def refusal(answer: object) -> Refused:
    assert isinstance(answer, Refused), answer
    return answer
