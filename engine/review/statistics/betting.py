"""Evidence that may be looked at every day: betting processes, and Wald's test beside them.

Refuses to clip a win where that would flatter: an edge process may stop early, a futility process
whose bets a win could break is refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.probability.checks import Floats, finite_array
from engine.probability.layer import FloatArray
from engine.sizing.arguments import require

EDGE_BETS = (0.02, 0.05, 0.1, 0.2)
FUTILITY_BETS = (0.05, 0.1, 0.2, 0.4)
_MOST = math.log(1e300)


class SequentialTest(NamedTuple):
    """Bounds of Wald's test for its log-likelihood ratio, nats."""

    lower: float
    upper: float


def edge_process(r_multiples: Floats, bets: Sequence[float] = EDGE_BETS) -> tuple[float, ...]:
    """Evidence against "no edge" after each trade: 20 is one chance in twenty, whenever looked at.

    ``K_n = mean over j of prod over i of (1 + bets_j x_i)``, an e-process under
    ``E[x_i | past] <= 0``. The order of the trades does not change where it ends.

    Parameters
    ----------
    r_multiples : sequence of float of length n, R units (result over the loss at the stop)
        Of trades that do not overlap, else of days.
    bets : sequence of float, in (0, 1]

    Returns
    -------
    tuple of float of length n, >= 0
        Stays 0 after a loss beyond ``-1 / max(bets)``: with the bets as they are nothing may
        lose more, so such a loss breaks the test and is an incident. Never above 1e300.

    Raises
    ------
    ValueError
        If there is no bet, one is out of its range, or a result is not finite.

    References
    ----------
    Waudby-Smith and Ramdas 2024, eq. 19; Shafer and Vovk 2019.

    Examples
    --------
    >>> [round(k, 5) for k in edge_process([1.5, -1.0])]
    [1.13875, 1.02641]
    """
    results, shares = _arguments(r_multiples, bets)
    return _wealth(np.outer(shares, results))


def futility_process(
    r_multiples: Floats,
    design_edge: float = 0.15,
    bets: Sequence[float] = FUTILITY_BETS,
) -> tuple[float, ...]:
    """Evidence against "the edge is at least the design edge" after each trade.

    ``K_n = mean over j of prod over i of (1 - bets_j (x_i - design_edge))``, an e-process under
    ``E[x_i | past] >= design_edge``.

    Parameters
    ----------
    r_multiples : sequence of float of length n, R units
        Wins included whole: clipping them would reject systems that work.
    design_edge : float, R units
    bets : sequence of float, in (0, 1]

    Returns
    -------
    tuple of float of length n, >= 0

    Raises
    ------
    ValueError
        If a win is above ``design_edge + 1 / max(bets)``: the bets must be chosen, before the
        first trade, from the largest possible win.

    Examples
    --------
    >>> [round(k, 4) for k in futility_process([-1.0, -1.0])]
    [1.2156, 1.5015]
    """
    results, shares = _arguments(r_multiples, bets)
    require("design_edge", design_edge, -math.inf)
    largest = design_edge + 1.0 / float(shares.max())
    if results.size and float(results.max()) > largest:
        raise ValueError(
            f"r_multiples must be <= design_edge + 1 / max(bets) = {largest:g}, was "
            f"{float(results.max()):g}: choose bets of at most 1 / (largest win - design_edge)"
        )
    return _wealth(np.outer(shares, design_edge - results))


def sequential_test(p0: float, p1: float, alpha: float, beta: float) -> SequentialTest:
    """Wald's bounds for deciding between two win rates.

    Parameters
    ----------
    p0, p1 : float in (0, 1), different
        Win rates of the hypothesis and of the alternative.
    alpha, beta : float, > 0, with alpha + beta < 1
        Chances of accepting the alternative and the hypothesis wrongly.

    References
    ----------
    Wald 1945, eqs. 3.14 and 3.15.

    Examples
    --------
    >>> sequential_test(0.4, 0.5, 0.05, 0.2)
    SequentialTest(lower=-1.5581446180465497, upper=2.772588722239781)
    """
    _check_rates(p0, p1)
    for name, value in (("alpha", alpha), ("beta", beta)):
        if not 0.0 < value < 1.0:
            raise ValueError(f"{name} must be in (0, 1), was {value!r}")
    if alpha + beta >= 1.0:
        raise ValueError(f"alpha + beta must be < 1, was {alpha + beta!r}")
    return SequentialTest(math.log(beta / (1.0 - alpha)), math.log((1.0 - beta) / alpha))


def expected_sample_sizes(p0: float, p1: float, alpha: float, beta: float) -> tuple[float, float]:
    """Trades that Wald's test is expected to take under the hypothesis and the alternative.

    References
    ----------
    Wald 1945, eq. 4.8, without the excess over the bounds.

    Examples
    --------
    >>> [round(n, 4) for n in expected_sample_sizes(0.4, 0.5, 0.05, 0.2)]
    [66.6289, 93.4027]
    """
    lower, upper = sequential_test(p0, p1, alpha, beta)
    win, loss = math.log(p1 / p0), math.log((1.0 - p1) / (1.0 - p0))
    under_hypothesis = p0 * win + (1.0 - p0) * loss
    under_alternative = p1 * win + (1.0 - p1) * loss
    return (
        (alpha * upper + (1.0 - alpha) * lower) / under_hypothesis,
        ((1.0 - beta) * upper + beta * lower) / under_alternative,
    )


def _arguments(r_multiples: Floats, bets: Sequence[float]) -> tuple[FloatArray, FloatArray]:
    results = finite_array("r_multiples", r_multiples, at_least=0)
    shares = finite_array("bets", bets)
    for share in shares:
        require("bets", float(share), 0.0, 1.0, open_low=True)
    return results, shares


def _wealth(gains: FloatArray) -> tuple[float, ...]:
    """Mean wealth of several gamblers after each round; `gains` is of shape (bets, rounds)."""
    # A loss that one gambler could not pay ends the game for all of them.
    broke = np.logical_or.accumulate(np.any(gains < -1.0, axis=0))
    with np.errstate(divide="ignore"):
        steps = np.log1p(np.maximum(gains, -1.0))
    paths = np.minimum(np.cumsum(steps, axis=1), _MOST)
    return tuple(float(k) for k in np.where(broke, 0.0, np.exp(paths).mean(axis=0)))


def _check_rates(p0: float, p1: float) -> None:
    for name, value in (("p0", p0), ("p1", p1)):
        if not 0.0 < value < 1.0:
            raise ValueError(f"{name} must be in (0, 1), was {value!r}")
    if p0 == p1:
        raise ValueError(f"p1 must differ from p0, both were {p0!r}")
