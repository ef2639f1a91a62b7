"""One desk made of its parts: the same way for paper, live and rehearsal.

Refuses to leave anything open when the desk cannot be made.
"""

from __future__ import annotations

from collections import ChainMap
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.metadata import version

from engine.config import Settings
from engine.costs import Conditions
from engine.desk.policy import Policy, policy_of
from engine.engine import EngineParts
from engine.engine.parts import Funding
from engine.engine.recorder import Recorder
from engine.errors import ConfigError
from engine.journal.ledger import Ledger
from engine.model.bars import Timeframe
from engine.model.instruments import Calendar
from engine.opening.analyzer import analyst_of, why_not_asked
from engine.opening.gates import pass_gates
from engine.opening.live import funding_of, guards_of, live_broker, sized_for
from engine.opening.markets import OpenMarket
from engine.opening.news import headlines_of
from engine.opening.paper import PAPER, paper_venue_of
from engine.opening.record import (
    require_held_watched,
    require_paper_record,
    require_rehearsal_record,
    require_same_market,
)
from engine.opening.unsettled import unsettled_of
from engine.opening.venues import REHEARSAL, Venues
from engine.opening.witnesses import NO_AIDS, Aids, scouts_of, silent_witnesses
from engine.ports import Broker, Journal
from engine.probability.layer import InstrumentScale
from engine.probability.pipeline import Pipeline
from engine.risk import HeldBack, bounds_in_force

_PACED_EXPIRY_BARS = 2


@dataclass(frozen=True, slots=True)
class Composition:
    """One desk about to be made of its parts: the same way for paper, live and rehearsal.

    Attributes
    ----------
    market : OpenMarket
        Closed again if the desk cannot be made.
    recorder : Recorder
        Already replayed.
    name : str
        The record, for people.
    venues : Venues or None
        None only for paper.
    hold_seconds : float, real seconds, >= 0
        How long a paced replay waits while the owner is being asked.
    aids : Aids
        What its witnesses need.
    """

    settings: Settings
    market: OpenMarket
    journal: Journal
    recorder: Recorder
    name: str = "the record"
    venues: Venues | None = None
    hold_seconds: float = 0.0
    aids: Aids = NO_AIDS

    async def parts(self) -> EngineParts:
        """Everything an engine is made of.

        Raises
        ------
        ExecutorError
            One line naming the thing and the mend; only the journal is still open then.
        """
        async with AsyncExitStack() as opened:
            opened.push_async_callback(self.market.aclose)
            require_same_market(self.recorder.ledger, self.market.view, self.name)
            require_held_watched(self.recorder.ledger, self.market.instruments, self.name)
            parts = await self._assemble(opened)
            opened.pop_all()
            return parts

    async def _assemble(self, opened: AsyncExitStack) -> EngineParts:
        settings, market, ledger = self.settings, self.market, self.recorder.ledger
        policy = policy_of(settings, market.instruments)
        if market.view.paced:
            # A bar may pass while the owner reads: a question outlives it.
            shortest = _PACED_EXPIRY_BARS * market.view.timeframe.length
            policy = replace(policy, expires_for=max(policy.expires_for, shortest))
        if self._rehearses:
            policy = replace(policy, exploratory=True)  # or there might be nothing to rehearse
        elif self._mode != PAPER:
            policy = sized_for(policy, ledger)
        policy, held_back = in_force(policy, ledger)
        # A live view: what the journal learns of the account's fees counts from then on.
        tiers = ChainMap(ledger.fee_tiers, dict(policy.costs.tiers))
        policy = replace(policy, costs=replace(policy.costs, tiers=tiers))
        conditions = Conditions(timedelta(seconds=settings.costs.quote_seconds))
        self.recorder.clock = market.clock
        broker, locked = await self._broker(policy, conditions)
        opened.push_async_callback(broker.aclose)
        headlines = headlines_of(settings, market.view, market.instruments, market.clock)
        unasked = why_not_asked(settings, self.aids, paced=market.view.paced)
        return EngineParts(
            settings=settings,
            policy=policy,
            market=market.view,
            instruments=market.instruments,
            journal=self.journal,
            recorder=self.recorder,
            feed=market.feed,
            broker=broker,
            conditions=conditions,
            pipeline=pipeline_of(settings, policy, market.view.timeframe),
            clock=market.clock,
            software=version("executor"),
            silent=silent_witnesses(settings, unasked),
            analyst=analyst_of(settings, self.aids, market.view, market.clock),
            scouts=scouts_of(settings, self.aids, market.clock, headlines),
            witnesses=market.witnesses,
            headlines=headlines,
            held_back=held_back,
            hold_seconds=self.hold_seconds,
            seed=market.seed,
            epoch_at=market.epoch_at,
            funding=await self._funding(broker),
            locked=locked,
            guards=guards_of(settings, market.instruments, paper=self._mode == PAPER),
            compare_every=None if self._mode == PAPER else settings.risk.reconcile_every,
        )

    @property
    def _rehearses(self) -> bool:
        return self.venues is not None and self.venues.rehearsal

    @property
    def _mode(self) -> str:
        return REHEARSAL if self._rehearses else self.settings.desk.mode

    async def _broker(self, policy: Policy, conditions: Conditions) -> tuple[Broker, str]:
        """The venue of the mode, and why a live desk that holds something comes up halted."""
        ledger, settings, market = self.recorder.ledger, self.settings, self.market
        if self._mode == PAPER:
            require_paper_record(ledger, self.name)
            return paper_venue_of(settings, policy, ledger, conditions), ""
        locked = ""
        if self._rehearses:
            require_rehearsal_record(ledger, self.name)
        else:
            locked = await pass_gates(settings, ledger, self.venues, market.view)
        if self.venues is None:
            raise ConfigError("a live desk needs the keys of its venues, and none were given")
        unsettled = unsettled_of(policy, ledger)
        broker = live_broker(
            settings, market.instruments, self.venues, ledger, market.clock, unsettled
        )
        return broker, locked

    async def _funding(self, broker: Broker) -> Funding | None:
        """Money to go on with; None where the desk keeps what is on record."""
        ledger, settings, mode = self.recorder.ledger, self.settings, self._mode
        if mode == PAPER:
            if ledger.opened_at is None or ledger.mode == PAPER:
                return None
            return Funding(PAPER, settings.desk.cash_usd, {}, "the settings say paper")
        if ledger.mode == mode:
            return None
        return await funding_of(broker, settings, self.market.instruments, mode)


def in_force(policy: Policy, ledger: Ledger) -> tuple[Policy, tuple[HeldBack, ...]]:
    """The policy with no limit looser than on record while a position or an order is open."""
    flat = not ledger.positions and not ledger.open_orders()
    bounds, held_back = bounds_in_force(policy.bounds, ledger.limits, flat=flat)
    return policy.within(bounds), held_back


def pipeline_of(settings: Settings, policy: Policy, timeframe: Timeframe) -> Pipeline:
    """The twelve layers for the instruments of `policy`."""
    scales = [
        InstrumentScale(
            symbol=symbol,
            tick=float(instrument.tick),
            continuous=instrument.calendar is Calendar.CONTINUOUS,
        )
        for symbol, instrument in policy.instruments.items()
    ]
    return Pipeline(settings.pipeline, scales, timeframe.days)
