"""What the portfolio grants: beside holdings, beside other setups, and when nothing is known."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.sizing import Holding, Standing, portfolio_shares, portfolio_weights

GOLD = Standing("XAU-USD", 0.0004, 2.0, 0.01, 0.01, 0.30)
SILVER = Standing("XAG-USD", 0.0006, 2.0, 0.02, 0.02, 0.30)
BITCOIN = Standing("BTC-USD", 0.0020, 2.0, 0.03, 0.03, 0.30)
METALS = ("XAU-USD", "XAG-USD")
APART = {METALS: 0.0, ("BTC-USD", "XAU-USD"): 0.0, ("BTC-USD", "XAG-USD"): 0.0}


def shares(
    *setups: Standing,
    held: tuple[Holding, ...] = (),
    correlations: dict[tuple[str, str], float] | None = None,
    total_cap: float = 0.60,
    heat_cap: float = 0.03,
    kelly_share: float = 0.25,
) -> tuple[float, ...]:
    return portfolio_shares(
        setups=setups,
        holdings=held,
        correlations=APART if correlations is None else correlations,
        kelly_share=kelly_share,
        total_cap=total_cap,
        heat_cap=heat_cap,
    )


def near(*values: float) -> object:
    return pytest.approx(values, abs=1e-9)


def test_no_setup_has_no_share() -> None:
    assert shares() == ()


def test_alone_a_setup_may_take_its_growth_optimum() -> None:
    # c mu / S with mu and S per day: 0.25 * (0.0004 / 2) / 0.01**2.
    assert shares(GOLD) == near(0.5)


@pytest.mark.parametrize("days", [0.5, 2.0, 5.0])
def test_only_the_return_per_day_counts(days: float) -> None:
    same_rate = replace(GOLD, mean_frac=0.0002 * days, horizon_days=days)
    assert shares(same_rate) == near(0.5)


def test_a_holding_that_moves_along_takes_from_the_share() -> None:
    # mu - S h / c: 0.0002 - 0.01 * 0.5 * 0.02 * 0.1 / 0.25 = 0.00016.
    held = Holding("XAG-USD", 0.10, 0.002, 0.02)
    assert shares(GOLD, held=(held,), correlations={METALS: 0.5}) == near(0.4)


def test_a_holding_that_does_not_move_along_takes_nothing() -> None:
    held = Holding("XAG-USD", 0.10, 0.002, 0.02)
    assert shares(GOLD, held=(held,)) == near(0.5)


def test_the_order_of_a_pair_does_not_matter() -> None:
    held = Holding("XAG-USD", 0.10, 0.002, 0.02)
    swapped = {("XAG-USD", "XAU-USD"): 0.5}
    assert shares(GOLD, held=(held,), correlations=swapped) == near(0.4)


@pytest.mark.parametrize("unknown", [{}, {METALS: math.nan}, {METALS: 1.5}])
def test_an_unknown_correlation_counts_as_one(unknown: dict[tuple[str, str], float]) -> None:
    held = Holding("XAG-USD", 0.10, 0.002, 0.02)
    # 0.0002 - 0.01 * 0.02 * 0.1 / 0.25 = 0.00012.
    assert shares(GOLD, held=(held,), correlations=unknown) == near(0.3)


def test_a_negative_correlation_is_no_hedge() -> None:
    held = Holding("XAG-USD", 0.10, 0.002, 0.02)
    assert shares(GOLD, held=(held,), correlations={METALS: -0.9}, total_cap=2.0) == near(0.5)


def test_more_of_the_same_counts_in_full() -> None:
    held = Holding("XAU-USD", 0.10, 0.002, 0.01)
    assert shares(GOLD, held=(held,)) == near(0.4)


def test_two_setups_share_as_the_programme_says() -> None:
    tied = {METALS: 0.4}
    spread = np.array([0.01, 0.02])
    covariance = np.array([[1.0, 0.4], [0.4, 1.0]]) * np.outer(spread, spread)
    expected = portfolio_weights((0.0002, 0.0003), covariance, total_cap=math.inf)
    assert min(expected) > 0.0
    assert shares(GOLD, SILVER, correlations=tied, total_cap=2.0) == near(*expected)


def test_of_two_that_move_as_one_only_the_better_is_taken() -> None:
    # 0.0002 / 0.01 against 0.0003 / 0.02 a day.
    gold, silver = shares(GOLD, SILVER, correlations={}, total_cap=2.0)
    assert gold == pytest.approx(0.5, abs=1e-4)
    assert silver == 0.0


def test_correlations_that_contradict_each_other_overstate_risk() -> None:
    # Gold moves as one with both, yet they stand apart: no such three exist.
    torn = {METALS: 1.0, ("BTC-USD", "XAU-USD"): 1.0, ("BTC-USD", "XAG-USD"): 0.0}
    together = shares(GOLD, SILVER, BITCOIN, correlations=torn, total_cap=9.0, heat_cap=1.0)
    apart = shares(GOLD, SILVER, BITCOIN, total_cap=9.0, heat_cap=1.0)
    assert all(0.0 <= f <= most for f, most in zip(together, apart, strict=True))


def test_what_the_total_leaves_is_split_by_what_each_would_take_alone() -> None:
    strong = replace(GOLD, mean_frac=0.1, alone_frac=0.30)
    other = replace(BITCOIN, mean_frac=0.1, alone_frac=0.10)
    held = Holding("XAG-USD", 0.40, 0.0, 0.02)
    assert shares(strong, other, held=(held,)) == near(0.15, 0.05)


def test_what_the_heat_leaves_is_split_by_what_each_would_take_alone() -> None:
    strong = replace(GOLD, mean_frac=0.1, alone_frac=0.30)
    other = replace(BITCOIN, mean_frac=0.1, alone_frac=0.10)
    held = Holding("XAG-USD", 0.10, 0.024, 0.02)
    # 0.006 left for 0.3 * 0.01 + 0.1 * 0.03 asked: all of it.
    assert shares(strong, other, held=(held,), total_cap=1.0) == near(0.30, 0.10)
    assert shares(strong, other, held=(held,), total_cap=1.0, heat_cap=0.027) == near(0.15, 0.05)


@pytest.mark.parametrize(
    "held", [Holding("XAG-USD", 0.70, 0.0, 0.02), Holding("XAG-USD", 0.10, 0.04, 0.02)]
)
def test_what_is_held_beyond_a_cap_leaves_nothing(held: Holding) -> None:
    assert shares(replace(GOLD, mean_frac=0.1), held=(held,)) == (0.0,)


def test_a_setup_that_takes_nothing_alone_has_no_share() -> None:
    assert shares(replace(GOLD, alone_frac=0.0)) == (0.0,)


def test_the_programme_with_shared_caps_would_grow_with_the_stop() -> None:
    """Why the caps are shared by proportion: MATH.md's programme itself is no monotone rule."""
    spread = np.array([0.01, 0.02])
    covariance = np.array([[1.0, 0.9], [0.9, 1.0]]) * np.outer(spread, spread)
    near_stop = portfolio_weights((0.001, 0.0015), covariance, (0.006, 0.01), heat_cap=0.005)
    wide_stop = portfolio_weights((0.001, 0.0015), covariance, (0.0066, 0.01), heat_cap=0.005)
    assert near_stop[0] == pytest.approx(0.25, abs=1e-6)
    assert wide_stop[0] == pytest.approx(0.294118, abs=1e-6)


def test_the_programme_with_shared_caps_would_grow_with_volatility() -> None:
    def first(volatility: float) -> float:
        spread = np.array([volatility, 0.05])
        covariance = np.array([[1.0, 0.9], [0.9, 1.0]]) * np.outer(spread, spread)
        return portfolio_weights((0.002, 0.00246), covariance, total_cap=0.30)[0]

    assert first(0.011) > first(0.010) + 0.003


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("mean_frac", math.nan, "mean_frac must be finite, was nan"),
        ("mean_frac", math.inf, "mean_frac must be finite, was inf"),
        ("horizon_days", 0.0, r"horizon_days must be in \(0, inf\), was 0.0"),
        ("volatility", 0.0, r"volatility must be in \(0, inf\), was 0.0"),
        ("loss_frac", 0.0, r"loss_frac must be in \(0, inf\), was 0.0"),
        ("alone_frac", -0.1, r"alone_frac must be in \[0, inf\), was -0.1"),
    ],
)
def test_a_setup_of_unknown_numbers_is_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(GOLD, **{name: value})


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((-0.1, 0.0, 0.01), r"notional_frac must be in \[0, inf\), was -0.1"),
        ((0.1, -0.1, 0.01), r"risk_frac must be in \[0, inf\), was -0.1"),
        ((0.1, 0.0, 0.0), r"volatility must be in \(0, inf\), was 0.0"),
    ],
)
def test_a_holding_of_unknown_numbers_is_refused(
    numbers: tuple[float, float, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Holding("XAG-USD", *numbers)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"total_cap": -0.1}, r"total_cap must be in \[0, inf\), was -0.1"),
        ({"heat_cap": math.nan}, r"heat_cap must be in \[0, inf\), was nan"),
        ({"kelly_share": 0.0}, r"kelly_share must be in \(0, 1\], was 0.0"),
    ],
)
def test_caps_of_unknown_numbers_are_refused(terms: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        shares(GOLD, **terms)  # type: ignore[arg-type]
