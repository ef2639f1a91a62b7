"""Layer 1, the prior: martingale barrier odds, moved by how often such setups did reach target.

Refuses to start from fifty per cent: without labels the answer is the odds of a price without
drift, at which no setup pays its costs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.model.setups import LayerRole, Outcome
from engine.probability.checks import Floats, finite_array, fraction, same_length
from engine.probability.layer import FloatArray, LayerSpec, Speed, as_written, kernel
from engine.probability.special import digamma, logit, trigamma

SPEC = LayerSpec(
    name="base_rate",
    number=1,
    role=LayerRole.PRIOR,
    title="Base rate",
    summary="Starts from the odds of a price without drift and moves them by how often such "
    "setups reached their target before.",
    needs="nothing; every closed label moves it",
)
KAPPA_BOUNDS = (10.0, 200.0)


@dataclass(frozen=True, slots=True)
class BetaPosterior:
    """Beta distribution of a hit rate.

    Attributes
    ----------
    a, b : float, > 0
    """

    a: float
    b: float

    @property
    def mean(self) -> float:
        """Expected hit rate."""
        return self.a / (self.a + self.b)

    @property
    def log_odds(self) -> float:
        """Expected log-odds, nats."""
        return digamma(self.a) - digamma(self.b)

    @property
    def log_odds_variance(self) -> float:
        """Variance of the log-odds, nats squared."""
        return trigamma(self.a) + trigamma(self.b)

    def quantile(self, level: float) -> float:
        """Hit rate below which `level` of the probability lies."""
        from scipy.special import betaincinv  # not on the live path

        fraction("level", level)
        return float(betaincinv(self.a, self.b, level))


def beta_posterior(prior_mean: float, kappa: float, hits: float, count: float) -> BetaPosterior:
    """Posterior of a hit rate whose prior is worth `kappa` labels.

    Parameters
    ----------
    prior_mean : float in (0, 1)
    kappa : float, labels, > 0
    hits, count : float, uniqueness-weighted labels, 0 <= hits <= count

    Examples
    --------
    >>> beta_posterior(0.25, 20.0, 5.0, 20.0).mean
    0.25
    """
    if not 0.0 < prior_mean < 1.0:
        raise ValueError(f"prior_mean must be in (0, 1), was {prior_mean:g}")
    if not kappa > 0.0:
        raise ValueError(f"kappa must be > 0, was {kappa:g}")
    if not 0.0 <= hits <= count * (1.0 + 1e-12) + 1e-12:
        raise ValueError(f"hits must be in [0, count] = [0, {count:g}], was {hits:g}")
    misses = max(count - hits, 0.0)
    return BetaPosterior(kappa * prior_mean + hits, kappa * (1.0 - prior_mean) + misses)


def fit_beta_binomial(hits: Floats, counts: Floats) -> tuple[float, float]:
    """Maximum-likelihood (alpha, beta) of the hit rates of several cells.

    Parameters
    ----------
    hits, counts : sequences of floats, 0 <= hits <= counts

    Raises
    ------
    ValueError
        If lengths differ or a cell has more hits than labels.

    References
    ----------
    Efron and Morris 1975; Skellam 1948 (the beta-binomial); Newton's method on log parameters.
    """
    k, n = finite_array("hits", hits), finite_array("counts", counts)
    same_length(hits=k, counts=n)
    if (k < 0.0).any() or (k > n).any():
        raise ValueError("hits must be in [0, counts] in every cell")
    mean = min(max(float(k.sum() / n.sum()), 1e-6), 1.0 - 1e-6)
    point = np.array([10.0 * mean, 10.0 * (1.0 - mean)])
    for _ in range(100):
        gradient, curve = _likelihood_slopes(k, n, point)
        # In log parameters, which stay positive; the ascent is damped far from the top.
        slope = gradient * point
        bend = curve * np.outer(point, point) + np.diag(slope)
        step = np.linalg.solve(bend - np.eye(2) * 1e-12, slope)
        if float(slope @ step) > 0.0:  # not concave here: climb instead
            step = -slope / (np.abs(slope).max() + 1.0)
        step *= min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-300))
        point = np.clip(point * np.exp(-step), 1e-6, 1e6)
        if float(np.abs(step).max()) < 1e-12:
            break
    return float(point[0]), float(point[1])


def fit_concentration(
    hits: Floats,
    counts: Floats,
    bounds: tuple[float, float] = KAPPA_BOUNDS,
    means: Floats | None = None,
    speed: Speed = as_written,
) -> float:
    """Labels that a shared prior is worth: the likeliest ``alpha + beta`` within `bounds`.

    The means are given, or the pooled hit rate for all; only the concentration is searched, so
    that cells that all agree (or all disagree) end at a bound instead of at infinity.
    """
    k, n = finite_array("hits", hits), finite_array("counts", counts)
    same_length(hits=k, counts=n)
    m = np.full(k.size, k.sum() / n.sum()) if means is None else finite_array("means", means)
    same_length(hits=k, means=m)
    m = np.clip(m, 1e-6, 1.0 - 1e-6)
    grid = np.geomspace(*bounds, 25)
    return float(grid[speed(likeliest)(k, n, m, grid)])


@kernel
def likeliest(k: FloatArray, n: FloatArray, means: FloatArray, grid: FloatArray) -> int:
    """Place in `grid` of the concentration under which the cells are likeliest, first if tied."""
    best, place = -math.inf, 0
    for i in range(len(grid)):
        kappa, total = grid[i], 0.0
        for j in range(len(k)):
            a, b = kappa * means[j], kappa * (1.0 - means[j])
            total += _log_beta(a + k[j], b + n[j] - k[j]) - _log_beta(a, b)
        if total > best:
            best, place = total, i
    return place


@kernel
def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _likelihood_slopes(
    k: FloatArray, n: FloatArray, point: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Gradient and Hessian of the beta-binomial log-likelihood."""
    a, b = float(point[0]), float(point[1])
    rows = [(a + hit, b + miss, a + b + hit + miss) for hit, miss in zip(k, n - k, strict=True)]
    first = digamma(a + b), trigamma(a + b)
    up = sum(digamma(x) - digamma(a) + first[0] - digamma(z) for x, _, z in rows)
    down = sum(digamma(y) - digamma(b) + first[0] - digamma(z) for _, y, z in rows)
    cross = sum(first[1] - trigamma(z) for _, _, z in rows)
    own = sum(trigamma(x) - trigamma(a) for x, _, _ in rows)
    other = sum(trigamma(y) - trigamma(b) for _, y, _ in rows)
    return np.array([up, down]), np.array([[cross + own, cross], [cross, cross + other]])


@dataclass(slots=True)
class Cell:
    """Forgetting, uniqueness-weighted counts of how the setups of one kind ended."""

    targets: float = 0.0
    stops: float = 0.0
    timeouts: float = 0.0
    timeout_sum: float = 0.0

    @property
    def count(self) -> float:
        """Effective number of labels."""
        return self.targets + self.stops + self.timeouts

    def learn(self, outcome: Outcome, weight: float, gross: float, keep: float) -> None:
        """Forget a little, then add one label; `gross` is its return in stop distances."""
        self.targets *= keep
        self.stops *= keep
        self.timeouts *= keep
        self.timeout_sum *= keep
        if outcome is Outcome.TARGET:
            self.targets += weight
        elif outcome is Outcome.STOP:
            self.stops += weight
        else:
            self.timeouts += weight
            self.timeout_sum += weight * gross


class BaseRates:
    """Hit rates in nested cells: all labels, instrument, kind of setup, regime.

    Each cell's prior is its parent's posterior, the parent counted without the cell's own labels
    so that nothing is counted twice.

    Parameters
    ----------
    kappa : float, labels, > 0
        Weight of a prior.
    half_life_labels : float, labels, > 0
        After so many effective labels of a cell an old one counts half.
    speed : Speed
        `as_written` in live, `compiled` in research.
    """

    def __init__(self, kappa: float, half_life_labels: float, speed: Speed = as_written) -> None:
        self._speed = speed
        self._kappa = kappa
        self._half_life = half_life_labels
        self._cells: dict[tuple[str, ...], Cell] = {}
        self._martingale = (0.0, 0.0)  # sum of martingale odds, and how many

    def learn(
        self,
        path: Sequence[str],
        outcome: Outcome,
        weight: float,
        gross: float = 0.0,
        martingale: float = math.nan,
    ) -> None:
        """Add a closed label to the cell at `path` and to all that contain it.

        `gross` is its gross return in stop distances, `martingale` the odds of its target for a
        price without drift.
        """
        if math.isfinite(martingale):
            self._martingale = self._martingale[0] + martingale, self._martingale[1] + 1.0
        # Overlapping labels are less than one label each, and age the record by as much.
        keep = 0.5 ** (weight / self._half_life)
        for depth in range(len(path) + 1):
            key = tuple(path[:depth])
            cell = self._cells.get(key)
            if cell is None:
                cell = self._cells[key] = Cell()
            cell.learn(outcome, weight, gross, keep)

    def refit(self) -> None:
        """Weight of the priors by empirical Bayes, once eight cells have labels.

        Every cell counts, the one of all labels too: its prior mean is the martingale's, each
        other's is its parent's rate.
        """
        known = {key: cell for key, cell in self._cells.items() if cell.count >= 1.0}
        if len(known) < 8 or self._martingale[1] == 0.0:
            return
        rows = [
            (cell.targets, cell.count, self._rate(key[:-1]) if key else self._mean_martingale())
            for key, cell in known.items()
        ]
        hits, counts, means = zip(*rows, strict=True)
        self._kappa = fit_concentration(hits, counts, means=means, speed=self._speed)

    def _rate(self, key: tuple[str, ...]) -> float:
        cell = self._cells[key]
        return cell.targets / cell.count

    def _mean_martingale(self) -> float:
        return self._martingale[0] / self._martingale[1]

    def posterior(self, path: Sequence[str], martingale: float) -> BetaPosterior:
        """Posterior hit rate of the cell at `path` for a setup of given martingale odds."""
        chain = [self._cells.get(tuple(path[:depth])) for depth in range(len(path) + 1)]
        mean = min(max(martingale, 1e-9), 1.0 - 1e-9)
        kappa = self._kappa
        a, b = kappa * mean, kappa * (1.0 - mean)
        for cell, child in zip(chain, [*chain[1:], None], strict=True):
            hits, count = _without(cell, child)
            a, b = kappa * mean + hits, kappa * (1.0 - mean) + (count - hits)
            mean = a / (a + b)
        return BetaPosterior(a, b)

    def counts(self, path: Sequence[str]) -> Cell:
        """Counts of the cell at `path`; empty when it has none."""
        return self._cells.get(tuple(path), Cell())


def _without(cell: Cell | None, child: Cell | None) -> tuple[float, float]:
    """Hits and count of a cell less those of the child on the path."""
    if cell is None:
        return 0.0, 0.0
    hits, count = cell.targets, cell.count
    if child is not None:
        # Forgetting runs by the cell's own labels, so an old child may outweigh its parent.
        hits, count = max(hits - child.targets, 0.0), max(count - child.count, 0.0)
    return min(hits, count), count


def log_odds_shift(posterior: BetaPosterior, martingale: float) -> float:
    """How far the labels moved the prior's log-odds, nats; exactly 0 without labels."""
    mean = posterior.mean
    if math.isclose(mean, martingale, rel_tol=1e-14):
        return 0.0
    return logit(mean) - logit(min(max(martingale, 1e-9), 1.0 - 1e-9))
