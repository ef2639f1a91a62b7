"""The desk's one actor: it takes market events and commands in turn and keeps their order.

Refuses to do two things at once: every change of the record happens under one lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog

from engine.config import Settings
from engine.desk.policy import Policy
from engine.desk.present import Present
from engine.desk.words import sentence
from engine.engine.bars import BarsFlow, expired
from engine.engine.commands import Commands
from engine.engine.execution import Execution
from engine.engine.recorder import Recorder
from engine.engine.study import study
from engine.engine.telling import notices_of
from engine.errors import InvariantBroken, JournalError
from engine.journal.ledger import Ledger
from engine.model import events as happened
from engine.model.actors import DESK
from engine.model.bars import BarsClosed, MarketEvent, Quote
from engine.ports import Broker, Clock, Journal, MarketFeed
from engine.probability.pipeline import Pipeline
from engine.views import AnyNotice, AuditLine, MarketView, VerifyView

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EngineParts:
    """Everything an engine is made of, chosen by the composition root.

    Attributes
    ----------
    recorder : Recorder
        Already replayed.
    hold_seconds : float, real seconds, >= 0
        How long a paced replay waits for the owner while a proposal is open.
    seed, epoch_at : int, datetime or None
        What makes a simulated market again after a restart.
    """

    settings: Settings
    policy: Policy
    market: MarketView
    instruments: tuple[str, ...]
    journal: Journal
    recorder: Recorder
    feed: MarketFeed
    broker: Broker
    pipeline: Pipeline
    clock: Clock
    software: str
    silent: tuple[str, ...] = ()
    hold_seconds: float = 0.0
    seed: int = 0
    epoch_at: datetime | None = None


class Engine:
    """A desk at work.

    Parameters
    ----------
    parts : EngineParts

    Attributes
    ----------
    commands : Commands
        What people may ask for.
    present : Present
        What people are shown.
    """

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts
        self._lock = asyncio.Lock()
        self._decided = asyncio.Event()
        self._asked_until: dict[str, float] = {}
        self._recorder = parts.recorder
        self._execution = Execution(parts.recorder, parts.broker)
        self._flow = BarsFlow(
            recorder=parts.recorder,
            execution=self._execution,
            broker=parts.broker,
            pipeline=parts.pipeline,
            policy=parts.policy,
            timeframe=parts.market.timeframe,
            newest={},
            quotes={},
        )
        self.present = Present(
            ledger=parts.recorder.ledger,
            settings=parts.settings,
            policy=parts.policy,
            market=parts.market,
            feed=parts.feed,
            clock=parts.clock,
            instruments=parts.instruments,
            started_at=parts.clock.now(),
            software=parts.software,
            silent=parts.silent,
            moment=self._flow.moment,
            before=self._flow.day_before,
        )
        self.commands = Commands(
            lock=self._lock,
            clock=parts.clock,
            feed=parts.feed,
            recorder=parts.recorder,
            execution=self._execution,
            broker=parts.broker,
            flow=self._flow,
            present=self.present,
            decided=self._decided,
        )

    # ------------------------------------------------------------------ what it is

    @property
    def market(self) -> MarketView:
        """What is watched, and whether it is real."""
        return self._parts.market

    @property
    def instruments(self) -> tuple[str, ...]:
        """Symbols that are watched, in configured order."""
        return self._parts.instruments

    @property
    def clock(self) -> Clock:
        """The desk's clock."""
        return self._parts.clock

    @property
    def ledger(self) -> Ledger:
        """The state, for reading."""
        return self._recorder.ledger

    # ------------------------------------------------------------------ life

    async def open(self) -> None:
        """Journal the start, study what came before, and take up what a crash left behind."""
        async with self._lock:
            await self._record_start()
            until = self.ledger.bars_at or self.clock.now()
            studied = await study(
                self._parts.pipeline,
                self._parts.feed,
                self.ledger,
                self._parts.policy.cost_fracs(),
                instruments=self.instruments,
                until=until,
                bars=self._parts.settings.market.warmup_bars,
            )
            await self._recorder.record(*studied.events)
            await self._flow.take_up(self._parts.feed, until)
            if self.ledger.bars_at is None:
                await self._flow.look_first(studied.newest)
            await self._execution.recover()
            await self._execution.settle()
            await self._execution.pursue_exits()

    async def _record_start(self) -> None:
        parts, market = self._parts, self.market
        started = happened.SessionStarted(
            software=parts.software,
            market=market.name,
            config_hash=parts.settings.hash,
            seed=parts.seed,
            epoch_at=parts.epoch_at,
        )
        if self.ledger.opened_at is not None:
            await self._recorder.record(started, durable=True)
            return
        opened = happened.DeskOpened(
            mode=parts.settings.desk.mode,
            market=market.name,
            simulated=market.simulated,
            cash_usd=parts.settings.desk.cash_usd,
            software=parts.software,
        )
        await self._recorder.record(opened, started, durable=True)

    async def run(self) -> None:
        """Live on the feed's events until it ends.

        An invariant that breaks halts the desk for good; any other fault ends the run, for the
        process to report.
        """
        async for event in self._parts.feed.stream(self.ledger.bars_at):
            await self._wait_for_owner()
            try:
                await self.take(event)
            except InvariantBroken as broken:
                await self._halt_for_good(broken)
                raise
            await self._wait_for_owner()

    async def _wait_for_owner(self) -> None:
        """In a paced replay, stop time while the owner is being asked, for a while each time."""
        if not self.market.paced:
            return
        while (left := self._patience_left()) > 0:
            self._decided.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._decided.wait(), left)

    def _patience_left(self) -> float:
        """Real seconds that an open question may still hold the replay; 0 if none may."""
        now = asyncio.get_running_loop().time()
        asking = [r.terms.id for r in self.ledger.open_proposals() if r.asked]
        ends = (self._asked_until.setdefault(i, now + self._parts.hold_seconds) for i in asking)
        return max((end - now for end in ends), default=0.0)

    async def _halt_for_good(self, broken: InvariantBroken) -> None:
        _log.critical("invariant broken", what=str(broken))
        await self._recorder.record(
            happened.Halted(DESK, f"invariant broken: {broken}"), durable=True
        )

    async def aclose(self) -> None:
        """Let go of the feed and the journal; the record stays."""
        async with self._lock:
            await self._parts.feed.aclose()
            await self._parts.journal.aclose()

    # ------------------------------------------------------------------ the market

    async def take(self, event: MarketEvent) -> None:
        """Take one market event in."""
        async with self._lock:
            if isinstance(event, Quote):
                await self._take_quote(event)
            else:
                await self._take_bars(event)

    async def _take_quote(self, quote: Quote) -> None:
        self._flow.quotes[quote.instrument] = quote
        await self._parts.broker.observe(quote)
        if await self._execution.settle():
            await self._execution.protect(quote.at)
        await self._recorder.record(*expired(self._recorder, quote.at))

    async def _take_bars(self, batch: BarsClosed) -> None:
        for terms in await self._flow.run(batch):
            await self.commands.take_at_once(terms)

    # ------------------------------------------------------------------ the record

    async def notices(self) -> AsyncIterator[AnyNotice]:
        """Everything still to be posted, then as it happens."""
        async for envelope in self._recorder.untold():
            for notice in notices_of(envelope, self.present):
                yield notice

    async def audit(self, limit: int) -> tuple[AuditLine, ...]:
        """Newest entries in words, newest first."""
        newest = self.ledger.seq
        lines = [
            AuditLine(
                seq=envelope.seq,
                at=envelope.at,
                kind=envelope.kind,
                sentence=sentence(envelope.event),
                short_hash=envelope.hash[:12],
            )
            async for envelope in self._parts.journal.read(max(newest - limit, 0))
        ]
        return tuple(reversed(lines))

    async def verify(self) -> VerifyView:
        """Read the whole chain again; reading checks every link."""
        count, findings = 0, []
        try:
            async for _ in self._parts.journal.read():
                count += 1
        except JournalError as fault:
            findings.append(str(fault))
        seq, head = await self._parts.journal.head()
        return VerifyView(count, seq, head, tuple(findings))
