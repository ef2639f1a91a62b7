"""Random entries: fair to skill, fair to luck, and never two at once."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.review.random_entries import Holdings, _arrange, random_entry_test


def walk(bars: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    moves = np.random.default_rng(seed).normal(size=bars + 1) * 0.01
    path = 100.0 * np.exp(np.cumsum(moves))
    return path[:-1], path[1:]


def traded(bars: int, seed: int, starts: list[int], held: int) -> Holdings:
    opens, closes = walk(bars, seed)
    net = tuple(float(closes[s + held - 1] / opens[s] - 1.0 - 0.001) for s in starts)
    return Holdings(opens, closes, (held,) * len(starts), net, 0.001)


def test_every_arrangement_is_equally_likely() -> None:
    """Two trades of one and two bars on four bars: six arrangements."""
    flat = np.ones(4)
    held = Holdings(flat, flat, (1, 2), (0.0, 0.0), 0.0)
    starts, lengths = _arrange(held, 60_000, np.random.default_rng(1))
    seen = Counter(map(tuple, np.hstack([starts, lengths]).tolist()))
    assert len(seen) == 6
    assert all(count == pytest.approx(10_000, rel=0.05) for count in seen.values())


def test_they_never_overlap_and_never_leave_the_period() -> None:
    flat = np.ones(50)
    held = Holdings(flat, flat, (3, 7, 1, 12), (0.0,) * 4, 0.0)
    starts, lengths = _arrange(held, 2000, np.random.default_rng(2))
    ends = starts + lengths
    assert np.all(starts[:, 1:] >= ends[:, :-1])
    assert np.all(starts >= 0)
    assert np.all(ends <= 50)


def test_luck_is_uniform() -> None:
    """Entries made at random have a p-value that is below a tenth a tenth of the time."""
    rng = np.random.default_rng(3)
    found = []
    for seed in range(300):
        starts = sorted(int(s) * 10 for s in rng.choice(40, size=8, replace=False))
        found.append(random_entry_test([traded(400, seed, starts, 5)], draws=300, seed=seed).p)
    assert np.mean(np.array(found) <= 0.1) == pytest.approx(0.1, abs=0.06)


def test_hindsight_is_told_from_luck() -> None:
    opens, closes = walk(600, 4)
    best = [int(i) for i in np.argsort(closes / opens)[-20:]]
    held = traded(600, 4, best, 1)
    found = random_entry_test([held], draws=2000, seed=1)
    assert found.p == pytest.approx(1 / 2001)
    assert found.random_best_frac < found.mean_frac


def test_costs_are_charged_to_both() -> None:
    flat = np.ones(30)
    held = Holdings(flat, flat, (2, 2), (-0.01, -0.01), 0.01)
    found = random_entry_test([held], draws=50)
    assert found.p == 1.0
    assert found.random_mean_frac == pytest.approx(-0.01)


def test_bad_input_is_named() -> None:
    flat = np.ones(3)
    with pytest.raises(ValueError, match="at least 1 trade"):
        random_entry_test([Holdings(flat, flat, (), (), 0.0)])
    with pytest.raises(ValueError, match="add up to <= 3 bars, was 4"):
        Holdings(flat, flat, (2, 2), (0.0, 0.0), 0.0)
    with pytest.raises(ValueError, match="net_fracs must be 1 long"):
        Holdings(flat, flat, (2,), (), 0.0)
