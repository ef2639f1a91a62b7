"""Statistics of the review against published numbers, simulations and other libraries."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from arch.bootstrap import StationaryBootstrap, optimal_block_length
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, stats

from engine.review.statistics import (
    automatic_block_length,
    bootstrap_variance_of_mean,
    deflated_sharpe_ratio,
    edge_process,
    expected_max_sharpe,
    expected_sample_sizes,
    futility_process,
    min_backtest_length,
    min_track_record_length,
    probabilistic_sharpe_ratio,
    probability_of_backtest_overfitting,
    sequential_test,
    sharpe_standard_error,
    trade_statistics,
)

TRADES = (1.5, -1.0, 1.5, 1.5, -1.0, -0.2, 1.5, -1.05, 1.5, 1.5)
MONTHS = (0.01, -0.02, 0.015, 0.003, -0.007, 0.012, 0.02, -0.011, 0.004, -0.001, 0.006, 0.009)
results = st.lists(st.floats(-1.5, 2.6), min_size=1, max_size=40)


def test_e1_probabilistic_sharpe_ratio() -> None:
    skewed = probabilistic_sharpe_ratio(sharpe=0.458, n=24, skew=-2.448, kurtosis=10.164)
    assert skewed == pytest.approx(0.9133610839, abs=1e-10)
    assert probabilistic_sharpe_ratio(0.458, 24) == pytest.approx(0.9816749191, abs=1e-10)


@pytest.mark.parametrize(
    ("periods", "years"), [(252, 2.7309843), (52, 2.8288336), (12, 3.2398007)]
)
def test_e2_minimum_track_record(periods: int, years: float) -> None:
    root = math.sqrt(periods)
    length = min_track_record_length(sharpe=2 / root, benchmark=1 / root, confidence=0.95)
    assert length / periods == pytest.approx(years, abs=5e-8)


def test_track_record_and_probability_agree() -> None:
    length = min_track_record_length(0.1, 0.02, -0.5, 6.0, 0.95)
    below = probabilistic_sharpe_ratio(0.1, math.floor(length), -0.5, 6.0, 0.02)
    above = probabilistic_sharpe_ratio(0.1, math.ceil(length), -0.5, 6.0, 0.02)
    assert below <= 0.95 <= above
    assert min_track_record_length(0.02, 0.02) == math.inf


@pytest.mark.parametrize(
    ("annual", "days"), [(0.5, 4006), (1.0, 1018), (1.5, 461), (2.0, 264), (3.0, 123), (4.0, 73)]
)
def test_track_record_in_days(annual: float, days: int) -> None:
    length = min_track_record_length(annual / math.sqrt(365), 0.0, -0.5, 6.0)
    # The table does not say how many days its year has; 365 gives every row within a day or two.
    assert length == pytest.approx(days, rel=0.01)


@pytest.mark.parametrize(
    ("trials", "probability"),
    [(10, 0.9938796), (46, 0.9505017), (88, 0.9101530), (100, 0.9003968)],
)
def test_e4_deflated_sharpe_ratio(trials: int, probability: float) -> None:
    found = deflated_sharpe_ratio(
        sharpe=2.5 / math.sqrt(250),
        n=1250,
        trials=trials,
        trials_variance=0.5 / 250,
        skew=-3.0,
        kurtosis=10.0,
    )
    assert found == pytest.approx(probability, abs=5e-8)


def test_e4_normal_returns_and_expected_maximum() -> None:
    found = deflated_sharpe_ratio(2.5 / math.sqrt(250), 1250, 88, 0.5 / 250)
    assert found == pytest.approx(0.9504908, abs=5e-8)
    assert expected_max_sharpe(trials=100, variance=0.5 / 250) == pytest.approx(
        0.1131720, abs=5e-8
    )
    assert expected_max_sharpe(1, 4.0) == 0.0


@pytest.mark.parametrize("trials", [10, 100, 1000])
def test_expected_maximum_is_near_the_exact_one(trials: int) -> None:
    exact, _ = integrate.quad(
        lambda x: x * trials * stats.norm.pdf(x) * stats.norm.cdf(x) ** (trials - 1), -10, 10
    )
    assert expected_max_sharpe(trials, 1.0) == pytest.approx(exact, rel=0.03)


def test_e6_and_e7() -> None:
    assert min_backtest_length(45, 1.0) == pytest.approx(4.9980870, abs=5e-8)
    assert sharpe_standard_error(0.5, 12) == pytest.approx(0.3061862, abs=5e-8)


def test_e8_sequential_test() -> None:
    lower, upper = sequential_test(p0=0.4, p1=0.5, alpha=0.05, beta=0.2)
    assert upper == pytest.approx(2.7725887, abs=5e-8)
    assert lower == pytest.approx(-1.5581446, abs=5e-8)
    sizes = expected_sample_sizes(0.4, 0.5, 0.05, 0.2)
    assert sizes == pytest.approx((66.6289, 93.4027), abs=5e-5)


def test_e9_edge_process() -> None:
    expected = [1.13875, 1.0264125, 1.16994394, 1.3443605, 1.20215417]
    expected += [1.17808144, 1.35324305, 1.20335912, 1.38303031, 1.60270939]
    assert edge_process(TRADES) == pytest.approx(expected, abs=5e-9)


def test_e11_trade_statistics() -> None:
    found = trade_statistics(TRADES)
    assert found.expectancy == pytest.approx(0.575)
    assert found.profit_factor == pytest.approx(2.7692308, abs=5e-8)
    assert found.system_quality == pytest.approx(1.4937305, abs=5e-8)
    assert found.win_rate == pytest.approx(0.6)
    assert found.payoff == pytest.approx(1.8461538, abs=5e-8)


def test_trades_of_one_sign() -> None:
    assert trade_statistics([1.0, 2.0]).profit_factor == math.inf
    assert trade_statistics([-1.0]).payoff == 0.0
    assert trade_statistics([0.5]).system_quality == 0.0


def test_e12_variance_of_the_mean() -> None:
    exact = bootstrap_variance_of_mean(MONTHS, 0.25)
    assert exact == pytest.approx(3.0899672e-6, abs=5e-14)
    drawn = StationaryBootstrap(4, np.array(MONTHS), seed=7).cov(np.mean, reps=20_000)
    assert exact == pytest.approx(float(np.squeeze(drawn)), rel=0.04)
    single = float(np.var(MONTHS)) / len(MONTHS)
    assert bootstrap_variance_of_mean(MONTHS, 1.0) == pytest.approx(single)


@pytest.mark.parametrize("pull", [0.0, 0.3, 0.7, 0.95])
def test_block_length_against_arch(pull: float) -> None:
    noise = np.random.default_rng(1).normal(size=500)
    series = np.zeros(500)
    for i in range(1, 500):
        series[i] = pull * series[i - 1] + noise[i]
    oracle = float(optimal_block_length(series)["stationary"].iloc[0])
    assert automatic_block_length(series) == pytest.approx(max(oracle, 1.0))


def test_block_length_of_a_constant() -> None:
    assert automatic_block_length([1.0] * 50) == 1.0


# ------------------------------------------------------------------ e-processes


@given(results, st.randoms(use_true_random=False))
def test_order_does_not_change_where_the_edge_process_ends(xs: list[float], rng: object) -> None:
    shuffled = list(xs)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert edge_process(shuffled)[-1] == pytest.approx(edge_process(xs)[-1], rel=1e-9)


@given(results, results)
def test_stream_equals_batch(xs: list[float], more: list[float]) -> None:
    assert edge_process(xs + more)[: len(xs)] == pytest.approx(edge_process(xs))
    assert futility_process(xs + more)[: len(xs)] == pytest.approx(futility_process(xs))


def test_a_loss_that_cannot_be_paid_ends_the_evidence_for_good() -> None:
    found = edge_process([2.0, -5.1, 100.0])
    assert found[0] > 1.0
    assert found[1:] == (0.0, 0.0)
    assert edge_process([-5.0])[0] > 0.0


def test_a_win_that_would_break_the_bets_is_refused() -> None:
    assert futility_process([2.65])[0] >= 0.0
    with pytest.raises(ValueError, match=r"r_multiples must be <= .* 2\.65, was 3"):
        futility_process([3.0])
    assert futility_process([3.0], bets=(0.05, 0.1, 0.2))[0] < 1.0


def test_overwhelming_evidence_stays_a_number() -> None:
    assert math.isfinite(edge_process([1e6] * 200)[-1])


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**31))
def test_evidence_of_no_edge_stays_below_twenty_as_often_as_promised(seed: int) -> None:
    """Ville: a fair game reaches 20 at any time in at most one of twenty records."""
    rng = np.random.default_rng(seed)
    games = np.where(rng.random((400, 200)) < 0.4, 1.5, -1.0)
    reached = np.mean([max(edge_process(game)) >= 20.0 for game in games])
    assert reached <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 400)


def test_futility_rarely_kills_what_works() -> None:
    rng = np.random.default_rng(3)
    working = np.where(rng.random((1000, 160)) < 0.46, 1.5, -1.0)
    killed = np.mean([max(futility_process(game)) >= 20.0 for game in working])
    assert killed <= 0.05
    broken = np.where(rng.random((300, 300)) < 0.30, 1.5, -1.0)
    assert np.mean([max(futility_process(game)) >= 20.0 for game in broken]) > 0.8


# ------------------------------------------------------------------ overfitting


def slow_overfitting(returns: NDArray[np.float64], blocks: int) -> float:
    """The paper's procedure word by word."""
    parts = np.array_split(returns, blocks)
    below = []
    for chosen in itertools.combinations(range(blocks), blocks // 2):
        inside = np.concatenate([parts[i] for i in chosen])
        outside = np.concatenate([parts[i] for i in range(blocks) if i not in chosen])
        best = int(np.argmax(inside.mean(0) / inside.std(0, ddof=1)))
        ratios = outside.mean(0) / outside.std(0, ddof=1)
        rank = 1 + int(np.sum(ratios < ratios[best]))
        share = rank / (returns.shape[1] + 1)
        below.append(math.log(share / (1 - share)) <= 0)
    return float(np.mean(below))


@pytest.mark.parametrize("seed", range(4))
def test_overfitting_by_the_book(seed: int) -> None:
    returns = np.random.default_rng(seed).normal(size=(103, 7)) + 0.01
    found = probability_of_backtest_overfitting(returns, blocks=8)
    assert found.pbo == pytest.approx(slow_overfitting(returns, 8))
    assert found.logits.shape == (70,)


def test_noise_is_overfitted_about_half_of_the_time() -> None:
    rng = np.random.default_rng(5)
    found = [
        probability_of_backtest_overfitting(rng.normal(size=(240, 20)), 8).pbo for _ in range(40)
    ]
    assert np.mean(found) == pytest.approx(0.5, abs=0.1)


def test_a_planted_edge_is_not_and_a_planted_overfit_is() -> None:
    rng = np.random.default_rng(6)
    edge = rng.normal(size=(480, 20))
    edge[:, 4] += 0.3
    assert probability_of_backtest_overfitting(edge, 8).pbo < 0.02
    overfit = rng.normal(size=(480, 20))
    for trial, part in enumerate(np.array_split(np.arange(480), 20)):
        overfit[:, trial] -= 0.05
        overfit[part, trial] += 3.0
    assert probability_of_backtest_overfitting(overfit, 10).pbo > 0.9


def test_constant_trials_do_not_become_nan() -> None:
    returns = np.tile([0.01, 0.0, -0.01], (40, 1))
    found = probability_of_backtest_overfitting(returns, 4)
    assert np.all(np.isfinite(found.logits))
    assert found.pbo == 0.0


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: probabilistic_sharpe_ratio(math.nan, 24), "sharpe must be"),
        (lambda: probabilistic_sharpe_ratio(0.1, 1), "n must be a whole number >= 2, was 1"),
        (lambda: probabilistic_sharpe_ratio(0.1, 24, 2.0, 3.0), r"kurtosis must be >= skew\^2"),
        (lambda: min_track_record_length(0.1, confidence=1.0), "confidence must be in"),
        (lambda: expected_max_sharpe(0, 1.0), "trials must be a whole number >= 1, was 0"),
        (lambda: expected_max_sharpe(3, -1.0), "variance must be in"),
        (lambda: edge_process([1.0, math.inf]), "r_multiples must be finite"),
        (lambda: edge_process([1.0], bets=()), "bets must hold at least 1"),
        (lambda: edge_process([1.0], bets=(1.5,)), r"bets must be in \(0, 1\]"),
        (lambda: sequential_test(0.4, 0.4, 0.05, 0.2), "p1 must differ"),
        (lambda: sequential_test(0.4, 0.5, 0.6, 0.5), r"alpha \+ beta must be < 1"),
        (lambda: trade_statistics([]), "r_multiples must hold at least 1"),
        (lambda: bootstrap_variance_of_mean([1.0], 0.5), "values must hold at least 2"),
        (lambda: probability_of_backtest_overfitting([[1.0, 2.0]] * 40, 3), "blocks must be even"),
        (lambda: probability_of_backtest_overfitting([[1.0]] * 40, 4), "returns must be of shape"),
        (lambda: probability_of_backtest_overfitting([[1.0, math.nan]] * 40, 4), "finite"),
        (lambda: probability_of_backtest_overfitting([[1.0, 2.0]] * 7, 4), ">= 8 periods"),
    ],
)
def test_bad_arguments_are_named(call: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()  # type: ignore[operator]


def test_no_trade_is_no_evidence() -> None:
    assert edge_process([]) == ()
    assert futility_process([]) == ()
