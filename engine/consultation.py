"""One round of the scouts over recorded history, without a desk.

Refuses to trade, to vote and to write: what scouts say here is shown and forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.clock import VirtualClock
from engine.config import Secrets, Settings
from engine.engine.consulting import LOOK_BARS, SLOWER, look_of
from engine.errors import ConfigError
from engine.model.canonical import plain
from engine.model.witnesses import Opinion
from engine.news import RecordedHeadlines
from engine.opening import MarketChoice, replay_of
from engine.opening.witnesses import Aids, swarm_of
from engine.ports import ChartPainter, Look, Statement
from engine.scanning import scan_files
from engine.scouts import PROMPTS


@dataclass(frozen=True, slots=True)
class Consultation:
    """What every scout said of every file."""

    base_url: str
    statements: tuple[Statement, ...]


async def consult_files(
    settings: Settings,
    files: Mapping[str, Path],
    *,
    bars: int,
    base_url: str = "",
    headlines: Path | None = None,
    secrets: Secrets | None = None,
    painter: ChartPainter | None = None,
) -> Consultation:
    """Ask all scouts once about the last closed bars of each file.

    Parameters
    ----------
    bars : int
        Closed bars of each file from which the layers compute their numbers.
    base_url : str
        Server to ask; empty takes ``scouts.base_url``.
    headlines : Path or None
        Parquet file of recorded headlines, read as of the last bar.

    Raises
    ------
    ExecutorError
        If a file or the address cannot be used; one line with its mend.
    """
    url = base_url or settings.scouts.base_url
    if not url:
        raise ConfigError(
            "no model server is set: give one with --base-url, such as "
            "http://127.0.0.1:1234/v1, or set scouts.base_url in config.toml"
        )
    scouts = settings.scouts.model_copy(update={"base_url": url})
    settings = settings.model_copy(update={"scouts": scouts})
    clock = VirtualClock()
    assets = {name: settings.instrument(name).asset for name in files}
    news = RecordedHeadlines([headlines], assets) if headlines is not None else None
    swarm = swarm_of(settings, Aids(secrets, painter), clock, news)
    async with aclosing(swarm):
        looks = await _looks(settings, files, bars, clock)
        wanted = [(name, look) for name in PROMPTS for look in looks]
        said = [each async for each in swarm.consult(wanted, settings.scouts.tokens_a_day)]
    return Consultation(url, tuple(said))


async def _looks(
    settings: Settings, files: Mapping[str, Path], bars: int, clock: VirtualClock
) -> list[Look]:
    scans = {scan.instrument: scan for scan in await scan_files(settings, files, bars)}
    feed = replay_of(settings, MarketChoice(files=files), clock)
    clock.jump_to(feed.until)
    slower = SLOWER[feed.timeframe]
    count = LOOK_BARS * (slower.length // feed.timeframe.length)
    return [
        look_of(
            name,
            await feed.history(name, feed.until, count),
            slower,
            scans[name].assessment if name in scans else None,
        )
        for name in files
    ]


def statement_as_json(statement: Statement) -> dict[str, Any]:
    """One statement as plain JSON data, with what it took."""
    said = statement.said
    told: dict[str, Any] = {
        "scout": said.voter.name,
        "instrument": said.instrument,
        "model": said.voter.model,
        "prompt": said.voter.prompt,
        "said": "opinion" if isinstance(said, Opinion) else "abstention",
    }
    words: dict[str, Any] = plain(said)
    told |= {name: value for name, value in words.items() if name not in {"voter", "instrument"}}
    return told | {
        "seconds": round(statement.seconds, 3),
        "tokens_in": sum(used.tokens_in for used in statement.used),
        "tokens_out": sum(used.tokens_out for used in statement.used),
        "cost_usd": str(sum((used.cost_usd for used in statement.used), Decimal(0))),
    }
