"""Opening a market: recorded, simulated or a venue's public data, brought to where a record ends.

Refuses a market that does not answer: one line names it and the mend.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from engine.clock import SystemClock, VirtualClock
from engine.config import Settings
from engine.engine.crosschecks import NOBODY, Witnesses
from engine.errors import MarketDataError
from engine.journal.ledger import Ledger
from engine.market.feed import log_finding
from engine.market.findings import Finding, Severity
from engine.market.replay import ReplayFeed
from engine.market.simulated import SimulatedFeed
from engine.opening.choice import AUTO, REPLAY, SIMULATED, VENUES, MarketChoice
from engine.ports import Clock, MarketFeed
from engine.views import MarketView

if TYPE_CHECKING:
    from engine.market.exchange import ExchangeFeed

_log = structlog.get_logger(__name__)
_PROBE_FOR = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class OpenMarket:
    """A market that answers: its feed and clock, and what is watched there."""

    feed: MarketFeed
    clock: Clock
    view: MarketView
    instruments: tuple[str, ...]
    seed: int = 0
    epoch_at: datetime | None = None
    witnesses: Witnesses = NOBODY

    async def aclose(self) -> None:
        """Let go of the feed and of the second source."""
        await self.witnesses.aclose()
        await self.feed.aclose()


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
    if ledger.market == REPLAY:
        raise MarketDataError(
            "the record is of a replay: give its files with --data SYMBOL=FILE, or another --db"
        )
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
    clock = VirtualClock(speed=choice.speed)
    feed = replay_of(settings, choice, clock)
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


def replay_of(settings: Settings, choice: MarketChoice, clock: VirtualClock) -> ReplayFeed:
    """The files of `choice`, read and checked, on `clock`.

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
    feed = ReplayFeed(
        choice.files,
        None,
        clock,
        choice.start,
        choice.until,
        warmup_bars=settings.market.warmup_bars,
        calendars={name: settings.instruments[name].calendar for name in choice.files},
        books=choice.books,
        tell=_only_faults,
    )
    for report in feed.reports.values():
        _log.info("recorded history checked", result=report.line)
    return feed


def _only_faults(finding: Finding) -> None:
    """The report of a file tells of the rest in one line."""
    if finding.severity is Severity.ERROR:
        log_finding(finding)


def _open_simulated(settings: Settings, choice: MarketChoice, ledger: Ledger) -> OpenMarket:
    seed = ledger.seed if ledger.opened_at else settings.market.seed
    paced = choice.speed != 1.0
    now = SystemClock().now()
    start = ledger.at or now
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
        books_every=settings.market.quote_for,
    )
    try:
        await feed.check()
    except BaseException:
        await feed.aclose()
        raise
    view = MarketView(
        name=venue,
        description=feed.description,
        simulated=False,
        paced=False,
        timeframe=settings.market.timeframe,
    )
    try:
        witnesses = await witnesses_of(settings, venue, feed, names)
    except BaseException:
        await feed.aclose()
        raise
    return OpenMarket(feed, clock, view, tuple(names), witnesses=witnesses)


async def witnesses_of(
    settings: Settings,
    venue: str,
    feed: ExchangeFeed,
    names: Iterable[str],
    base_url: str | None = None,
) -> Witnesses:
    """The venue's own time, and the second exchange with the instruments that it lists.

    Parameters
    ----------
    names : iterable of str
        Symbols that are watched.
    base_url : str or None
        Root address of the second exchange, if it is not its own.

    Raises
    ------
    MarketDataError
        If the second source is the first one; one line with its mend.
    """
    second, market = settings.market.second_source, settings.market
    if not second:
        return Witnesses(time=feed, streams_quotes=True, every=market.check_for)
    if second == venue:
        raise MarketDataError(
            f"market.second_source is {second}, which is the first source too: name the other "
            "exchange, or leave it empty"
        )
    other = feed.beside(second, base_url)
    try:
        unlisted = frozenset(names) - await other.listed()
    except MarketDataError as fault:
        # What it would say is unknown then, and unknown blocks entries until it answers.
        _log.warning("the second source does not answer", why=str(fault))
        unlisted = frozenset()
    except BaseException:
        await other.aclose()
        raise
    return Witnesses(feed, other, unlisted, streams_quotes=True, every=market.check_for)
