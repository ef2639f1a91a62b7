"""How often the best of many backtests is no better than the middle when it counts.

Refuses to call a handful of periods a test: every block needs at least two.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.probability.layer import FloatArray, IntArray

_MOST_BLOCKS = 20  # 184,756 splits
_SPLITS_AT_ONCE = 4096
_BEYOND = 1e300  # stands for an infinite Sharpe ratio, so that nothing is subtracted into NaN


@dataclass(frozen=True, slots=True)
class Overfitting:
    """Answer of combinatorially symmetric cross-validation.

    Attributes
    ----------
    pbo : float in [0, 1]
        Share of splits in which the best in sample ranks in the lower half out of sample.
    logits : ndarray of shape (n_splits,), nats
        Log-odds of the relative rank out of sample of the best in sample.
    """

    pbo: float
    logits: FloatArray


def probability_of_backtest_overfitting(returns: ArrayLike, blocks: int) -> Overfitting:
    """Probability that choosing the best backtest chooses nothing.

    Parameters
    ----------
    returns : array of shape (n_periods, n_trials)
        One column a configuration ever tried; at least 2 columns.
    blocks : int, even, in [2, 20]
        Consecutive blocks of periods, nearly equal; half of them are in sample.

    Raises
    ------
    ValueError
        If the shape, a value or `blocks` is out of range.

    References
    ----------
    Bailey, Borwein, Lopez de Prado and Zhu 2017, sections 3 and 4, by Sharpe ratio. The rank of
    a trial is one more than the number of trials strictly worse.
    """
    table = _table(returns, blocks)
    sums, squares, counts = _block_moments(table, blocks)
    logits = np.concatenate([_logits(chosen, sums, squares, counts) for chosen in _splits(blocks)])
    return Overfitting(float(np.mean(logits <= 0.0)), logits)


def _table(returns: ArrayLike, blocks: int) -> FloatArray:
    table = np.array(returns, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ValueError(f"returns must be of shape (n_periods, n_trials >= 2), was {table.shape}")
    if not np.all(np.isfinite(table)):
        raise ValueError("returns must be finite in every period of every trial")
    if blocks != int(blocks) or blocks % 2 or not 2 <= blocks <= _MOST_BLOCKS:
        raise ValueError(f"blocks must be even and in [2, {_MOST_BLOCKS}], was {blocks!r}")
    if table.shape[0] < 2 * blocks:
        raise ValueError(f"returns must hold >= {2 * blocks} periods, held {table.shape[0]}")
    # Taking out the common level keeps the sums of squares exact; the ranks do not see scale.
    return table / max(float(np.max(np.abs(table))), np.finfo(np.float64).tiny)


def _block_moments(table: FloatArray, blocks: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sum, sum of squares and number of periods of every block."""
    parts = np.array_split(table, blocks)
    sums = np.array([part.sum(axis=0) for part in parts])
    squares = np.array([(part**2).sum(axis=0) for part in parts])
    return sums, squares, np.array([float(part.shape[0]) for part in parts])


def _splits(blocks: int) -> Iterator[IntArray]:
    """Every choice of half of the blocks, as masks in bounded pieces."""
    choices = itertools.combinations(range(blocks), blocks // 2)
    while piece := list(itertools.islice(choices, _SPLITS_AT_ONCE)):
        masks = np.zeros((len(piece), blocks), dtype=np.int64)
        np.put_along_axis(masks, np.array(piece), 1, axis=1)
        yield masks


def _logits(
    chosen: IntArray, sums: FloatArray, squares: FloatArray, counts: FloatArray
) -> FloatArray:
    inside = _sharpes(chosen, sums, squares, counts)
    outside = _sharpes(1 - chosen, sums, squares, counts)
    best = np.argmax(inside, axis=1)
    reached = np.take_along_axis(outside, best[:, None], axis=1)
    rank = 1.0 + np.sum(outside < reached, axis=1)
    share = rank / (sums.shape[1] + 1.0)
    return np.asarray(np.log(share / (1.0 - share)))


def _sharpes(
    chosen: IntArray, sums: FloatArray, squares: FloatArray, counts: FloatArray
) -> FloatArray:
    """Sharpe ratio of every trial in every split; a constant one counts by its sign alone."""
    n = (chosen @ counts)[:, None]
    mean = chosen @ sums / n
    variance = np.maximum(chosen @ squares / n - mean**2, 0.0) * n / (n - 1.0)
    flat = variance <= 1e-15 * (chosen @ squares / n)
    ratio = mean / np.sqrt(np.where(flat, 1.0, variance))
    return np.where(flat, np.sign(mean) * _BEYOND, ratio)
