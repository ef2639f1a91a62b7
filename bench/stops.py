"""Does a desk that is told to stop always end, whatever it was doing?

``python -m bench.stops [--starts N]`` starts the real process in the sandbox, sends SIGINT at its
N-th line of output (so at the printed address, at the log-in, at a post, at a scan and so on, not
after so many seconds), and measures how long it takes to end. Exit code 1 if one does not.
"""

from __future__ import annotations

import argparse
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.kit.executor_process import PROGRAM, environment
from tests.kit.recorded import generated_history

ENDS_WITHIN_SECONDS = 20.0
_STARTS_WITHIN_SECONDS = 60.0
_CONFIG = '[market]\nwarmup_bars = 300\n[log]\nlevel = "debug"\n[schedule]\nscan_min_gap_seconds = 0\n'


def stopped_at(line: int, options: list[str]) -> tuple[float, int | None, str]:
    """Start a desk, interrupt it at its output line `line`, and wait for its end.

    Returns
    -------
    (seconds, exit code or None if it had to be killed, the line at which it was told)
    """
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "config.toml").write_text(_CONFIG)
        process = subprocess.Popen(  # noqa: S603  our own program
            [*PROGRAM, "run", "--sandbox", *options, "--port", "0", "--db", "stop.sqlite"],
            cwd=folder,
            env=environment(PYTHONUNBUFFERED="1"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        at = _wait_for_line(process, line)
        began = time.perf_counter()
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return time.perf_counter() - began, None, at
        return time.perf_counter() - began, process.returncode, at


def _wait_for_line(process: subprocess.Popen[bytes], line: int) -> str:
    """Read until `line` lines have come; the text of the last, empty for line 0."""
    assert process.stdout is not None  # noqa: S101  a pipe was asked for
    if line == 0:
        return "(before the first line)"
    until, seen, text = time.perf_counter() + _STARTS_WITHIN_SECONDS, 0, b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while seen < line and selector.select(max(0.0, until - time.perf_counter())):
            chunk = os.read(process.stdout.fileno(), 1)
            if not chunk:
                break
            text = b"" if text.endswith(b"\n") else text
            text += chunk
            seen += chunk == b"\n"
    return text.decode(errors="replace").strip()[:100]


def main() -> int:
    """Interrupt one start after the other, each a few lines later, and print how each ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=15)
    parser.add_argument("--step", type=int, default=3, help="lines between two instants")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        options = [*generated_history(Path(made)).options, "--speed", "36000", "--hold", "0"]
        late = 0
        for start in range(given.starts):
            seconds, code, at = stopped_at(start * given.step, options)
            late += code is None
            end = "NEVER" if code is None else f"exit {code}"
            print(f"line {start * given.step:>3}  {end:>8}  {seconds:5.2f} s  at: {at}", flush=True)
    print(f"{given.starts - late} of {given.starts} ended within {ENDS_WITHIN_SECONDS:.0f} s")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
