"""Whether a desk that is told to stop always ends, whatever it was doing.

``python -m bench.stops [--starts N] [--step LINES]`` starts the real process in the sandbox again
and again, sends SIGINT each time a few lines of output later (at the printed address, at the
log-in, at a scan, at a post), and measures how long it takes to end. Exit code 1 if one does not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.kit.recorded import generated_history
from tests.kit.stopping import ENDS_WITHIN_S, stopped_at


def main() -> int:
    """Interrupt one start after the other, each a few lines later, and print how each ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=15)
    parser.add_argument("--step", type=int, default=1, help="lines between two instants")
    given = parser.parse_args()
    late = 0
    with tempfile.TemporaryDirectory() as made:
        options = [*generated_history(Path(made)).options, "--speed", "36000", "--hold", "0"]
        for line in range(0, given.starts * given.step, given.step):
            with tempfile.TemporaryDirectory() as folder:
                ended = stopped_at(line, options, Path(folder))
            late += ended.code is None
            code = "NEVER" if ended.code is None else f"exit {ended.code}"
            print(f"line {line:>3}  {code:>8}  {ended.seconds:5.2f} s  at: {ended.at[:110]}")
    print(f"{given.starts - late} of {given.starts} ended within {ENDS_WITHIN_S:.0f} s")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
