"""Barrier odds against the reference tables of MATH.md section 2 and against their own laws."""

# ruff: noqa: E501 - reference tables are kept in one line a row, as in MATH.md
from __future__ import annotations

import math
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.probability import brownian, ornstein
from engine.probability.barrier import BarrierOdds, abm_odds, martingale_odds, ou_odds

ABM = {
    "G1": ((0.0, 0.02, 0.03, 0.02, 2.0), (0.2755203385, 0.4748444775, 0.2496351840), (1.18383316, 0.00123128)),
    "G3": ((-0.0005, 0.025, 0.04, 0.04, 5.0), (0.4286825960, 0.4570152571, 0.1143021468), (2.32204137, -0.00002771)),
    "G4": ((0.0, 0.01, 0.01, 0.01, 0.25), (0.0455002619, 0.0455002619, 0.9089994762), (0.24423127, 0.0)),
    "G6": ((0.0, 0.008, 0.012, 0.006, 3.0), (0.3037288186, 0.6370575670, 0.0592136144), (1.06425412, 0.00017760)),
    "G7": ((0.0, 0.02, 0.03, 0.02, 10000.0), (0.4, 0.6, 0.0), (1.5, 0.0)),
    "G9": ((-0.0002, 0.02, 0.02955880224, 0.02020270732, 2.0), (0.2784629932, 0.4747924132, 0.2467445936), (1.18101214, 0.00112486)),
}  # fmt: skip
OU = {
    "O1": ((0.5, 0.0, 0.02, -0.05, 0.0, -0.03, 2.0), (0.5330829244, 0.1592267059, 0.3076903698), (1.31860048, -0.00649047)),
    "O3": ((1.0, 0.0, 0.02, -0.04, -0.005, -0.025, 1.0), (0.6453746299, 0.1070143588, 0.2476110114), (0.61942082, -0.00472255)),
    "O5": ((0.6931471806, 0.0, 0.03, -0.08, 0.0, -0.05, 3.0), (0.7694045159, 0.0806192504, 0.1499762337), (1.61259443, -0.00450389)),
    "O8": ((0.5, 0.0, 0.02, -0.05, 0.0, -0.03, 1000.0), (0.7971807411, 0.2028192589, 0.0), (1.72826400, 0.0)),
}  # fmt: skip


def chances(odds: BarrierOdds) -> tuple[float, float, float]:
    return odds.target, odds.stop, odds.timeout


@pytest.mark.parametrize("case", ABM)
def test_abm_odds_reproduce_the_table(case: str) -> None:
    arguments, expected, _ = ABM[case]
    assert chances(abm_odds(*arguments)) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("case", ABM)
def test_abm_means_reproduce_the_table(case: str) -> None:
    arguments, _, (mean_time, mean_open) = ABM[case]
    odds = abm_odds(*arguments)
    assert (odds.mean_time, odds.mean_open) == pytest.approx((mean_time, mean_open), abs=1e-8)


@pytest.mark.parametrize("case", OU)
def test_ou_odds_reproduce_the_table(case: str) -> None:
    arguments, expected, _ = OU[case]
    assert chances(ou_odds(*arguments)) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("case", OU)
def test_ou_means_reproduce_the_table(case: str) -> None:
    arguments, _, (mean_time, mean_open) = OU[case]
    odds = ou_odds(*arguments)
    assert (odds.mean_time, odds.mean_open) == pytest.approx((mean_time, mean_open), abs=1e-8)


@pytest.mark.parametrize(
    ("case", "expected"), [("O1", 0.7971807411), ("O3", 0.8697222026), ("O5", 0.9126642175)]
)
def test_ou_odds_without_time_limit_reproduce_the_table(case: str, expected: float) -> None:
    arguments = (*OU[case][0][:-1], math.inf)
    assert ou_odds(*arguments).target == pytest.approx(expected, abs=1e-10)


def test_ou_hitting_time_reproduces_oeis_a250719() -> None:
    # E[first passage 2 -> 0] of dX = -X dt + sqrt(2) dW; the far barrier is out of reach.
    odds = ou_odds(1.0, 0.0, math.sqrt(2.0), 0.0, 9.0, 2.0, math.inf)
    assert odds.mean_time == pytest.approx(1.425204565537797, abs=1e-9)


def test_martingale_odds_are_worth_nothing_before_costs() -> None:
    odds = martingale_odds(0.03, 0.02, 0.02, 2.0)
    carried = 0.2784629932 * 1.03 + 0.4747924132 * 0.98 + 0.2478865521
    assert carried == pytest.approx(1.0, abs=1e-9)
    assert odds.target == pytest.approx(0.2784629932, abs=1e-10)


geometry = st.floats(0.05, 6.0)
horizons = st.floats(1e-6, 1e4)


@given(drift=st.floats(-3.0, 3.0), up=geometry, down=geometry, horizon=horizons)
@settings(max_examples=200, deadline=None)
def test_abm_odds_obey_walds_identity(
    drift: float, up: float, down: float, horizon: float
) -> None:
    odds = abm_odds(drift, 1.0, up, down, horizon)
    left = odds.target * up - odds.stop * down + odds.mean_open
    assert left == pytest.approx(drift * odds.mean_time, abs=1e-9 * (1.0 + odds.mean_time))


@given(drift=st.floats(-1.0, 1.0), up=geometry, down=geometry)
@settings(max_examples=150, deadline=None)
def test_images_and_series_agree_where_both_converge(drift: float, up: float, down: float) -> None:
    horizon = 0.3 * (up + down) ** 2
    images = brownian.up_images(drift, 1.0, up, down, horizon)[0]
    missing = brownian.up_series(drift, 1.0, up, down, horizon)[0]
    assert images == pytest.approx(brownian.long_run_up(drift, 1.0, up, down) - missing, abs=1e-12)


@given(
    kappa=st.floats(1e-9, 40.0), theta=st.floats(-3.0, 3.0), up=geometry, down=geometry,
    horizon=st.floats(1e-5, 300.0),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_ou_odds_are_chances_everywhere(
    kappa: float, theta: float, up: float, down: float, horizon: float
) -> None:
    odds = ou_odds(kappa, theta, 1.0, -down, up, 0.0, horizon)
    assert min(chances(odds)) >= 0.0
    assert sum(chances(odds)) == pytest.approx(1.0, abs=1e-12)
    assert 0.0 <= odds.mean_time <= horizon


@given(up=geometry, down=geometry, horizon=st.floats(0.01, 50.0))
@settings(max_examples=60, deadline=None)
def test_ou_odds_become_brownian_as_the_pull_vanishes(
    up: float, down: float, horizon: float
) -> None:
    slow = ou_odds(1e-10, 0.3, 1.0, -down, up, 0.0, horizon)
    assert chances(slow) == pytest.approx(chances(abm_odds(0.0, 1.0, up, down, horizon)), abs=1e-7)


@given(
    kappa=st.floats(0.05, 25.0),
    theta=st.floats(-2.0, 2.0),
    up=st.floats(0.3, 3.0),
    down=st.floats(0.3, 3.0),
)
@settings(max_examples=60, deadline=None)
def test_ou_odds_agree_with_a_birth_and_death_chain(
    kappa: float, theta: float, up: float, down: float
) -> None:
    exact = ou_odds(kappa, theta, 1.0, -down, up, 0.0, 2.0).target
    assert ornstein.quick_target(kappa, theta, 1.0, up, down, 2.0) == pytest.approx(
        exact, abs=0.03
    )


@given(kappa=st.floats(0.01, 8.0), up=st.floats(0.2, 3.0), down=st.floats(0.2, 3.0))
@settings(max_examples=60, deadline=None)
def test_ou_odds_grow_with_the_horizon(kappa: float, up: float, down: float) -> None:
    odds = [ou_odds(kappa, 0.0, 1.0, -down, up, 0.0, t).target for t in (0.05, 0.5, 5.0, 500.0)]
    assert all(a <= b + 1e-10 for a, b in pairwise(odds))


def test_ou_odds_at_a_collocation_node_are_smooth() -> None:
    # A start in the middle of the corridor is a Chebyshev node.
    odds = [ou_odds(0.5, 0.0, 1.0, -1.0, 1.0, x, 1.0).target for x in (-1e-9, 0.0, 1e-9)]
    assert odds[0] == pytest.approx(odds[1], abs=1e-8)
    assert odds[1] == pytest.approx(odds[2], abs=1e-8)


def test_a_stop_out_of_reach_is_never_met() -> None:
    assert abm_odds(0.0, 0.01, 0.01, 5.0, 1.0).stop == 0.0


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: abm_odds(0.0, -1.0, 1.0, 1.0, 1.0), "volatility must be > 0, was -1"),
        (lambda: abm_odds(0.0, 1.0, 0.0, 1.0, 1.0), "up must be > 0, was 0"),
        (lambda: abm_odds(0.0, 1.0, 1.0, -2.0, 1.0), "down must be > 0, was -2"),
        (lambda: abm_odds(math.nan, 1.0, 1.0, 1.0, 1.0), "drift must be finite, was nan"),
        (lambda: abm_odds(0.0, 1.0, 1.0, 1.0, 0.0), "horizon must be > 0, was 0"),
        (lambda: martingale_odds(0.1, 1.0, 0.2, 1.0), "stop_frac must be in"),
        (lambda: ou_odds(-1.0, 0.0, 1.0, -1.0, 1.0, 0.0, 1.0), "kappa must be in"),
        (lambda: ou_odds(1.0, 0.0, 1.0, -1.0, 1.0, 1.0, 1.0), "start must be in"),
    ],
)
def test_barrier_odds_name_a_bad_argument(call: object, name: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=name.replace("(", r"\(").replace("[", r"\[")):
        call()


def test_uncached_odds_take_about_a_millisecond() -> None:
    ou_odds(0.5, 0.0, 0.02, -0.05, 0.0, -0.03, 2.0)  # builds the collocation matrices
    spent = []
    for i in range(40):
        begin = time.perf_counter()
        ou_odds(0.5 + 1e-4 * (i + 1), 0.0, 0.02, -0.05, 0.0, -0.03, 2.0)
        spent.append(time.perf_counter() - begin)
    # The bar is 1 ms on a quiet machine; the test leaves room for a busy one.
    assert float(np.median(spent)) < 4e-3
