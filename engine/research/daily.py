"""Net returns by UTC day from marks of equity, so that trials of any timeframe can be compared.

Refuses to leave out quiet days: a day without a mark has the equity of the day before.
"""

from __future__ import annotations

import numpy as np

from engine.probability.layer import FloatArray, IntArray

DAY_SECONDS = 86_400


def daily_equity(at: IntArray, equity: FloatArray, start_equity: float) -> FloatArray:
    """Equity at the start and at the end of each UTC day, that of the last mark until then.

    Returns
    -------
    ndarray of shape (n_days + 1,), float64; see `daily_returns`
    """
    if at.size == 0:
        return np.array([start_equity])
    days = (at - 1) // DAY_SECONDS
    every = np.arange(days[0], days[-1] + 1)
    last = np.searchsorted(days, every, side="right") - 1
    return np.concatenate([[start_equity], equity[last]])


def daily_returns(at: IntArray, equity: FloatArray, start_equity: float) -> FloatArray:
    """Return of each UTC day from that of the first mark to that of the last.

    Parameters
    ----------
    at : ndarray of shape (n,), int64, seconds since 1970, not decreasing
        A mark at midnight belongs to the day that ends there.
    equity : ndarray of shape (n,), float64, > 0
    start_equity : float, > 0
        Before the first mark.

    Returns
    -------
    ndarray of shape (n_days,), float64, fraction of equity

    Examples
    --------
    >>> day = DAY_SECONDS
    >>> marks = np.array([day, day + 3600, 3 * day]), np.array([101.0, 50.0, 202.0])
    >>> daily_returns(*marks, 100.0).round(3).tolist()
    [0.01, -0.505, 3.04]
    """
    closes = daily_equity(at, equity, start_equity)
    return np.asarray(closes[1:] / closes[:-1] - 1.0)
