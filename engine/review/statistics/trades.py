"""Plain numbers about closed trades, in R units.

Refuses an empty record: nothing is said about no trade.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.probability.checks import Floats, finite_array


@dataclass(frozen=True, slots=True)
class TradeStatistics:
    """What a record of trades amounts to.

    Attributes
    ----------
    count : int
    expectancy : float, R units
        Mean result.
    profit_factor : float, >= 0
        Sum of wins over sum of losses; ``inf`` without a loss, 0 without a win.
    system_quality : float
        Square root of the count times mean over standard deviation (Tharp's SQN); 0 where all
        results are equal or there is but one.
    win_rate : float in [0, 1]
    payoff : float, >= 0
        Mean win over mean loss; ``inf`` without a loss, 0 without a win.
    worst, best : float, R units
    """

    count: int
    expectancy: float
    profit_factor: float
    system_quality: float
    win_rate: float
    payoff: float
    worst: float
    best: float


def trade_statistics(r_multiples: Floats) -> TradeStatistics:
    """Expectancy, profit factor, quality, win rate and payoff of a record.

    Parameters
    ----------
    r_multiples : sequence of float of length n >= 1, R units

    Raises
    ------
    ValueError
        If it is empty or holds a number that is not finite.

    Examples
    --------
    >>> found = trade_statistics([1.5, -1, 1.5, 1.5, -1, -0.2, 1.5, -1.05, 1.5, 1.5])
    >>> round(found.expectancy, 3), round(found.system_quality, 4), found.win_rate
    (0.575, 1.4937, 0.6)
    """
    results = finite_array("r_multiples", r_multiples)
    wins, losses = results[results > 0.0], -results[results < 0.0]
    won, lost = float(wins.sum()), float(losses.sum())
    mean_win = won / wins.size if wins.size else 0.0
    mean_loss = lost / losses.size if losses.size else 0.0
    spread = float(np.std(results, ddof=1)) if results.size > 1 else 0.0
    quality = math.sqrt(results.size) * float(results.mean()) / spread if spread > 0.0 else 0.0
    return TradeStatistics(
        count=int(results.size),
        expectancy=float(results.mean()),
        profit_factor=_ratio(won, lost),
        system_quality=quality,
        win_rate=wins.size / results.size,
        payoff=_ratio(mean_win, mean_loss),
        worst=float(results.min()),
        best=float(results.max()),
    )


def _ratio(gained: float, lost: float) -> float:
    if lost > 0.0:
        return gained / lost
    return math.inf if gained > 0.0 else 0.0
