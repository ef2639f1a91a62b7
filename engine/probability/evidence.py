"""The evidence adapter: a score becomes a likelihood ratio only through its own closed record.

Refuses to believe a score by its looks: with no labels the ratio is exactly one, with few it is
pulled towards one, and no layer may multiply the odds by more than three.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from typing import NamedTuple

import numpy as np

from engine.probability.checks import Floats, finite_array, same_length
from engine.probability.layer import FloatArray, Speed, as_written, kernel
from engine.probability.special import digamma, trigamma

MAX_LLR = math.log(3.0)
_VOTES = {True: 1, False: -1, "yes": 1, "no": -1, "abstain": 0}


class Evidence(NamedTuple):
    """A log-likelihood ratio with what is behind it.

    Attributes
    ----------
    llr : float, nats, in [-ln 3, ln 3]
    variance : float, nats squared, >= 0
    n_eff : float
        Uniqueness-weighted labels behind it.
    """

    llr: float
    variance: float
    n_eff: float


def bin_llr(wins: Floats, losses: Floats, alpha: float = 50.0) -> FloatArray:
    """Log-likelihood ratio of each bin of a score, shrunk by shared pseudo-observations.

    Parameters
    ----------
    wins, losses : sequences of floats, >= 0
        Weighted labels a bin with the target reached first, and not.
    alpha : float, > 0
        Pseudo-observations given to both classes alike: they say nothing either way.

    Returns
    -------
    ndarray of shape (n_bins,), float64, nats, clipped to +-ln 3

    Raises
    ------
    ValueError
        If counts are negative, of unequal length or not finite, or `alpha` is not positive.

    Examples
    --------
    >>> bin_llr((5, 10, 25), (20, 15, 10)).round(6).tolist()
    [-0.510463, -0.129782, 0.454545]
    >>> bin_llr((0, 0), (0, 0)).tolist()
    [0.0, 0.0]
    """
    return _table(wins, losses, alpha)[0]


def bin_variance(wins: Floats, losses: Floats, alpha: float = 50.0) -> FloatArray:
    """Estimation variance of `bin_llr`, nats squared."""
    return _table(wins, losses, alpha)[1]


def witness_llr(
    tp: float, fn: float, fp: float, tn: float, vote: bool | str
) -> tuple[float, float, float]:
    """What one vote of a witness is worth, given its closed record.

    Parameters
    ----------
    tp, fn : float, >= 0
        Setups that reached their target: voted yes, voted no.
    fp, tn : float, >= 0
        Setups that did not: voted yes, voted no.
    vote : bool or {"yes", "no", "abstain"}

    Returns
    -------
    tuple of three floats
        Expected log-likelihood ratio, its standard deviation, and the part that is used: one
        standard deviation closer to zero and at most ln 3.

    Raises
    ------
    ValueError
        If a count is negative or the vote unknown.

    Examples
    --------
    >>> [round(value, 6) for value in witness_llr(30, 20, 20, 30, "yes")]
    [0.354507, 0.193942, 0.160565]
    """
    for name, count in (("tp", tp), ("fn", fn), ("fp", fp), ("tn", tn)):
        if not 0.0 <= count < math.inf:
            raise ValueError(f"{name} must be >= 0, was {count:g}")
    if vote not in _VOTES:
        raise ValueError(f"vote must be yes, no or abstain, was {vote!r}")
    side = _VOTES[vote]
    if side == 0:
        return 0.0, 0.0, 0.0
    # Beta(4, 4) priors: half yes, half no, worth eight votes.
    hit = (4.0 + tp, 4.0 + fn) if side > 0 else (4.0 + fn, 4.0 + tp)
    alarm = (4.0 + fp, 4.0 + tn) if side > 0 else (4.0 + tn, 4.0 + fp)
    mean = _log_mean(*hit) - _log_mean(*alarm)
    sd = math.sqrt(_log_variance(*hit) + _log_variance(*alarm))
    used = math.copysign(min(max(0.0, abs(mean) - sd), MAX_LLR), mean)
    return mean, sd, used


@kernel
def signal_share(llrs: FloatArray, variances: FloatArray) -> float:
    """Share of the spread between bins that chance alone does not explain, in [0, 1].

    Bins of pure noise differ too; without this factor every useless layer would add its noise to
    the odds. It is the positive-part shrinkage of Efron and Morris 1973.

    Examples
    --------
    >>> signal_share(np.array([0.1, -0.1]), np.array([0.04, 0.04]))
    0.0
    """
    spread, noise = 0.0, 0.0
    for i in range(len(llrs)):
        spread += llrs[i] * llrs[i]
        noise += variances[i]
    return max(0.0, 1.0 - noise / spread) if spread > 0.0 else 0.0


@kernel
def bin_table(
    wins: FloatArray, losses: FloatArray, alpha: float, llrs: FloatArray, variances: FloatArray
) -> tuple[float, float]:
    """Fill `llrs` (nats, clipped) and their `variances` from both classes' counts a bin.

    Returns
    -------
    tuple of two floats
        The `signal_share` of the bins, and all labels counted.
    """
    count = len(wins)
    hits, misses = 0.0, 0.0
    for i in range(count):
        hits += wins[i]
        misses += losses[i]
    total = hits + misses + count
    lead = math.log(misses + alpha) - math.log(hits + alpha)
    shared = trigamma(hits + alpha) + trigamma(misses + alpha)
    for i in range(count):
        # Both classes get the same pseudo-labels: they say nothing either way.
        share = alpha * (wins[i] + losses[i] + 1.0) / total
        good, bad = wins[i] + share, losses[i] + share
        ratio = math.log(good) - math.log(bad) + lead
        llrs[i] = min(max(ratio, -MAX_LLR), MAX_LLR)
        variances[i] = trigamma(good) + trigamma(bad) - shared
    return signal_share(llrs, variances), hits + misses


class ScoreBins:
    """Class-conditional record of one layer's raw score, in bins of equal mass.

    Bin edges are quantiles of the scores learnt so far, and stay frozen until the record has
    grown by a quarter; in between a label moves one count.

    Parameters
    ----------
    bins : int, >= 2
    alpha : float, > 0
        Pseudo-observations, see `bin_llr`.
    min_labels : int, >= 1
        Closed labels before the first edges are drawn.
    speed : Speed
        `as_written` in live, `compiled` in research.
    """

    def __init__(
        self, bins: int, alpha: float, min_labels: int, speed: Speed = as_written
    ) -> None:
        self._alpha = alpha
        self._refit_at = max(min_labels, bins)
        self._table = speed(bin_table)
        self._scores, self._hits, self._weights = array("d"), array("b"), array("d")
        self._edges: list[float] = []
        self._wins, self._losses = np.zeros(bins), np.zeros(bins)
        self._evidence: list[Evidence] | None = None

    @property
    def count(self) -> int:
        """Labels learnt."""
        return len(self._scores)

    @property
    def wanted(self) -> int:
        """Labels at which the bins are drawn (again)."""
        return self._refit_at

    def learn(self, score: float, hit: bool, weight: float) -> None:
        """Take in the score that a candidate had, now that its label has closed."""
        if not math.isfinite(score):
            raise ValueError(f"score must be finite, was {score}")
        self._scores.append(score)
        self._hits.append(hit)
        self._weights.append(weight)
        self._evidence = None
        if len(self._scores) >= self._refit_at:
            self._draw_bins()
        elif self._edges:
            (self._wins if hit else self._losses)[bisect_right(self._edges, score)] += weight

    def read(self, score: float) -> Evidence | None:
        """Evidence of a new score; None while there are too few labels."""
        if not self._edges:
            return None
        if self._evidence is None:
            llrs, variances = np.empty(self._wins.size), np.empty(self._wins.size)
            share, n_eff = self._table(self._wins, self._losses, self._alpha, llrs, variances)
            self._evidence = [
                Evidence(share * llr, variance, n_eff)
                for llr, variance in zip(llrs.tolist(), variances.tolist(), strict=True)
            ]
        return self._evidence[bisect_right(self._edges, score)]

    def _draw_bins(self) -> None:
        scores, weights = np.array(self._scores), np.array(self._weights)
        hits, bins = np.array(self._hits, dtype=np.bool_), self._wins.size
        ordered = np.sort(scores)
        cuts = [round(k * scores.size / bins) for k in range(1, bins)]
        # Half way between two scores, so that no score learnt lies on an edge.
        self._edges = [float(0.5 * (ordered[cut - 1] + ordered[cut])) for cut in cuts]
        places = np.searchsorted(self._edges, scores, side="right")
        # Floats whatever comes: of no rows bincount makes integers, and no weight would count.
        self._wins = np.bincount(places, weights * hits, bins).astype(np.float64)
        self._losses = np.bincount(places, weights * ~hits, bins).astype(np.float64)
        self._refit_at = math.ceil(1.25 * scores.size)


def _table(wins: Floats, losses: Floats, alpha: float) -> tuple[FloatArray, FloatArray]:
    hits, misses = finite_array("wins", wins), finite_array("losses", losses)
    same_length(wins=hits, losses=misses)
    for name, counts in (("wins", hits), ("losses", misses)):
        if np.any(counts < 0.0):
            raise ValueError(f"{name} must be >= 0, was {counts.min():g}")
    if not 0.0 < alpha < math.inf:
        raise ValueError(f"alpha must be > 0, was {alpha:g}")
    llrs, variances = np.empty(hits.size), np.empty(hits.size)
    bin_table(hits, misses, alpha, llrs, variances)
    return llrs, variances


def _log_mean(a: float, b: float) -> float:
    """E[ln x] of a Beta(a, b) variable."""
    return digamma(a) - digamma(a + b)


def _log_variance(a: float, b: float) -> float:
    """Var[ln x] of a Beta(a, b) variable."""
    return trigamma(a) - trigamma(a + b)
