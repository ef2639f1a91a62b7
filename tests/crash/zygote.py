"""Begins lives: everything is imported once here, and each life is a fork of its own.

``python zygote.py`` reads a plan a line and answers each with how the life ended: an exit code,
or the number of the signal below zero. Refuses to run an event loop or a thread before a fork.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import aiosqlite  # noqa: F401  imported once for all lives
import ccxt.async_support  # noqa: F401
import polars as pl  # noqa: F401
import structlog

from tests.crash.life import live
from tests.crash.plan import Plan

_FAILED = 3


def lived(plan: Plan) -> int:
    """Live a plan in a process of its own; how it ended."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(live(plan))
            code = 0
        except BaseException:  # noqa: BLE001  whatever it was, the parent is told
            Path(plan.faults).write_text(traceback.format_exc(), encoding="utf-8")
            code = _FAILED
        os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def main() -> None:
    """Answer each plan until there are no more."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for line in sys.stdin:
        print(lived(Plan.of(line)), flush=True)  # noqa: T201  the parent reads it


if __name__ == "__main__":
    main()
