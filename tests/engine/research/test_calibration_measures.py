from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from engine.probability.layer import FloatArray
from engine.research.calibration.bootstrap import block_rows
from engine.research.calibration.measures import perfect_ece, score_layer, score_model
from engine.review.statistics.reliability import reliability_bins
from engine.review.statistics.resampling import Resamples, stationary_rows


def _sample(n: int, seed: int) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.05, 0.6, n)
    return p, (rng.random(n) < p).astype(np.float64)


def _autocorrelated(n: int, keep: float, rng: np.random.Generator) -> FloatArray:
    values = rng.normal(size=n)
    for i in range(1, n):
        values[i] = keep * values[i - 1] + np.sqrt(1.0 - keep**2) * values[i]
    return values


def test_brier_and_log_score_agree_with_scikit_learn() -> None:
    p, y = _sample(500, 1)
    found = score_model("m", p, y, p, p, stationary_rows(500, 3.0, 50, 1), 1)
    assert found.brier == pytest.approx(brier_score_loss(y, p), abs=1e-12)
    assert found.log_score == pytest.approx(log_loss(y, p), abs=1e-12)


def test_ece_agrees_with_scikit_learns_calibration_curve() -> None:
    p, y = _sample(1000, 2)
    found = score_model("m", p, y, p, p, stationary_rows(1000, 3.0, 50, 1), 1)
    rate, mean = calibration_curve(y, p, n_bins=10, strategy="quantile")
    assert found.ece == pytest.approx(np.abs(rate - mean).mean(), abs=2e-3)


def test_reliability_bins_agree_with_scikit_learn() -> None:
    p, y = _sample(1000, 3)
    rate, mean = calibration_curve(y, p, n_bins=10, strategy="quantile")
    bins = reliability_bins(p, y)
    assert [each.rate for each in bins] == pytest.approx(rate, abs=0.02)
    assert [each.odds for each in bins] == pytest.approx(mean, abs=0.005)


def test_reliability_bounds_hold_the_rate() -> None:
    for each in reliability_bins(*_sample(300, 4)):
        assert 0.0 <= each.low <= each.rate <= each.high <= 1.0


def test_skill_of_the_reference_itself_is_exactly_zero() -> None:
    p, y = _sample(300, 5)
    skill = score_model("m", p, y, p, p, stationary_rows(300, 4.0, 50, 1), 1).skill
    assert (skill.value, skill.low, skill.high) == (0.0, 0.0, 0.0)


def test_a_layer_that_knows_the_outcome_helps_beyond_doubt() -> None:
    p, y = _sample(400, 6)
    better = np.where(y == 1.0, 0.9, 0.1)
    found = score_layer("x", p, better, y, stationary_rows(400, 3.0, 200, 1), "")
    assert found.brier is not None
    assert found.brier.low > 0.0


def test_perfect_odds_show_the_ece_that_chance_leaves() -> None:
    p = np.full(1000, 0.13) + np.linspace(0.0, 1e-6, 1000)
    middle, high = perfect_ece(p, seed=1)
    expected = np.sqrt(2.0 / np.pi) * np.sqrt(0.13 * 0.87 / 100.0)
    assert middle == pytest.approx(expected, rel=0.1)
    assert high > middle


def test_bootstrap_blocks_have_the_wanted_mean_length() -> None:
    rows = stationary_rows(2000, 5.0, 40, seed=3).rows
    joined = np.mean((rows[:, 1:] - rows[:, :-1]) % 2000 == 1)
    assert 1.0 / (1.0 - joined) == pytest.approx(5.0, rel=0.05)


def test_bootstrap_draws_every_row_alike() -> None:
    rows = stationary_rows(50, 4.0, 4000, seed=4).rows
    counts = np.bincount(rows.ravel(), minlength=50) / rows.size
    assert counts == pytest.approx(np.full(50, 0.02), rel=0.1)


def _covers(block: float) -> float:
    rng = np.random.default_rng(7)
    hits = 0
    for trial in range(150):
        found = stationary_rows(400, block, 200, trial).mean(_autocorrelated(400, 0.6, rng))
        hits += found.holds_zero
    return hits / 150


def test_bootstrap_interval_covers_the_mean_of_dependent_rows() -> None:
    assert _covers(12.0) > 0.86


def test_bootstrap_of_single_rows_would_be_too_sure() -> None:
    assert _covers(1.0) < 0.80


def test_bootstrap_is_the_same_for_the_same_seed() -> None:
    first, again = stationary_rows(30, 3.0, 9, 5).rows, stationary_rows(30, 3.0, 9, 5).rows
    assert np.array_equal(first, again)
    assert not np.array_equal(first, stationary_rows(30, 3.0, 9, 6).rows)


def test_blocks_count_the_rows_that_begin_within_a_horizon() -> None:
    opened = np.array([0, 10, 20, 1000], dtype=np.int64)
    assert block_rows(opened, 15.0) == pytest.approx((2 + 2 + 1 + 1) / 4)


@pytest.mark.parametrize(("n", "block"), [(0, 2.0), (5, 0.5), (5, float("nan"))])
def test_bootstrap_refuses_senseless_arguments(n: int, block: float) -> None:
    with pytest.raises(ValueError, match="must be >= 1"):
        stationary_rows(n, block, 10, 1)


def test_mean_interval_is_that_of_the_draws() -> None:
    rows = np.array([[0, 0], [1, 1]], dtype=np.int64)
    found = Resamples(rows).mean(np.array([0.0, 1.0]))
    assert tuple(found) == pytest.approx((0.5, 0.025, 0.975))
