"""An analyst that says what a test tells it to, and desks that ask it.

Refuses to be clever: it answers as scripted, and keeps what it was told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from engine.config import Settings
from engine.engine import Engine
from engine.facade import Desk
from engine.journal.memory import MemoryJournal
from engine.model.events import ModelUsed
from engine.model.memos import Brief, Fact, Memo, MemoVerdict, Missed
from engine.opening import MarketChoice, parts_on
from engine.ports import Analysed, Journal
from tests.kit.desk import BTC, DeskAtWork

WITNESS = "analyzer.1/scripted"
Script = Callable[[Brief], Memo | Missed]


def memo(verdict: MemoVerdict, brief: Brief, summary: str = "because") -> Memo:
    """A memo that relies on one fact."""
    fact = Fact("p_mean", brief.numbers["p_mean"])
    return Memo(WITNESS, verdict, summary, ("a risk",), (fact,))


def always(verdict: MemoVerdict) -> Script:
    """A script of one verdict."""
    return lambda brief: memo(verdict, brief)


class ScriptedAnalyst:
    """An `Analyst` without a model.

    Attributes
    ----------
    briefs : list of Brief
        What it was told, oldest first.
    cost_usd : Decimal, US dollars
        What each question costs, and may cost at worst.
    """

    def __init__(self, script: Script, cost_usd: Decimal = Decimal("0.01")) -> None:
        self.script, self.cost_usd = script, cost_usd
        self.witness, self.provider = WITNESS, "deepseek"
        self.briefs: list[Brief] = []

    def worst_usd(self, at: datetime) -> Decimal | None:
        """What each question costs."""
        return self.cost_usd

    def lost(self, at: datetime) -> tuple[ModelUsed, ...]:
        """A question that may have been billed."""
        return (ModelUsed(self.provider, "scripted", "lost", 0, 0, 0, self.cost_usd),)

    async def ask(self, brief: Brief) -> Analysed:
        """The scripted answer."""
        self.briefs.append(brief)
        used = ModelUsed(self.provider, "scripted", "analyzer", 10, 0, 5, self.cost_usd)
        return Analysed(self.script(brief), (used,), 0.5)

    async def aclose(self) -> None:
        """Nothing to let go of."""


@asynccontextmanager
async def analysed_desk(
    file: Path,
    settings: Settings,
    analyst: ScriptedAnalyst | None,
    journal: Journal | None = None,
) -> AsyncIterator[DeskAtWork]:
    """A desk over recorded bars, taken for the present, that asks `analyst`."""
    record = journal or MemoryJournal(settings.hash)
    choice = MarketChoice(files={BTC: file}, speed=float("inf"), hold_seconds=0.0)
    parts = await parts_on(record, settings, choice)
    parts = replace(parts, analyst=analyst, market=replace(parts.market, paced=False))
    engine = Engine(parts)
    await engine.open()
    desk = DeskAtWork(Desk(engine), engine, record, parts.feed.stream(engine.ledger.bars_at))
    try:
        yield desk
    finally:
        await desk.desk.close()
