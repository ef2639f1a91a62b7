"""Argument checks shared by the layers' public functions.

Refuses sequences that are not plain, finite, long enough and in range, naming what was wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.probability.layer import FloatArray

Floats = Sequence[float] | NDArray[np.float64]


def finite_array(name: str, values: Floats, at_least: int = 1) -> FloatArray:
    """One-dimensional float64 copy of `values`, all finite.

    Raises
    ------
    ValueError
        If it is not one-dimensional, shorter than `at_least` or holds NaN or inf.
    """
    array = np.array(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, had {array.ndim} dimensions")
    if array.size < at_least:
        raise ValueError(f"{name} must hold at least {at_least} values, held {array.size}")
    if not np.all(np.isfinite(array)):
        where = int(np.flatnonzero(~np.isfinite(array))[0])
        raise ValueError(f"{name} must be finite, was {array[where]} at position {where}")
    return array


def positive_array(name: str, values: Floats, at_least: int = 1) -> FloatArray:
    """As `finite_array`, and every value above zero."""
    array = finite_array(name, values, at_least)
    if np.any(array <= 0.0):
        where = int(np.flatnonzero(array <= 0.0)[0])
        raise ValueError(f"{name} must be > 0, was {array[where]:g} at position {where}")
    return array


def probability_array(name: str, values: Floats) -> FloatArray:
    """As `finite_array`, and every value in [0, 1]."""
    array = finite_array(name, values)
    bad = (array < 0.0) | (array > 1.0)
    if np.any(bad):
        where = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{name} must be in [0, 1], was {array[where]:g} at position {where}")
    return array


def outcome_array(name: str, values: Floats) -> FloatArray:
    """As `finite_array`, and every value 0 or 1."""
    array = finite_array(name, values)
    bad = (array != 0.0) & (array != 1.0)
    if np.any(bad):
        where = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{name} must be 0 or 1, was {array[where]:g} at position {where}")
    return array


def same_length(**arrays: FloatArray) -> None:
    """Raise ValueError unless all named arrays have one length."""
    sizes = {name: array.shape[0] for name, array in arrays.items()}
    if len(set(sizes.values())) > 1:
        shown = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise ValueError(f"arguments must have one length, had {shown}")


def at_least(name: str, value: float, bound: float) -> None:
    """Raise ValueError unless `value` is finite and not below `bound`."""
    if not bound <= value < float("inf"):
        raise ValueError(f"{name} must be >= {bound:g}, was {value:g}")


def fraction(name: str, value: float) -> None:
    """Raise ValueError unless `value` is in [0, 1]."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} must be in [0, 1], was {value:g}")


def whole(name: str, value: float, bound: int) -> int:
    """The value as an int; ValueError unless it is a whole number and not below `bound`."""
    if not (math.isfinite(value) and value == int(value)):
        raise ValueError(f"{name} must be a whole number, was {value}")
    if value < bound:
        raise ValueError(f"{name} must be >= {bound}, was {value}")
    return int(value)
