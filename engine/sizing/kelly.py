"""Kelly stakes for bets with two or more outcomes, and how estimation error shrinks them.

Refuses to clip: a negative answer means "no bet", and saying so is the size chain's work.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.sizing.arguments import require

_BISECTIONS = 200
_SUM_TOLERANCE = 1e-9


def kelly_two_outcome(p: float, gain: float, loss: float, cost: float = 0.0) -> float:
    """Stake that maximises the growth of a bet that wins `gain` or loses `loss`.

    Parameters
    ----------
    p : float, probability in [0, 1]
        Chance of the gain.
    gain, loss : float, fraction of notional, > 0
        Before costs.
    cost : float, fraction of notional, >= 0
        Taken from the gain and added to the loss.

    Returns
    -------
    float
        Notional over equity. Zero or less means no bet; 0 where even a win loses its cost.

    Raises
    ------
    ValueError
        If an argument is out of its range, or `loss` is too small for the stake to be finite.

    References
    ----------
    Kelly 1956; Thorp 2006, eq. 2.1, generalised to partial losses.

    Examples
    --------
    >>> round(kelly_two_outcome(0.53, 1.0, 1.0), 12)
    0.06
    >>> round(kelly_two_outcome(0.5, 0.03, 0.02, 0.003), 10)
    3.2206119163
    """
    require("p", p, 0.0, 1.0)
    require("gain", gain, 0.0, open_low=True)
    require("loss", loss, 0.0, open_low=True)
    require("cost", cost, 0.0)
    net_gain, net_loss = gain - cost, loss + cost
    if net_gain <= 0.0:
        return 0.0
    stake = p / net_loss - (1.0 - p) / net_gain
    if math.isinf(stake):
        raise ValueError(
            f"gain and loss must leave a finite stake, were {gain!r} and {loss!r} at cost {cost!r}"
        )
    return stake


def kelly_outcomes(probabilities: Sequence[float], returns: Sequence[float]) -> float:
    """Stake that maximises the growth of a bet with any number of outcomes.

    The root of ``sum(q * r / (1 + f * r))``, which falls in ``f`` wherever no outcome ruins.

    Parameters
    ----------
    probabilities : sequence of float in [0, 1], summing to 1
    returns : sequence of float in [-1, inf), fraction of notional, net of costs
        What is fully funded loses all of itself at most. A gain needs a possible loss beside it:
        otherwise no stake is the best.

    Returns
    -------
    float
        Notional over equity; zero or less means no bet. 0 where no gain is possible.

    Raises
    ------
    ValueError
        If the lengths differ, a value is out of range, or no loss is possible.

    References
    ----------
    Kelly 1956; Thorp 2006, section 7.

    Examples
    --------
    >>> round(kelly_outcomes((0.40, 0.40, 0.20), (0.027, -0.023, -0.003)), 10)
    1.9988963852
    """
    bets = _possible(probabilities, returns)
    best, worst = max(r for _, r in bets), min(r for _, r in bets)
    if best <= 0.0:
        return 0.0
    if worst >= 0.0:
        raise ValueError(f"returns must hold a possible loss, was {tuple(returns)!r}")
    low, high = -1.0 / best, -1.0 / worst
    for _ in range(_BISECTIONS):
        stake = (low + high) / 2.0
        if stake in (low, high):
            break
        if sum(q * r / (1.0 + stake * r) for q, r in bets) > 0.0:
            low = stake
        else:
            high = stake
    return (low + high) / 2.0


def baker_mchale(p: float, payoff: float, sd: float) -> float:
    """Share of the Kelly stake that is right when `p` is itself an estimate.

    Parameters
    ----------
    p : float, probability in [0, 1]
        Estimated chance of winning.
    payoff : float, > 0
        Gain over loss, both net.
    sd : float, probability, >= 0
        Standard error of `p`.

    Returns
    -------
    float
        In [0, 1]; 0 where the estimate has no edge.

    References
    ----------
    Baker and McHale 2013, Decision Analysis 10(3), eq. 5.

    Examples
    --------
    >>> round(baker_mchale(0.55, 1.0, 0.05), 12)
    0.5
    """
    require("p", p, 0.0, 1.0)
    require("payoff", payoff, 0.0, open_low=True)
    require("sd", sd, 0.0)
    edge = (payoff + 1.0) * p - 1.0
    if edge <= 0.0:
        return 0.0
    noise = (payoff + 1.0) * sd
    # The ratio first, for squares of tiny edges underflow; a product, for powers overflow.
    ratio = noise / edge
    return 1.0 / (1.0 + ratio * ratio)


def _possible(
    probabilities: Sequence[float], returns: Sequence[float]
) -> list[tuple[float, float]]:
    if len(probabilities) != len(returns):
        raise ValueError(
            f"returns must be as long as probabilities ({len(probabilities)}), "
            f"was {len(returns)} long"
        )
    for q, r in zip(probabilities, returns, strict=True):
        require("probabilities", q, 0.0, 1.0)
        require("returns", r, -1.0)
    total = math.fsum(probabilities)
    if abs(total - 1.0) > _SUM_TOLERANCE:
        raise ValueError(f"probabilities must sum to 1, was {total!r}")
    return [(q, r) for q, r in zip(probabilities, returns, strict=True) if q > 0.0]
