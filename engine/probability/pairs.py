"""Layer 9 over all instruments of a desk: pairs at their common instants.

Refuses to compare prices of different instants: a pair speaks only on a bar that both closed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

from engine.probability import cross_asset
from engine.probability.cross_asset import Pair, pair_score
from engine.probability.features import DAY_SECONDS, SESSION_SHIFT_SECONDS


class PairBook:
    """Memory of every pair of instruments.

    Parameters
    ----------
    symbols : sequence of str
        The first gold and the first silver among them are the pair that may give evidence.
    timeframe_days : float, days, > 0
    """

    def __init__(self, symbols: Sequence[str], timeframe_days: float) -> None:
        self._bar_days = timeframe_days
        self._states = {pair: cross_asset.start() for pair in combinations(symbols, 2)}
        self._known: dict[tuple[str, str], Pair] = {}
        self._now: dict[tuple[str, str], Pair] = {}
        self.metals = metal_pair(symbols)
        if self.metals is not None and self.metals not in self._states:
            self._states[self.metals] = self._states.pop((self.metals[1], self.metals[0]))

    def advance(self, closed_at: int, closes: Mapping[str, float]) -> None:
        """Take in the closes of all bars of one instant; `closed_at` in seconds since 1970."""
        day = pair_day(closed_at)
        self._now = {}
        for (first, second), state in self._states.items():
            if first in closes and second in closes:
                logs = math.log(closes[first]), math.log(closes[second])
                pair = cross_asset.step(state, day, *logs, self._bar_days)
                self._now[first, second] = self._known[first, second] = pair

    def correlations(self) -> dict[tuple[str, str], float]:
        """Latest correlation of returns of every pair that has common instants, in [-1, 1]."""
        return {pair: known.correlation for pair, known in self._known.items()}

    def metal_days(self) -> int:
        """Common days of gold and silver."""
        return self._known[self.metals].days if self.metals in self._known else 0

    def reading(self, symbol: str) -> Pair | None:
        """Gold against silver at this instant, if `symbol` is a leg and both closed a bar."""
        if self.metals is None or symbol not in self.metals:
            return None
        return self._now.get(self.metals)

    def score(self, symbol: str) -> float:
        """Raw score of layer 9 for `symbol` at this instant; NaN when there is none."""
        pair = self.reading(symbol)
        if pair is None or self.metals is None:
            return math.nan
        return pair_score(pair, symbol == self.metals[0])


def metal_pair(symbols: Sequence[str]) -> tuple[str, str] | None:
    """First gold and first silver among the symbols.

    Examples
    --------
    >>> metal_pair(["BTC-USD", "XAG-USD", "XAU-USD"])
    ('XAU-USD', 'XAG-USD')
    """
    gold = next((s for s in symbols if cross_asset.leg(s) == "gold"), None)
    silver = next((s for s in symbols if cross_asset.leg(s) == "silver"), None)
    return None if gold is None or silver is None else (gold, silver)


def pair_day(closed_at: int) -> int:
    """Number of the metals' session day that a bar closing at `closed_at` seconds belongs to."""
    return (closed_at - 1 - SESSION_SHIFT_SECONDS) // DAY_SECONDS
