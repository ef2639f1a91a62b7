"""The desk's one actor: it takes market events and commands in turn and keeps their order.

Refuses to do two things at once: every change of the record happens in a turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial

from engine.desk.present import Context, Present
from engine.desk.silence import silent_at
from engine.engine.analysing import Analysing
from engine.engine.bars import BarsFlow
from engine.engine.beginning import beginning, limits_to_record, plan_to_record
from engine.engine.consulting import Consulting
from engine.engine.crosschecks import CrossChecks, Statement
from engine.engine.deadlines import Deadlines, expired, on_their_way
from engine.engine.deciding import Deciding
from engine.engine.errands import Errands
from engine.engine.execution import Execution
from engine.engine.exits import Exits
from engine.engine.guarding import Guard
from engine.engine.judging import Judge
from engine.engine.lawkeeping import Lawkeeping
from engine.engine.listening import Listening
from engine.engine.overseeing import Overseeing
from engine.engine.parts import EngineParts, memo_rule_of
from engine.engine.patience import Patience
from engine.engine.posting import Posting
from engine.engine.reconciling import Reconciling
from engine.engine.reviewing import Reviewing
from engine.engine.stopping import Stopping
from engine.engine.street import Street
from engine.engine.study import study
from engine.engine.turns import Turns, dropping, halting
from engine.engine.unlocking import Unlocking
from engine.engine.watching import watch_of
from engine.errors import ForbiddenCall
from engine.journal.ledger import Ledger
from engine.metering.plan import meter_plan_of
from engine.model import events as happened
from engine.model.actors import DESK
from engine.model.bars import Bar, BarsClosed, MarketEvent, quote_of
from engine.model.events import Event
from engine.ports import Clock
from engine.views import MarketView


class Engine:
    """A desk at work.

    Parameters
    ----------
    parts : EngineParts

    Attributes
    ----------
    deciding, overseeing : Deciding, Overseeing
        What people may ask for.
    law : Lawkeeping
        The venue's own ledger and the owner's notes.
    analysing : Analysing
        What becomes of proposals on which a memo is wanted.
    listening : Listening
        What outside voices say.
    reviewing : Reviewing
        Looks at the record.
    posting : Posting
        What is still to be told.
    present : Present
        What people are shown.
    unlocking : Unlocking
        The lock on live.
    """

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts
        recorder, feed, clock = parts.recorder, parts.feed, parts.clock
        self._recorder = recorder
        self._turns = turns = Turns(recorder)
        self._patience = patience = Patience(recorder.ledger, clock, parts.hold_seconds)
        self._execution = execution = Execution(recorder, parts.broker, parts.kill_switch)
        self._exits = exits = Exits(recorder, execution, parts.policy.instruments)
        self._watch = watch = watch_of(parts)
        self._guard = guard = Guard(recorder, watch)
        self._reconciling = reconciling = Reconciling(recorder, watch, parts.broker, exits)
        self._street = street = Street(turns, feed, parts.broker, execution, exits, watch)
        memos = memo_rule_of(parts)
        judge = Judge(recorder.ledger, parts.policy, parts.pipeline, memos)
        self._checks = CrossChecks(
            parts.witnesses, feed, clock, parts.instruments, self._take_statement
        )
        self._stopping = stopping = Stopping(
            turns, clock, recorder, execution, exits, patience,
            parts.kill_switch, parts.kill_look_seconds,
        )  # fmt: skip
        self.present = present = Present(self._context())
        self.law = law = Lawkeeping(turns, recorder, parts.broker, present)
        watch.unread_seconds = law.unread_seconds
        self.listening = Listening(
            turns, clock, recorder, present,
            parts.settings.signals, parts.instruments, parts.market.timeframe,
            counts=not parts.market.paced,
        )  # fmt: skip
        self._flow = BarsFlow(
            recorder,
            execution,
            exits,
            parts.broker,
            parts.pipeline,
            watch,
            judge,
            reconciling,
            law,
            pieces=parts.pieces,
        )
        self._consulting = Consulting(
            parts.scouts, parts.settings.scouts, turns, recorder, feed, clock,
            parts.market.timeframe, parts.instruments, counts=not parts.market.paced,
        )  # fmt: skip
        self._errands = Errands(execution, exits, law, reconciling, parts.compare_every)
        turns.after = self._note_what_is_owed
        self.deciding = Deciding(
            turns,
            clock,
            recorder,
            execution,
            parts.pipeline,
            watch,
            street,
            guard,
            patience,
            stopping,
            present,
            memos,
        )
        self.analysing = Analysing(
            parts.analyst, parts.settings.analyzer, meter_plan_of(parts.settings), parts.headlines,
            turns, clock, recorder, parts.pipeline, watch, judge, self.deciding,
        )  # fmt: skip
        self.overseeing = Overseeing(
            turns, clock, recorder, execution, exits, watch, street, guard, stopping, present
        )
        self.posting = Posting(turns, recorder, present)
        self.reviewing = Reviewing(
            turns, clock, recorder, parts.journal, parts.settings, parts.market
        )
        self.unlocking = Unlocking(turns, recorder, parts.settings)

    def _context(self) -> Context:
        parts = self._parts
        return Context(
            ledger=parts.recorder.ledger,
            settings=parts.settings,
            policy=parts.policy,
            market=parts.market,
            feed=parts.feed,
            journal=parts.journal,
            clock=parts.clock,
            instruments=parts.instruments,
            started_at=parts.clock.now(),
            software=parts.software,
            silent=self._silent,
            meter=meter_plan_of(parts.settings),
            moment=self._watch.moment,
            before=self._watch.day_before,
            witnesses=parts.pipeline.witnesses,
            kill_switch=parts.kill_switch,
            guards=parts.guards,
        )

    def _silent(self) -> tuple[str, ...]:
        """Witnesses of whom no word stands now, each with the reason."""
        parts = self._parts
        if parts.scouts is None:
            return parts.silent
        names, testimony = tuple(parts.settings.scouts.scouts), self.ledger.testimony
        now = parts.clock.now()
        return silent_at(testimony, names, parts.instruments, now) + parts.silent

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

    # ------------------------------------------------------------------ opening

    async def open(self) -> None:
        """Journal the start, study what came before, and take up what a crash left behind."""
        await self._turns.take(self._open)
        self._stopping.start()

    async def _open(self) -> None:
        await self._recorder.record(*beginning(self._parts), durable=True)
        # First of all: nothing can be known or charged for what is not watched.
        await self._recorder.record(*dropping(self.ledger, self.instruments), durable=True)
        if self._parts.locked and self.ledger.halt is None:
            told = halting(self.ledger, DESK, f"not allowed to be live: {self._parts.locked}")
            await self._recorder.record(*told, durable=True)
        await self._stopping.look_at_start()
        await self._recorder.record(*limits_to_record(self._parts), durable=True)
        await self._recorder.record(*plan_to_record(self._parts), durable=True)
        until = self.ledger.bars_at or self.clock.now()
        studied = await study(
            self._parts.pipeline,
            self._parts.feed,
            self.ledger,
            self._watch.costing.of_history,
            instruments=self.instruments,
            until=until,
            bars=self._parts.settings.market.warmup_bars,
        )
        await self._recorder.record(*studied.events)
        await self._watch.take_up(self._parts.feed, until)
        if self._parts.witnesses.any:
            self._hear(await self._checks.look())
        if self.ledger.bars_at is None:
            await self._flow.look_first(studied.newest)
        await self._take_up(self.clock.now())

    async def _take_up(self, now: datetime) -> None:
        """What a crash may have left: orders without an answer, fills without a stop, and more."""
        if self.ledger.broken and self.ledger.halt is None:
            reason = f"invariant broken: {self.ledger.broken[-1]}"
            await self._recorder.record(*halting(self.ledger, DESK, reason), durable=True)
        await self._execution.recover(now)
        await self.law.read()
        if self.ledger.halt is not None:
            await self._execution.cancel_entries("the desk is halted")
        await self._exits.keep_up(now)
        await self._exits.close_overdue(self.ledger.bars_at or now)
        await self._exits.pursue()
        await self._recorder.record(*expired(self.ledger, now))
        await self._reconciling.compare(self.ledger.at or now)
        await self.analysing.give_up()
        await self.deciding.take_what_was_left()

    # ------------------------------------------------------------------ living

    async def run(self) -> None:
        """Live on the feed's events until it ends; the desk goes on answering after it.

        A broken invariant halts the desk for good; it and any other fault end the run, for the
        process to report.
        """
        grace = self.market.timeframe.length
        deadlines = Deadlines(
            self._recorder,
            self.clock,
            grace,
            self._time_is_up,
            self._watch.stale_at,
            self._errands.due_at,
            self._errands.stirred,
        )
        market = asyncio.create_task(self._live(), name="market")
        watches = (
            asyncio.create_task(deadlines.run(), name="deadlines"),
            asyncio.create_task(self._checks.run(), name="cross-checks"),
            asyncio.create_task(self.analysing.run(), name="analyzer"),
            asyncio.create_task(self._consulting.run(), name="scouts"),
        )
        try:
            await _first_end(market, *watches, *self._stopping.watching)
        except ForbiddenCall as broken:
            await self._turns.halt_for(broken)
            raise
        finally:
            for task in (market, *watches):
                task.cancel()
            await asyncio.gather(market, *watches, return_exceptions=True)

    async def _live(self) -> None:
        await self._patience.wait()  # a restart finds the question that was open
        async for event in self._parts.feed.stream(self.ledger.bars_at):
            take = partial(self._take_unless_asking, event)
            while not await self._turns.take(take):
                await self._patience.wait()
            await self._patience.wait()

    async def _take_unless_asking(self, event: MarketEvent) -> bool:
        """Take an event in, unless a question came first: a paced market waits for its answer."""
        if self._patience.left() > 0.0:
            return False
        await self._take(event)
        return True

    async def take(self, event: MarketEvent) -> None:
        """Take one market event in."""
        await self._turns.take(lambda: self._take(event))

    async def pass_over(self, event: Event, newest: Sequence[Bar] = ()) -> None:
        """Take in what a stretch of bars added up to in which nothing could happen.

        For research, which knows beforehand where something can: the desk then stands as if it
        had seen each of them.

        Parameters
        ----------
        event : Event
            What the stretch changes in the record.
        newest : sequence of Bar
            The last bar of the stretch, of each instrument that has one in it.
        """
        await self._recorder.record(event)
        for bar in newest:
            self._watch.remember(bar)

    async def learn_fees(self, tier: happened.FeeTierRead) -> None:
        """Journal what a venue charges this account, unless that is known already."""
        await self._turns.take(lambda: self._learn_fees(tier))

    async def _learn_fees(self, tier: happened.FeeTierRead) -> None:
        known = self.ledger.fee_tiers.get(tier.venue)
        if known is None or tier != happened.FeeTierRead(
            known.venue, known.maker_frac, known.taker_frac, known.name
        ):
            await self._recorder.record(tier)

    async def _take(self, event: MarketEvent) -> None:
        await self._stopping.look()
        if isinstance(event, BarsClosed):
            for terms in await self._flow.run(event):
                await self.deciding.take_at_once(terms)
            return
        quote = quote_of(event)
        if quote is not None:
            self._watch.see(quote)
            self._parts.pipeline.watch(quote)
        await self._recorder.record(*expired(self.ledger, event.at))
        await self._street.see(event)
        await self._execution.cancel_overdue(event.at)
        await self._guard.look(event.at)

    def _note_what_is_owed(self) -> None:
        self._errands.note(self.clock.now())

    async def _time_is_up(self, now: datetime) -> None:
        await self._turns.take(lambda: self._end_what_is_due(now))
        await self._street.meet(*on_their_way(self.ledger))

    async def _end_what_is_due(self, now: datetime) -> None:
        await self._recorder.record(*expired(self.ledger, now))
        await self._execution.cancel_overdue(now)
        await self._exits.close_overdue(now)
        await self._errands.run(now)
        await self._guard.look(now)

    async def _take_statement(self, statement: Statement) -> None:
        await self._turns.take(lambda: self._heed(statement))

    async def _heed(self, statement: Statement) -> None:
        self._hear(statement)
        await self._guard.look(self.clock.now())

    def _hear(self, statement: Statement) -> None:
        """Keep what the witnesses said, for the next look."""
        self._watch.clock_offset_seconds = statement.offset_seconds
        for quote in statement.quotes:
            self._watch.see(quote)
        for instrument, gap in statement.gaps.items():
            self._watch.sensing.compare(instrument, gap)

    async def aclose(self) -> None:
        """Let go of the feed and the journal; the record stays."""
        await self._stopping.aclose()
        await self._patience.aclose()
        await self._turns.take(self._let_go)

    async def _let_go(self) -> None:
        async with AsyncExitStack() as open_yet:
            # Each is let go of whatever becomes of the others, the journal last of all.
            open_yet.push_async_callback(self._parts.journal.aclose)
            open_yet.push_async_callback(self._parts.broker.aclose)
            open_yet.push_async_callback(self._parts.feed.aclose)
            open_yet.push_async_callback(self._parts.witnesses.aclose)
            for part in (self._parts.headlines, self._parts.scouts, self._parts.analyst):
                if part is not None:
                    open_yet.push_async_callback(part.aclose)


async def _first_end(market: asyncio.Task[None], *watches: asyncio.Task[None]) -> None:
    """Return when the market has ended; a fault of any ends all."""
    running: set[asyncio.Task[None]] = {market, *watches}
    while market in running:
        done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
