"""The reference numbers of MATH.md that are not a layer's own: rates, splits, and rare limits."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from engine.model.setups import Outcome
from engine.probability.barrier import abm_odds, martingale_odds, ou_odds
from engine.probability.base_rate import BaseRates
from engine.probability.calibration import (
    beta_calibration,
    brier_score,
    expected_calibration_error,
    log_loss,
)
from engine.probability.evidence import ScoreBins, witness_llr
from engine.probability.exhaustion import rescaled_range_expectation, rsi, variance_ratio
from engine.probability.fusion import dependence_weights, fuse
from engine.probability.tail import gpd_tail
from engine.probability.volatility import ewma_variance

P = (0.1, 0.2, 0.3, 0.35, 0.4, 0.5, 0.55, 0.6, 0.7, 0.8)
Y = (0, 0, 1, 0, 0, 1, 0, 1, 1, 1)


Geometry = tuple[float, float, float, float, float, float]


def _rate(geometry: Geometry, early: float, late: float) -> float:
    """Rate at which the last survivors leave, in units of the speed of reversion."""
    alive = [ou_odds(*geometry, horizon).timeout for horizon in (early, late)]
    return math.log(alive[0] / alive[1]) / (late - early) / geometry[0]


@pytest.mark.parametrize(
    ("geometry", "nu"),
    [
        ((0.5, 0.0, 0.02, -0.05, 0.0, -0.03), 1.5042043793),
        ((1.0, 0.0, 0.02, -0.04, -0.005, -0.025), 1.7685398587),
        ((0.6931471806, 0.0, 0.03, -0.08, 0.0, -0.05), 1.1353367341),
    ],
)
def test_survivors_leave_at_the_first_eigenvalue(geometry: Geometry, nu: float) -> None:
    k = geometry[0]
    assert _rate(geometry, 4.0 / k, 6.0 / k) == pytest.approx(nu, abs=1e-6)


def test_first_passage_rate_reproduces_oeis_a247226() -> None:
    # Decay of the chance not to have met 2 yet, dX = -X dt + sqrt(2) dW; -9 is out of reach.
    geometry = (1.0, 0.0, math.sqrt(2.0), -9.0, 2.0, 0.0)
    assert _rate(geometry, 30.0, 60.0) == pytest.approx(0.0972745958588434, abs=1e-9)


def test_barriers_seen_at_closes_only_are_further_away() -> None:
    # Broadie, Glasserman and Kou 1997: hourly closes, both barriers moved outwards.
    shift = 0.5825971579 * 0.02 * math.sqrt(1.0 / 24.0)
    odds = abm_odds(0.0, 0.02, 0.03 + shift, 0.02 + shift, 2.0)
    assert (odds.target, odds.stop) == pytest.approx((0.24592, 0.42677), abs=1e-5)


def test_driftless_split_pays_for_itself() -> None:
    odds = martingale_odds(0.03, 0.02, 0.02, 2.0)
    carried = 1.0 - odds.target * 1.03 - odds.stop * 0.98
    got = odds.target, odds.stop, odds.timeout, carried
    expected = 0.2784629932, 0.4747924132, 0.2467445936, 0.2478865521
    assert got == pytest.approx(expected, abs=1e-10)


def test_pooled_rate_reproduces_l1() -> None:
    rates = BaseRates(20.0, 1e12)
    for cell, (hits, count) in enumerate([(12, 20), (5, 12), (30, 61), (2, 9), (18, 25)]):
        for i in range(count):
            end = Outcome.TARGET if i < hits else Outcome.STOP
            rates.learn((f"cell {cell}",), end, 1.0)
    pooled = rates.counts(())
    assert pooled.targets / pooled.count == pytest.approx(0.5275590551, abs=1e-9)


@pytest.mark.parametrize(("q", "z"), [(2, 1.8012007051), (4, -3.0562470301)])
def test_plain_z_of_the_variance_ratio_reproduces_l4(q: int, z: float) -> None:
    t = np.arange(1, 61)
    x = np.concatenate([[0.0], np.cumsum(0.01 * np.sin(1.3 * t) + 0.004 * np.cos(0.37 * t**2))])
    assert variance_ratio(x, q, robust=False)[1] == pytest.approx(z, abs=1e-9)


def test_plain_z_agrees_with_arch() -> None:
    from arch.unitroot import VarianceRatio

    x = np.cumsum(np.random.default_rng(2).normal(size=300)) * 0.01
    for q in (2, 6):
        oracle = VarianceRatio(x, q, trend="c", debiased=True, robust=False, overlap=True)
        assert variance_ratio(x, q, robust=False)[1] == pytest.approx(oracle.stat, abs=1e-9)


def test_skill_against_the_base_rate_reproduces_l12() -> None:
    assert 1.0 - brier_score(P, Y) / brier_score([0.5] * 10, Y) == pytest.approx(0.334, abs=1e-12)


def test_scores_agree_with_scikit_learn() -> None:
    from sklearn.metrics import brier_score_loss
    from sklearn.metrics import log_loss as oracle

    assert brier_score(P, Y) == pytest.approx(brier_score_loss(Y, P), abs=1e-12)
    assert log_loss(P, Y) == pytest.approx(oracle(Y, P), abs=1e-12)


def test_certainties_have_a_finite_log_loss() -> None:
    assert log_loss([0.0, 1.0], [0, 1]) == pytest.approx(0.0, abs=1e-11)
    assert log_loss([0.0], [1]) == pytest.approx(-math.log(1e-12))
    assert 0.0 < beta_calibration([0.0, 1.0, 0.5], [0, 1, 1])(0.0) < 0.5


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_any_sequence_will_do(kind: Callable[[object], object]) -> None:
    p, y = kind(P), kind(Y)
    assert brier_score(p, y) == pytest.approx(0.1665)  # type: ignore[arg-type]


def test_bins_lose_no_weight() -> None:
    # The first bins hold no target at all; the ones that come later must count in full.
    bins = ScoreBins(5, 50.0, 20)
    for i in range(60):
        bins.learn(float(i % 20), i >= 24, 0.37)
    evidence = bins.read(3.0)
    assert evidence is not None
    assert evidence.n_eff == pytest.approx(60 * 0.37)


@pytest.mark.parametrize("volatility", [1e-300, 1e-120, 1e120, 1e300])
@pytest.mark.parametrize("horizon", [1e-9, 2.0, math.inf])
def test_volatilities_beyond_all_measure_still_have_odds(
    volatility: float, horizon: float
) -> None:
    odds = abm_odds(0.0, volatility, 0.03, 0.02, horizon)
    assert min(odds.target, odds.stop, odds.timeout) >= 0.0
    assert odds.target + odds.stop + odds.timeout == pytest.approx(1.0)
    assert 0.0 <= odds.mean_time <= horizon


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: abm_odds(0.0, 0.02, 0.03, 0.02, math.nan), "horizon must be > 0, was nan"),
        (lambda: ou_odds(0.5, 0.0, 0.02, -0.05, 0.0, -0.05, 2.0), "start must be in"),
        (lambda: expected_calibration_error([0.2], [1], 0), "bins must be >= 1, was 0"),
        (lambda: expected_calibration_error([0.2], [1], 2.5), "bins must be a whole number"),  # type: ignore[arg-type]
        (lambda: brier_score([], []), "p must hold at least 1 values, held 0"),
        (lambda: log_loss([math.nan], [1]), "p must be finite, was nan"),
        (lambda: rsi([1.0] * 20, 0), "length must be >= 1, was 0"),
        (lambda: variance_ratio([1.0, 2.0, 1.0, 3.0, 5.0], 1), "q must be >= 2, was 1"),
        (lambda: rescaled_range_expectation(16.5), "n must be a whole number"),  # type: ignore[arg-type]
        (lambda: dependence_weights([[1.0, 2.0], [2.0, 1.0]]), "eigenvalues >= 0"),
        (lambda: fuse(0.5, [0.1], [1.2]), r"weights must be in \[0, 1\], was 1.2"),
        (lambda: ewma_variance([0.1], math.inf), "start must be >= 0, was inf"),
        (lambda: witness_llr(1, 1, 1, 1, "maybe"), "vote must be yes, no or abstain"),
        (lambda: gpd_tail(0.2, 0.006, 0.02, 0.05).exceedance(math.nan), "x must be >= threshold"),
        (lambda: gpd_tail(0.2, 0.006, 0.02, 0.05).mean_excess(math.nan), "x must be finite"),
    ],
)
def test_a_bad_argument_is_named_with_its_range(call: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
