"""Layer 12's trust: whose odds have stood the test, weighed by the record of each.

Refuses to believe any refinement by its looks: the odds of a price without drift are one of the
experts, and a layer that adds noise loses weight to them with every label that closes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.probability.special import logistic, logit

EXPERTS = ("martingale", "base_rate", "pull", "fusion", "calibration")
"""Odds of a driftless price; after layer 1; of layer 3's process as fitted; after layer 11; after
the calibration map."""
_CLIP = 1e-6


class Trust:
    """Bayesian average of experts by how likely they made the outcomes so far.

    Half of the trust begins with the driftless price, the rest is shared alike. Whatever happens,
    the average's log loss exceeds the driftless price's by at most ln 2 nats in all, and that of
    any other expert by ln 8: a useless refinement costs next to nothing.

    References
    ----------
    Dawid 1984 (prequential); Vovk 1990 (aggregating algorithm).
    """

    def __init__(self) -> None:
        self._log_scores = dict.fromkeys(EXPERTS, math.log(0.5 / (len(EXPERTS) - 1)))
        self._log_scores[EXPERTS[0]] = math.log(0.5)
        self._weights: dict[str, float] | None = None

    def learn(self, log_odds: Mapping[str, float], hit: bool, weight: float) -> None:
        """Take in what each expert said of a candidate whose label has closed.

        Parameters
        ----------
        log_odds : mapping of each expert to float, nats
            Given before the outcome was known.
        weight : float, effective labels
        """
        for name in EXPERTS:
            odds = _clipped(logistic(log_odds[name]))
            self._log_scores[name] += weight * math.log(odds if hit else 1.0 - odds)
        self._weights = None

    def weights(self) -> dict[str, float]:
        """Trust in each expert, in [0, 1], summing to 1."""
        if self._weights is None:
            self._weights = self._shares()
        return dict(self._weights)

    def _shares(self) -> dict[str, float]:
        best = max(self._log_scores.values())
        shares = {name: math.exp(score - best) for name, score in self._log_scores.items()}
        total = math.fsum(shares.values())
        return {name: share / total for name, share in shares.items()}

    def mix(self, log_odds: Mapping[str, float]) -> float:
        """Log-odds of the average; exactly the experts' own when they agree.

        Examples
        --------
        >>> Trust().mix(dict.fromkeys(EXPERTS, -1.5))
        -1.5
        """
        first = log_odds[EXPERTS[0]]
        if all(log_odds[name] == first for name in EXPERTS):
            return first
        weights = self.weights()
        return logit(
            _clipped(math.fsum(weights[name] * logistic(log_odds[name]) for name in EXPERTS))
        )


def _clipped(p: float) -> float:
    return min(max(p, _CLIP), 1.0 - _CLIP)
