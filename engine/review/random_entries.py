"""Whether the entries are better than entries made at random with the same patience.

Refuses to flatter either side: the same instruments, the same holding times, the same costs, and
never two positions at once in one instrument.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.probability.checks import finite_array, positive_array
from engine.probability.layer import FloatArray, IntArray
from engine.sizing.arguments import require

_DRAWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Holdings:
    """What was held of one instrument, and the bars it could have been held over instead.

    Attributes
    ----------
    opens, closes : ndarray of shape (n_bars,), quote currency, > 0
        Of every closed bar of the period, oldest first.
    bars_held : tuple of int, bars, >= 1
        Of each trade; together at most ``n_bars``.
    net_fracs : tuple of float, fraction of entry
        What each trade brought after costs.
    cost_frac : float, fraction of entry, >= 0
        Round trip, charged to every random entry.
    """

    opens: FloatArray
    closes: FloatArray
    bars_held: tuple[int, ...]
    net_fracs: tuple[float, ...]
    cost_frac: float

    def __post_init__(self) -> None:
        positive_array("opens", self.opens)
        positive_array("closes", self.closes)
        finite_array("net_fracs", self.net_fracs, at_least=0)
        require("cost_frac", self.cost_frac, 0.0)
        if self.opens.shape != self.closes.shape:
            raise ValueError(f"closes must be {self.opens.size} long, was {self.closes.size}")
        if len(self.bars_held) != len(self.net_fracs):
            raise ValueError(
                f"net_fracs must be {len(self.bars_held)} long, was {len(self.net_fracs)}"
            )
        if any(held < 1 for held in self.bars_held):
            raise ValueError(f"bars_held must be >= 1, was {min(self.bars_held)}")
        if sum(self.bars_held) > self.opens.size:
            raise ValueError(
                f"bars_held must add up to <= {self.opens.size} bars, was {sum(self.bars_held)}"
            )


@dataclass(frozen=True, slots=True)
class RandomEntryTest:
    """How the entries compare with random ones.

    Attributes
    ----------
    p : float in (0, 1]
        ``(1 + draws at least as good) / (draws + 1)``.
    mean_frac : float, fraction of entry
        Mean net result of the real trades.
    random_mean_frac, random_best_frac : float, fraction of entry
        Mean, and 95th percentile, of the random ones.
    trades, draws : int
    """

    p: float
    mean_frac: float
    random_mean_frac: float
    random_best_frac: float
    trades: int
    draws: int


def random_entry_test(
    held: Sequence[Holdings], *, draws: int = 10_000, seed: int = 0
) -> RandomEntryTest:
    """Compare the mean net result with that of random entries.

    Parameters
    ----------
    held : sequence of Holdings
        One an instrument; together at least one trade.
    draws : int, >= 1

    Raises
    ------
    ValueError
        If there is no trade, or `draws` is below 1.

    References
    ----------
    Davison and Hinkley 1997, section 4.2.5, for the p-value; MATH.md section 5.
    """
    count = sum(len(each.bars_held) for each in held)
    if count < 1:
        raise ValueError("held must hold at least 1 trade, held 0")
    if draws < 1:
        raise ValueError(f"draws must be >= 1, was {draws!r}")
    rng = np.random.default_rng(seed)
    traded = [each for each in held if each.bars_held]
    random = np.concatenate(
        [
            sum((_sums(each, piece, rng) for each in traded), np.zeros(piece)) / count
            for piece in _pieces(draws)
        ]
    )
    mean = sum(sum(each.net_fracs) for each in traded) / count
    as_good = int(np.sum(random >= mean))
    return RandomEntryTest(
        p=(1 + as_good) / (draws + 1),
        mean_frac=mean,
        random_mean_frac=float(random.mean()),
        random_best_frac=float(np.quantile(random, 0.95)),
        trades=count,
        draws=draws,
    )


def _pieces(draws: int) -> list[int]:
    whole, rest = divmod(draws, _DRAWS_AT_ONCE)
    return [_DRAWS_AT_ONCE] * whole + ([rest] if rest else [])


def _sums(each: Holdings, draws: int, rng: np.random.Generator) -> FloatArray:
    """Sum of net results of one instrument's random entries, one a draw."""
    starts, lengths = _arrange(each, draws, rng)
    results = each.closes[starts + lengths - 1] / each.opens[starts] - 1.0 - each.cost_frac
    return np.asarray(results.sum(axis=1))


def _arrange(each: Holdings, draws: int, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Holding times in random order at random places, every arrangement equally likely."""
    count, free = len(each.bars_held), each.opens.size - sum(each.bars_held)
    lengths = rng.permuted(np.tile(each.bars_held, (draws, 1)), axis=1)
    # Places of the trades among trades and free bars: choosing them is choosing the arrangement.
    keys = rng.random((draws, count + free))
    places = np.sort(np.argpartition(keys, count - 1, axis=1)[:, :count], axis=1)
    idle = places - np.arange(count)
    busy = np.cumsum(lengths, axis=1) - lengths
    return np.asarray(idle + busy), np.asarray(lengths)
