"""The pipeline as live uses it: honest, finite, deterministic, and never ahead of its time."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from engine.model.bars import Bar, BarsClosed, Quote
from engine.model.setups import Assessment, Label, LayerRole
from engine.probability.layer import InstrumentScale, kernel
from engine.probability.pipeline import LAYERS, Pipeline, PipelineSettings
from tests.engine.probability.histories import (
    BITCOIN,
    COSTS,
    GOLD,
    HOUR,
    SILVER,
    START,
    as_events,
    cut,
    random_walk,
)

BARS = 1500
SETTINGS = PipelineSettings(evidence_min_labels=10)
Record = tuple[Pipeline, list[Assessment], list[Label]]


def play(events: list[BarsClosed], *scales: InstrumentScale) -> Record:
    pipeline = Pipeline(SETTINGS, scales, HOUR)
    assessments: list[Assessment] = []
    labels: list[Label] = []
    for event in events:
        assessments += pipeline.observe(event, COSTS)
        for label in pipeline.closed_labels():
            pipeline.learn(label)
            labels.append(label)
    return pipeline, assessments, labels


@pytest.fixture(scope="module")
def record() -> Record:
    return play(as_events(random_walk(BARS)), BITCOIN)


@pytest.fixture(scope="module")
def setups(record: Record) -> list[Assessment]:
    found = [a for a in record[1] if a.setup is not None]
    assert len(found) > 20
    return found


def test_layers_are_twelve_in_order() -> None:
    names = "base_rate regime mean_reversion exhaustion volatility tail alignment liquidity"
    assert [spec.name for spec in LAYERS] == [
        *names.split(),
        "cross_asset",
        "scouts",
        "fusion",
        "calibration",
    ]
    assert [spec.number for spec in LAYERS] == list(range(1, 13))


def test_every_assessment_holds_all_layers_in_order(record: Record) -> None:
    names = [spec.name for spec in LAYERS]
    assert all([r.name for r in a.readings] == names for a in record[1])


def test_neutral_readings_are_exactly_neutral_and_say_why(record: Record) -> None:
    silent = [r for a in record[1] for r in a.readings if not r.valid]
    assert all(r.llr == 0.0 and r.weight == 0.0 and r.reason for r in silent)


def test_only_evidence_prior_and_calibration_move_the_odds(setups: list[Assessment]) -> None:
    still = {LayerRole.SCALE, LayerRole.TAIL, LayerRole.FUSION}
    assert all(r.llr == 0.0 for a in setups for r in a.readings if r.role in still)


def test_waterfall_sums_to_the_posterior(setups: list[Assessment]) -> None:
    for a in setups:
        assert a.odds is not None
        p = a.odds.p_mean
        assert math.fsum(step for _, step in a.log_odds) == pytest.approx(
            math.log(p / (1 - p)), abs=1e-9
        )


def test_odds_are_present_exactly_with_a_setup(record: Record) -> None:
    assert all((a.setup is None) == (a.odds is None) for a in record[1])


def test_every_number_shown_is_finite(record: Record) -> None:
    for a in record[1]:
        numbers = [
            v for r in a.readings for v in (r.llr, r.variance, r.n_eff, *r.diagnostics.values())
        ]
        numbers += [v for _, v in a.log_odds] + list(a.scores.values())
        assert all(math.isfinite(v) for v in numbers)


def test_barriers_stand_on_the_tick_against_us(setups: list[Assessment]) -> None:
    for a in setups:
        assert a.setup is not None
        s = a.setup
        spread = s.volatility * math.sqrt(s.horizon_days)
        assert s.target >= s.entry * math.exp(1.5 * spread) - 1e-6
        assert s.stop <= s.entry * math.exp(-spread) + 1e-6
        assert abs(s.target / 0.01 - round(s.target / 0.01)) < 1e-6


def test_every_candidate_becomes_one_label_or_stays_open(record: Record) -> None:
    pipeline, assessments, labels = record
    begun = {(a.instrument, a.at) for a in assessments if a.setup}
    open_ = {(s.instrument, s.at) for s in pipeline.open_candidates()}
    assert {(label.instrument, label.opened_at) for label in labels} | open_ == begun
    assert len(labels) + len(open_) == len(begun)


def test_labels_are_net_of_costs(record: Record) -> None:
    assert all(label.net_frac == label.gross_frac - COSTS["BTC-USD"] for label in record[2])


def test_uniqueness_is_a_share(record: Record) -> None:
    assert all(0.0 < label.uniqueness <= 1.0 for label in record[2])


def test_labels_close_within_the_horizon(record: Record) -> None:
    assert all(label.closed_at - label.opened_at <= timedelta(days=2) for label in record[2])


def test_learning_a_label_twice_changes_nothing(record: Record) -> None:
    pipeline, assessments, labels = record
    a = next(a for a in reversed(assessments) if a.setup)
    assert a.setup is not None
    before = pipeline.odds_at(a, a.setup.entry, 0.004)
    for label in labels:
        pipeline.learn(label)
    assert pipeline.odds_at(a, a.setup.entry, 0.004) == before


def test_a_restart_that_learns_the_journal_says_the_same(record: Record) -> None:
    events, (_, assessments, labels) = as_events(random_walk(BARS)), record
    due: dict[object, list[Label]] = {}
    for label in labels:
        due.setdefault(label.closed_at, []).append(label)
    again = Pipeline(SETTINGS, [BITCOIN], HOUR)
    answers: list[Assessment] = []
    for event in events:
        answers += again.observe(event, COSTS)
        for label in due.get(event.at, []):
            again.learn(label)
    assert answers == assessments


def test_truncated_history_gives_the_same_answers(record: Record) -> None:
    k = 1100
    _, prefix, _ = play(as_events(cut(random_walk(BARS), k)), BITCOIN)
    assert prefix == record[1][:k]


def test_poisoned_future_changes_nothing_before(record: Record) -> None:
    k = 1000
    events = as_events(random_walk(BARS))
    poisoned = [
        replace(e, bars=tuple(replace(b, open=1.0, high=1e6, low=0.5, close=2.0) for b in e.bars))
        for e in events[k:]
    ]
    _, answers, _ = play(events[:k] + poisoned, BITCOIN)
    assert answers[:k] == record[1][:k]


def test_repricing_at_the_entry_gives_the_odds_again(record: Record) -> None:
    events = as_events(random_walk(BARS))
    pipeline = Pipeline(SETTINGS, [BITCOIN], HOUR)
    for event in events:
        (a,) = pipeline.observe(event, COSTS)
        if a.setup and a.odds:
            again = pipeline.odds_at(a, a.setup.entry, COSTS["BTC-USD"])
            assert again.p_mean == pytest.approx(a.odds.p_mean, abs=1e-10)
            assert again.ev_low_frac == pytest.approx(a.odds.ev_low_frac, abs=1e-10)
        for label in pipeline.closed_labels():
            pipeline.learn(label)


def test_a_higher_price_has_lower_expected_value(record: Record) -> None:
    pipeline, assessments, _ = record
    a = next(a for a in reversed(assessments) if a.setup)
    assert a.setup is not None
    cheap, dear = (pipeline.odds_at(a, a.setup.entry * f, 0.004) for f in (0.995, 1.005))
    assert dear.ev_mean_frac < cheap.ev_mean_frac


def test_a_price_beyond_the_barriers_is_refused(record: Record) -> None:
    pipeline, assessments, _ = record
    a = next(a for a in reversed(assessments) if a.setup)
    assert a.setup is not None
    with pytest.raises(ValueError, match=r"price must be in \(stop, target\)"):
        pipeline.odds_at(a, a.setup.stop * 0.99, 0.004)


def test_without_labels_nothing_pays_its_costs() -> None:
    pipeline = Pipeline(PipelineSettings(), [BITCOIN], HOUR)
    for event in as_events(random_walk(900)):
        (a,) = pipeline.observe(event, COSTS)
        if a.odds is not None:
            assert a.odds.p_mean == pytest.approx(a.odds.p_prior, abs=1e-12)
            assert a.odds.ev_mean_frac <= -COSTS["BTC-USD"] + 1e-12
            assert a.odds.ev_low_frac <= a.odds.ev_mean_frac
            assert pipeline.refusal(a)


def test_scouts_without_a_record_leave_the_odds_alone() -> None:
    pipeline = Pipeline(PipelineSettings(), [BITCOIN], HOUR)
    for event in as_events(random_walk(900)):
        (a,) = pipeline.observe(event, COSTS)
        if a.setup is not None:
            heard = pipeline.hear("BTC-USD", {"alpha": "yes", "beta": "no", "gamma": "abstain"})
            assert heard.odds is not None
            assert a.odds is not None
            assert heard.odds.p_mean == pytest.approx(a.odds.p_mean, abs=1e-12)
            assert heard.scores["scout:alpha"] == 1.0
            assert "scout:gamma" not in heard.scores
            return
    pytest.fail("no candidate began")


def test_late_votes_are_refused(record: Record) -> None:
    pipeline = Pipeline(PipelineSettings(), [BITCOIN], HOUR)
    pipeline.observe(as_events(random_walk(60))[0], COSTS)
    with pytest.raises(ValueError, match="must be on a candidate of its last bar"):
        pipeline.hear("BTC-USD", {"alpha": "yes"})


def test_a_crossed_quote_teaches_nothing() -> None:
    pipeline = Pipeline(PipelineSettings(), [BITCOIN], HOUR)
    assert not pipeline.watch(Quote("BTC-USD", START, 101.0, 100.0, 1.0, 1.0))
    assert pipeline.watch(Quote("BTC-USD", START, 99.0, 100.0, 1.0, 1.0))


def test_gold_and_silver_meet_only_at_common_instants() -> None:
    gold, silver = random_walk(400, GOLD, 5), random_walk(300, SILVER, 6)
    pipeline, assessments, _ = play(as_events(gold, silver), GOLD, SILVER)
    alone = next(r for r in assessments[-1].readings if r.name == "cross_asset")
    assert alone.reason == "gold and silver did not both close a bar now"
    assert set(pipeline.correlations()) == {("XAU-USD", "XAG-USD")}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"close": math.nan}, "close must be > 0 and finite, was nan"),
        ({"low": -1.0}, "low must be > 0 and finite, was -1"),
        ({"high": 1.0}, "low <= open, close <= high"),
        ({"instrument": "DOGE-USD"}, "instrument must be one of BTC-USD, was DOGE-USD"),
        ({"close_at": START}, "must close at"),
    ],
)
def test_a_bad_bar_is_named_and_nothing_is_taken_in(change: dict[str, object], words: str) -> None:
    events = as_events(random_walk(60))
    pipeline = Pipeline(PipelineSettings(), [BITCOIN], HOUR)
    bad: Bar = replace(events[0].bars[0], **change)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=words):
        pipeline.observe(replace(events[0], bars=(bad,)), COSTS)
    assert len(pipeline.observe(events[0], COSTS)) == 1


def test_a_repeated_instant_is_refused() -> None:
    events = as_events(random_walk(60))
    pipeline = Pipeline(PipelineSettings(), [BITCOIN], HOUR)
    pipeline.observe(events[0], COSTS)
    with pytest.raises(ValueError, match="must come in order"):
        pipeline.observe(events[0], COSTS)


def test_a_free_trade_is_refused() -> None:
    pipeline = Pipeline(PipelineSettings(), [BITCOIN], HOUR)
    with pytest.raises(ValueError, match="cost_frac of BTC-USD must be > 0, was 0"):
        pipeline.observe(as_events(random_walk(60))[0], {"BTC-USD": 0.0})


@pytest.mark.parametrize("price", [1e-6, 1.0, 1e9])
def test_a_constant_price_never_becomes_a_setup(price: float) -> None:
    pipeline = Pipeline(PipelineSettings(), [BITCOIN], HOUR)
    for event in as_events(random_walk(400)):
        flat = tuple(
            replace(b, open=price, high=price, low=price, close=price) for b in event.bars
        )
        (a,) = pipeline.observe(replace(event, bars=flat), COSTS)
        assert a.setup is None


def test_wild_but_sound_bars_never_give_a_broken_number() -> None:
    rng = np.random.default_rng(11)
    pipeline = Pipeline(SETTINGS, [BITCOIN], HOUR)
    for event in as_events(random_walk(700)):
        size = math.exp(rng.normal() * rng.choice([0.01, 1.0, 4.0], p=[0.9, 0.08, 0.02]))
        bars = tuple(
            replace(
                b,
                open=b.open * size,
                high=b.high * size * 1.5,
                low=b.low * size * 0.5,
                close=b.close * size,
            )
            for b in event.bars
        )
        (a,) = pipeline.observe(replace(event, bars=bars), COSTS)
        if a.odds is not None:
            assert 0.0 < a.odds.p_low <= a.odds.p_mean < 1.0
        for label in pipeline.closed_labels():
            pipeline.learn(label)


def test_importing_the_pipeline_brings_in_no_heavy_library() -> None:
    heavy = (
        "{'numba', 'scipy', 'arch', 'statsmodels', 'sklearn', 'hmmlearn', 'asyncio', 'sqlite3'}"
    )
    code = f"import sys, engine.probability.pipeline; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "set()"


def test_a_live_bar_of_three_instruments_is_quick() -> None:
    events = as_events(random_walk(400), random_walk(400, GOLD, 2), random_walk(400, SILVER, 3))
    pipeline = Pipeline(PipelineSettings(), [BITCOIN, GOLD, SILVER], HOUR)
    spent = []
    for event in events:
        begin = time.perf_counter()
        pipeline.observe(event, COSTS)
        spent.append(time.perf_counter() - begin)
    assert float(np.median(spent[300:])) < 10e-3


def test_compiling_something_that_is_no_kernel_is_refused() -> None:
    from engine.probability.layer import compiled

    with pytest.raises(ValueError, match="must be marked with @kernel"):
        compiled(len)
    assert kernel(play) is play
