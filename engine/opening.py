"""Opening a desk: journal first, then the market, the broker and the engine around them.

Refuses to start half of it: whatever cannot be opened is named in one line, and what was opened
before it is let go of.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import structlog

from engine.brokers.paper import PaperBroker
from engine.clock import SystemClock, VirtualClock
from engine.config import Settings
from engine.desk.policy import Policy, policy_of
from engine.engine import Engine, EngineParts
from engine.engine.recorder import Recorder
from engine.errors import ConfigError, JournalError, MarketDataError
from engine.journal.ledger import Ledger
from engine.journal.sqlite import SqliteJournal
from engine.market.feed import log_finding
from engine.market.findings import Finding, Severity
from engine.market.replay import ReplayFeed
from engine.market.simulated import SimulatedFeed
from engine.model.bars import Timeframe
from engine.model.instruments import Calendar
from engine.ports import Broker, Clock, MarketFeed
from engine.probability.layer import InstrumentScale
from engine.probability.pipeline import Pipeline
from engine.views import MarketView

_log = structlog.get_logger(__name__)
AUTO, REPLAY, SIMULATED = "auto", "replay", "simulated"
_SILENT = tuple(f"{name} (no model server)" for name in ("Alpha", "Beta", "Gamma", "Analyzer"))
VENUES = ("kraken", "coinbase")
_PACED_EXPIRY_BARS = 2
_PROBE_FOR = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class MarketChoice:
    """Which market to watch.

    Attributes
    ----------
    source : str
        ``auto`` (Kraken where it can be reached, else simulated), ``replay``, ``simulated``,
        ``kraken`` or ``coinbase``; files in `files` mean a replay.
    files : mapping of str to Path
        Recorded history by instrument.
    speed : float, virtual seconds a real second, > 0
        Only replays and simulations can be faster than 1.
    start, until : datetime or None, aware UTC
        Part of a replay.
    hold_seconds : float, real seconds, >= 0
        How long a paced replay waits while the owner is being asked.
    """

    source: str = AUTO
    files: Mapping[str, Path] = field(default_factory=dict)
    speed: float = 1.0
    start: datetime | None = None
    until: datetime | None = None
    hold_seconds: float = 90.0


@dataclass(frozen=True, slots=True)
class OpenMarket:
    """A market that answers: its feed and clock, and what is watched there."""

    feed: MarketFeed
    clock: Clock
    view: MarketView
    instruments: tuple[str, ...]
    seed: int = 0
    epoch_at: datetime | None = None


async def open_engine(settings: Settings, choice: MarketChoice, journal_path: Path) -> Engine:
    """Open the engine whose record is at `journal_path`.

    Raises
    ------
    ExecutorError
        One line naming the thing and the mend; nothing is left open.
    """
    async with AsyncExitStack() as opened:
        journal = await SqliteJournal.open(journal_path, settings.hash)
        opened.push_async_callback(journal.aclose)
        recorder = Recorder(journal)
        await recorder.replay()
        market = await open_market(settings, choice, recorder.ledger)
        opened.push_async_callback(market.feed.aclose)
        _require_same_market(recorder.ledger, market.view, journal_path)
        engine = _assemble(settings, choice, market, journal, recorder)
        await engine.open()
        opened.pop_all()
        return engine


def _assemble(
    settings: Settings,
    choice: MarketChoice,
    market: OpenMarket,
    journal: SqliteJournal,
    recorder: Recorder,
) -> Engine:
    policy = policy_of(settings, market.instruments)
    if market.view.paced:
        # A bar may pass while the owner reads: a question outlives it.
        shortest = _PACED_EXPIRY_BARS * market.view.timeframe.length
        policy = replace(policy, expires_for=max(policy.expires_for, shortest))
    recorder.clock = market.clock
    return Engine(
        EngineParts(
            settings=settings,
            policy=policy,
            market=market.view,
            instruments=market.instruments,
            journal=journal,
            recorder=recorder,
            feed=market.feed,
            broker=_paper_broker(settings, policy, recorder.ledger),
            pipeline=pipeline_of(settings, policy, market.view.timeframe),
            clock=market.clock,
            software=version("executor"),
            silent=_SILENT,
            hold_seconds=choice.hold_seconds,
            seed=market.seed,
            epoch_at=market.epoch_at,
        )
    )


def _paper_broker(settings: Settings, policy: Policy, ledger: Ledger) -> Broker:
    if settings.desk.mode != "paper":
        raise ConfigError(
            "desk.mode is live, but no live broker is unlocked: live needs the review's gates "
            "and /golive; set desk.mode to paper"
        )
    held: dict[str, Decimal] = {}
    for position in ledger.positions.values():
        base = policy.instruments[position.instrument].base
        held[base] = held.get(base, Decimal(0)) + position.quantity
    cash = ledger.cash_usd if ledger.opened_at else settings.desk.cash_usd
    return PaperBroker(
        tuple(policy.instruments.values()), policy.costs, cash_usd=cash, holdings=held
    )


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


def _require_same_market(ledger: Ledger, market: MarketView, path: Path) -> None:
    if ledger.opened_at is None or ledger.market == market.name:
        return
    raise JournalError(
        f"{path} is the record of a desk on {ledger.market}, not on {market.name}: "
        "choose another file with --db, or the same market"
    )


# -------------------------------------------------------------------------- the market


async def open_market(settings: Settings, choice: MarketChoice, ledger: Ledger) -> OpenMarket:
    """The chosen market, brought to where the record ends.

    Raises
    ------
    MarketDataError
        If it cannot be used; one line with its mend.
    """
    if choice.files or choice.source == REPLAY:
        return open_replay(settings, choice, ledger)
    source = await _resolve(choice.source, ledger)
    if source == SIMULATED:
        return _open_simulated(settings, choice, ledger)
    return await _open_venue(settings, source)


async def _resolve(source: str, ledger: Ledger) -> str:
    """A desk stays on the market on which it opened; a new one takes Kraken if it answers."""
    if source in (SIMULATED, *VENUES):
        return source
    if source != AUTO:
        known = ", ".join((AUTO, REPLAY, SIMULATED, *VENUES))
        raise MarketDataError(f"there is no market {source!r}: choose one of {known}")
    if ledger.market:
        return ledger.market
    from engine.market.venues import reachable

    return "kraken" if await reachable("kraken", _PROBE_FOR) else SIMULATED


def open_replay(settings: Settings, choice: MarketChoice, ledger: Ledger) -> OpenMarket:
    """Recorded history; the virtual clock stands where the record ends.

    Raises
    ------
    MarketDataError
        If a file cannot be used, or is of an instrument that is not configured.
    """
    unknown = [name for name in choice.files if name not in settings.instruments]
    if unknown:
        known = ", ".join(settings.instruments)
        raise MarketDataError(
            f"--data names {unknown[0]}, which is not configured: use one of {known}, "
            f"or add [instruments.{unknown[0]}] to config.toml"
        )
    clock = VirtualClock(speed=choice.speed)
    calendars = {name: settings.instruments[name].calendar for name in choice.files}
    feed = ReplayFeed(
        choice.files,
        None,
        clock,
        choice.start,
        choice.until,
        warmup_bars=settings.market.warmup_bars,
        calendars=calendars,
        tell=_only_faults,
    )
    for report in feed.reports.values():
        _log.info("recorded history checked", result=report.line)
    if ledger.at is not None and ledger.at > clock.now():
        clock.jump_to(ledger.at)
    view = MarketView(
        name=REPLAY,
        description=feed.description,
        simulated=False,
        paced=True,
        timeframe=feed.timeframe,
    )
    return OpenMarket(feed, clock, view, tuple(choice.files))


def _only_faults(finding: Finding) -> None:
    """The report of a file tells of the rest in one line."""
    if finding.severity is Severity.ERROR:
        log_finding(finding)


def _open_simulated(settings: Settings, choice: MarketChoice, ledger: Ledger) -> OpenMarket:
    seed = ledger.seed if ledger.opened_at else settings.market.seed
    paced = choice.speed != 1.0
    now = SystemClock().now()
    start = ledger.at if ledger.at else now
    clock: Clock = VirtualClock(start, choice.speed) if paced else SystemClock()
    timeframe = settings.market.timeframe
    study_for = timeframe.length * settings.market.warmup_bars * 2
    epoch = ledger.epoch_at or start - study_for
    feed = SimulatedFeed(settings.watched, timeframe, clock, seed, epoch)
    view = MarketView(
        name=SIMULATED,
        description=feed.description,
        simulated=True,
        paced=paced,
        timeframe=timeframe,
    )
    return OpenMarket(feed, clock, view, settings.desk.watch, seed, epoch)


async def _open_venue(settings: Settings, venue: str) -> OpenMarket:
    """Public data of a venue, for the watched instruments that have any there.

    Where gold has no public bars its allocated token stands in, under its own name.
    """
    from engine.market.exchange import ExchangeFeed

    watched = [s for s in settings.desk.watch if settings.instruments[s].data_venue]
    if not any(settings.instruments[s].asset == "gold" for s in watched):
        watched += [
            symbol
            for symbol, table in settings.instruments.items()
            if table.asset == "gold" and table.data_venue == venue
        ]
    names = {s: settings.instruments[s].venue_symbol for s in watched}
    if not names:
        raise MarketDataError(
            f"nothing in desk.watch has public data at {venue}: add BTC-USD to desk.watch"
        )
    clock = SystemClock()
    feed = ExchangeFeed(
        venue,
        names,
        settings.market.timeframe,
        clock,
        quote_every=settings.market.quote_for,
    )
    await feed.check()
    view = MarketView(
        name=venue,
        description=feed.description,
        simulated=False,
        paced=False,
        timeframe=settings.market.timeframe,
    )
    return OpenMarket(feed, clock, view, tuple(names))


