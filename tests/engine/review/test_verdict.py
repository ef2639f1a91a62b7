"""The verdict on desks whose edge is known: a small share of ``bench/verdict.py``."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from bench.verdict import PROMISED, VERDICTS, judged, planted, walked
from engine.model.reviews import Verdict

DESKS = 40
GOING = (Verdict.GO_FULL, Verdict.GO_PILOT)


@pytest.mark.parametrize(("edge", "count"), [(0.0, 100), (0.3, 100)])
def test_the_table_of_the_verdict_holds_through_record_and_measurement(
    edge: float, count: int
) -> None:
    """MATH.md section 5, within four errors of so few desks."""
    rng = np.random.default_rng(5)
    found = [judged(planted(edge, count, rng)) for _ in range(DESKS)]
    seen = Counter(each.statistical for each in found)
    for verdict, share in zip(VERDICTS, PROMISED[edge, count], strict=True):
        error = 4.0 * math.sqrt(share * (1.0 - share) / DESKS) + 0.003
        assert seen[verdict] / DESKS == pytest.approx(share, abs=error), verdict
    whole = Counter(each.whole for each in found)
    assert all(each.evidence.replays for each in found)
    if edge == 0.0:
        # At most 2 % are promised: more than three of forty come once in a hundred such tests.
        assert sum(whole[verdict] for verdict in GOING) <= 3
    else:
        assert sum(whole[verdict] for verdict in GOING) >= DESKS // 4, "an edge is found"


def test_a_price_without_drift_is_not_told_to_go() -> None:
    rng = np.random.default_rng(3)
    found = [walked(0.004, rng) for _ in range(4)]
    assert all(each.trades >= 60 for each in found)
    assert not any(verdict in GOING for each in found for verdict in each.verdicts)
