"""What learning must not do: drift off a fair price, count an error twice, believe by looks."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from engine.model.setups import Label, Outcome, SetupKind
from engine.probability import features, mean_reversion
from engine.probability.base_rate import BaseRates, fit_concentration
from engine.probability.calibration import Calibrator
from engine.probability.knowledge import FUSED, Knowledge
from engine.probability.layer import InstrumentScale
from engine.probability.settings import PipelineSettings
from engine.probability.special import logit
from engine.probability.trust import EXPERTS, Trust

START = datetime(2024, 1, 1, tzinfo=UTC)
FAIR = 0.13
LABEL = Label(
    instrument="BTC-USD",
    kind=SetupKind.REVERSION,
    opened_at=START,
    closed_at=START + timedelta(days=1),
    outcome=Outcome.STOP,
    target_frac=0.03,
    stop_frac=0.02,
    horizon_days=2.0,
    gross_frac=-0.02,
    net_frac=-0.021,
    uniqueness=0.6,
    log_odds_prior=logit(FAIR),
    scores={"base_rate": logit(FAIR), FUSED: logit(FAIR)},
    llrs={},
    p_mean=FAIR,
)


def _taught(n: int, rate: float, early: float, late: float, **scores: float) -> Knowledge:
    """Knowledge after `n` labels of a fair price; targets are `early`, misses `late` unique."""
    rng = np.random.default_rng(3)
    # Nothing is forgotten, so that only the rate matters.
    knowledge = Knowledge(PipelineSettings(forgetting_half_life_labels=1e9))
    for i in range(n):
        hit = bool(rng.random() < rate)
        knowledge.learn(
            replace(
                LABEL,
                opened_at=START + timedelta(hours=i),
                closed_at=START + timedelta(hours=i + 30),
                outcome=Outcome.TARGET if hit else Outcome.STOP,
                uniqueness=early if hit else late,
                scores=dict(LABEL.scores) | scores,
            )
        )
    return knowledge


def _odds(knowledge: Knowledge, **scores: float) -> float:
    return knowledge.judge("BTC-USD", SetupKind.REVERSION, FAIR, scores).p_mean


def _after_layer_1(knowledge: Knowledge) -> float:
    return knowledge.judge("BTC-USD", SetupKind.REVERSION, FAIR, {}).p_prior


def test_labels_that_end_early_do_not_lift_the_base_rate() -> None:
    # Weighted by its own uniqueness the rate would be 0.13 * 1.0 / (0.13 + 0.87 * 0.5) = 0.23.
    assert _after_layer_1(_taught(3000, FAIR, 1.0, 0.5)) == pytest.approx(FAIR, abs=0.02)


def test_equal_uniqueness_weighs_every_label_by_it() -> None:
    knowledge = _taught(400, FAIR, 0.6, 0.6)
    assert knowledge.calibrator.n_eff == pytest.approx(240.0)


def test_mean_uniqueness_keeps_the_number_of_effective_labels() -> None:
    knowledge = _taught(2000, 0.5, 0.8, 0.4)
    assert knowledge.calibrator.n_eff == pytest.approx(1200.0, rel=0.02)


def test_trust_leaves_agreeing_experts_to_the_last_bit() -> None:
    trust = Trust()
    trust.learn(dict.fromkeys(EXPERTS, -1.0), hit=True, weight=1.0)
    assert trust.mix(dict.fromkeys(EXPERTS, -1.234567)) == -1.234567


def test_trust_begins_with_half_on_the_driftless_price() -> None:
    weights = Trust().weights()
    assert weights["martingale"] == pytest.approx(0.5)
    assert math.fsum(weights.values()) == pytest.approx(1.0)


def test_trust_never_costs_more_than_ln_2_nats_against_the_driftless_price() -> None:
    rng = np.random.default_rng(5)
    trust, excess = Trust(), 0.0
    for _ in range(500):
        said = {name: float(rng.normal(0.0, 1.5)) for name in EXPERTS} | {"martingale": -1.9}
        hit = bool(rng.random() < FAIR)
        mixed = 1.0 / (1.0 + math.exp(-trust.mix(said)))
        fair = 1.0 / (1.0 + math.exp(1.9))
        excess += math.log((fair if hit else 1 - fair) / (mixed if hit else 1 - mixed))
        trust.learn(said, hit, 1.0)
    assert excess <= math.log(2.0) + 1e-6


def test_trust_goes_to_the_expert_that_knows() -> None:
    rng = np.random.default_rng(6)
    trust = Trust()
    for _ in range(300):
        truth = float(rng.uniform(0.02, 0.5))
        said = dict.fromkeys(EXPERTS, logit(0.26)) | {"pull": logit(truth)}
        trust.learn(said, bool(rng.random() < truth), 1.0)
    assert trust.weights()["pull"] > 0.9


def test_a_fitted_pull_has_no_voice_before_there_is_a_record() -> None:
    assert _odds(Knowledge(PipelineSettings()), mean_reversion=2.0) == pytest.approx(FAIR)


def test_a_useless_pull_has_no_voice_after_its_record() -> None:
    knowledge = _taught(800, FAIR, 0.6, 0.6, mean_reversion=2.0)
    assert _odds(knowledge, mean_reversion=2.0) == pytest.approx(FAIR, abs=0.03)


def test_concentration_takes_a_mean_for_each_cell() -> None:
    hits, counts, means = [13.0, 30.0, 60.0], [100.0] * 3, [0.13, 0.30, 0.60]
    agreeing = fit_concentration(hits, counts, means=means)
    assert agreeing == pytest.approx(200.0)
    assert fit_concentration(hits, counts) < 50.0


def test_one_instrument_s_cells_are_enough_to_weigh_its_priors() -> None:
    rates = BaseRates(20.0, 1e9)
    rng = np.random.default_rng(8)
    for _ in range(4000):
        path = ("BTC-USD", str(rng.integers(2)), str(rng.integers(2)))
        hit = Outcome.TARGET if rng.random() < FAIR else Outcome.STOP
        rates.learn(path, hit, 1.0, martingale=FAIR)
    before = rates.posterior(("GOLD",), 0.5).mean
    rates.refit()
    # The cells agree with the martingale, so its odds for another setup come to weigh more.
    assert rates.posterior(("GOLD",), 0.5).mean > before + 0.01


def test_calibration_does_not_take_an_old_error_of_level_out_twice() -> None:
    # The first half was given at 0.17, then layer 1 found the level: 0.13 it is.
    calibrator = Calibrator(100.0, 1e9, 25)
    rng = np.random.default_rng(9)
    for i in range(600):
        calibrator.learn(0.17 if i < 150 else FAIR, bool(rng.random() < FAIR), 0.6)
    assert calibrator(FAIR) == pytest.approx(FAIR, abs=0.015)


def _settled(half_life_hours: float, bars: int, seed: int) -> tuple[features.Features, float]:
    """Features after an Ornstein-Uhlenbeck history, and the true mean's distance from the end."""
    rng = np.random.default_rng(seed)
    keep = 0.5 ** (1.0 / half_life_hours)
    settings = PipelineSettings()
    scale = features.scaling(settings, InstrumentScale("BTC-USD", 0.01, continuous=True), 1 / 24)
    state = features.start(settings, 1 / 24)
    x, found = 0.0, None
    for i in range(bars):
        x = keep * x + 0.006 * float(rng.normal())
        price = 1000.0 * math.exp(x)
        found = features.advance(state, 3600 * (i + 1), price, price, price, scale)
    assert found is not None
    reversion, visible = features.telling_reversion(found, scale)
    assert visible
    assert reversion is found.long_reversion
    return found, -x


def test_long_window_finds_the_mean_that_a_short_one_misses() -> None:
    window = PipelineSettings().reversion_window_bars
    bars = features.LONG_WINDOWS * window + 2
    errors = []
    for seed in (1, 2, 3):
        found, truth = _settled(48.0, bars, seed)
        errors.append(
            (abs(found.long_reversion.theta - truth), abs(found.reversion.anchor - truth))
        )
    long, short = np.mean(errors, axis=0)
    assert long < 0.5 * short


def test_walk_shows_no_pull_in_either_window() -> None:
    fit = mean_reversion.fit_moments(100, 1.0, 1.5, 40.0, 40.6, 40.1, 0.5, 1 / 24)
    assert not mean_reversion.pull_is_visible(fit, 1 / 24, 8.0)
