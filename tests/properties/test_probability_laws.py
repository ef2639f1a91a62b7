"""Laws that hold for every setup: no evidence no trade, and honest expected value."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from engine.model.setups import Label, Outcome, SetupKind
from engine.probability.barrier import martingale_odds, ou_odds
from engine.probability.base_rate import BaseRates
from engine.probability.batch import Case, run
from engine.probability.calibration import brier_score
from engine.probability.candidates import barrier_levels
from engine.probability.evidence import ScoreBins
from engine.probability.fusion import dependence_weights
from engine.probability.knowledge import Knowledge
from engine.probability.labels import (
    STOP,
    TARGET,
    close_labels,
    exit_price,
    first_touch,
    uniqueness,
)
from engine.probability.layer import FloatArray
from engine.probability.scouts import ScoutBook
from engine.probability.settings import PipelineSettings
from engine.probability.worth import Miss, expected_miss, gate_refusal, value_odds
from tests.engine.probability.histories import BITCOIN, COSTS, HOUR, bars_from

AT = datetime(2024, 1, 1, tzinfo=UTC)


def label(i: int, outcome: Outcome, scores: dict[str, float]) -> Label:
    return Label(
        instrument="BTC-USD", kind=SetupKind.REVERSION, opened_at=AT + timedelta(hours=i),
        closed_at=AT + timedelta(hours=i + 5), outcome=outcome, target_frac=0.03, stop_frac=0.02,
        horizon_days=2.0, gross_frac=0.0, net_frac=-0.001, uniqueness=1.0, log_odds_prior=-1.0,
        scores=scores, llrs={}, p_mean=0.27,
    )  # fmt: skip


@given(
    volatility=st.floats(0.002, 0.2), up=st.floats(0.3, 4.0), down=st.floats(0.3, 3.0),
    horizon=st.floats(0.05, 20.0), cost=st.floats(1e-5, 0.05),
)  # fmt: skip
@examples(max_examples=150, deadline=None)
def test_no_evidence_never_pays_its_costs(
    volatility: float, up: float, down: float, horizon: float, cost: float
) -> None:
    spread = volatility * math.sqrt(horizon)
    target_frac, stop_frac = math.expm1(up * spread), -math.expm1(-down * spread)
    odds = martingale_odds(target_frac, stop_frac, volatility, horizon)
    judged = Knowledge(PipelineSettings()).judge("BTC-USD", SetupKind.REVERSION, odds.target, {})
    miss = expected_miss(odds.target, odds.stop, target_frac, stop_frac, judged.shares)
    worth = value_odds(
        judged.p_prior, judged.p_mean, judged.p_low, target_frac, stop_frac, miss, cost
    )
    assert worth.ev_mean_frac == pytest.approx(-cost, abs=1e-9 * (1.0 + target_frac))
    assert worth.ev_low_frac <= -cost + 1e-9
    assert gate_refusal(worth, target_frac, stop_frac, 0.1, 0.5)


@given(p=st.floats(0.01, 0.99), share=st.floats(0.0, 1.0), cost=st.floats(1e-4, 0.05))
def test_break_even_is_where_expected_value_is_zero(p: float, share: float, cost: float) -> None:
    miss = Miss(share, 0.001)
    even = value_odds(p, p, p, 0.03, 0.02, miss, cost).break_even
    at_even = value_odds(even, even, even, 0.03, 0.02, miss, cost).ev_mean_frac
    assert at_even == pytest.approx(0.0, abs=1e-12) or even in (0.0, 1.0)


@given(hits=st.integers(0, 40), misses=st.integers(0, 40), m0=st.floats(0.02, 0.9))
def test_base_rate_lies_between_the_martingale_and_the_record(
    hits: int, misses: int, m0: float
) -> None:
    rates = BaseRates(20.0, 1e9)
    for outcome, count in ((Outcome.TARGET, hits), (Outcome.STOP, misses)):
        for _ in range(count):
            rates.learn(("BTC-USD",), outcome, 1.0)
    mean = rates.posterior(("BTC-USD",), m0).mean
    seen = hits / (hits + misses) if hits + misses else m0
    assert min(m0, seen) - 1e-6 <= mean <= max(m0, seen) + 1e-6


@given(
    price=st.floats(0.05, 1e5),
    spread=st.floats(1e-4, 0.5),
    tick=st.sampled_from([0.01, 0.001, 0.5]),
)
def test_barriers_are_rounded_against_us(price: float, spread: float, tick: float) -> None:
    target, stop = barrier_levels(price, spread, 1.5, 1.0, tick)
    if target > 0.0:
        assert target >= price * math.exp(1.5 * spread) * (1.0 - 1e-9) - 1e-8
        assert 0.0 < stop <= price * math.exp(-spread) * (1.0 + 1e-9) + 1e-8


@pytest.mark.parametrize(
    ("bar", "touch", "leave"),
    [
        ((100.0, 103.0, 97.0, 101.0), STOP, 98.0),
        ((96.0, 97.0, 95.0, 96.5), STOP, 96.0),
        ((100.0, 103.0, 99.0, 101.0), TARGET, 102.0),
        ((104.0, 105.0, 97.0, 99.0), TARGET, 104.0),
    ],
)
def test_one_bar_is_read_against_us(
    bar: tuple[float, float, float, float], touch: int, leave: float
) -> None:
    open_, high, low, close = bar
    assert first_touch(open_, high, low, 102.0, 98.0) == touch
    assert exit_price(touch, open_, close, 102.0, 98.0) == leave


def test_the_candidates_own_bar_cannot_close_it() -> None:
    flat = np.array([100.0, 100.0, 100.0])
    high = np.array([200.0, 100.0, 100.0])
    low = np.array([1.0, 100.0, 100.0])
    one = np.array([0], dtype=np.int64)
    ends = close_labels(one, np.array([102.0]), np.array([98.0]), flat, high, low, flat, 2)
    assert ends.closed.tolist() == [2]


@given(spans=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), min_size=1, max_size=20))
def test_uniqueness_adds_up_to_the_time_covered(spans: list[tuple[int, int]]) -> None:
    bounds = [(begin, begin + length) for begin, length in spans]
    covered = {t for begin, end in bounds for t in range(begin, end)}
    shares = uniqueness(bounds)
    total = sum(u * (end - begin) for u, (begin, end) in zip(shares, bounds, strict=True))
    assert total == pytest.approx(len(covered), abs=1e-9)


@given(st.lists(st.tuples(st.floats(-3, 3), st.booleans()), max_size=120), st.floats(-5, 5))
def test_no_score_multiplies_the_odds_by_more_than_three(
    rows: list[tuple[float, bool]], score: float
) -> None:
    bins = ScoreBins(5, 50.0, 20)
    for value, hit in rows:
        bins.learn(value, hit, 1.0)
    evidence = bins.read(score)
    assert evidence is None or abs(evidence.llr) <= math.log(3.0)


@given(st.integers(2, 6), st.integers(0, 1000))
def test_weights_are_shares_whatever_the_covariance(k: int, seed: int) -> None:
    a = np.random.default_rng(seed).normal(size=(k, k))
    weights = dependence_weights(a @ a.T)
    assert bool(np.all((weights >= 0.0) & (weights <= 1.0)))


def test_a_scout_speaks_only_after_its_record_has_closed() -> None:
    book, scores = ScoutBook(), {"scout:alpha": 1.0}
    assert book.evidence(scores, "reversion", {}) is None
    for i in range(100):
        book.learn({"scout:alpha": 1.0 if i % 4 else -1.0}, "reversion", bool(i % 4), 1.0)
    heard = book.evidence(scores, "reversion", {})
    assert heard is not None
    assert 0.0 < heard.llr <= math.log(3.0)


def test_scouts_of_one_family_do_not_count_twice() -> None:
    book = ScoutBook()
    for i in range(60):
        vote, hit = (1.0 if i % 3 else -1.0), i % 2 == 0 or i % 3 == 1
        book.learn({"scout:a": vote, "scout:b": vote}, "reversion", hit, 1.0)
    both = {"scout:a": 1.0, "scout:b": 1.0}
    apart = book.evidence(both, "reversion", {})
    together = book.evidence(both, "reversion", {"a": "qwen", "b": "qwen"})
    assert apart is not None
    assert together is not None
    assert together.llr < apart.llr


def test_scouts_of_one_model_are_one_family_by_their_names() -> None:
    book, names = ScoutBook(), ("alpha.1/qwen", "beta.1/qwen", "gamma.1/gemma")
    for i in range(60):
        vote, hit = (1.0 if i % 3 else -1.0), i % 2 == 0 or i % 3 == 1
        book.learn({f"scout:{name}": vote for name in names}, "reversion", hit, 1.0)
    one = book.evidence({"scout:alpha.1/qwen": 1.0}, "reversion", {})
    of_one_model = {"scout:alpha.1/qwen": 1.0, "scout:beta.1/qwen": 1.0}
    of_two_models = {"scout:alpha.1/qwen": 1.0, "scout:gamma.1/gemma": 1.0}
    together = book.evidence(of_one_model, "reversion", {})
    apart = book.evidence(of_two_models, "reversion", {})
    assert one is not None
    assert together is not None
    assert apart is not None
    assert together.llr == pytest.approx(one.llr * 2.0 / 1.5)
    assert apart.llr == pytest.approx(one.llr * 2.0)


def test_a_new_prompt_or_model_begins_without_a_record() -> None:
    book = ScoutBook()
    for i in range(60):
        book.learn({"scout:alpha.1/qwen": 1.0 if i % 3 else -1.0}, "reversion", i % 3 > 0, 1.0)
    assert book.evidence({"scout:alpha.1/qwen": 1.0}, "reversion", {}) is not None
    for changed in ("alpha.2/qwen", "alpha.1/qwen-next"):
        assert book.evidence({f"scout:{changed}": 1.0}, "reversion", {}) is None


def test_knowledge_refuses_a_label_that_is_not_finite() -> None:
    with pytest.raises(ValueError, match="finite numbers only"):
        Knowledge(PipelineSettings()).learn(label(0, Outcome.STOP, {"mean_reversion": math.nan}))


def test_knowledge_is_the_same_for_the_same_labels() -> None:
    rng = np.random.default_rng(5)
    rows = [
        label(i, Outcome.TARGET if rng.random() < 0.3 else Outcome.STOP, {"exhaustion": float(x)})
        for i, x in enumerate(rng.normal(size=150))
    ]
    answers = []
    for _ in range(2):
        knowledge = Knowledge(PipelineSettings())
        for row in rows:
            knowledge.learn(row)
        answers.append(knowledge.judge("BTC-USD", SetupKind.REVERSION, 0.27, {"exhaustion": 0.5}))
    assert answers[0] == answers[1]


def ornstein_path(n: int, half_life_bars: float, seed: int) -> FloatArray:
    """Closes of a reverting log price with a planted half-life."""
    rng = np.random.default_rng(seed)
    phi, x = 0.5 ** (1.0 / half_life_bars), 0.0
    path = np.empty(n)
    for i in range(n):
        x = phi * x + 0.004 * rng.normal()
        path[i] = x
    return np.asarray(1000.0 * np.exp(path))


@pytest.mark.timeout(600)
def test_planted_reversion_is_found() -> None:
    history = bars_from(ornstein_path(12_000, 6.0, 3), BITCOIN, 0.0005, 4)
    cases: list[Case] = run(PipelineSettings(), [history], HOUR, COSTS)
    done = [c for c in cases if c.outcome is not None and c.judged is not None][60:]
    hits = [float(c.outcome is Outcome.TARGET) for c in done]
    given_ = [c.judged.p_mean for c in done if c.judged is not None]
    plain = [c.martingale[0] for c in done]
    assert brier_score(given_, hits) < brier_score(plain, hits)


def test_exact_odds_of_a_planted_pull_exceed_the_martingales() -> None:
    plain = martingale_odds(0.03, 0.02, 0.02, 2.0).target
    assert ou_odds(0.5, 0.03, 0.02, -0.0202, 0.0296, 0.0, 2.0).target > plain
