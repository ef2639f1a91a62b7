"""The one check of sizing's arguments: named, ranged, and quoted back when they are wrong.

Refuses NaN everywhere, for no size may follow from a number that nobody knows.
"""

from __future__ import annotations

import math


def require(
    name: str,
    value: float,
    low: float,
    high: float = math.inf,
    *,
    open_low: bool = False,
) -> float:
    """Give `value` back if it lies in its range.

    Parameters
    ----------
    low, high : float
        Inclusive ends; an infinite `high` still refuses infinity itself.
    open_low : bool
        True leaves `low` out of the range.

    Raises
    ------
    ValueError
        Naming the argument, its range and its value.

    Examples
    --------
    >>> require("p", 1.2, 0.0, 1.0)
    Traceback (most recent call last):
        ...
    ValueError: p must be in [0, 1], was 1.2
    """
    above = value > low if open_low else value >= low
    if above and value <= high and math.isfinite(value):
        return float(value)
    left = "(" if open_low else "["
    right = ")" if math.isinf(high) else "]"
    raise ValueError(f"{name} must be in {left}{low:g}, {high:g}{right}, was {value!r}")
