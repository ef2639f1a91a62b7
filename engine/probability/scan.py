"""The compiled half of research: one instrument's whole history through the live kernels.

Refuses arithmetic of its own: it only loops what `engine.probability.features` steps.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from engine.probability import cross_asset
from engine.probability.candidates import REVERSION
from engine.probability.cross_asset import PairState
from engine.probability.features import (
    DAY_SECONDS,
    SESSION_SHIFT_SECONDS,
    InstrumentState,
    Scaling,
    advance,
    levels,
    score,
)
from engine.probability.layer import FloatArray, IntArray, kernel

pair_score, pair_step = cross_asset.pair_score, cross_asset.step

COLUMNS = (
    "target_odds",
    "stop_odds",
    "regime",
    "mean_reversion",
    "exhaustion",
    "alignment",
    "liquidity",
    "gap_frac",
)
"""Columns of `Candidates.scores`, as in `engine.probability.features.Scores`."""


class Candidates(NamedTuple):
    """Candidates of one history, one row each.

    `kind` is a bit of `engine.probability.candidates`; `scores` has one column a name in
    `COLUMNS`, NaN where a layer has none; `turbulent` is NaN without a regime model; `anchor` is
    the mean from which the price was stretched.
    """

    opened: IntArray
    kind: IntArray
    target: FloatArray
    stop: FloatArray
    volatility: FloatArray
    turbulent: FloatArray
    anchor: FloatArray
    scores: FloatArray


class Scanned(NamedTuple):
    """What one history showed: its candidates, and layer 5 at every bar.

    `scale` has one row a bar: variance per day, percentile, last move in sigmas, 1 where valid.
    """

    candidates: Candidates
    scale: FloatArray


@kernel
def scan(
    state: InstrumentState,
    closed_at: IntArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    setting: Scaling,
) -> Scanned:
    """Advance through a history and score every candidate in it."""
    n, room = close.shape[0], 1024
    index, kind = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    numbers = np.empty((room, 13))
    scale = np.empty((n, 4))
    count = 0
    for t in range(n):
        found = advance(state, closed_at[t], high[t], low[t], close[t], setting)
        seen = scale[t]
        seen[0], seen[1], seen[2] = (
            found.scale.variance,
            found.scale.percentile,
            found.scale.surprise,
        )
        seen[3] = 1.0 if found.scale.valid else 0.0
        if found.kinds == 0:
            continue
        target, stop = levels(found, close[t], setting)
        if target == 0.0:
            continue
        if count == room:
            room *= 2
            index, kind, numbers = _grown(index, kind, numbers, room)
        raw = score(state, found, close[t], target, stop, setting)
        index[count] = t
        kind[count] = REVERSION if found.kinds & REVERSION else found.kinds
        row = numbers[count]
        row[0], row[1], row[2] = target, stop, math.sqrt(found.scale.variance)
        row[3] = math.nan
        if found.regime.valid:
            row[3] = 1.0 if found.regime.turbulent > 0.5 else 0.0
        row[4] = close[t]
        if found.reversion.valid:
            row[4] *= math.exp(found.reversion.anchor)
        row[5], row[6], row[7], row[8] = (
            raw.target_odds,
            raw.stop_odds,
            raw.regime,
            raw.mean_reversion,
        )
        row[9], row[10], row[11] = raw.exhaustion, raw.alignment, raw.liquidity
        row[12] = raw.beyond_stop_frac
        count += 1
    kept = numbers[:count]
    candidates = Candidates(
        index[:count],
        kind[:count],
        kept[:, 0].copy(),
        kept[:, 1].copy(),
        kept[:, 2].copy(),
        kept[:, 3].copy(),
        kept[:, 4].copy(),
        kept[:, 5:].copy(),
    )
    return Scanned(candidates, scale)


@kernel
def _grown(
    index: IntArray, kind: IntArray, numbers: FloatArray, room: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """The same arrays with room for more rows."""
    old = index.shape[0]
    wider, kinds = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    rows = np.empty((room, numbers.shape[1]))
    wider[:old], kinds[:old], rows[:old] = index, kind, numbers
    return wider, kinds, rows


@kernel
def scan_pair(
    state: PairState,
    closed_at: IntArray,
    first: FloatArray,
    second: FloatArray,
    bar_days: float,
) -> FloatArray:
    """Raw scores of both legs and the correlation of their returns at their common instants.

    Log prices in; shape (n, 3).
    """
    n = closed_at.shape[0]
    scores = np.full((n, 3), math.nan)
    for t in range(n):
        day = (closed_at[t] - 1 - SESSION_SHIFT_SECONDS) // DAY_SECONDS
        pair = pair_step(state, day, first[t], second[t], bar_days)
        scores[t, 0] = pair_score(pair, True)
        scores[t, 1] = pair_score(pair, False)
        scores[t, 2] = pair.correlation
    return scores
