"""The goal's table, and that nothing that trades can see it."""

from __future__ import annotations

from pathlib import Path

import pytest

import engine
from engine.review.goal import goal_probability, sharpe_for_goal, what_goal_implies


@pytest.mark.parametrize(
    ("daily", "year", "whole", "full", "quarter", "fixed"),
    [
        (0.01, 12.27, 37.78, (2.70, 2.70), (4.07, 1.02), (24.3, 14.7, 7.5)),
        (0.02, 146.97, 1377.41, (3.80, 3.80), (5.75, 1.44), (48.3, 29.0, 14.7)),
    ],
)
def test_table(
    daily: float,
    year: float,
    whole: float,
    full: tuple[float, float],
    quarter: tuple[float, float],
    fixed: tuple[float, ...],
) -> None:
    goal = what_goal_implies(daily)
    assert goal.factor_252_days == pytest.approx(year, abs=0.005)
    assert goal.factor_365_days == pytest.approx(whole, abs=0.005)
    assert (goal.sharpe_full_kelly, goal.volatility_full_kelly) == pytest.approx(full, abs=0.006)
    found = goal.sharpe_quarter_kelly, goal.volatility_quarter_kelly
    assert found == pytest.approx(quarter, abs=0.006)
    needed = [sharpe_for_goal(daily, v) for v in (0.15, 0.25, 0.50)]
    assert needed == pytest.approx(fixed, abs=0.06)


def test_odds_of_a_good_system() -> None:
    good = 0.15 / 365, 0.15 / 365**0.5
    assert goal_probability(0.01, 1, *good) == pytest.approx(0.11, abs=0.005)
    assert goal_probability(0.01, 7, *good) == pytest.approx(0.0006, abs=0.0001)
    assert goal_probability(0.01, 30, *good) == pytest.approx(1e-11, rel=0.2)
    assert goal_probability(0.0, 56, *good) == pytest.approx(1 - 0.36, abs=0.02)


def test_not_knowing_the_mean_widens_the_odds() -> None:
    sure = goal_probability(0.01, 30, 0.0, 0.01)
    assert goal_probability(0.01, 30, 0.0, 0.01, 0.01) > sure


def test_nothing_that_trades_can_see_the_goal() -> None:
    """Only reports may import it: the rooms that price, size, limit and send do not."""
    root = Path(engine.__file__).parent
    trading = ("probability", "sizing", "risk", "brokers", "engine", "market", "journal", "model")
    for room in trading:
        for file in (root / room).rglob("*.py"):
            assert "review.goal" not in file.read_text(), file


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="daily_frac must be"):
        what_goal_implies(0.0)
    with pytest.raises(ValueError, match="days must be >= 1"):
        goal_probability(0.01, 0, 0.0, 0.01)
