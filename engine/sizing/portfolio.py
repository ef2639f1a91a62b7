"""How several setups that stand at once share the desk: one small quadratic programme.

Refuses shorts, more than the total cap, more heat than allowed, and more than eight setups.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.sizing.arguments import require

_MOST_SETUPS = 8
_FEASIBLE = 1e-10

Vector = NDArray[np.float64]


def portfolio_weights(
    mu: Sequence[float],
    covariance: ArrayLike,
    stop_fracs: Sequence[float] | None = None,
    *,
    kelly_share: float = 0.25,
    total_cap: float = 0.60,
    heat_cap: float = 0.03,
) -> tuple[float, ...]:
    """Fractions that maximise ``mu'f - f'Sf / (2 c)``, long only, within total and heat.

    Every active set is solved in closed form and the best feasible answer is kept, which is
    exact for the handful of setups that a desk of three instruments can have.

    Parameters
    ----------
    mu : sequence of float of length n, expected net return a period
    covariance : array of shape (n, n), symmetric positive definite, per the same period
    stop_fracs : sequence of float of length n, fraction of entry, > 0, or None
        Net loss at the stop; None leaves heat out.
    kelly_share : float in (0, 1]
    total_cap : float, notional over equity, > 0, may be ``inf``
    heat_cap : float, loss at all stops over equity, > 0

    Returns
    -------
    tuple of float of length n, notional over equity, >= 0

    Raises
    ------
    ValueError
        If shapes disagree, a value is out of range, or `covariance` is not positive definite.

    References
    ----------
    Kelly 1956 in its quadratic form (Thorp 2006, section 7); MATH.md section 3, S11.

    Examples
    --------
    >>> f = portfolio_weights((0.002,), [[0.0009]], total_cap=math.inf)
    >>> round(f[0], 6)
    0.555556
    """
    means, curvature = _problem(mu, covariance, kelly_share)
    rows, bounds = _constraints(len(means), stop_fracs, total_cap, heat_cap)
    best, best_value = np.zeros(len(means)), 0.0
    for point in _candidates(means, curvature, rows, bounds):
        value = float(means @ point - point @ curvature @ point / 2.0)
        if value > best_value:
            best, best_value = point, value
    return tuple(float(f) for f in _within(best, rows, bounds))


def _within(point: Vector, rows: Vector, bounds: Vector) -> Vector:
    """Take back the last digit by which a solved constraint may overshoot."""
    used = (rows @ point) / bounds
    return point / max(1.0, float(used.max(initial=0.0)))


def _problem(
    mu: Sequence[float], covariance: ArrayLike, kelly_share: float
) -> tuple[Vector, Vector]:
    require("kelly_share", kelly_share, 0.0, 1.0, open_low=True)
    means, spread = np.asarray(mu, dtype=float), np.asarray(covariance, dtype=float)
    n = len(means)
    if not 1 <= n <= _MOST_SETUPS:
        raise ValueError(f"mu must hold 1 to {_MOST_SETUPS} values, was {n} long")
    if spread.shape != (n, n):
        raise ValueError(f"covariance must be of shape {(n, n)}, was {spread.shape}")
    if not (np.isfinite(means).all() and np.isfinite(spread).all()):
        raise ValueError(f"mu and covariance must be finite, was {means!r} and {spread!r}")
    if not np.allclose(spread, spread.T) or np.linalg.eigvalsh(spread).min() <= 0.0:
        raise ValueError(f"covariance must be symmetric positive definite, was {spread!r}")
    return means, spread / kelly_share


def _constraints(
    n: int, stop_fracs: Sequence[float] | None, total_cap: float, heat_cap: float
) -> tuple[Vector, Vector]:
    """Rows A and bounds b of ``A f <= b``; an infinite total is no constraint."""
    if not total_cap > 0.0:
        raise ValueError(f"total_cap must be > 0, was {total_cap!r}")
    require("heat_cap", heat_cap, 0.0, open_low=True)
    rows: list[list[float]] = []
    bounds: list[float] = []
    if math.isfinite(total_cap):
        rows.append([1.0] * n)
        bounds.append(total_cap)
    if stop_fracs is not None:
        if len(stop_fracs) != n:
            raise ValueError(f"stop_fracs must be {n} long, was {len(stop_fracs)}")
        rows.append([require("stop_fracs", loss, 0.0, open_low=True) for loss in stop_fracs])
        bounds.append(heat_cap)
    return np.asarray(rows, dtype=float).reshape(len(rows), n), np.asarray(bounds, dtype=float)


def _candidates(means: Vector, curvature: Vector, rows: Vector, bounds: Vector) -> list[Vector]:
    """The stationary point of every active set that obeys all constraints."""
    n, m = len(means), len(bounds)
    found: list[Vector] = []
    for size in range(1, n + 1):
        for held in itertools.combinations(range(n), size):
            for count in range(m + 1):
                for tight in itertools.combinations(range(m), count):
                    point = _stationary(means, curvature, rows, bounds, held, tight)
                    if point is not None:
                        found.append(point)
    return found


def _stationary(
    means: Vector,
    curvature: Vector,
    rows: Vector,
    bounds: Vector,
    held: tuple[int, ...],
    tight: tuple[int, ...],
) -> Vector | None:
    k, t = len(held), len(tight)
    active = rows[np.ix_(tight, held)]
    system = np.zeros((k + t, k + t))
    system[:k, :k] = curvature[np.ix_(held, held)]
    system[:k, k:], system[k:, :k] = active.T, active
    right = np.concatenate([means[list(held)], bounds[list(tight)]])
    try:
        solved = np.linalg.solve(system, right)[:k]
    except np.linalg.LinAlgError:
        # Two constraints that say the same; the set with one of them covers it.
        return None
    point = np.zeros(len(means))
    point[list(held)] = solved
    if (point < 0.0).any() or (rows @ point > bounds * (1.0 + _FEASIBLE)).any():
        return None
    return point
