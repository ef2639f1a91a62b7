"""Bins of a reliability diagram, with the uncertainty of each.

Refuses bins of unequal mass, and to part equal odds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import numpy as np

from engine.probability.layer import FloatArray

_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Candidates of similar odds.

    Attributes
    ----------
    odds, rate : float in [0, 1]
        Mean odds, and share whose target came first.
    low, high : float in [0, 1]
        Wilson's 95 % bounds of the rate, labels taken as independent.
    """

    odds: float
    rate: float
    low: float
    high: float
    count: int


def reliability_bins(p: FloatArray, y: FloatArray, bins: int = 10) -> tuple[ReliabilityBin, ...]:
    """Bins of equal mass; equal odds share one.

    Examples
    --------
    >>> import numpy as np
    >>> found = reliability_bins(np.array([0.2, 0.2, 0.8, 0.8]), np.array([0.0, 0, 1, 1]), 2)
    >>> [(each.odds, each.rate, each.count) for each in found]
    [(0.2, 0.0, 2), (0.8, 1.0, 2)]
    """
    order = np.argsort(p, kind="stable")
    odds, hits = p[order], y[order]
    cuts = np.searchsorted(odds, odds[[k * odds.size // bins for k in range(1, bins)]])
    edges = np.unique([0, *cuts.tolist(), odds.size])
    return tuple(_bin(odds[a:b], hits[a:b]) for a, b in pairwise(edges.tolist()))


def _bin(odds: FloatArray, hits: FloatArray) -> ReliabilityBin:
    n, rate = odds.size, float(hits.mean())
    middle = (rate + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z / (1 + _Z**2 / n) * sqrt(rate * (1 - rate) / n + (_Z / (2 * n)) ** 2)
    # Wilson's bounds hold the rate itself but for round-off.
    low, high = max(min(middle - reach, rate), 0.0), min(max(middle + reach, rate), 1.0)
    return ReliabilityBin(float(odds.mean()), rate, low, high, n)


def bins_for(p: FloatArray) -> int:
    """How many bins odds deserve: ten, or one where they hardly differ and ten say no more."""
    return 10 if float(np.ptp(p)) > 0.02 else 1
