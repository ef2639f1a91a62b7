"""A desk that is told to stop ends, at whatever instant of its start it is told.

``bench/stops.py`` walks through many more instants.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.recorded import generated_history
from tests.kit.stopping import stopped_at

_INTERRUPTED = (0, 130)


@pytest.mark.parametrize("line", [1, 6, 8, 10])
def test_ctrl_c_ends_the_desk_at_any_instant_of_its_start(tmp_path: Path, line: int) -> None:
    options = [*generated_history(tmp_path).options, "--speed", "36000", "--hold", "0"]
    ended = stopped_at(line, options, tmp_path)
    assert ended.came, f"fewer lines than {line}; the last was {ended.at!r}"
    assert ended.code in _INTERRUPTED, f"told at {ended.at!r}: {ended.said[-2000:]}"
    assert "Traceback" not in ended.said, ended.said[-4000:]
