"""Layer 9 over whole histories: scores and correlations of pairs at their common instants.

Refuses arithmetic of its own: it only loops the step that `engine.probability.pairs` takes live.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from engine.probability import cross_asset
from engine.probability.history import History
from engine.probability.layer import FloatArray, IntArray, Speed
from engine.probability.pairs import metal_pair
from engine.probability.scan import scan_pair


class Tie(NamedTuple):
    """Correlation of the returns of two instruments at each of their common instants.

    `closed_at` in seconds since 1970.
    """

    closed_at: IntArray
    correlation: FloatArray


class _Both(NamedTuple):
    """Two histories at their common instants: where they are, and the kernel's three columns."""

    closed_at: IntArray
    at_first: IntArray
    at_second: IntArray
    numbers: FloatArray


def pair_scores(
    histories: Sequence[History], timeframe_days: float, speed: Speed
) -> list[FloatArray]:
    """Raw score of layer 9 at every bar of every history; NaN where there is none."""
    scores = [np.full(history.close.shape[0], np.nan) for history in histories]
    places = {history.scale.symbol: place for place, history in enumerate(histories)}
    metals = metal_pair([history.scale.symbol for history in histories])
    if metals is None:
        return scores
    first, second = (histories[places[symbol]] for symbol in metals)
    both = _both(first, second, timeframe_days, speed)
    scores[places[metals[0]]][both.at_first] = both.numbers[:, 0]
    scores[places[metals[1]]][both.at_second] = both.numbers[:, 1]
    return scores


def pair_ties(
    histories: Sequence[History], timeframe_days: float, speed: Speed
) -> dict[tuple[str, str], Tie]:
    """Correlations of every pair of instruments, as `PairBook` would have known them."""
    ties = {}
    for first, second in combinations(histories, 2):
        both = _both(first, second, timeframe_days, speed)
        names = first.scale.symbol, second.scale.symbol
        ties[names] = Tie(both.closed_at, np.ascontiguousarray(both.numbers[:, 2]))
    return ties


def _both(first: History, second: History, timeframe_days: float, speed: Speed) -> _Both:
    common, at_first, at_second = np.intersect1d(
        first.closed_at, second.closed_at, assume_unique=True, return_indices=True
    )
    logs = np.log(first.close[at_first]), np.log(second.close[at_second])
    numbers = speed(scan_pair)(cross_asset.start(), common, *logs, timeframe_days)
    return _Both(common, at_first, at_second, numbers)
