"""A real desk for the bot's tests: simulated market, memory journal, virtual clock, no waiting.

Refuses to fake a decision: everything that happens here happened in the engine.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from engine.brokers.paper import PaperBroker
from engine.clock import VirtualClock
from engine.config import Settings
from engine.desk.policy import policy_of
from engine.engine import Engine, EngineParts
from engine.engine.recorder import Recorder
from engine.facade import Desk, ProposalView
from engine.journal.memory import MemoryJournal
from engine.market.simulated import SimulatedFeed
from engine.model.bars import BarsClosed, MarketEvent, Timeframe
from engine.opening import pipeline_of
from engine.views import MarketView
from tests.kit.bot_views import OWNER

START = datetime(2026, 3, 3, 12, tzinfo=UTC)
SYMBOLS = ("BTC-USD", "XAU-USD")


@dataclass
class LiveDesk:
    """A desk, and the hand that moves its market."""

    desk: Desk
    engine: Engine
    journal: MemoryJournal
    events: AsyncIterator[MarketEvent]

    async def bars(self, count: int = 1) -> None:
        """Let `count` groups of bars close."""
        while count:
            event = await anext(self.events)
            await self.engine.take(event)
            count -= isinstance(event, BarsClosed)

    async def proposal(self, instrument: str = "BTC-USD") -> ProposalView:
        """A proposal that waits, because the owner asked for one."""
        view = await self.desk.propose(OWNER, instrument)
        assert isinstance(view, ProposalView), view
        return view

    async def restarted(self) -> LiveDesk:
        """The same record taken up by a new process."""
        return await open_desk(self.journal, at=self.desk.now())


def settings() -> Settings:
    """Defaults, but that even small paper proposals wait for the owner."""
    default = Settings()
    asked = default.approval.model_copy(update={"paper_auto_below_usd": Decimal(0)})
    brief = default.market.model_copy(update={"warmup_bars": 300})
    return default.model_copy(update={"approval": asked, "market": brief})


async def open_desk(
    journal: MemoryJournal | None = None, at: datetime = START, *, paced: bool = True
) -> LiveDesk:
    """Open a desk over `journal`, or over an empty one, its clock at `at`."""
    chosen = settings()
    policy = policy_of(chosen, SYMBOLS)
    clock = VirtualClock(at)
    feed = SimulatedFeed([policy.instruments[each] for each in SYMBOLS], Timeframe.H1, clock, 7)
    record = journal or MemoryJournal(chosen.hash)
    recorder = Recorder(record, clock)
    await recorder.replay()
    market = MarketView("simulated", feed.description, True, paced, Timeframe.H1)
    engine = Engine(
        EngineParts(
            settings=chosen, policy=policy, market=market, instruments=SYMBOLS, journal=record,
            recorder=recorder, feed=feed,
            broker=PaperBroker(
                tuple(policy.instruments.values()), policy.costs, cash_usd=Decimal(10_000)
            ),
            pipeline=pipeline_of(chosen, policy, Timeframe.H1), clock=clock, software="test",
            silent=("Alpha", "Beta", "Gamma"),
        )
    )  # fmt: skip
    await engine.open()
    return LiveDesk(Desk(engine), engine, record, feed.stream(recorder.ledger.bars_at))
