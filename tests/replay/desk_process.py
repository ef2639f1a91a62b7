"""A desk in a process of its own, for tests that kill it: ``python desk_process.py FILE DB``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.facade import MarketChoice, open_desk
from tests.kit.desk import BTC, desk_settings


async def main(file: Path, db: Path) -> None:
    choice = MarketChoice(files={BTC: file}, speed=float("inf"), hold_seconds=0.0)
    desk = await open_desk(desk_settings(auto_below=10**6), choice, db)
    print("open", flush=True)  # noqa: T201  the parent waits for it
    await desk.run()
    await desk.close()
    print("ended", flush=True)  # noqa: T201  the parent waits for it


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
