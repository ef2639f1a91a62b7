"""Opening a desk: journal first, then the market, the broker and the engine around them.

Refuses to start half of it: whatever cannot be opened is named in one line, and what was opened
before it is let go of.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from engine.config import Secrets, Settings
from engine.engine import Engine, EngineParts
from engine.engine.recorder import Recorder
from engine.errors import ConfigError
from engine.journal.sqlite import SqliteJournal
from engine.killswitch import KillFile, kill_path
from engine.opening.account import learn_fees
from engine.opening.choice import MarketChoice
from engine.opening.composition import Composition, in_force, pipeline_of
from engine.opening.markets import OpenMarket, open_market, open_replay, replay_of
from engine.opening.paper import PAPER
from engine.opening.venues import Venues
from engine.opening.witnesses import NO_AIDS, Aids
from engine.ports import ChartPainter, Journal, KillSwitch

__all__ = [
    "NO_AIDS",
    "PAPER",
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
