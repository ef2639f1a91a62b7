"""The one crossing between exact money (`Decimal`) and statistics (`float`).

Refuses to round in our favour: prices and quantities move only to a stated step and side.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")


def exact(value: float) -> Decimal:
    """Cross from statistics to money by the shortest decimal that names the float.

    Parameters
    ----------
    value : float, finite

    Returns
    -------
    Decimal
        The shortest decimal with the same float, so ``exact(0.1) == Decimal("0.1")``.

    Raises
    ------
    ValueError
        If `value` is NaN or infinite: neither may travel as money.

    Examples
    --------
    >>> exact(0.1)
    Decimal('0.1')
    """
    if not math.isfinite(value):
        raise ValueError(f"value must be finite, was {value!r}")
    return Decimal(repr(float(value)))


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """Largest multiple of `step` that is not above `value`.

    Parameters
    ----------
    value : Decimal
    step : Decimal, > 0, in the unit of `value`

    Examples
    --------
    >>> floor_to(Decimal("0.04479"), Decimal("0.00001"))
    Decimal('0.04479')
    >>> floor_to(Decimal("1.27"), Decimal("0.5"))
    Decimal('1.0')
    """
    return _whole_steps(value, step, ROUND_FLOOR)


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """Smallest multiple of `step` that is not below `value`.

    Examples
    --------
    >>> ceil_to(Decimal("1.27"), Decimal("0.5"))
    Decimal('1.5')
    """
    return _whole_steps(value, step, ROUND_CEILING)


def cents(value: Decimal) -> Decimal:
    """Money rounded half-even to whole cents, for display and for ledgers kept in cents.

    Examples
    --------
    >>> cents(Decimal("2.345"))
    Decimal('2.34')
    """
    return value.quantize(CENT, rounding=ROUND_HALF_EVEN)


def _whole_steps(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    if not step > 0:
        raise ValueError(f"step must be > 0, was {step}")
    return (value / step).to_integral_value(rounding=rounding) * step
