"""Telling a starting desk to stop at an exact instant: at its N-th line of output.

Refuses to wait by the clock: instants are what the process says, not seconds.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.kit.executor_process import PROGRAM, environment

ENDS_WITHIN_S = 20.0
_STARTS_WITHIN_S = 60.0
_CHATTER = (b"functools.partial", b"findfont", b"connect.<locals>", b"[matplotlib")
_CONFIG = """
[market]
warmup_bars = 300
[log]
level = "debug"
[schedule]
scan_min_gap_seconds = 0
"""


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a desk ended that was told to stop.

    Attributes
    ----------
    code : int or None
        Exit code; None if it had to be killed.
    seconds : float
        From the signal to the end.
    at : str
        The line at which it was told.
    said : str
        Everything it said after that line.
    came : bool
        Whether the line came within a minute.
    """

    code: int | None
    seconds: float
    at: str
    said: str
    came: bool


def stopped_at(line: int, options: Sequence[str], folder: Path) -> Stopped:
    """Start a desk in `folder`, interrupt it at its output line `line`, and wait for its end.

    Lines of the database's and the drawing library's own chatter are not counted. If they are
    fewer, it is told after a minute; `at` says where it was then.
    """
    (folder / "config.toml").write_text(_CONFIG)
    with subprocess.Popen(  # noqa: S603  our own program
        [*PROGRAM, "run", "--sandbox", *options, "--port", "0", "--db", "stop.sqlite"],
        cwd=folder,
        env=environment(PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        at, came = _wait_for_line(process, line)
        began = time.perf_counter()
        process.send_signal(signal.SIGINT)
        try:
            said, _ = process.communicate(timeout=ENDS_WITHIN_S)
            code: int | None = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
            code = None
        took = time.perf_counter() - began
    return Stopped(code, took, at, said.decode(errors="replace"), came)


def _wait_for_line(process: subprocess.Popen[bytes], line: int) -> tuple[str, bool]:
    """Read until `line` lines have come: the last, empty for line 0, and whether they came."""
    assert process.stdout is not None
    until, seen, last, tail = time.perf_counter() + _STARTS_WITHIN_S, 0, b"", b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while seen < line and selector.select(max(0.0, until - time.perf_counter())):
            chunk = os.read(process.stdout.fileno(), 1 << 16)
            if not chunk:
                break
            *whole, tail = (tail + chunk).split(b"\n")
            counted = [each for each in whole if _counts(each)]
            seen += len(counted)
            last = counted[-1] if counted else last
    return last.decode(errors="replace").strip(), seen >= line


def _counts(line: bytes) -> bool:
    return bool(line.strip()) and not any(word in line for word in _CHATTER)
