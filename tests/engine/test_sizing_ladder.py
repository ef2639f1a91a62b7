"""The record of a size: it only ever falls, and says what made it fall."""

from __future__ import annotations

import pytest

from engine.sizing.ladder import Ladder


def test_a_ladder_never_starts_below_nothing() -> None:
    assert Ladder("Kelly", -0.2).fraction == 0.0


@pytest.mark.parametrize("factor", [1.5, 1.0])
def test_no_factor_enlarges(factor: float) -> None:
    ladder = Ladder("Kelly", 0.4)
    ladder.scale("target", factor)
    assert (ladder.fraction, ladder.set_by) == (0.4, "Kelly")
    assert ladder.steps[-1].factor == 1.0


@pytest.mark.parametrize("factor", [0.0, -0.5])
def test_a_factor_that_leaves_nothing_sets_the_size(factor: float) -> None:
    ladder = Ladder("Kelly", 0.4)
    ladder.scale("ramp", factor)
    assert (ladder.fraction, ladder.set_by) == (0.0, "ramp")
    ladder.cap("cash", 0.0)
    assert ladder.set_by == "ramp"
    assert ladder.steps[-1].factor == 1.0


def test_a_factor_that_leaves_something_does_not_set_the_size() -> None:
    ladder = Ladder("Kelly", 0.4)
    ladder.scale("ramp", 0.5)
    assert (ladder.fraction, ladder.set_by) == (0.2, "Kelly")


def test_a_cap_that_is_not_reached_does_not_set_the_size() -> None:
    ladder = Ladder("Kelly", 0.4)
    ladder.cap("total", 0.4)
    assert ladder.set_by == "Kelly"
    ladder.cap("heat", -0.1)
    assert (ladder.fraction, ladder.set_by) == (0.0, "heat")


@pytest.mark.parametrize("bound", [0.0, -0.1])
def test_a_lot_too_large_sets_the_size(bound: float) -> None:
    ladder = Ladder("Kelly", 0.4)
    ladder.floor("lots", 0.3)
    assert (ladder.fraction, ladder.set_by) == (0.3, "Kelly")
    ladder.floor("lots", bound)
    assert (ladder.fraction, ladder.set_by) == (0.0, "lots")
