"""Longer bars made of shorter ones: whole, closed, aligned."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.desk.charting import resample
from engine.model.bars import Timeframe
from tests.kit.market import HOUR, MONDAY, walk


def test_a_longer_bar_holds_the_extremes_of_its_parts() -> None:
    parts = walk(count=4).until(MONDAY + 4 * HOUR, 4)
    (bar,) = resample(parts, Timeframe.H4)
    assert (bar.open, bar.close) == (parts[0].open, parts[-1].close)
    assert (bar.high, bar.low) == (max(p.high for p in parts), min(p.low for p in parts))
    assert bar.volume == pytest.approx(sum(p.volume for p in parts))


def test_a_bar_that_has_not_closed_is_left_out() -> None:
    parts = walk(count=7).until(MONDAY + 7 * HOUR, 7)
    assert [b.close_at for b in resample(parts, Timeframe.H4)] == [MONDAY + timedelta(hours=4)]


def test_nothing_makes_nothing() -> None:
    assert resample((), Timeframe.H4) == ()


def test_what_does_not_divide_is_refused() -> None:
    parts = walk(count=4, timeframe=Timeframe.H2).until(MONDAY + 8 * HOUR, 4)
    with pytest.raises(ValueError, match="must be a multiple of 2h"):
        resample(parts, Timeframe.H1)
