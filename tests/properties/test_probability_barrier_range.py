"""Barrier odds over the whole range of their arguments, against finite differences and laws."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from scipy.linalg import solve_banded

from engine.probability.barrier import BarrierOdds, abm_odds, ou_odds
from engine.probability.layer import FloatArray


def powers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda power: float(10.0**power))


horizons = st.one_of(powers(-9.0, 6.0), st.just(math.inf))


def is_sound(odds: BarrierOdds, horizon: float) -> bool:
    chances = odds.target, odds.stop, odds.timeout
    fair = all(0.0 <= chance <= 1.0 for chance in chances)
    whole = abs(sum(chances) - 1.0) < 1e-9
    return fair and whole and 0.0 <= odds.mean_time <= horizon and math.isfinite(odds.mean_open)


@given(
    drift=powers(-12.0, 3.0), sign=st.sampled_from([-1.0, 0.0, 1.0]), sigma=powers(-6.0, 1.0),
    up=powers(-6.0, 1.0), down=powers(-6.0, 1.0), horizon=horizons,
)  # fmt: skip
@examples(max_examples=300, deadline=None)
def test_brownian_odds_are_sound_everywhere(
    drift: float, sign: float, sigma: float, up: float, down: float, horizon: float
) -> None:
    assert is_sound(abm_odds(sign * drift, sigma, up, down, horizon), horizon)


@given(
    kappa=powers(-12.0, 3.0), sigma=powers(-6.0, 1.0), low=st.floats(-2.0, 2.0),
    width=powers(-4.0, 1.0), mean=st.floats(-3.0, 4.0), place=st.floats(1e-6, 1.0 - 1e-6),
    horizon=horizons,
)  # fmt: skip
@examples(max_examples=300, deadline=None)
def test_reverting_odds_are_sound_everywhere(
    kappa: float, sigma: float, low: float, width: float, mean: float, place: float, horizon: float
) -> None:
    start, high = low + place * width, low + width
    assume(low < start < high)
    odds = ou_odds(kappa, low + mean * width, sigma, low, high, start, horizon)
    assert is_sound(odds, horizon)


@given(
    kappa=powers(-12.0, 1.3), mean=st.floats(-1.0, 2.0), width=st.floats(0.3, 6.0),
    first=st.floats(0.01, 0.98), second=st.floats(0.01, 0.98),
    horizon=st.one_of(powers(-3.0, 3.0), st.just(math.inf)),
)  # fmt: skip
@examples(max_examples=200, deadline=None)
def test_odds_rise_with_the_start(
    kappa: float, mean: float, width: float, first: float, second: float, horizon: float
) -> None:
    # Within 15 stationary deviations of the mean, where a grid resolves the noise.
    assume(width * math.sqrt(2.0 * kappa) * 2.0 < 15.0)
    below, above = (
        ou_odds(kappa, mean * width, 1.0, 0.0, width, place * width, horizon)
        for place in sorted((first, second))
    )
    assert below.target <= above.target + 1e-6
    assert below.stop >= above.stop - 1e-6


def by_differences(
    kappa: float, theta: float, width: float, place: float, horizon: float, cells: int = 600
) -> float:
    """Chance of the upper barrier by Crank and Nicolson's scheme, sigma 1, corridor (0, width).

    Four half steps of implicit Euler come first (Rannacher), for the corner at the barrier.
    """
    x = np.linspace(0.0, width, cells + 1)
    h = x[1]
    drift = kappa * (theta - x[1:-1])
    rise, fall = 0.5 / h**2 + 0.5 * drift / h, 0.5 / h**2 - 0.5 * drift / h
    u, source = np.zeros(cells - 1), np.zeros(cells - 1)
    source[-1] = rise[-1]

    def apply(v: FloatArray) -> FloatArray:
        flow = -(rise + fall) * v
        flow[:-1] += rise[:-1] * v[1:]
        flow[1:] += fall[1:] * v[:-1]
        return np.asarray(flow + source)

    def solve(right: FloatArray, step: float) -> FloatArray:
        bands = np.zeros((3, cells - 1))
        bands[0, 1:], bands[2, :-1] = -step * rise[:-1], -step * fall[1:]
        bands[1] = 1.0 + step * (rise + fall)
        return np.asarray(solve_banded((1, 1), bands, right + step * source))

    step = horizon / 500
    for _ in range(4):
        u = solve(u, 0.5 * step)
    for _ in range(498):
        u = solve(u + 0.5 * step * (apply(u)), 0.5 * step)
    return float(np.interp(place * width, x, np.concatenate([[0.0], u, [1.0]])))


@given(
    kappa=powers(-3.0, 1.0), mean=st.floats(-0.5, 1.5), width=st.floats(0.5, 4.0),
    place=st.floats(0.05, 0.95), horizon=powers(-1.5, 1.0),
)  # fmt: skip
@examples(max_examples=40, deadline=None)
def test_reverting_odds_agree_with_crank_and_nicolson(
    kappa: float, mean: float, width: float, place: float, horizon: float
) -> None:
    exact = ou_odds(kappa, mean * width, 1.0, 0.0, width, place * width, horizon).target
    assert abs(by_differences(kappa, mean * width, width, place, horizon) - exact) < 2e-3


@given(
    drift=st.floats(-4.0, 4.0), width=st.floats(0.5, 4.0), place=st.floats(0.05, 0.95),
    horizon=powers(-1.5, 1.0),
)  # fmt: skip
@examples(max_examples=30, deadline=None)
def test_brownian_odds_agree_with_crank_and_nicolson(
    drift: float, width: float, place: float, horizon: float
) -> None:
    # A constant drift is a pull of 1e-6 towards a mean a million times further away.
    exact = abm_odds(drift, 1.0, (1.0 - place) * width, place * width, horizon).target
    pulled = by_differences(1e-6, drift * 1e6, width, place, horizon)
    assert abs(pulled - exact) < 2e-3
