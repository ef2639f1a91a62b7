"""How long a person waits after ``executor run``, and how much memory it takes.

Run it on a quiet machine: ``python -m bench.startup``. It starts the real process a few times on
generated hours (or, with ``--recorded``, on the shared history) and prints a table beside the
budget. Refuses to be a test: a loaded machine is no fault of the program.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil

from tests.kit.executor_process import executor, running
from tests.kit.recorded import History, generated_history, missing_reason, recorded_history

REPORT_WITHIN_S = 60.0
_BUDGET = {"version": 1.0, "page answers": 4.0, "first scan report": 10.0, "memory": 300.0}
_SCAN = re.compile(r"XAG-USD")


@dataclass(frozen=True, slots=True)
class Start:
    """One start.

    Attributes
    ----------
    page_s, report_s : float, real seconds since the command
    memory_mb : float, resident memory in MB (10^6 bytes) once the report is there
    """

    page_s: float
    report_s: float
    memory_mb: float


async def one_start(history: History, folder: Path) -> Start:
    """Start a desk in `folder` and wait for its page and its first scan report."""
    begun = time.perf_counter()
    options = [*history.options, "--from", history.start.isoformat()]
    async with running(
        *options,
        *("--port", "0", "--db", "desk.sqlite", "--speed", "3600"),
        cwd=folder,
        errors=folder / "errors.log",
    ) as process:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            async with session.get(process.address) as answer:
                answer.raise_for_status()
            page_s = time.perf_counter() - begun
            await _scan_is_posted(session, process.address.partition("/?")[0])
        report_s = time.perf_counter() - begun
        memory_mb = psutil.Process(process.pid).memory_info().rss / 1e6
        await process.stop()
    return Start(page_s, report_s, memory_mb)


async def _scan_is_posted(session: aiohttp.ClientSession, base: str) -> None:
    """Listen on the page's own socket until a scan report with its chart is there."""
    headers = {"Origin": base}
    url = f"{base}/page/api/socket?as=owner"
    async with asyncio.timeout(REPORT_WITHIN_S), session.ws_connect(url, headers=headers) as page:
        async for news in page:
            if _SCAN.search(news.data) and "/attachments/" in news.data:
                return


def version_s(folder: Path) -> float:
    """Seconds of the smallest command there is."""
    begun = time.perf_counter()
    executor("--version", cwd=folder)
    return time.perf_counter() - begun


def print_table(versions: list[float], starts: list[Start]) -> None:
    """Median and worst of every figure beside its budget."""
    rows = {
        "version": (versions, "s"),
        "page answers": ([each.page_s for each in starts], "s"),
        "first scan report": ([each.report_s for each in starts], "s"),
        "memory": ([each.memory_mb for each in starts], "MB"),
    }
    print(f"{'':18} {'median':>9} {'worst':>9} {'budget':>9}")
    for name, (values, unit) in rows.items():
        line = (statistics.median(values), max(values), _BUDGET[name])
        told = " ".join(f"{value:>6.1f} {unit:2}" for value in line)
        print(f"{name:18} {told}{'' if max(values) <= _BUDGET[name] else '  OVER'}")


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--times", type=int, default=3, help="starts to measure, after one warm-up"
    )
    parser.add_argument("--recorded", action="store_true", help="use the shared history")
    given = parser.parse_args()
    if given.recorded and (reason := missing_reason()):
        parser.error(reason)
    starts: list[Start] = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        history = recorded_history() if given.recorded else generated_history(folder)
        versions = [version_s(folder) for _ in range(given.times + 1)][1:]
        for number in range(given.times + 1):
            place = folder / str(number)
            place.mkdir()
            starts.append(await one_start(history, place))
    print_table(versions, starts[1:])


if __name__ == "__main__":
    asyncio.run(main())
