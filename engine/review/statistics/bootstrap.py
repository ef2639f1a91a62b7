"""Intervals and variances for results that depend on their neighbours in time.

Refuses to draw single rows: whole stretches of a circle of rows are drawn.
"""

from __future__ import annotations

import math

import numpy as np

from engine.probability.checks import Floats, finite_array
from engine.probability.layer import FloatArray
from engine.sizing.arguments import require


def bootstrap_variance_of_mean(values: Floats, p: float) -> float:
    """Exact variance of the mean under the stationary bootstrap, without drawing.

    Parameters
    ----------
    values : sequence of float of length n >= 2
    p : float in (0, 1]
        One over the mean length of a stretch.

    References
    ----------
    Politis and Romano 1994, lemma 1, circular autocovariances.

    Examples
    --------
    >>> x = (.01, -.02, .015, .003, -.007, .012, .02, -.011, .004, -.001, .006, .009)
    >>> round(bootstrap_variance_of_mean(x, 0.25) * 1e6, 6)
    3.089967
    """
    data = finite_array("values", values, at_least=2)
    require("p", p, 0.0, 1.0, open_low=True)
    n, away = data.size, data - data.mean()
    lags = np.arange(1, n)
    circular = np.array([float(away @ np.roll(away, -lag)) / n for lag in lags])
    weights = (1.0 - lags / n) * (1.0 - p) ** lags
    return float((away @ away / n + 2.0 * weights @ circular) / n)


def automatic_block_length(values: Floats) -> float:
    """Mean length of a stretch that suits the series, rows, in [1, min(3 sqrt(n), n / 3)].

    References
    ----------
    Politis and White 2004, with the correction of Patton, Politis and White 2009.
    """
    data = finite_array("values", values, at_least=8)
    n, away = data.size, data - data.mean()
    if not float(away @ away) > 0.0:
        return 1.0
    few = max(5, math.ceil(math.log10(n)))
    most = math.ceil(math.sqrt(n)) + few
    covariance = np.array([float(away[lag:] @ away[: n - lag]) / n for lag in range(most + 1)])
    flat_from = _first_quiet_lag(covariance / covariance[0], n, few)
    reach = min(2 * flat_from, most)
    lags = np.arange(1, reach + 1)
    taper = np.minimum(1.0, 2.0 * (1.0 - lags / reach))
    long_run = covariance[0] + 2.0 * float(taper @ covariance[lags])
    slope = 2.0 * float((taper * lags) @ covariance[lags])
    if not long_run > 0.0:
        return 1.0
    length = (2.0 * slope**2 / (2.0 * long_run**2)) ** (1.0 / 3.0) * n ** (1.0 / 3.0)
    return float(max(min(length, 3.0 * math.sqrt(n), n / 3.0), 1.0))


def _first_quiet_lag(correlation: FloatArray, n: int, few: int) -> int:
    """First of `few` lags in a row whose autocorrelations are not seen, else the last seen one.

    One more than the text of the paper says, as its authors' own program counts.
    """
    bound = 2.0 * math.sqrt(math.log10(n) / n)
    loud = np.abs(correlation[1:]) >= bound
    for lag in range(loud.size - few + 1):
        if not np.any(loud[lag : lag + few]):
            return lag + 1
    return int(np.flatnonzero(loud)[-1]) + 1
