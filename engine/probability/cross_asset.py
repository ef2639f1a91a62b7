"""Layer 9: gold against silver, and how closely everything moves together.

Refuses asynchronous prices: only instants at which both instruments closed a bar count, and only
a tie that passes the Engle-Granger test at 5 % is believed, at half weight.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from engine.model.setups import LayerRole
from engine.probability.checks import Floats, finite_array, same_length
from engine.probability.layer import FloatArray, IntArray, LayerSpec, kernel
from engine.probability.ring import latest, push, ring

SPEC = LayerSpec(
    name="cross_asset",
    number=9,
    role=LayerRole.EVIDENCE,
    title="Cross-asset",
    summary="Compares gold and silver: when their ratio is stretched and tied, the cheap one has "
    "a tailwind.",
    needs="500 common days and a tie that holds (Engle-Granger, 5 %)",
)
MIN_DAYS = 500
GOLD, SILVER = ("XAU", "PAXG"), ("XAG", "PSLV")
"""Bases that count as gold and as silver."""
_RATIO_DAYS = 240
_REFIT_DAYS = 5
_DECAY = 0.94
_HALF = 0.5


def ewma_covariance(
    first: Floats, second: Floats, start: ArrayLike, decay: float = _DECAY
) -> FloatArray:
    """Exponentially weighted covariance of two return series after their last values.

    Parameters
    ----------
    first, second : sequences of n floats
    start : array of shape (2, 2)

    Returns
    -------
    ndarray of shape (2, 2)
    """
    a, b = finite_array("first", first), finite_array("second", second)
    same_length(first=a, second=b)
    matrix = np.array(start, dtype=np.float64)
    if matrix.shape != (2, 2):
        raise ValueError(f"start must have shape (2, 2), had {matrix.shape}")
    values = np.array([matrix[0, 0], matrix[0, 1], matrix[1, 1]])
    for x, y in zip(a, b, strict=True):
        covariance_step(values, float(x), float(y), decay)
    return np.array([[values[0], values[1]], [values[1], values[2]]])


def engle_granger(first: Floats, second: Floats) -> tuple[float, float]:
    """Test whether two series are tied (cointegrated).

    Parameters
    ----------
    first, second : sequences of n >= 20 floats
        Log prices at common instants.

    Returns
    -------
    tuple of two floats
        Dickey-Fuller t of the regression's residuals (no lags), and its 5 % critical value;
        tied when the first is below the second.

    References
    ----------
    Engle and Granger 1987; MacKinnon 2010, table 2 (two variables, constant).
    """
    a, b = finite_array("first", first, 20), finite_array("second", second, 20)
    same_length(first=a, second=b)
    return tie_t(a, b), critical_value(a.size)


@kernel
def covariance_step(values: FloatArray, x: float, y: float, decay: float) -> None:
    """One update of [var x, cov, var y] in place."""
    values[0] = decay * values[0] + (1.0 - decay) * x * x
    values[1] = decay * values[1] + (1.0 - decay) * x * y
    values[2] = decay * values[2] + (1.0 - decay) * y * y


@kernel
def tie_t(a: FloatArray, b: FloatArray) -> float:
    """Dickey-Fuller t of the residuals of `a` on `b`; 0 when either does not vary."""
    da, db = a - np.mean(a), b - np.mean(b)
    total = np.sum(db * db)
    if not total > 1e-18:
        return 0.0
    residual = da - np.sum(da * db) / total * db
    before, change = residual[:-1], residual[1:] - residual[:-1]
    square = np.sum(before * before)
    if not square > 1e-18:
        return 0.0
    slope = np.sum(before * change) / square
    error = change - slope * before
    spread = np.sum(error * error) / (change.shape[0] - 1)
    if not spread > 1e-24:
        return 0.0
    return float(slope / math.sqrt(spread / square))


@kernel
def critical_value(n: int) -> float:
    """MacKinnon's 5 % critical value for two variables and a constant."""
    t = n - 1.0
    return -3.33613 - 6.1101 / t - 6.823 / (t * t)


class PairState(NamedTuple):
    """Memory of a pair: daily log prices of both, last common prices, and their covariance."""

    first: FloatArray
    second: FloatArray
    counts: IntArray
    last: FloatArray
    covariance: FloatArray


class Pair(NamedTuple):
    """Ratio's stretch in standard deviations, the tie's t, correlation of returns, validity."""

    stretch: float
    tie: float
    correlation: float
    days: int
    valid: bool


_DAYS, _DAY, _SEEN, _AGE, _TIED = 0, 1, 2, 3, 4


def start() -> PairState:
    """Empty memory."""
    counts = np.array([0, -(2**62), 0, 0, 0], dtype=np.int64)
    return PairState(ring(MIN_DAYS), ring(MIN_DAYS), counts, np.zeros(3), np.zeros(3))


@kernel
def step(state: PairState, day: int, first: float, second: float, bar_days: float) -> Pair:
    """Take the log prices of both instruments at one common instant in."""
    counts, last = state.counts, state.last
    if counts[_SEEN] > 0:
        share = max(1.0 / counts[_SEEN], 1.0 - _DECAY**bar_days)
        covariance_step(state.covariance, first - last[0], second - last[1], 1.0 - share)
        if day != counts[_DAY]:
            _close_day(state)
    counts[_DAY] = day
    counts[_SEEN] += 1
    last[0], last[1] = first, second
    product = state.covariance[0] * state.covariance[2]
    correlation = state.covariance[1] / math.sqrt(product) if product > 0.0 else 0.0
    if counts[_DAYS] < MIN_DAYS:
        return Pair(0.0, 0.0, correlation, counts[_DAYS], False)
    window = latest(state.first, counts[_DAYS] - 1, _RATIO_DAYS) - latest(
        state.second, counts[_DAYS] - 1, _RATIO_DAYS
    )
    spread = float(np.std(window))
    stretch = (first - second - float(np.mean(window))) / spread if spread > 1e-12 else 0.0
    return Pair(
        stretch, last[2], correlation, counts[_DAYS], counts[_TIED] == 1 and spread > 1e-12
    )


@kernel
def _close_day(state: PairState) -> None:
    counts, last = state.counts, state.last
    push(state.first, counts[_DAYS], last[0])
    push(state.second, counts[_DAYS], last[1])
    counts[_DAYS] += 1
    if counts[_DAYS] >= MIN_DAYS and (counts[_DAYS] - MIN_DAYS) % _REFIT_DAYS == 0:
        first = latest(state.first, counts[_DAYS] - 1, MIN_DAYS)
        second = latest(state.second, counts[_DAYS] - 1, MIN_DAYS)
        last[2] = tie_t(first, second)
        counts[_TIED] = 1 if last[2] < critical_value(MIN_DAYS) else 0


@kernel
def pair_score(pair: Pair, is_first: bool) -> float:
    """Raw score of one leg: how cheap it is against the other, at half weight; NaN if untied."""
    if not pair.valid:
        return math.nan
    return -_HALF * pair.stretch if is_first else _HALF * pair.stretch


def leg(symbol: str) -> str:
    """Whether an instrument is ``gold``, ``silver`` or neither (empty).

    Examples
    --------
    >>> leg("PAXG-USD"), leg("BTC-USD")
    ('gold', '')
    """
    base = symbol.partition("-")[0]
    if base in GOLD:
        return "gold"
    return "silver" if base in SILVER else ""
