"""Corwin-Schultz: against an independent reading of the paper, and on a planted spread."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.costs import corwin_schultz_half_spread, estimate_of, pair_spread

Floats = NDArray[np.float64]
BP = 1e-4


def hours(volatility: float, half: float, seed: int, count: int = 241) -> tuple[Floats, Floats]:
    """Highs and lows of hours of 360 trades each, half of them at the ask."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.0, volatility / math.sqrt(360), count * 360)
    side = rng.choice([-half, half], count * 360)
    trades = (np.cumsum(steps) + side).reshape(count, 360)
    return np.exp(trades.max(axis=1)), np.exp(trades.min(axis=1))


def by_the_paper(high: Floats, low: Floats) -> Floats:
    """Equations 14 and 18 written down again, with exponentials where the code has tanh."""
    one = np.log(high / low) ** 2
    beta = one[:-1] + one[1:]
    top, bottom = np.maximum(high[:-1], high[1:]), np.minimum(low[:-1], low[1:])
    gamma = np.log(top / bottom) ** 2
    k = 3.0 - 2.0 * math.sqrt(2.0)
    alpha = (np.sqrt(2.0 * beta) - np.sqrt(beta)) / k - np.sqrt(gamma / k)
    spread: Floats = 2.0 * (np.exp(alpha) - 1.0) / (1.0 + np.exp(alpha))
    return spread


def pairs_of(high: Floats, low: Floats) -> list[float]:
    return [pair_spread(high[i], low[i], high[i + 1], low[i + 1]) for i in range(len(high) - 1)]


def test_pairs_are_those_of_the_paper() -> None:
    high, low = hours(0.004, 5 * BP, seed=1)
    assert pairs_of(high, low) == pytest.approx(list(by_the_paper(high, low)), rel=1e-9, abs=1e-15)


def test_the_published_mean_is_that_of_the_paper() -> None:
    high, low = hours(0.004, 5 * BP, seed=1)
    expected = np.maximum(by_the_paper(high, low), 0.0).mean() / 2.0
    assert corwin_schultz_half_spread(list(high), list(low)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("volatility", "half_bp", "within_bp"),
    [(0.001, 5.0, 1.0), (0.001, 20.0, 1.5), (0.003, 20.0, 4.0), (0.006, 20.0, 7.0)],
)
def test_a_planted_spread_is_found(volatility: float, half_bp: float, within_bp: float) -> None:
    for seed in range(20):
        found = estimate_of(pairs_of(*hours(volatility, half_bp * BP, seed)))
        assert found is not None
        assert found.mean_frac / BP == pytest.approx(half_bp, abs=within_bp)
        assert found.sure_frac < found.mean_frac


def test_noise_is_not_charged_although_the_published_mean_would() -> None:
    """A tenth of a basis point at 0.6 % an hour: published 12 bp, ours under 1 on average."""
    published, ours = [], []
    for seed in range(20):
        high, low = hours(0.006, 0.1 * BP, seed)
        published.append(corwin_schultz_half_spread(list(high), list(low)) / BP)
        estimate = estimate_of(pairs_of(high, low))
        assert estimate is not None
        ours.append(estimate.sure_frac / BP)
    assert float(np.mean(published)) > 10.0
    assert float(np.mean(ours)) < 1.0


def test_too_few_pairs_are_no_estimate() -> None:
    assert estimate_of([0.001] * 119) is None
    assert estimate_of([0.001] * 120) is not None
