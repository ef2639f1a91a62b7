"""One source, two speeds: compiled histories say what live says, layer by layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from engine.model.setups import Assessment
from engine.probability import features
from engine.probability.batch import Case, columns, run
from engine.probability.layer import InstrumentScale, compiled
from engine.probability.pipeline import Pipeline, PipelineSettings
from tests.engine.probability.histories import (
    BITCOIN,
    COSTS,
    GOLD,
    HOUR,
    SILVER,
    as_events,
    cut,
    random_walk,
)

pytestmark = pytest.mark.timeout(600)  # the first compilation on a machine takes a minute or two

BARS = 2600
SETTINGS = PipelineSettings(
    evidence_min_labels=10,
    fusion_few_labels=10,
    fusion_enough_labels=30,
    calibration_min_labels=40,
)
SCALES = (BITCOIN, GOLD, SILVER)
HISTORIES = tuple(random_walk(BARS, scale, 7 + 2 * i) for i, scale in enumerate(SCALES))


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return run(SETTINGS, HISTORIES, HOUR, COSTS)


@pytest.fixture(scope="module")
def live() -> list[Assessment]:
    pipeline = Pipeline(SETTINGS, SCALES, HOUR)
    found = []
    for event in as_events(*HISTORIES):
        found += [a for a in pipeline.observe(event, COSTS) if a.setup is not None]
        for label in pipeline.closed_labels():
            pipeline.learn(label)
    return found


def test_batch_finds_the_candidates_of_live(cases: list[Case], live: list[Assessment]) -> None:
    assert len(live) > 60
    assert [(c.instrument, c.opened_at) for c in cases] == [
        (a.instrument, int(a.at.timestamp())) for a in live
    ]


def test_batch_scores_are_lives(cases: list[Case], live: list[Assessment]) -> None:
    for case, a in zip(cases, live, strict=True):
        seen = {
            name: value for name, value in a.scores.items() if name not in ("base_rate", "fusion")
        }
        assert case.scores == pytest.approx(seen, rel=1e-10, abs=1e-10)


def test_batch_odds_are_lives(cases: list[Case], live: list[Assessment]) -> None:
    for case, a in zip(cases, live, strict=True):
        assert case.odds is not None
        assert a.odds is not None
        got = case.odds.p_prior, case.odds.p_mean, case.odds.p_low, case.odds.ev_low_frac
        wanted = a.odds.p_prior, a.odds.p_mean, a.odds.p_low, a.odds.ev_low_frac
        assert got == pytest.approx(wanted, abs=1e-10)


def test_batch_llrs_are_lives(cases: list[Case], live: list[Assessment]) -> None:
    spoke = 0
    for case, a in zip(cases, live, strict=True):
        assert case.judged is not None
        for name, evidence in case.judged.evidence.items():
            reading = next(r for r in a.readings if r.name == name)
            assert evidence.llr == pytest.approx(reading.llr, abs=1e-10)
            spoke += 1
    assert spoke > 50


@pytest.mark.parametrize("k", [700, 1333, 2100])
def test_truncating_the_history_changes_no_earlier_case(cases: list[Case], k: int) -> None:
    shorter = run(SETTINGS, [cut(h, k) for h in HISTORIES], HOUR, COSTS)
    for case, whole in zip(shorter, cases, strict=False):
        assert (case.opened_at, case.scores) == (whole.opened_at, whole.scores)
        assert case.odds == whole.odds


def test_candidate_columns_are_complete(cases: list[Case]) -> None:
    table = columns(cases)
    assert {len(values) for values in table.values()} == {len(cases)}
    assert {"p_prior", "p", "p_low", "y", "outcome", "r_net", "llr_regime"} <= set(table)


def flat(value: Any) -> list[float]:
    """All numbers of a nested named tuple."""
    if isinstance(value, tuple):
        return [number for part in value for number in flat(part)]
    return [float(value)]


@pytest.mark.parametrize("scale", [BITCOIN, InstrumentScale("XAU-USD", 0.01, continuous=False)])
def test_every_layer_steps_the_same_compiled_and_plain(scale: InstrumentScale) -> None:
    history = random_walk(2300, scale, 21)
    setting = features.scaling(PipelineSettings(), scale, HOUR)
    plain, fast = (features.start(PipelineSettings(), HOUR) for _ in range(2))
    step = compiled(features.advance)
    for t in range(history.close.size):
        arguments = (
            int(history.closed_at[t]), float(history.high[t]), float(history.low[t]),
            float(history.close[t]), setting,
        )  # fmt: skip
        one, two = flat(features.advance(plain, *arguments)), flat(step(fast, *arguments))
        assert np.allclose(one, two, rtol=1e-9, atol=1e-10, equal_nan=True), (t, one, two)


def test_each_layers_state_does_not_see_the_future() -> None:
    history = random_walk(900, BITCOIN, 31)
    setting = features.scaling(PipelineSettings(), BITCOIN, HOUR)

    def outputs(poison_from: int) -> list[list[float]]:
        state, answers = features.start(PipelineSettings(), HOUR), []
        for t in range(600):
            scale = 1.0 if t < poison_from else 3.0 + math.sin(t)
            high, low, close = (
                float(p[t]) * scale for p in (history.high, history.low, history.close)
            )
            found = features.advance(state, int(history.closed_at[t]), high, low, close, setting)
            answers.append(flat(found))
        return answers

    clean, poisoned = outputs(10_000), outputs(450)
    assert np.array_equal(clean[:450], poisoned[:450], equal_nan=True)
    assert not np.array_equal(clean[450:], poisoned[450:], equal_nan=True)
