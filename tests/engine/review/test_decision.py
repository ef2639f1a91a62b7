"""The decision rule: its order, its unknowns, and how often it errs."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.model.reviews import Verdict
from engine.review.decision import decide
from engine.review.evidence import Evidence
from engine.review.gates import gates
from engine.review.statistics import (
    edge_process,
    futility_process,
    probabilistic_sharpe_ratio,
)

PERFECT = Evidence(
    weeks=10.0,
    trades=80,
    real_market=True,
    replays=True,
    violations_count=0,
    uptime_frac=0.995,
    slippage_ratio=1.1,
    frozen=True,
    drawdown_frac=0.04,
    calibration_tripped=False,
    pbo=0.1,
    edge_peak=25.0,
    edge_last=18.0,
    futility_peak=1.2,
    psr=0.99,
    dsr=0.95,
    random_entry_p=0.01,
    brier_skill=0.02,
    spiegelhalter_z=0.4,
    expectancy=0.3,
    backtest_interval=(0.0, 0.6),
)
PILOT = replace(PERFECT, edge_peak=8.0, edge_last=6.0, dsr=0.5, random_entry_p=0.08)


def test_everything_passed_is_a_go() -> None:
    decision = decide(PERFECT, scheduled=False)
    assert decision.verdict is Verdict.GO_FULL
    assert decision.needs == ()
    assert all(gate.passed for gate in decision.gates)


def test_a_pilot_needs_its_scheduled_look() -> None:
    assert decide(PILOT, scheduled=True).verdict is Verdict.GO_PILOT
    assert decide(PILOT, scheduled=False).verdict is Verdict.KEEP_PAPER


@pytest.mark.parametrize(
    "broken",
    [
        {"replays": False},
        {"violations_count": 1},
        {"uptime_frac": 0.9799},
        {"slippage_ratio": 1.51},
        {"frozen": False},
        {"futility_peak": 20.0},
        {"drawdown_frac": 0.15},
        {"calibration_tripped": True},
        {"pbo": 0.51},
        {"weeks": 26.0},
    ],
)
def test_each_reason_to_stop_stops_alone(broken: dict[str, object]) -> None:
    decision = decide(replace(PERFECT, **broken), scheduled=True)  # type: ignore[arg-type]
    assert decision.verdict is Verdict.NO_GO
    assert len(decision.needs) == 1


@pytest.mark.parametrize(
    "wanting",
    [
        {"edge_peak": 19.99},
        {"dsr": 0.8999},
        {"random_entry_p": 0.0501},
        {"brier_skill": 0.0},
        {"spiegelhalter_z": -2.0},
        {"pbo": 0.2},
    ],
)
def test_each_gate_of_full_size_holds_it_back_alone(wanting: dict[str, float]) -> None:
    decision = decide(replace(PERFECT, **wanting), scheduled=False)  # type: ignore[arg-type]
    assert decision.verdict is Verdict.KEEP_PAPER
    assert len(decision.needs) == 1


@pytest.mark.parametrize(
    "wanting",
    [
        {"psr": 0.9499},
        {"edge_last": 4.99},
        {"random_entry_p": 0.101},
        {"expectancy": 0.61},
    ],
)
def test_each_gate_of_the_pilot_holds_it_back_alone(wanting: dict[str, float]) -> None:
    decision = decide(replace(PILOT, **wanting), scheduled=True)  # type: ignore[arg-type]
    assert decision.verdict is Verdict.KEEP_PAPER


@pytest.mark.parametrize("early", [{"weeks": 7.99}, {"trades": 59}])
def test_too_early_only_a_stop_is_listened_to(early: dict[str, float]) -> None:
    young = replace(PERFECT, **early)  # type: ignore[arg-type]
    assert decide(young, scheduled=True).verdict is Verdict.KEEP_PAPER
    assert decide(replace(young, futility_peak=30.0), scheduled=True).verdict is Verdict.NO_GO


OPTIONAL = [
    field.name
    for field in fields(Evidence)
    if field.name not in ("weeks", "trades", "weeks_since_go")
]


@given(st.sets(st.sampled_from(OPTIONAL), min_size=1))
def test_what_is_unknown_neither_fails_nor_passes(names: set[str]) -> None:
    blind = replace(PERFECT, **dict.fromkeys(names))  # type: ignore[arg-type]
    decision = decide(blind, scheduled=True)
    assert decision.verdict is not Verdict.NO_GO
    if names - {"edge_last", "psr", "expectancy", "backtest_interval"}:
        assert decision.verdict is not Verdict.GO_FULL
    for gate in gates(blind):
        if gate.value == "unknown":
            assert gate.passed is None


def test_a_market_that_is_not_real_proves_nothing_and_fails_nothing() -> None:
    decision = decide(replace(PERFECT, real_market=False), scheduled=True)
    assert decision.verdict is Verdict.KEEP_PAPER
    assert decision.reason == "Market must be known first."


def test_patience_counts_from_the_last_go() -> None:
    old = replace(PERFECT, weeks=40.0)
    assert decide(old, scheduled=False).verdict is Verdict.NO_GO
    assert decide(replace(old, weeks_since_go=3.0), scheduled=False).verdict is Verdict.GO_FULL


def test_nothing_known_keeps_to_paper_and_says_what_is_missing() -> None:
    decision = decide(Evidence(weeks=9.0, trades=70), scheduled=True)
    assert decision.verdict is Verdict.KEEP_PAPER
    assert "must be known first" in decision.reason
    assert any(need.startswith("uptime: unknown") for need in decision.needs)


def evidence_of(trades: NDArray[np.float64]) -> Evidence:
    """The statistical part of a record; everything else passed."""
    edge = edge_process(trades)
    mean, sd = float(trades.mean()), float(trades.std(ddof=1))
    shape = (trades - mean) / trades.std()
    psr = probabilistic_sharpe_ratio(
        mean / sd, trades.size, float((shape**3).mean()), float((shape**4).mean())
    )
    return replace(
        PERFECT,
        edge_peak=max(edge),
        edge_last=edge[-1],
        futility_peak=max(futility_process(trades)),
        psr=psr,
        dsr=psr,
    )


@pytest.mark.parametrize(
    ("edge", "count", "expected"),
    [
        (0.0, 60, (0.002, 0.011, 0.078)),
        (0.0, 160, (0.011, 0.009, 0.209)),
        (0.3, 100, (0.412, 0.211, 0.002)),
    ],
)
def test_operating_characteristics(
    edge: float, count: int, expected: tuple[float, float, float]
) -> None:
    """The table of MATH.md section 5 within the error of 1,000 desks."""
    rng = np.random.default_rng(11)
    desks = 1000
    outcomes = np.where(rng.random((desks, count)) < (1.0 + edge) / 2.5, 1.5, -1.0)
    verdicts = [decide(evidence_of(desk), scheduled=True).verdict for desk in outcomes]
    for verdict, share in zip(
        (Verdict.GO_FULL, Verdict.GO_PILOT, Verdict.NO_GO), expected, strict=True
    ):
        error = 4.0 * (share * (1.0 - share) / desks) ** 0.5 + 0.003
        assert verdicts.count(verdict) / desks == pytest.approx(share, abs=error)
