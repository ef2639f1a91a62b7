"""The real process: ``executor`` started, read, killed and ended by its own id, all of it bounded.

Refuses to share anything with the test but files, output and the page: no mock, no import.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-m", "bot")
ADDRESS_WITHIN_S = 30.0
ENDS_WITHIN_S = 20.0
COMMAND_WITHIN_S = 60.0
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/\?token=\S+")
_OURS = ("DISCORD_", "KRAKEN_", "COINBASE_", "DEEPSEEK_", "LM_STUDIO_", "EXECUTOR_")


def environment(**more: str) -> dict[str, str]:
    """This process's environment without anything that `executor` would read, and `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    kept |= {"PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1"}
    return kept | more


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON; NaN and Infinity are refused."""
        return json.loads(self.out, parse_constant=_refuse)

    @property
    def lines(self) -> list[str]:
        """Lines of standard error that are not log lines of lower severity."""
        return [line for line in self.err.splitlines() if line.strip() and "[info" not in line]


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def executor(
    *arguments: str | Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    program: Sequence[str] = PROGRAM,
    within_s: float = COMMAND_WITHIN_S,
) -> Finished:
    """Run ``executor`` to its end in `cwd`.

    Parameters
    ----------
    program : sequence of str
        What is run; another than the plain module may drop rights first, for example.

    Raises
    ------
    subprocess.TimeoutExpired
        If it does not end in time; it is killed first.
    """
    done = subprocess.run(  # noqa: S603  our own program
        [*program, *map(str, arguments)],
        cwd=cwd,
        env=environment() | dict(env or {}),
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


class ExecutorProcess:
    """A running ``executor run``.

    Attributes
    ----------
    address : str
        What it printed for a person to open.
    errors : Path
        Its standard error.
    """

    def __init__(self, process: asyncio.subprocess.Process, address: str, errors: Path) -> None:
        self._process = process
        self.address = address
        self.errors = errors

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.returncode is None

    async def kill(self) -> int:
        """SIGKILL: no handler, no flush, no goodbye."""
        return await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to end as Ctrl-C does; its exit code."""
        return await self._end(signal.SIGINT)

    async def _end(self, how: signal.Signals) -> int:
        if self.running:
            os.kill(self.pid, how)
        async with asyncio.timeout(ENDS_WITHIN_S):
            return await self._process.wait()

    def log(self) -> str:
        """Everything on standard error so far."""
        return self.errors.read_text(encoding="utf-8")


@asynccontextmanager
async def running(
    *arguments: str | Path,
    cwd: Path,
    errors: Path,
    env: Mapping[str, str] | None = None,
    job: Sequence[str] = ("run", "--sandbox"),
) -> AsyncIterator[ExecutorProcess]:
    """``executor run --sandbox ARGUMENTS``, or another job, from its address to its end.

    Raises
    ------
    AssertionError
        If it ends, or says nothing for too long, before the address is printed.
    """
    command = [*PROGRAM, *job, *map(str, arguments)]
    with errors.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=cwd,
            env=environment() | dict(env or {}),
            stdout=asyncio.subprocess.PIPE,
            stderr=sink,
        )
    draining: asyncio.Task[None] | None = None
    try:
        address = await _address_of(process, errors)
        draining = asyncio.create_task(_drain(process))
        yield ExecutorProcess(process, address, errors)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        if draining is not None:
            await draining


async def _address_of(process: asyncio.subprocess.Process, errors: Path) -> str:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(ADDRESS_WITHIN_S):
            async for line in process.stdout:
                if found := _ADDRESS.search(line.decode()):
                    return found[0]
    except TimeoutError:
        pass
    said = await asyncio.to_thread(errors.read_text, encoding="utf-8")
    raise AssertionError(f"executor printed no address; standard error: {said[-2000:]}")


async def _drain(process: asyncio.subprocess.Process) -> None:
    """Read on, so that it never waits for its reader."""
    assert process.stdout is not None
    async for _ in process.stdout:
        pass
