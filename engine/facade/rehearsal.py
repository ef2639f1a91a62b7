"""A desk in rehearsal: the live path before a played venue, for a guest to act on.

Refuses to reach anything but this machine; what is composed here is composed as live is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engine.clock import SystemClock
from engine.config import Settings
from engine.facade.desk import Desk
from engine.rehearsal.stage import stage


@asynccontextmanager
async def rehearsed_desk(settings: Settings, journal: Path) -> AsyncIterator[Desk]:
    """A desk on the live path, in real time, whose venue and market play on this machine.

    Parameters
    ----------
    journal : Path
        Where the record is begun; there may be no file yet.

    Raises
    ------
    ExecutorError
        One line naming the thing and the mend; nothing is left open.
    """
    async with stage(settings, journal, SystemClock(), directed=False) as played:
        engine, _ = await played.open()
        desk = Desk(engine)
        try:
            yield desk
        finally:
            await desk.close()
