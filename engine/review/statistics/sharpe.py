"""Sharpe ratios and how far they may be believed, one at a time and the best of many.

Refuses annual numbers: every Sharpe ratio is of one period, every length a count of periods.
"""

from __future__ import annotations

import math

from scipy.special import ndtr, ndtri

from engine.sizing.arguments import require

_EULER_GAMMA = 0.5772156649015329


def probabilistic_sharpe_ratio(
    sharpe: float, n: int, skew: float = 0.0, kurtosis: float = 3.0, benchmark: float = 0.0
) -> float:
    """Probability that the true Sharpe ratio is above `benchmark`.

    Parameters
    ----------
    sharpe, benchmark : float, per period
    n : int, periods, >= 2
    skew, kurtosis : float
        Of the returns; 0 and 3 for the normal law.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError
        If an argument is not finite or out of its range, or no law has these moments.

    References
    ----------
    Bailey and Lopez de Prado 2012, eq. 11.

    Examples
    --------
    >>> round(probabilistic_sharpe_ratio(0.458, 24, -2.448, 10.164), 10)
    0.9133610839
    """
    _check_count("n", n, 2)
    require("benchmark", benchmark, -math.inf)
    spread = math.sqrt(_variance_factor(sharpe, skew, kurtosis))
    return float(ndtr((sharpe - benchmark) * math.sqrt(n - 1.0) / spread))


def min_track_record_length(
    sharpe: float,
    benchmark: float = 0.0,
    skew: float = 0.0,
    kurtosis: float = 3.0,
    confidence: float = 0.95,
) -> float:
    """Periods after which `sharpe` would be above `benchmark` with `confidence`.

    Returns
    -------
    float, periods
        ``inf`` when `sharpe` is not above `benchmark`: no length shows what is not there.

    References
    ----------
    Bailey and Lopez de Prado 2012, eq. 13.

    Examples
    --------
    >>> daily = min_track_record_length(2 / 252**0.5, 1 / 252**0.5)
    >>> round(daily / 252, 6)
    2.730984
    """
    require("benchmark", benchmark, -math.inf)
    if not 0.5 <= confidence < 1.0:
        raise ValueError(f"confidence must be in [0.5, 1), was {confidence!r}")
    factor = _variance_factor(sharpe, skew, kurtosis)
    if sharpe <= benchmark:
        return math.inf
    return float(1.0 + factor * (ndtri(confidence) / (sharpe - benchmark)) ** 2)


def expected_max_sharpe(trials: int, variance: float) -> float:
    """Sharpe ratio that the best of `trials` worthless strategies is expected to show.

    Parameters
    ----------
    trials : int, >= 1
        Every configuration ever tried.
    variance : float, >= 0
        Of the Sharpe ratios across trials, per period squared.

    References
    ----------
    Bailey and Lopez de Prado 2014, eq. 1.

    Examples
    --------
    >>> round(expected_max_sharpe(100, 0.5 / 250), 7)
    0.113172
    """
    require("variance", variance, 0.0)
    return math.sqrt(variance) * _expected_max_normal(trials)


def deflated_sharpe_ratio(
    sharpe: float,
    n: int,
    trials: int,
    trials_variance: float,
    skew: float = 0.0,
    kurtosis: float = 3.0,
) -> float:
    """Probability that `sharpe` beats what the best of `trials` worthless ones would show.

    References
    ----------
    Bailey and Lopez de Prado 2014, eq. 2.

    Examples
    --------
    >>> round(deflated_sharpe_ratio(2.5 / 250**0.5, 1250, 100, 0.5 / 250, -3.0, 10.0), 7)
    0.9003968
    """
    benchmark = expected_max_sharpe(trials, trials_variance)
    return probabilistic_sharpe_ratio(sharpe, n, skew, kurtosis, benchmark)


def min_backtest_length(trials: int, sharpe: float = 1.0) -> float:
    """Years below which the best of `trials` worthless strategies is expected to show `sharpe`.

    Parameters
    ----------
    sharpe : float, a year, > 0

    References
    ----------
    Bailey, Borwein, Lopez de Prado and Zhu 2014, theorem 1.

    Examples
    --------
    >>> round(min_backtest_length(45), 6)
    4.998087
    """
    require("sharpe", sharpe, 0.0, open_low=True)
    return (_expected_max_normal(trials) / sharpe) ** 2


def sharpe_standard_error(sharpe: float, n: int) -> float:
    """Standard error of a Sharpe ratio of `n` independent normal returns.

    References
    ----------
    Lo 2002, eq. 9.

    Examples
    --------
    >>> round(sharpe_standard_error(0.5, 12), 7)
    0.3061862
    """
    _check_count("n", n, 1)
    require("sharpe", sharpe, -math.inf)
    return math.sqrt((1.0 + sharpe**2 / 2.0) / n)


def _expected_max_normal(trials: int) -> float:
    """Approximate expected maximum of `trials` independent standard normals; exactly 0 for one."""
    _check_count("trials", trials, 1)
    if trials == 1:
        return 0.0
    first, second = ndtri(1.0 - 1.0 / trials), ndtri(1.0 - 1.0 / (trials * math.e))
    return float((1.0 - _EULER_GAMMA) * first + _EULER_GAMMA * second)


def _variance_factor(sharpe: float, skew: float, kurtosis: float) -> float:
    """Variance of an estimated Sharpe ratio times the number of periods less one."""
    require("sharpe", sharpe, -math.inf)
    require("skew", skew, -math.inf)
    # Pearson: no law has a smaller kurtosis than its skewness squared and one. The slack is for
    # moments of the two-valued laws that meet it exactly.
    least = skew**2 + 1.0
    if not least * (1.0 - 1e-9) <= kurtosis < math.inf:
        raise ValueError(f"kurtosis must be >= skew^2 + 1 = {least:g}, was {kurtosis!r}")
    factor = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe**2
    if factor <= 0.0:
        raise ValueError(
            f"skew {skew!r} and kurtosis {kurtosis!r} leave no variance to {sharpe!r}"
        )
    return factor


def _check_count(name: str, value: int, least: int) -> None:
    if not (math.isfinite(value) and value == int(value) and value >= least):
        raise ValueError(f"{name} must be a whole number >= {least}, was {value!r}")
