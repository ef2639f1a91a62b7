"""Every other reference number of MATH.md section 1, through the public names of section 10."""

# ruff: noqa: E501 - reference tables are kept in one line a row, as in MATH.md
from __future__ import annotations

import math

import numpy as np
import pytest

from engine.probability.base_rate import BaseRates, beta_posterior, fit_beta_binomial
from engine.probability.calibration import (
    beta_calibration,
    brier_score,
    expected_calibration_error,
    isotonic_fit,
    log_loss,
    spiegelhalter_z,
)
from engine.probability.cross_asset import engle_granger, ewma_covariance
from engine.probability.evidence import bin_llr, signal_share, witness_llr
from engine.probability.exhaustion import rescaled_range_expectation, rsi, variance_ratio
from engine.probability.fusion import dependence_weights, equicorrelated_weight, fuse, ledoit_wolf
from engine.probability.labels import uniqueness
from engine.probability.liquidity import (
    Book,
    amihud_illiquidity,
    corwin_schultz,
    imbalance,
    kyle_lambda,
    order_flow,
    roll_spread,
    spread_bps,
    weighted_mid,
)
from engine.probability.mean_reversion import fit_ou
from engine.probability.regime import hamilton_filter
from engine.probability.special import digamma, exp_normal_cdf, trigamma
from engine.probability.tail import fit_gpd, fit_gpd_moments, gpd_tail
from engine.probability.volatility import (
    ewma_variance,
    garch_forecast,
    garman_klass,
    parkinson,
    yang_zhang,
)

P = (0.1, 0.2, 0.3, 0.35, 0.4, 0.5, 0.55, 0.6, 0.7, 0.8)
Y = (0, 0, 1, 0, 0, 1, 0, 1, 1, 1)
OU_X = [
    0.01 * v
    for v in (0, 0.8, 0.5, 1.1, 0.3, -0.2, -0.6, -0.1, 0.4, 0.9, 0.2, -0.4, -0.9, -0.3, 0.1, 0.6, 0, -0.5, -0.2, 0.3)
]  # fmt: skip
OPEN = (100, 101.2, 100.5, 102, 103.1, 102.4, 101.5, 103)
HIGH = (101.5, 102, 102.3, 103.4, 103.9, 103, 103.2, 104.1)
LOW = (99.4, 100.1, 100.2, 101.6, 101.9, 100.8, 101.1, 102.5)
CLOSE = (101, 100.6, 102.1, 103, 102.2, 101.3, 102.9, 103.8)
QQQQ = [
    44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931,
    46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439, 46.2122, 46.2521,
    45.7137, 46.4515, 45.7835, 45.3548, 44.0288, 44.1783, 44.2181, 44.5672, 43.4205, 42.6628, 43.1314,
]  # fmt: skip
RSI = [
    70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38, 54.71, 50.42, 39.99, 41.46,
    41.87, 45.46, 37.30, 33.08, 37.77,
]  # fmt: skip


@pytest.mark.parametrize(
    ("hits", "count", "mean", "q10", "log_odds", "variance"),
    [
        (0, 0, 0.2755203385, 0.1546921168, -1.0253609070, 0.2703823575),
        (12, 20, 0.4377601693, 0.3383611379, -0.2566862132, 0.1042388572),
    ],
)
def test_beta_posterior_reproduces_l1(
    hits: float, count: float, mean: float, q10: float, log_odds: float, variance: float
) -> None:
    found = beta_posterior(0.2755203385, 20.0, hits, count)
    got = found.mean, found.quantile(0.1), found.log_odds, found.log_odds_variance
    assert got == pytest.approx((mean, q10, log_odds, variance), abs=1e-9)


def test_empirical_bayes_reproduces_l1() -> None:
    fit = fit_beta_binomial((12, 5, 30, 2, 18), (20, 12, 61, 9, 25))
    assert fit == pytest.approx((22.92495, 20.72973), abs=2e-5)


def test_base_rate_without_labels_is_the_martingale() -> None:
    posterior = BaseRates(20.0, 250.0).posterior(("BTC-USD", "reversion"), 0.2755203385)
    assert posterior.mean == pytest.approx(0.2755203385, abs=1e-15)


def test_hamilton_filter_reproduces_l2() -> None:
    returns = (0.004, -0.012, 0.035, -0.041, 0.002, 0.006, -0.003)
    transition = [[0.95, 0.05], [0.10, 0.90]]
    p, likelihood = hamilton_filter(
        returns, transition, (2 / 3, 1 / 3), (0.001, -0.002), (0.01, 0.03)
    )
    expected = [
        0.1459457836,
        0.1339666850,
        0.9081400741,
        0.9997764812,
        0.7488736670,
        0.4439458826,
        0.2121819738,
    ]
    assert p[:, 1].tolist() == pytest.approx(expected, abs=1e-10)
    assert likelihood == pytest.approx(16.8864488479, abs=1e-10)
    assert (p[-1] @ np.array(transition))[1] == pytest.approx(0.2303546777, abs=1e-10)


def test_ou_fit_reproduces_l3() -> None:
    fit = fit_ou(OU_X)
    got = (
        fit.phi, fit.intercept, fit.phi_corrected, fit.kappa, fit.half_life, fit.sigma, fit.theta, fit.z,
        fit.dickey_fuller,
    )  # fmt: skip
    expected = (
        0.4521244155, 0.0006480992, 0.5993977434, 0.5118298888, 1.3542530305, 0.0059080457, 0.0011829314,
        0.3111754385, -2.5229303224,
    )  # fmt: skip
    assert got == pytest.approx(expected, abs=1e-8)
    assert fit.residual_variance == pytest.approx(2.18475086e-5, abs=1e-13)


def test_ou_fit_does_not_depend_on_the_level() -> None:
    lifted = fit_ou([11.0 + x for x in OU_X])
    assert lifted.kappa == pytest.approx(0.5118298888, abs=1e-9)
    assert lifted.theta == pytest.approx(11.0011829314, abs=1e-9)


@pytest.mark.parametrize(
    ("q", "ratio", "z"),
    [(2, 1.2325340111, 2.2739517678), (4, 0.2618462143, -3.4569829082)],
)
def test_variance_ratio_reproduces_l4(q: int, ratio: float, z: float) -> None:
    t = np.arange(1, 61)
    x = np.concatenate([[0.0], np.cumsum(0.01 * np.sin(1.3 * t) + 0.004 * np.cos(0.37 * t**2))])
    assert variance_ratio(x, q) == pytest.approx((ratio, z), abs=1e-9)


def test_rsi_reproduces_the_published_column() -> None:
    assert np.round(rsi(QQQQ), 2).tolist() == RSI


def test_rsi_of_a_flat_price_is_fifty() -> None:
    assert rsi([5.0] * 16).tolist() == [50.0, 50.0]


@pytest.mark.parametrize(("n", "expected"), [(16, 4.0355306813), (64, 8.9655675222)])
def test_rescaled_range_reproduces_l4(n: int, expected: float) -> None:
    assert rescaled_range_expectation(n) == pytest.approx(expected, abs=1e-10)


def test_yang_zhang_reproduces_l5() -> None:
    assert yang_zhang(OPEN, HIGH, LOW, CLOSE) == pytest.approx(1.3096801546e-4, abs=1e-14)


def test_range_estimators_agree_in_size() -> None:
    for estimate in (garman_klass(OPEN, HIGH, LOW, CLOSE), parkinson(HIGH, LOW)):
        assert estimate == pytest.approx(1.3e-4, rel=0.25)


def test_ewma_variance_reproduces_l5() -> None:
    assert ewma_variance((0.01, -0.02, 0.005), 1e-4) == pytest.approx(1.124200e-4, abs=1e-12)


def test_garch_forecast_reproduces_l5() -> None:
    assert garch_forecast(1e-6, 0.08, 0.9, 2e-4, 5) == pytest.approx(1.941188048e-4, abs=1e-13)


def test_danish_fire_tail_reproduces_l6() -> None:
    tail = gpd_tail(0.497, 6.98, 10.0, 109 / 2156)
    got = tail.value_at_risk(0.99), tail.expected_shortfall(0.99)
    assert got == pytest.approx((27.3808273890, 58.4310683679), abs=1e-9)


def test_small_tail_reproduces_l6() -> None:
    tail = gpd_tail(0.2, 0.006, 0.02, 0.05)
    got = tail.exceedance(0.03), tail.mean_excess(0.03), tail.value_at_risk(0.99)
    assert got == pytest.approx((0.0118652344, 0.01, 0.0313918898), abs=1e-10)


def test_tail_is_continuous_at_the_exponential() -> None:
    around = [gpd_tail(xi, 1.0, 0.0, 0.05).value_at_risk(0.999) for xi in (-2e-6, 0.0, 2e-6)]
    assert around[0] == pytest.approx(around[1], rel=1e-5)
    assert around[2] == pytest.approx(around[1], rel=1e-5)


def test_weighted_moments_reproduce_l6() -> None:
    q = (np.arange(1, 51) - 0.5) / 50
    excesses = 0.006 / 0.2 * ((1 - q) ** -0.2 - 1)
    assert fit_gpd_moments(excesses) == pytest.approx((0.1905358685, 0.0059551580), abs=1e-9)


def test_likelihood_fit_reproduces_l6_to_the_optimisers_tolerance() -> None:
    # MATH.md quotes scipy's simplex, which stops 2e-5 short of the top that this fit reaches.
    q = (np.arange(1, 51) - 0.5) / 50
    excesses = 0.006 / 0.2 * ((1 - q) ** -0.2 - 1)
    assert fit_gpd(excesses) == pytest.approx((0.1669584927, 0.0061479823), abs=2e-5)


def test_book_measures_reproduce_l8() -> None:
    book = Book(99.98, 100.02, 30.0, 10.0)
    got = spread_bps(book), imbalance(book), weighted_mid(book)
    assert got == pytest.approx((4.0, 0.5, 100.01), abs=1e-9)


def test_order_flow_reproduces_l8() -> None:
    before = Book(99.98, 100.02, 30.0, 10.0)
    assert order_flow(before, Book(99.99, 100.02, 12.0, 7.0)) == 15.0
    assert order_flow(before, Book(99.98, 100.01, 22.0, 9.0)) == -17.0


def test_kyle_lambda_reproduces_l8() -> None:
    found = kyle_lambda((0.02, -0.01, 0.03, 0, -0.02), (5, -3, 8, 1, -4))
    assert found == pytest.approx(0.0039130435, abs=1e-10)


def test_amihud_and_roll_reproduce_l8() -> None:
    assert amihud_illiquidity((0.01, -0.02, 0.005), (1e6, 2e6, 5e5)) == pytest.approx(1e-8)
    assert roll_spread(-0.0004) == pytest.approx(0.04)
    assert roll_spread(0.0) == 0.0


def test_corwin_schultz_is_never_negative() -> None:
    assert corwin_schultz(110.0, 109.0, 101.0, 100.0) == 0.0


def test_ewma_covariance_reproduces_l9() -> None:
    matrix = ewma_covariance(
        (0.01, -0.02, 0.015, 0.003), (0.012, -0.011, 0.02, -0.004), [[1e-4, 5e-5], [5e-5, 1e-4]]
    )
    rho = matrix[0, 1] / math.sqrt(matrix[0, 0] * matrix[1, 1])
    assert matrix[0, 1] == pytest.approx(7.28811728e-5, abs=1e-13)
    assert rho == pytest.approx(0.6264783028, abs=1e-9)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ((0, 0, 0, 0, True), (0.0, 0.5489734803, 0.0)),
        ((30, 20, 20, 30, "yes"), (0.3545067147, 0.1939421890, 0.1605645257)),
        ((30, 20, 20, 30, "no"), (-0.3545067147, 0.1939421890, -0.1605645257)),
    ],
)
def test_witness_llr_reproduces_l10(
    record: tuple[float, float, float, float, bool | str], expected: tuple[float, float, float]
) -> None:
    assert witness_llr(*record) == pytest.approx(expected, abs=1e-10)


def test_witness_llr_is_capped_at_three_to_one() -> None:
    mean, _, used = witness_llr(300, 50, 50, 300, True)
    assert (mean, used) == pytest.approx((1.7356858525, 1.0986122887), abs=1e-10)


def test_bin_llr_reproduces_the_adapter() -> None:
    expected = (-0.5104625815, -0.1297822197, 0.4545447879)
    assert bin_llr((5, 10, 25), (20, 15, 10)).tolist() == pytest.approx(expected, abs=1e-10)


def test_bin_llr_without_data_is_exactly_zero() -> None:
    assert bin_llr((0, 0, 0), (0, 0, 0)).tolist() == [0.0, 0.0, 0.0]


def test_pure_noise_between_bins_is_not_evidence() -> None:
    assert signal_share(np.array([0.1, -0.2, 0.1]), np.full(3, 0.05)) == 0.0


def test_uniqueness_reproduces_section_0() -> None:
    found = uniqueness([(0, 3), (2, 5), (4, 6)])
    assert found.tolist() == pytest.approx([0.8333333333, 0.6666666667, 0.75], abs=1e-9)


@pytest.mark.parametrize(
    ("count", "rho", "weight", "opinions"),
    [(2, 0.5, 0.6666667, 1.3333333), (12, 0.4, 0.1851852, 2.2222222)],
)
def test_equicorrelated_weights_reproduce_l11(
    count: int, rho: float, weight: float, opinions: float
) -> None:
    matrix = np.full((count, count), rho) + (1.0 - rho) * np.eye(count)
    assert dependence_weights(matrix).tolist() == pytest.approx([weight] * count, abs=1e-7)
    assert count * equicorrelated_weight(count, rho) == pytest.approx(opinions, abs=1e-7)


def test_dependence_weights_reproduce_l11() -> None:
    sigma = [[0.20, 0.12, 0.02], [0.12, 0.30, 0.03], [0.02, 0.03, 0.10]]
    weights = dependence_weights(sigma)
    assert weights.tolist() == pytest.approx((0.4904632153, 0.7356948229, 0.6811989101), abs=1e-10)
    llrs = (0.6, 0.5, -0.2)
    assert fuse(0.42, llrs, (1, 1, 1)) == pytest.approx(0.6404289994, abs=1e-10)
    assert fuse(0.42, llrs, weights) == pytest.approx(0.5506041900, abs=1e-10)


def test_duplicated_layers_share_one_weight() -> None:
    twice = [[0.2, 0.2, 0.05], [0.2, 0.2, 0.05], [0.05, 0.05, 0.1]]
    once = dependence_weights([[0.2, 0.05], [0.05, 0.1]])
    weights = dependence_weights(twice)
    assert weights[0] == pytest.approx(weights[1])
    assert weights[0] + weights[1] == pytest.approx(once[0], abs=1e-9)


def test_fuse_without_evidence_is_the_prior_to_the_last_bit() -> None:
    assert fuse(0.2755203385, (0.0, 0.0), (1.0, 0.5)) == 0.2755203385


def test_scores_reproduce_l12() -> None:
    got = (
        brier_score(P, Y),
        log_loss(P, Y),
        spiegelhalter_z(P, Y),
        expected_calibration_error(P, Y, 2),
    )
    assert got == pytest.approx((0.1665, 0.5056384407, -0.6965650768, 0.12), abs=1e-9)


def test_isotonic_fit_reproduces_l12() -> None:
    expected = (0, 0, 1 / 3, 1 / 3, 1 / 3, 0.5, 0.5, 1, 1, 1)
    assert isotonic_fit(P, Y).tolist() == pytest.approx(expected, abs=1e-12)


def test_beta_calibration_reproduces_l12() -> None:
    fitted = beta_calibration(P, Y)
    assert (fitted.a, fitted.b, fitted.c) == pytest.approx(
        (0.7728003, 0.6566271, 0.2724863), abs=1e-6
    )
    assert fitted(0.6) == pytest.approx(0.6176017889, abs=1e-6)


def test_beta_calibration_never_falls() -> None:
    fitted = beta_calibration(P, [1 - y for y in Y])
    values = [fitted(p) for p in (0.01, 0.2, 0.5, 0.8, 0.99)]
    assert values == sorted(values)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: yang_zhang(OPEN, LOW, LOW, CLOSE), "high must be >= max"),
        (lambda: fit_ou([1.0] * 10), "x must not be constant"),
        (lambda: rsi([1.0, -1.0, 2.0], 2), "closes must be > 0, was -1"),
        (lambda: variance_ratio([1.0, math.nan, 2.0, 3.0, 1.0], 2), "log_prices must be finite"),
        (lambda: bin_llr((1,), (1, 2)), "arguments must have one length"),
        (lambda: brier_score([1.2], [1]), r"p must be in \[0, 1\], was 1.2"),
        (lambda: dependence_weights([[1.0, 0.0]]), "covariance must be square"),
        (lambda: gpd_tail(1.0, 1.0, 0.0, 0.1), "xi must be < 1, was 1"),
        (lambda: witness_llr(-1, 0, 0, 0, True), "tp must be >= 0, was -1"),
        (lambda: hamilton_filter([0.0], [[1.0]], [0.5], [0.0], [1.0]), "chances that sum to 1"),
    ],
)
def test_public_functions_name_a_bad_argument(call: object, words: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=words):
        call()


# Independent oracles: libraries that know nothing of this code.


def test_special_functions_agree_with_scipy() -> None:
    from scipy import special

    for x in (0.3, 1.0, 4.7, 25.0, 900.0):
        assert digamma(x) == pytest.approx(float(special.digamma(x)), abs=1e-12)
        assert trigamma(x) == pytest.approx(float(special.polygamma(1, x)), abs=1e-12)
    assert exp_normal_cdf(700.0, -37.0) == pytest.approx(
        math.exp(700.0 + float(special.log_ndtr(-37.0))), rel=1e-10
    )


def test_variance_ratio_agrees_with_arch() -> None:
    from arch.unitroot import VarianceRatio

    x = np.cumsum(np.random.default_rng(1).standard_t(4, 400)) * 0.01
    for q in (2, 5, 8):
        oracle = VarianceRatio(x, q, trend="c", debiased=True, robust=True, overlap=True)
        assert variance_ratio(x, q) == pytest.approx((oracle.vr, oracle.stat), abs=1e-10)


def test_ou_fit_agrees_with_statsmodels() -> None:
    from statsmodels.tsa.stattools import adfuller

    assert fit_ou(OU_X).dickey_fuller == pytest.approx(
        adfuller(OU_X, maxlag=0, autolag=None, result_object=False)[0]
    )


def test_engle_granger_agrees_with_statsmodels() -> None:
    from statsmodels.tsa.stattools import coint

    noise = np.random.default_rng(2).normal(size=(2, 500))
    walk = np.cumsum(noise[0])
    other = 0.7 * walk + noise[1]
    t, _, critical = coint(walk, other, trend="c", maxlag=0, autolag=None)
    assert engle_granger(walk, other) == pytest.approx((t, critical[1]), abs=1e-6)


def test_ledoit_wolf_agrees_with_sklearn() -> None:
    from sklearn.covariance import ledoit_wolf as oracle

    rows = np.random.default_rng(3).normal(size=(80, 4)) @ np.diag([1.0, 2.0, 0.5, 1.0])
    rows -= rows.mean(axis=0)
    assert np.allclose(ledoit_wolf(rows), oracle(rows, assume_centered=True)[0], atol=1e-12)


def test_hamilton_filter_agrees_with_hmmlearn_on_truncations() -> None:
    from hmmlearn.hmm import GaussianHMM

    model = GaussianHMM(2, covariance_type="diag", init_params="", params="")
    model.startprob_, model.transmat_ = np.array([0.6, 0.4]), np.array([[0.9, 0.1], [0.2, 0.8]])
    model.means_, model.covars_ = np.array([[0.0], [0.1]]), np.array([[1.0], [4.0]])
    r = np.random.default_rng(4).normal(size=25) * 1.5
    filtered, likelihood = hamilton_filter(r, model.transmat_, model.startprob_, (0, 0.1), (1, 2))
    ends = [model.predict_proba(r[: k + 1, None])[-1] for k in range(25)]
    assert np.allclose(filtered, ends, atol=1e-9)
    assert likelihood == pytest.approx(model.score(r[:, None]), abs=1e-9)
