"""Opening a desk: journal first, then the market, the broker and the engine around them.

Refuses to start half of it: whatever cannot be opened is named in one line, and what was opened
before it is let go of.
"""

from __future__ import annotations

from collections import ChainMap
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

from engine.brokers.settlement import Unsettled
from engine.config import Secrets, Settings
from engine.costs import Conditions
from engine.desk.policy import Policy, policy_of
from engine.engine import Engine, EngineParts
from engine.engine.parts import Funding
from engine.engine.recorder import Recorder
from engine.errors import ConfigError, JournalError
from engine.journal.ledger import Ledger
from engine.journal.sqlite import SqliteJournal
from engine.killswitch import KillFile, kill_path
from engine.model.bars import Timeframe
from engine.model.instruments import Calendar
from engine.model.orders import Side
from engine.model.positions import LotState
from engine.opening.account import learn_fees
from engine.opening.analyzer import analyst_of, why_not_asked
from engine.opening.choice import MarketChoice
from engine.opening.gates import pass_gates
from engine.opening.live import funding_of, guards_of, live_broker, sized_for
from engine.opening.markets import OpenMarket, open_market, open_replay, replay_of
from engine.opening.news import headlines_of
from engine.opening.paper import paper_venue
from engine.opening.venues import REHEARSAL, Venues
from engine.opening.witnesses import NO_AIDS, Aids, scouts_of, silent_witnesses
from engine.ports import Broker, ChartPainter, Journal, KillSwitch
from engine.probability.layer import InstrumentScale
from engine.probability.pipeline import Pipeline
from engine.risk import HeldBack, bounds_in_force
from engine.views import MarketView

__all__ = [
    "NO_AIDS",
    "Aids",
    "Composition",
    "MarketChoice",
    "OpenMarket",
    "Venues",
    "in_force",
    "kill_files",
    "open_engine",
    "open_market",
    "open_on",
    "open_replay",
    "parts_on",
    "pipeline_of",
    "replay_of",
    "start_on",
]

PAPER = "paper"
_PACED_EXPIRY_BARS = 2


async def open_engine(
    settings: Settings,
    choice: MarketChoice,
    journal_path: Path,
    secrets: Secrets | None = None,
    painter: ChartPainter | None = None,
) -> Engine:
    """Open the engine whose record is at `journal_path`.

    Parameters
    ----------
    secrets : Secrets or None
        Keys with which a venue is asked for the account's fees; None asks nobody.
    painter : ChartPainter or None
        Draws charts for scouts that look at pictures.

    Raises
    ------
    ExecutorError
        One line naming the thing and the mend; nothing is left open.
    """
    switch = kill_files(settings, journal_path)
    journal = await SqliteJournal.open(journal_path, settings.hash)
    venues = None if secrets is None else Venues(secrets)
    engine = await open_on(
        journal, settings, choice, str(journal_path), switch, venues, Aids(secrets, painter)
    )
    if secrets is not None and not engine.market.paced and not engine.market.simulated:
        await learn_fees(engine, settings, secrets)
    return engine


def kill_files(settings: Settings, journal_path: Path) -> KillFile:
    """The kill files of a desk: the one beside its record, and the configured one if there is.

    Raises
    ------
    ConfigError
        If the configured one's folder does not exist, so that nobody could put it there.
    """
    paths = [kill_path(journal_path)]
    if settings.journal.kill_file:
        more = Path(settings.journal.kill_file).absolute()
        if not more.parent.is_dir():
            raise ConfigError(
                f"journal.kill_file is {more}, but there is no folder {more.parent}: make it, or "
                "empty that key"
            )
        paths.append(more)
    return KillFile(*paths)


async def open_on(
    journal: Journal,
    settings: Settings,
    choice: MarketChoice,
    name: str = "the record",
    kill_switch: KillSwitch | None = None,
    venues: Venues | None = None,
    aids: Aids = NO_AIDS,
) -> Engine:
    """Open the engine on `journal`, which it closes with itself, also when it cannot open.

    Parameters
    ----------
    venues : Venues or None
        How a live desk reaches its venues; None only for paper.
    aids : Aids
        What its witnesses need.

    Raises
    ------
    ExecutorError
        One line naming the thing, the record by `name`, and the mend; nothing is left open.
    """
    async with AsyncExitStack() as opened:
        opened.push_async_callback(journal.aclose)
        parts = await parts_on(journal, settings, choice, name, venues, aids)
        return await start_on(replace(parts, kill_switch=kill_switch), opened)


async def start_on(parts: EngineParts, opened: AsyncExitStack) -> Engine:
    """The engine made of `parts`, open; on a fault `opened` lets go of what they are made of."""
    beside = (parts.headlines, parts.scouts, parts.analyst)
    for part in (parts.feed, parts.witnesses, parts.broker, *beside):
        if part is not None:
            opened.push_async_callback(part.aclose)
    engine = Engine(parts)
    await engine.open()
    opened.pop_all()
    return engine


async def parts_on(
    journal: Journal,
    settings: Settings,
    choice: MarketChoice,
    name: str = "the record",
    venues: Venues | None = None,
    aids: Aids = NO_AIDS,
) -> EngineParts:
    """Everything an engine on `journal` is made of, with the journal replayed.

    Raises
    ------
    ExecutorError
        One line naming the thing and the mend; only `journal` is still open then.
    """
    recorder = Recorder(journal)
    await recorder.replay()
    market = await open_market(settings, choice, recorder.ledger)
    compose = replace(
        Composition(settings, market, journal, recorder, name, venues, aids=aids),
        hold_seconds=choice.hold_seconds,
    )
    return await compose.parts()


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
            _require_same_market(self.recorder.ledger, self.market.view, self.name)
            _require_held_watched(self.recorder.ledger, self.market.instruments, self.name)
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
            return _paper_broker(settings, policy, ledger, conditions), ""
        locked = ""
        if self._rehearses:
            require_rehearsal_record(ledger, self.name)
        else:
            locked = await pass_gates(settings, ledger, self.venues, market.view)
        if self.venues is None:
            raise ConfigError("a live desk needs the keys of its venues, and none were given")
        unsettled = _unsettled(policy, ledger)
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


def require_paper_record(ledger: Ledger, name: str) -> None:
    """Refuse to let a paper desk take over what is held for real, or a rehearsal's record.

    Raises
    ------
    JournalError
        Naming the mend.
    """
    if ledger.mode == REHEARSAL:
        raise JournalError(f"{name} is the record of a rehearsal: choose another file with --db")
    if ledger.mode == "live" and (ledger.positions or ledger.open_orders()):
        raise JournalError(
            f"{name} holds real positions, which a paper desk would not guard: set desk.mode to "
            "live, close them with /flatten, then set it to paper"
        )


def require_rehearsal_record(ledger: Ledger, name: str) -> None:
    """Refuse to rehearse on a record of anything else.

    Raises
    ------
    JournalError
        Naming the mend.
    """
    if ledger.opened_at is not None and ledger.mode != REHEARSAL:
        raise JournalError(
            f"{name} is the record of a {ledger.mode} desk: rehearse on a file of its own, "
            "named with --db"
        )


def _paper_broker(
    settings: Settings, policy: Policy, ledger: Ledger, conditions: Conditions
) -> Broker:
    held: dict[str, Decimal] = {}
    for position in ledger.positions.values():
        base = policy.instruments[position.instrument].base
        held[base] = held.get(base, Decimal(0)) + position.quantity
    on_record = ledger.opened_at is not None and ledger.mode == PAPER
    cash = ledger.cash_usd if on_record else settings.desk.cash_usd
    return paper_venue(
        settings,
        policy,
        conditions,
        cash_usd=cash,
        holdings=held,
        unsettled=_unsettled(policy, ledger),
    )


def _unsettled(policy: Policy, ledger: Ledger) -> list[Unsettled]:
    """What the record says is still on its way: lots that are not ours, proceeds likewise."""
    lots = [
        Unsettled(
            client_id=ledger.orders_of(held.id, Side.BUY)[0].order.client_id,
            asset=policy.instruments[held.instrument].base,
            amount=held.quantity,
            settles_at=held.settles_at,
        )
        for held in ledger.positions.values()
        if held.lot is LotState.BOUGHT and held.settles_at is not None
    ]
    cash = [
        Unsettled("", "USD", amount, at)
        for at, amount in ledger.unsettled
        if ledger.at and at > ledger.at
    ]
    return lots + cash


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


def _require_same_market(ledger: Ledger, market: MarketView, name: str) -> None:
    if ledger.opened_at is None or ledger.market == market.name:
        return
    raise JournalError(
        f"{name} is the record of a desk on {ledger.market}, not on {market.name}: "
        "choose another file with --db, or the same market"
    )


def _require_held_watched(ledger: Ledger, watched: tuple[str, ...], name: str) -> None:
    """What is held or on order must be seen, or nobody guards it."""
    held = [position.instrument for position in ledger.positions.values()]
    held += [record.order.instrument for record in ledger.open_orders()]
    unseen = [symbol for symbol in held if symbol not in watched]
    if unseen:
        raise JournalError(
            f"{name} holds {unseen[0]}, which would not be watched now: add it to desk.watch, "
            f"or give its file with --data {unseen[0]}=FILE"
        )
