"""Ornstein-Uhlenbeck between two absorbing barriers, by Laplace transform and collocation.

Refuses nothing itself: `engine.probability.barrier` checks the arguments before it calls.

The transforms of all four answers solve one two-point boundary problem
``(s - A) w = f`` with ``A w = kappa (theta - x) w' + sigma^2/2 w''``; Chebyshev collocation
solves it at the nodes of a Talbot contour, which then gives the answers at any horizon. No time
stepping, so strong reversion is not stiff; the corridor is first cut down to what can be reached
by the horizon, so a short horizon is not a boundary layer. `quick_target` does the same on a
birth-and-death chain, good to about 1e-3, for the one layer that needs many of them a bar.
"""

from __future__ import annotations

import math
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from engine.probability.layer import FloatArray, kernel
from engine.probability.ornstein_drift import carried_odds, is_carried

ComplexArray = NDArray[np.complex128]

_CONTOUR_NODES = 24
_NODES_MIN, _NODES_MAX = 32, 160


def exit_odds(
    kappa: float, theta: float, sigma: float, low: float, high: float, start: float, horizon: float
) -> tuple[float, float, float, float]:
    """P(high first), P(low first), E[min(exit, horizon)] and E[X at horizon; no exit].

    References
    ----------
    Darling and Siegert 1953 (the boundary problem); Trefethen, Weideman and Schmelzer 2006,
    equation 4.1 (the contour).
    """
    if horizon == math.inf:
        up = long_run_high(kappa, theta, sigma, low, high, start)
        return up, 1.0 - up, _mean_exit(kappa, theta, sigma, low, high, start), 0.0
    low, high = reachable(kappa, theta, sigma, low, high, start, horizon)
    if is_carried(kappa, theta, sigma, high - low, start, horizon):
        nearer = partial(_resolved_odds, kappa, theta, sigma, low, high)
        up, down, time, mean = carried_odds(kappa, theta, sigma, low, high, start, horizon, nearer)
        return _tidy(up, down, time, 1.0 - up - down, mean, horizon)
    return _resolved_odds(kappa, theta, sigma, low, high, start, horizon)


def _resolved_odds(
    kappa: float, theta: float, sigma: float, low: float, high: float, start: float, horizon: float
) -> tuple[float, float, float, float]:
    """The same on a grid, where one can resolve what the noise does."""
    low, high = reachable(kappa, theta, sigma, low, high, start, horizon)
    centre, half = 0.5 * (low + high), 0.5 * (high - low)
    x, first, second = _collocation(_nodes(kappa, sigma, high - low, horizon))
    pull = kappa * (theta - (centre + half * x))
    operator = (pull[:, None] * first) / half + (0.5 * sigma * sigma / half**2) * second
    points, weights = _talbot(_CONTOUR_NODES)
    s = points / horizon
    inner = slice(1, -1)
    matrix = -np.broadcast_to(operator[inner, inner], (s.size, x.size - 2, x.size - 2)).astype(
        np.complex128
    )
    diagonal = np.arange(x.size - 2)
    matrix[:, diagonal, diagonal] += s[:, None]
    sources = np.stack(
        # x runs from +1 (high) to -1 (low); boundary values move to the right-hand side.
        [operator[inner, 0], operator[inner, -1], np.ones(x.size - 2), half * x[inner]],
        axis=1,
    )
    # Only the start is asked for, so one adjoint solution serves all four sources.
    edge = _interpolation(x, (start - centre) / half)
    asked = np.broadcast_to(edge[inner, None], (s.size, x.size - 2, 1))
    at_start = np.linalg.solve(matrix.transpose(0, 2, 1), asked)[:, :, 0] @ sources
    # The start may sit so near a barrier that the boundary value itself weighs in.
    at_start[:, 0] += edge[0]
    at_start[:, 1] += edge[-1]
    scale = weights / horizon
    up = float(np.real(np.sum(scale * at_start[:, 0] / s)))
    down = float(np.real(np.sum(scale * at_start[:, 1] / s)))
    time = float(np.real(np.sum(scale * at_start[:, 2] / s)))
    alive = float(np.real(np.sum(scale * at_start[:, 2])))
    offset = float(np.real(np.sum(scale * at_start[:, 3])))
    return _tidy(up, down, time, alive, centre * alive + offset, horizon)


def reachable(
    kappa: float, theta: float, sigma: float, low: float, high: float, start: float, horizon: float
) -> tuple[float, float]:
    """Part of the corridor that a path can reach by the horizon, but for 1e-16 of them."""
    decay = -math.expm1(-2.0 * kappa * horizon) / 2.0
    spread = sigma * math.sqrt(decay / kappa if kappa * horizon > 1e-12 else horizon)
    reach = spread * math.sqrt(74.0 + 2.0 * math.log1p(kappa * horizon))
    end = theta + (start - theta) * math.exp(-kappa * horizon)
    return max(low, min(start, end) - reach), min(high, max(start, end) + reach)


def long_run_high(
    kappa: float, theta: float, sigma: float, low: float, high: float, start: float
) -> float:
    """Chance that `high` is ever met before `low`: a ratio of scale functions, by quadrature.

    The scale density ``exp(z^2/2)`` is integrated relative to its largest value, so neither an
    overflow nor the cancellation of two erfi values can occur.
    """
    unit = math.sqrt(2.0 * kappa) / sigma
    z_low, z_start, z_high = (unit * (x - theta) for x in (low, start, high))
    top = max(abs(z_low), abs(z_high))
    below = _scale_mass(z_low, z_start, top)
    above = _scale_mass(z_start, z_high, top)
    return below / (below + above)


def _scale_mass(a: float, b: float, top: float) -> float:
    """Integral of ``exp((z^2 - top^2)/2)`` over [a, b]; less than exp(-150) is left out."""
    floor = math.sqrt(max(top * top - 300.0, 0.0))
    if floor == 0.0:
        return _panel_mass(a, b, top)
    return _panel_mass(a, min(b, -floor), top) + _panel_mass(max(a, floor), b, top)


def _panel_mass(a: float, b: float, top: float) -> float:
    """The same where it matters; panels keep the change of the exponent small."""
    if not b > a:
        return 0.0
    panels = 1 + int((b - a) * max(abs(a), abs(b)) / 8.0)
    nodes, weights = _gauss_legendre()
    edges = np.linspace(a, b, panels + 1)
    half = 0.5 * np.diff(edges)[:, None]
    z = np.abs(0.5 * (edges[1:] + edges[:-1])[:, None] + half * nodes)
    # The factored difference of squares keeps its digits when both are huge.
    return float(np.sum(half * weights * np.exp(0.5 * (z - top) * (z + top))))


def _mean_exit(
    kappa: float, theta: float, sigma: float, low: float, high: float, start: float
) -> float:
    """Mean exit time without a time limit; inf when it is beyond what doubles can resolve."""
    unit = math.sqrt(2.0 * kappa) / sigma
    if min((high - theta) * unit, (theta - low) * unit) > 7.5:
        return math.inf
    if is_carried(kappa, theta, sigma, high - low, start, math.inf):

        def nearer(gate: float, _: float) -> tuple[float, float, float, float]:
            return 0.0, 0.0, _resolved_exit(kappa, theta, sigma, low, high, gate), 0.0

        return carried_odds(kappa, theta, sigma, low, high, start, math.inf, nearer)[2]
    return _resolved_exit(kappa, theta, sigma, low, high, start)


def _resolved_exit(
    kappa: float, theta: float, sigma: float, low: float, high: float, start: float
) -> float:
    # A barrier fifteen deviations beyond both start and mean is never met before the other.
    far = 15.0 * sigma / math.sqrt(2.0 * kappa)
    low, high = max(low, min(start, theta) - far), min(high, max(start, theta) + far)
    centre, half = 0.5 * (low + high), 0.5 * (high - low)
    x, first, second = _collocation(_nodes(kappa, sigma, high - low, math.inf))
    pull = kappa * (theta - (centre + half * x))
    operator = (pull[:, None] * first) / half + (0.5 * sigma * sigma / half**2) * second
    solved = np.linalg.solve(operator[1:-1, 1:-1], -np.ones(x.size - 2))
    return float(_interpolation(x, (start - centre) / half)[1:-1] @ solved)


def _nodes(kappa: float, sigma: float, width: float, horizon: float) -> int:
    """Collocation points: more for a corridor wide in diffusion or in reversion lengths."""
    diffusion = width / (sigma * math.sqrt(horizon))
    reversion = width * math.sqrt(2.0 * kappa) / sigma
    wanted = 24.0 + 2.0 * diffusion + 3.0 * reversion
    # Rounded to eights so that the collocation matrices are shared between calls.
    return int(min(_NODES_MAX, max(_NODES_MIN, 8.0 * math.ceil(wanted / 8.0))))


def _tidy(
    up: float, down: float, time: float, alive: float, mean_open: float, horizon: float
) -> tuple[float, float, float, float]:
    """Round-off taken out: three chances that are chances and sum to one."""
    up, down, alive = max(up, 0.0), max(down, 0.0), max(alive, 0.0)
    total = up + down + alive
    return up / total, down / total, min(max(time, 0.0), horizon), mean_open


@lru_cache(maxsize=1)
def _gauss_legendre() -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(32)
    return nodes, weights


@lru_cache(maxsize=4)
def _talbot(count: int) -> tuple[ComplexArray, ComplexArray]:
    """Upper half of Talbot's contour; weights doubled for the conjugate half."""
    angle = (2.0 * np.arange(count // 2) + 1.0) * math.pi / count
    cot = 1.0 / np.tan(0.6407 * angle)
    points = count * (0.5017 * angle * cot - 0.6122 + 0.2645j * angle)
    slope = count * (
        0.5017 * cot - 0.5017 * 0.6407 * angle / np.sin(0.6407 * angle) ** 2 + 0.2645j
    )
    return points, -1j * (2.0 / count) * slope * np.exp(points)


@lru_cache(maxsize=32)
def _collocation(count: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Chebyshev points from +1 to -1 and the first two differentiation matrices.

    References
    ----------
    Trefethen 2000, "Spectral Methods in MATLAB", theorem 7; negative-sum diagonal.
    """
    k = np.arange(count + 1)
    # sin form: symmetric to the last bit, which the differences below need.
    x = np.sin(math.pi * (count - 2.0 * k) / (2.0 * count))
    c = np.where((k == 0) | (k == count), 2.0, 1.0) * (-1.0) ** k
    gap = x[:, None] - x[None, :] + np.eye(count + 1)
    first = np.outer(c, 1.0 / c) / gap
    first -= np.diag(first.sum(axis=1))
    second = first @ first
    second -= np.diag(second.sum(axis=1))
    return x, first, second


def _interpolation(x: FloatArray, point: float) -> FloatArray:
    """Barycentric weights of the collocation values at `point`, exact at a node."""
    gap = point - x
    if np.any(gap == 0.0):
        return np.asarray(gap == 0.0, dtype=np.float64)
    k = np.arange(x.size)
    weights = np.where((k == 0) | (k == x.size - 1), 0.5, 1.0) * (-1.0) ** k / gap
    return np.asarray(weights / weights.sum())


_QUICK_CELLS = 32
_QUICK_CONTOUR = 10


@kernel
def quick_target(
    kappa: float, theta: float, sigma: float, up: float, down: float, horizon: float
) -> float:
    """P(up first, by the horizon) for a start at zero, to about 1e-3; never outside [0, 1].

    A birth-and-death chain with exponentially fitted rates stands for the process; the transform
    of its first-passage time is a product of continued fractions, one pass a contour point.

    References
    ----------
    Scharfetter and Gummel 1969 (fitted rates); Keilson 1979 (first passage of chains).
    """
    cells = _QUICK_CELLS
    below = min(max(round(cells * down / (up + down)), 6), cells - 6)
    rise, fall = np.empty(cells), np.empty(cells)
    diffusion = 0.5 * sigma * sigma
    for i in range(1, cells):
        x = _cell(i, below, cells, up, down)
        left = x - _cell(i - 1, below, cells, up, down)
        right = _cell(i + 1, below, cells, up, down) - x
        mean_width = 0.5 * (left + right)
        pull_right = kappa * (theta - x - 0.5 * right) * right / diffusion
        pull_left = kappa * (theta - x + 0.5 * left) * left / diffusion
        rise[i] = diffusion / (mean_width * right) * _bernoulli(-pull_right)
        fall[i] = diffusion / (mean_width * left) * _bernoulli(pull_left)
    total = 0.0
    for k in range(_QUICK_CONTOUR // 2):
        angle = (2.0 * k + 1.0) * math.pi / _QUICK_CONTOUR
        cot = 1.0 / math.tan(0.6407 * angle)
        sine = math.sin(0.6407 * angle)
        point = _QUICK_CONTOUR * complex(0.5017 * angle * cot - 0.6122, 0.2645 * angle)
        slope = complex(0.5017 * cot - 0.5017 * 0.6407 * angle / (sine * sine), 0.2645)
        s = point / horizon
        ratio, product = complex(0.0, 0.0), complex(1.0, 0.0)
        for i in range(1, cells):
            ratio = rise[i] / (s + rise[i] + fall[i] * (1.0 - ratio))
            if i >= below:
                product *= ratio
        size = math.exp(point.real)
        phase = complex(size * math.cos(point.imag), size * math.sin(point.imag))
        total += (complex(0.0, -2.0) * slope * phase * product / point).real
    return min(max(total, 0.0), 1.0)


@kernel
def _cell(i: int, below: int, cells: int, up: float, down: float) -> float:
    """Position of grid point `i`: the start is point `below`, spacing even on either side."""
    if i <= below:
        return -down * (below - i) / below
    return up * (i - below) / (cells - below)


@kernel
def _bernoulli(x: float) -> float:
    """``x / (exp(x) - 1)``."""
    if abs(x) < 1e-6:
        return 1.0 - 0.5 * x
    if x > 700.0:
        return 0.0
    return x / math.expm1(x)
