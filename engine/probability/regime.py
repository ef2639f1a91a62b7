"""Layer 2, the context: whether the market is calm or turbulent.

Refuses to smooth: only the forward filter is used, with parameters fitted to the past alone, so
no later bar can change what was said.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from engine.model.setups import LayerRole
from engine.probability.checks import Floats, finite_array, positive_array
from engine.probability.layer import FloatArray, IntArray, LayerSpec, kernel
from engine.probability.ring import latest, push, ring
from engine.probability.special import logistic

SPEC = LayerSpec(
    name="regime",
    number=2,
    role=LayerRole.CONTEXT,
    title="Regime",
    summary="Tells calm from turbulent markets with a hidden Markov model of four-hour returns, "
    "filtered forward only.",
    needs="500 closed four-hour bars",
)
MIN_RETURNS = 500
_REFIT_EVERY = 42  # four-hour bars in a week
_FIRST_SWEEPS, _LATER_SWEEPS = 20, 4
_TINY = 1e-300


def hamilton_filter(
    returns: Floats,
    transition: ArrayLike,
    start: Floats,
    means: Floats,
    volatilities: Floats,
) -> tuple[FloatArray, float]:
    """Filtered state probabilities of a Gaussian hidden Markov model.

    Parameters
    ----------
    returns : sequence of n floats
    transition : array of shape (K, K)
        Row i holds the chances of the next state from state i; rows sum to one.
    start : sequence of K floats
        Chances of the state of the first return.
    means, volatilities : sequences of K floats, volatilities > 0

    Returns
    -------
    tuple of ndarray of shape (n, K) and float
        Probabilities given the returns up to and with each one, and the log-likelihood.

    Raises
    ------
    ValueError
        If shapes disagree or chances do not sum to one.

    References
    ----------
    Hamilton 1989.

    Examples
    --------
    >>> p, _ = hamilton_filter([0.0], [[0.9, 0.1], [0.1, 0.9]], [0.5, 0.5], [0, 0], [0.01, 0.01])
    >>> p.tolist()
    [[0.5, 0.5]]
    """
    values, chances = finite_array("returns", returns), finite_array("start", start)
    matrix = np.array(transition, dtype=np.float64)
    centres, spreads = finite_array("means", means), positive_array("volatilities", volatilities)
    k = chances.size
    if matrix.shape != (k, k) or centres.size != k or spreads.size != k:
        raise ValueError(f"transition, means and volatilities must be of {k} states")
    for name, row in (
        ("start", chances),
        *((f"transition[{i}]", row) for i, row in enumerate(matrix)),
    ):
        if not (np.all(row >= 0.0) and math.isclose(row.sum(), 1.0, abs_tol=1e-8)):
            raise ValueError(f"{name} must be chances that sum to 1, was {row.tolist()}")
    filtered = np.empty((values.size, k))
    return filtered, float(forward(values, matrix, chances, centres, spreads**2, filtered))


class RegimeState(NamedTuple):
    """Memory of layer 2: returns, the model's parameters and the filtered probabilities."""

    memory: FloatArray
    counts: IntArray
    transition: FloatArray
    means: FloatArray
    variances: FloatArray
    chances: FloatArray
    last: FloatArray


class Regime(NamedTuple):
    """Filtered chance of the turbulent state, its volatility a root day, and validity."""

    turbulent: float
    turbulent_volatility: float
    calm_volatility: float
    valid: bool


def start() -> RegimeState:
    """Empty memory of a two-state model, calm first."""
    return RegimeState(
        memory=ring(MIN_RETURNS),
        counts=np.zeros(3, dtype=np.int64),
        transition=np.array([[0.98, 0.02], [0.05, 0.95]]),
        means=np.zeros(2),
        variances=np.ones(2),
        chances=np.array([0.5, 0.5]),
        last=np.zeros(1),
    )


@kernel
def step(state: RegimeState, x: float, span_days: float) -> Regime:
    """Take the log price at the close of one four-hour bar in."""
    counts = state.counts
    if counts[0] > 0:
        _observe(state, x - state.last[0])
    state.last[0] = x
    counts[0] += 1
    return reading(state, span_days)


@kernel
def reading(state: RegimeState, span_days: float) -> Regime:
    """What layer 2 says between two four-hour bars."""
    if state.counts[1] == 0:
        return Regime(0.5, 0.0, 0.0, False)
    calm, wild = (
        math.sqrt(state.variances[0] / span_days),
        math.sqrt(state.variances[1] / span_days),
    )
    return Regime(state.chances[1], wild, calm, True)


@kernel
def _observe(state: RegimeState, value: float) -> None:
    counts = state.counts
    push(state.memory, counts[0] - 1, value)
    counts[2] += 1
    if counts[1] == 1:
        filter_step(state.chances, state.transition, state.means, state.variances, value)
    due = counts[0] >= MIN_RETURNS if counts[1] == 0 else counts[2] >= _REFIT_EVERY
    if due:
        window = latest(state.memory, counts[0] - 1, MIN_RETURNS)
        _refit(state, window, _FIRST_SWEEPS if counts[1] == 0 else _LATER_SWEEPS)
        counts[2] = 0


@kernel
def _refit(state: RegimeState, window: FloatArray, sweeps: int) -> None:
    variance = float(np.var(window))
    if not variance > 1e-20:
        state.counts[1] = 0
        return
    if state.counts[1] == 0:
        state.variances[0], state.variances[1] = 0.5 * variance, 2.5 * variance
        state.means[:] = 0.0
    for _ in range(sweeps):
        _sweep(state, window, 0.05 * variance)
    if state.variances[0] > state.variances[1]:
        _swap(state)
    ahead, turbulent = np.empty(window.shape[0]), np.empty(window.shape[0])
    _filter_two(state, window, ahead, turbulent)
    state.chances[1] = turbulent[-1]
    state.chances[0] = 1.0 - turbulent[-1]
    state.counts[1] = 1


@kernel
def filter_step(
    chances: FloatArray, transition: FloatArray, means: FloatArray, variances: FloatArray, r: float
) -> float:
    """One prediction and update of `chances` in place; returns the log-likelihood of `r`."""
    k = chances.shape[0]
    ahead = np.zeros(k)
    for i in range(k):
        for j in range(k):
            ahead[j] += chances[i] * transition[i, j]
    return update(ahead, means, variances, r, chances)


@kernel
def update(
    ahead: FloatArray, means: FloatArray, variances: FloatArray, r: float, out: FloatArray
) -> float:
    """Bayes' rule on predicted chances, scaled by the largest term; returns log-likelihood."""
    k = ahead.shape[0]
    top = -1e300
    for i in range(k):
        gap = r - means[i]
        out[i] = (
            math.log(max(ahead[i], _TINY))
            - 0.5 * gap * gap / variances[i]
            - 0.5 * math.log(2.0 * math.pi * variances[i])
        )
        top = max(top, out[i])
    total = 0.0
    for i in range(k):
        out[i] = math.exp(out[i] - top)
        total += out[i]
    for i in range(k):
        out[i] /= total
    return top + math.log(total)


@kernel
def forward(
    returns: FloatArray,
    transition: FloatArray,
    chances: FloatArray,
    means: FloatArray,
    variances: FloatArray,
    filtered: FloatArray,
) -> float:
    """Hamilton's filter over a window; fills `filtered` and returns the log-likelihood."""
    total = update(chances, means, variances, returns[0], filtered[0])
    for t in range(1, returns.shape[0]):
        filtered[t] = filtered[t - 1]
        total += filter_step(filtered[t], transition, means, variances, returns[t])
    return total


@kernel
def _sweep(state: RegimeState, window: FloatArray, floor: float) -> None:
    """One step of expectation-maximisation (Baum and Welch 1970) on past returns only.

    Two states and scalars: in plain Python this is ten times faster than small arrays.
    """
    n = window.shape[0]
    rise, fall = float(state.transition[0, 1]), float(state.transition[1, 0])
    ahead, turbulent = np.empty(n), np.empty(n)
    _filter_two(state, window, ahead, turbulent)
    smooth = float(turbulent[n - 1])
    mass, first, second = 0.0, 0.0, 0.0
    total_first, total_second = 0.0, 0.0
    calm_to_wild, wild_to_calm, wild_from = 0.0, 0.0, 0.0
    for t in range(n - 1, -1, -1):
        r = float(window[t])
        if t < n - 1:
            # Kim's backward recursion: inside the training window, never shown to anyone.
            p, q = float(turbulent[t]), float(ahead[t + 1])
            to_wild, to_calm = smooth / q, (1.0 - smooth) / (1.0 - q)
            leave = p * fall * to_calm
            calm_to_wild += (1.0 - p) * rise * to_wild
            wild_to_calm += leave
            smooth = p * (1.0 - fall) * to_wild + leave
            wild_from += smooth
        mass += smooth
        first += smooth * r
        second += smooth * r * r
        total_first += r
        total_second += r * r
    _set_state(state, 1, mass, first, second, floor)
    _set_state(state, 0, n - mass, total_first - first, total_second - second, floor)
    # One pseudo-move each way keeps every state reachable.
    rise = (calm_to_wild + 1.0) / (n - 1.0 - wild_from + 2.0)
    fall = (wild_to_calm + 1.0) / (wild_from + 2.0)
    state.transition[0, 0], state.transition[0, 1] = 1.0 - rise, rise
    state.transition[1, 0], state.transition[1, 1] = fall, 1.0 - fall


@kernel
def _filter_two(
    state: RegimeState, window: FloatArray, ahead: FloatArray, turbulent: FloatArray
) -> None:
    """Hamilton's filter for two states: chance of turbulence before and after each return."""
    rise, stay = float(state.transition[0, 1]), float(state.transition[1, 1])
    m0, m1 = float(state.means[0]), float(state.means[1])
    v0, v1 = float(state.variances[0]), float(state.variances[1])
    lead = 0.5 * math.log(v0 / v1)
    q = 0.5
    for t in range(window.shape[0]):
        r = float(window[t])
        gap0, gap1 = r - m0, r - m1
        ahead[t] = q
        p = logistic(math.log(q / (1.0 - q)) + lead + 0.5 * (gap0 * gap0 / v0 - gap1 * gap1 / v1))
        turbulent[t] = p
        q = min(max((1.0 - p) * rise + p * stay, 1e-12), 1.0 - 1e-12)


@kernel
def _set_state(
    state: RegimeState, i: int, mass: float, first: float, second: float, floor: float
) -> None:
    mean = first / max(mass, 1e-9)
    state.means[i] = mean
    state.variances[i] = max(second / max(mass, 1e-9) - mean * mean, floor)


@kernel
def _swap(state: RegimeState) -> None:
    """Order the states by variance: the labels of a mixture carry no meaning of their own."""
    state.means[:] = state.means[::-1].copy()
    state.variances[:] = state.variances[::-1].copy()
    state.transition[:, :] = state.transition[::-1, ::-1].copy()
