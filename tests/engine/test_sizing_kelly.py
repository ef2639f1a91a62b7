"""Reference numbers of MATH.md section 3, to 1e-6 or better."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.sizing import (
    baker_mchale,
    chance_of_falling_to,
    drawdown_factor,
    grossman_zhou_factor,
    growth_share,
    kelly_outcomes,
    kelly_two_outcome,
    portfolio_weights,
    size_chain,
    volatility_factor,
)

SD = np.array([0.03, 0.01, 0.018])
CORRELATION = np.array([[1.0, 0.15, 0.20], [0.15, 1.0, 0.75], [0.20, 0.75, 1.0]])
COVARIANCE = CORRELATION * np.outer(SD, SD)
MU = (0.002, 0.001, 0.0012)


def near(value: object) -> object:
    return pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    ("p", "gain", "loss", "cost", "stake"),
    [
        (0.53, 1.0, 1.0, 0.0, 0.06),
        (0.60, 1.0, 1.0, 0.0, 0.20),
        (0.40, 2.0, 1.0, 0.0, 0.10),
        (0.40, 0.03, 0.02, 0.0, 0.0),
        (0.50, 0.03, 0.02, 0.003, 3.2206119163),
        (0.5625, 1.0, 1.0, 0.0, 0.125),
        (0.4828180804, 1.0, 1.0, 0.0, -0.0343638392),
    ],
    ids=["S1", "S2", "S3", "S4", "S5", "S7 mean", "S7 q10"],
)
def test_kelly_two_outcome_gives_the_reference(
    p: float, gain: float, loss: float, cost: float, stake: float
) -> None:
    assert kelly_two_outcome(p, gain, loss, cost) == near(stake)


def test_kelly_of_s5_risks_the_reference_at_its_stop() -> None:
    assert kelly_two_outcome(0.5, 0.03, 0.02, 0.003) * 0.023 == near(0.0740740741)


def test_kelly_is_nothing_at_break_even() -> None:
    assert kelly_two_outcome(0.46, 0.03, 0.02, 0.003) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("p", "gain"), [(0.9, 0.003), (1.0, 0.003), (0.5, 0.001)])
def test_kelly_of_a_win_that_its_cost_eats_is_no_bet(p: float, gain: float) -> None:
    assert kelly_two_outcome(p, gain, 0.02, 0.003) == 0.0


def test_kelly_of_certainties_is_what_the_formula_says() -> None:
    assert kelly_two_outcome(1.0, 0.03, 0.02) == near(50.0)
    assert kelly_two_outcome(0.0, 0.03, 0.02) == near(-1 / 0.03)


def test_kelly_outcomes_of_sure_losses_is_no_bet() -> None:
    assert kelly_outcomes((0.0, 1.0), (0.03, -0.02)) == 0.0
    assert kelly_outcomes((1.0,), (0.0,)) == 0.0


def test_kelly_outcomes_gives_s6() -> None:
    stake = kelly_outcomes((0.40, 0.40, 0.20), (0.027, -0.023, -0.003))
    assert stake == near(1.9988963852)
    assert stake / 4 == near(0.4997240963)


def test_kelly_outcomes_agrees_with_two_outcomes() -> None:
    both = kelly_outcomes((0.48, 0.52), (0.03, -0.02))
    assert both == pytest.approx(kelly_two_outcome(0.48, 0.03, 0.02), abs=1e-9)


def test_kelly_outcomes_finds_a_stake_on_the_brink_of_ruin() -> None:
    assert kelly_outcomes((0.999, 0.001), (0.03, -0.02)) == near(0.999 / 0.02 - 0.001 / 0.03)


def test_kelly_outcomes_is_negative_without_edge() -> None:
    # The two-outcome formula, far below a stake of -1: the other side of this bet is the good one.
    assert kelly_outcomes((0.3, 0.7), (0.02, -0.02)) == near(0.3 / 0.02 - 0.7 / 0.02)
    assert kelly_outcomes((0.1, 0.9), (0.5, -0.25)) == near(0.1 / 0.25 - 0.9 / 0.5)


@pytest.mark.parametrize(("p", "payoff", "sd"), [(0.55, 1.0, 0.05), (0.6, 1.0, 0.1)])
def test_baker_mchale_halves_s8(p: float, payoff: float, sd: float) -> None:
    assert baker_mchale(p, payoff, sd) == near(0.5)


def test_baker_mchale_is_nothing_without_edge() -> None:
    assert baker_mchale(0.5, 1.0, 0.0) == 0.0
    assert baker_mchale(0.4, 1.0, 0.1) == 0.0


@pytest.mark.parametrize(("forecast", "factor"), [(0.45, 0.2222222222), (0.10, 1.0), (0.05, 1.0)])
def test_volatility_factor_gives_s9(forecast: float, factor: float) -> None:
    assert volatility_factor(0.10, forecast) == near(factor)


@pytest.mark.parametrize(
    ("drawdown", "ramp", "cushion"),
    [
        (0.00, 1.0, 1.0),
        (0.03, 1.0, 0.824742268),
        (0.05, 1.0, 0.701754386),
        (0.08, 0.7, 0.5072463768),
        (0.10, 0.5, 0.3703703704),
        (0.15, 0.0, 0.0),
    ],
)
def test_drawdown_factors_give_s10(drawdown: float, ramp: float, cushion: float) -> None:
    assert drawdown_factor(drawdown) == near(ramp)
    assert grossman_zhou_factor(drawdown) == near(cushion)


def test_portfolio_gives_s11() -> None:
    assert portfolio_weights(MU, COVARIANCE) == pytest.approx(
        (0.30691179, 0.16057866, 0.13250954), abs=1e-8
    )


def test_portfolio_gives_s11_without_a_total_cap() -> None:
    assert portfolio_weights(MU, COVARIANCE, total_cap=math.inf) == pytest.approx(
        (0.44046604, 2.30179028, 0.0), abs=1e-8
    )


def test_portfolio_inverts_the_covariance_as_s11_when_nothing_binds() -> None:
    full = np.linalg.solve(COVARIANCE, MU)
    assert full == pytest.approx((1.85185185, 11.42857143, -1.67548501), abs=1e-8)
    alone = portfolio_weights(MU[:2], COVARIANCE[:2, :2], kelly_share=1.0, total_cap=math.inf)
    assert alone == pytest.approx(np.linalg.solve(COVARIANCE[:2, :2], MU[:2]), abs=1e-8)


def test_portfolio_keeps_to_its_heat() -> None:
    stops = (0.05, 0.02, 0.04)
    weights = portfolio_weights(MU, COVARIANCE, stops, heat_cap=0.01)
    heat = sum(f * loss for f, loss in zip(weights, stops, strict=True))
    assert heat == pytest.approx(0.01, abs=1e-12)
    assert heat <= 0.01


def test_portfolio_gives_the_last_digit_back() -> None:
    """Solved to the last digit, these two would hold 0.6000000000000001."""
    spread = np.array([0.014, 0.018])
    covariance = np.array([[1.0, 0.4], [0.4, 1.0]]) * np.outer(spread, spread)
    weights = portfolio_weights((0.004, 0.0038), covariance, tuple(spread))
    assert sum(weights) <= 0.60
    assert sum(weights) == pytest.approx(0.60, abs=1e-12)


def test_portfolio_keeps_to_three_per_cent_of_heat_unasked() -> None:
    weights = portfolio_weights((0.1,), [[0.01]], (0.1,))
    assert weights == pytest.approx((0.30,), abs=1e-12)


def test_portfolio_of_losers_is_empty() -> None:
    assert portfolio_weights((-0.001, -0.002), COVARIANCE[:2, :2]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("level", "share", "chance"),
    [
        (0.5, 1.0, 0.5),
        (0.5, 0.5, 0.125),
        (0.5, 0.25, 0.0078125),
        (0.8, 0.25, 0.2097152),
        (0.9, 0.25, 0.4782969),
    ],
)
def test_chance_of_falling_gives_s12(level: float, share: float, chance: float) -> None:
    assert chance_of_falling_to(level, share) == near(chance)


def test_quarter_kelly_keeps_its_share_of_growth() -> None:
    assert growth_share(0.25) == near(0.4375)


def test_size_chain_gives_s13_0() -> None:
    size = size_chain(1e4, 6e4, 0.52, 0.03, 0.02, 0.003, 0.10, 0.45, 0.0, 1e-5)
    assert size.steps[0].fraction == near(4.8309178744)
    assert size.fraction == near(0.2683843263)
    assert size.quantity == near(0.04473)
    assert size.set_by == "lower-bound Kelly"


def test_size_chain_gives_s13_2() -> None:
    size = size_chain(1e4, 2400, 0.47, 0.012, 0.008, 0.0006, 0.10, 0.15, 0.0, 0.01)
    assert size.steps[0].fraction == near(8.1599347205)
    assert (size.fraction, size.quantity) == (0.30, near(1.25))
    assert size.set_by == "instrument cap"


def test_size_chain_gives_s13_4() -> None:
    size = size_chain(500, 6e4, 0.475, 0.03, 0.02, 0.003, 0.10, 0.60, 0.14, 1e-5)
    assert size.fraction == near(0.0050322061)
    assert size.quantity == 0.0
    assert size.set_by == "minimum notional"


def test_size_chain_s13_4_would_be_four_lots_without_a_minimum() -> None:
    size = size_chain(500, 6e4, 0.475, 0.03, 0.02, 0.003, 0.10, 0.60, 0.14, 1e-5, min_notional=0.0)
    assert size.quantity * 6e4 == near(2.40)


def test_size_chain_steps_multiply_to_the_fraction() -> None:
    size = size_chain(1e4, 2400, 0.47, 0.012, 0.008, 0.0006, 0.10, 0.15, 0.07, 0.01)
    assert math.prod(step.factor for step in size.steps) == near(size.fraction)
    assert [step.name for step in size.steps] == [
        "lower-bound Kelly",
        "quarter Kelly",
        "volatility target",
        "drawdown ramp",
        "instrument cap",
        "risk at the stop",
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kelly_two_outcome(1.2, 1, 1), r"p must be in \[0, 1\], was 1.2"),
        (lambda: kelly_two_outcome(math.nan, 1, 1), r"p must be in \[0, 1\], was nan"),
        (lambda: kelly_two_outcome(0.5, 0, 1), r"gain must be in \(0, inf\), was 0"),
        (lambda: kelly_outcomes((0.5,), (1, -1)), "returns must be as long"),
        (lambda: kelly_outcomes((0.5, 0.4), (1, -1)), "probabilities must sum to 1"),
        (lambda: kelly_outcomes((0.5, 0.5), (1, 2)), "must hold a possible loss"),
        (lambda: baker_mchale(0.5, 1, -1), r"sd must be in \[0, inf\), was -1"),
        (lambda: drawdown_factor(-0.1), r"drawdown must be in \[0, 1\], was -0.1"),
        (lambda: volatility_factor(0.1, 0.0), r"forecast must be in \(0, inf\), was 0.0"),
        (lambda: portfolio_weights((0.1,), [[0.0]]), "positive definite"),
        (lambda: portfolio_weights((0.1,), [[1, 0], [0, 1]]), "of shape"),
    ],
)
def test_bad_arguments_are_named_with_range_and_value(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=message):
        call()
