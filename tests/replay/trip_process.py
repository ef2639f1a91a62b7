"""Writes every latched breaker's trip into a journal, then waits to be killed: ``... DB``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.engine.guarding import events_of
from engine.journal.sqlite import SqliteJournal
from engine.model.events import BreakerReset
from engine.risk import Limits
from tests.engine.test_risk_entry import NOW
from tests.kit.desk import OWNER
from tests.kit.events import OPENED
from tests.replay.worst import worst_picture


async def main(db: Path) -> None:
    journal = await SqliteJournal.open(db, "5" * 64)
    await journal.append([OPENED], NOW)
    await journal.append(events_of(worst_picture(), Limits()), NOW, durable=True)
    await journal.append([BreakerReset("daily loss", OWNER, "one of them")], NOW, durable=True)
    print("tripped", flush=True)  # noqa: T201  the parent waits for it
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
