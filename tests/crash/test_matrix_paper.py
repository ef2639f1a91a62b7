"""A real desk on paper, where the journal is the venue, killed around every write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.journey import WHOLE, Choice, all_moments, one_in, telling_moments, walk
from tests.crash.matrix import zygotes
from tests.crash.plan import Aim
from tests.kit.desk import swinging_file


@pytest.mark.timeout(3600)
async def test_no_death_of_a_desk_on_paper_breaks_what_must_hold(tmp_path: Path) -> None:
    file = swinging_file(tmp_path, 390, half_life=20.0)
    choose: dict[Aim | None, Choice] = (
        {None: all_moments} if WHOLE else {Aim.HOLD: telling_moments, None: one_in(3)}
    )
    async with zygotes(2) as began:
        report = await walk("paper", file, began, tmp_path, choose, whole=WHOLE)
    print(report.line)  # noqa: T201  shown by pytest -s
    assert report.faults == []
    assert len(report.deaths) > 60
