"""The few special functions that the kernels need, on plain floats and without scipy.

Refuses nothing: arguments are checked by the callers, which know what the numbers mean.
"""

from __future__ import annotations

import math

from engine.probability.layer import kernel

_SQRT2 = math.sqrt(2.0)
_SQRT_PI = math.sqrt(math.pi)


@kernel
def scaled_erfc(x: float) -> float:
    """``exp(x^2) erfc(x)`` for x >= 0, without underflow.

    Examples
    --------
    >>> round(scaled_erfc(30.0), 9)
    0.018795889
    """
    if x < 20.0:
        return math.exp(x * x) * math.erfc(x)
    # Asymptotic series; at x = 20 its fifth term is already below 1e-11 of the first.
    y = 0.5 / (x * x)
    series = 1.0 - y * (1.0 - 3.0 * y * (1.0 - 5.0 * y * (1.0 - 7.0 * y * (1.0 - 9.0 * y))))
    return series / (x * _SQRT_PI)


@kernel
def exp_normal_cdf(exponent: float, z: float) -> float:
    """``exp(exponent) * Phi(z)`` where either factor alone may overflow or underflow."""
    if z > -1.0:
        return math.exp(exponent) * 0.5 * math.erfc(-z / _SQRT2)
    power = exponent - 0.5 * z * z
    if power < -745.0:
        return 0.0
    return 0.5 * math.exp(power) * scaled_erfc(-z / _SQRT2)


@kernel
def normal_density(z: float) -> float:
    """Standard normal density."""
    return math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


@kernel
def digamma(x: float) -> float:
    """Logarithmic derivative of the gamma function, x > 0 (Abramowitz-Stegun 6.3.18).

    Examples
    --------
    >>> round(digamma(1.0), 12)
    -0.577215664902
    """
    shift = 0.0
    while x < 12.0:
        shift -= 1.0 / x
        x += 1.0
    y = 1.0 / (x * x)
    tail = y * (
        1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * 691 / 32760))))
    )
    return shift + math.log(x) - 0.5 / x - tail


@kernel
def trigamma(x: float) -> float:
    """Derivative of `digamma`, x > 0 (Abramowitz-Stegun 6.4.12).

    Examples
    --------
    >>> round(trigamma(1.0), 12)
    1.644934066848
    """
    shift = 0.0
    while x < 12.0:
        shift += 1.0 / (x * x)
        x += 1.0
    y = 1.0 / (x * x)
    tail = y * (1 / 6 - y * (1 / 30 - y * (1 / 42 - y * (1 / 30 - y * (5 / 66 - y * 691 / 2730)))))
    return shift + 1.0 / x + 0.5 * y + tail / x


@kernel
def logistic(x: float) -> float:
    """``1 / (1 + exp(-x))`` without overflow.

    Examples
    --------
    >>> logistic(0.0), logistic(-800.0)
    (0.5, 0.0)
    """
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    if x < -745.0:
        return 0.0
    odds = math.exp(x)
    return odds / (1.0 + odds)


@kernel
def logit(p: float) -> float:
    """Log-odds of a probability strictly between 0 and 1."""
    return math.log(p) - math.log1p(-p)
