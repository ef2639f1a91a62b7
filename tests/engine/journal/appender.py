"""A desk in small: appends batches until it is killed, and tells what was acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

from engine.journal.sqlite import SqliteJournal
from tests.engine.journal.samples import AT, SETTINGS, halted


async def append_for_ever(path: Path) -> None:
    async with await SqliteJournal.open(path, SETTINGS) as journal:
        for number in itertools.count():
            size = number % 4 + 1
            batch = [halted(f"{part} of {size}") for part in range(1, size + 1)]
            written = await journal.append(batch, AT, durable=number % 3 == 0)
            sys.stdout.write(f"{written[-1].seq} {written[-1].hash}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(append_for_ever(Path(sys.argv[1])))
