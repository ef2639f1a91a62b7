"""The simulated price: a seeded path by the minute, any week of it computable by itself.

Refuses to depend on where a run began: a minute is a function of (seed, instrument, minute) alone,
so a restart finds the history that it left.

Model
-----
The mid price of an instrument with anchor price A and yearly volatility s is

    S(t) = A exp(L(t) + x(t))

`L` is the slow mean, a weekly AR(1) with a half-life of 26 weeks and a stationary deviation of
0.6 s, joined by straight lines in trading time. `x` is the stretch around it, an
Ornstein-Uhlenbeck process with a half-life of 18 trading hours, whose target and volatility
follow a regime R and which jumps:

    dx = k (theta[R] - x) dt + sigma[R] dW + J dN,   k = ln 2 / 18 h
    R  : hourly Markov chain over (range, rally, slide, turbulent)
    N  : Poisson, one jump in 100 trading hours;  J ~ Normal(0, (3 s_hour)^2)
    s_hour = s / sqrt(8760);  theta in units of s_hour / sqrt(2 k);  sigma in units of s_hour

where the market is shut, time stands still; at a reopening x moves by Normal(0, (1.5 s_hour)^2).

Weeks start on Monday 00:00 UTC. `x` at a week's edge is drawn from the range regime's stationary
law and known to both weeks; between edges the free path x is made a bridge by

    x(t) += (X_end - x(T)) Cov(x(t), x(T)) / Var(x(T)),

exact for a Gaussian path given its regimes and jumps; the chain restarts at each edge from its
stationary law. Within a minute the high and low are drawn from the law of the maximum of a
Brownian bridge, so bars of any timeframe are cut from one path. Instruments are independent.

References
----------
Uhlenbeck and Ornstein (1930); Hamilton (1989) for the regimes; Merton (1976) for the jumps;
Glasserman (2003), Monte Carlo Methods in Financial Engineering, sections 3.1 and 6.4 (bridges).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.market.columns import Floats
from engine.market.sessions import is_open
from engine.model.instruments import Asset, Instrument

ORIGIN = datetime(2015, 1, 5, tzinfo=UTC)
"""Monday on which the simulated world begins; no bar is older."""

WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)
_MINUTES = 7 * 24 * 60
_HOURS = 7 * 24

_HALF_LIFE_HOURS = 18.0
_KAPPA = math.log(2.0) / _HALF_LIFE_HOURS
_SLOW_DECAY = 0.5 ** (1.0 / 26.0)
_SLOW_SPREAD = 0.6
_SLOW_MEMORY = 260
_JUMPS_PER_HOUR = 0.01
_JUMP_SIZE = 3.0
_REOPEN_SIZE = 1.5

_THETA = np.array([0.0, 1.5, -1.5, 0.0])
_SIGMA = np.array([0.7, 1.0, 1.1, 2.2])
_STAY = np.array([0.97, 0.95, 0.95, 0.88])
_NEXT = np.array(
    [[0.0, 0.4, 0.4, 0.2], [0.7, 0.0, 0.1, 0.2], [0.6, 0.1, 0.0, 0.3], [0.6, 0.1, 0.3, 0.0]]
)
_CHAIN = np.diag(_STAY) + (1.0 - _STAY)[:, None] * _NEXT
_CHAIN_CDF = np.cumsum(_CHAIN, axis=1)
_STATIONARY_CDF = np.cumsum(np.linalg.matrix_power(_CHAIN, 4096)[0])


@dataclass(frozen=True, slots=True)
class Character:
    """What kind of market an asset is.

    Attributes
    ----------
    anchor : float, US dollars, > 0
    volatility : float, yearly, log-return, > 0
    spread_bps : float, basis points of the mid, > 0
        Bid-ask spread in the range regime.
    hourly_volume : float, base units, > 0
    """

    anchor: float
    volatility: float
    spread_bps: float
    hourly_volume: float

    @property
    def hourly(self) -> float:
        """Volatility of an hour, log-return."""
        return self.volatility / math.sqrt(8760.0)


CHARACTERS = {
    Asset.BITCOIN: Character(95_000.0, 0.45, 1.0, 120.0),
    Asset.GOLD: Character(4_000.0, 0.16, 1.2, 4_000.0),
    Asset.SILVER: Character(48.0, 0.30, 4.0, 60_000.0),
}


@dataclass(frozen=True, slots=True, eq=False)
class WeekPath:
    """One week of one instrument, by the minute.

    Attributes
    ----------
    price : ndarray of shape (10081,), float64, quote currency
        Mid at the edges of the minutes.
    high, low : ndarray of shape (10080,), float64, quote currency
    volume : ndarray of shape (10080,), float64, base units
    sigma : ndarray of shape (10080,), float64, multiple of the usual volatility
    is_open : ndarray of shape (10080,), bool
    """

    price: Floats
    high: Floats
    low: Floats
    volume: Floats
    sigma: Floats
    is_open: NDArray[np.bool_]


def generator(seed: int, instrument: str, purpose: str, index: int) -> np.random.Generator:
    """Random numbers that belong to one (seed, instrument, purpose, index) and nothing else."""
    key = f"{seed}/{instrument}/{purpose}/{index}".encode()
    digest = hashlib.blake2b(key, digest_size=16).digest()
    return np.random.Generator(np.random.Philox(int.from_bytes(digest)))


def week_path(seed: int, instrument: Instrument, week: int) -> WeekPath:
    """The minutes of week number `week` after `ORIGIN`.

    Parameters
    ----------
    seed : int
    instrument : Instrument
        Its asset gives the character, its calendar the pauses.
    week : int, >= 0
    """
    symbol, nature = instrument.symbol, CHARACTERS[instrument.asset]
    rng = generator(seed, symbol, "week", week)
    opened = _open_minutes(instrument, week)
    regimes = np.repeat(_regimes(rng), 60)
    sigma = _SIGMA[regimes]
    stretch = nature.hourly * _bridge(
        rng, regimes, opened, (_edge(seed, symbol, week), _edge(seed, symbol, week + 1))
    )
    slow = nature.volatility * _slow_line(seed, symbol, week, opened)
    log_price = math.log(nature.anchor) + slow + stretch
    high, low = _extremes(rng, log_price, nature.hourly * sigma * math.sqrt(1 / 60) * opened)
    return WeekPath(
        np.exp(log_price), np.exp(high), np.exp(low),
        _volume(rng, nature, sigma, opened), sigma, opened,
    )  # fmt: skip


def _edge(seed: int, symbol: str, week: int) -> float:
    """`x` where `week` begins, in units of the hourly volatility."""
    spread = _SIGMA[0] / math.sqrt(2.0 * _KAPPA)
    return float(generator(seed, symbol, "edge", week).normal(0.0, spread))


def _slow_line(seed: int, symbol: str, week: int, opened: NDArray[np.bool_]) -> Floats:
    """`L` over one week, in units of the yearly volatility."""
    begin, end = _slow_level(seed, symbol, week), _slow_level(seed, symbol, week + 1)
    elapsed = np.concatenate([[0.0], np.cumsum(opened)]) / max(int(opened.sum()), 1)
    return np.asarray(begin + (end - begin) * elapsed, np.float64)


def _slow_level(seed: int, symbol: str, week: int) -> float:
    """The AR(1) where `week` begins, as the sum of the shocks that it has not forgotten."""
    shocks = [_slow_shock(seed, symbol, week - age) for age in range(_SLOW_MEMORY)]
    weights = _SLOW_DECAY ** np.arange(_SLOW_MEMORY)
    return _SLOW_SPREAD * math.sqrt(1.0 - _SLOW_DECAY**2) * float(np.dot(weights, shocks))


@lru_cache(maxsize=4096)
def _slow_shock(seed: int, symbol: str, week: int) -> float:
    return float(generator(seed, symbol, "slow", week).normal())


def _open_minutes(instrument: Instrument, week: int) -> NDArray[np.bool_]:
    begin = ORIGIN + week * WEEK
    hours = [is_open(instrument.calendar, begin + timedelta(hours=h)) for h in range(_HOURS)]
    return np.repeat(np.array(hours, np.bool_), 60)


def _regimes(rng: np.random.Generator) -> NDArray[np.intp]:
    draws = rng.random(_HOURS)
    states = np.empty(_HOURS, np.intp)
    states[0] = state = int(np.searchsorted(_STATIONARY_CDF, draws[0]).clip(0, 3))
    for hour in range(1, _HOURS):
        state = int(np.searchsorted(_CHAIN_CDF[state], draws[hour]).clip(0, 3))
        states[hour] = state
    return states


def _bridge(
    rng: np.random.Generator,
    regimes: NDArray[np.intp],
    opened: NDArray[np.bool_],
    edges: tuple[float, float],
) -> Floats:
    """`x` at the edges of the minutes, from one edge of the week to the other.

    The recursion x' = a x + b unrolls to products and sums; a never falls below 2^-10 over a week,
    so nothing underflows.
    """
    dt = opened / 60.0
    decay = np.exp(-_KAPPA * dt)
    spread = _SIGMA[regimes] * np.sqrt((1.0 - decay**2) / (2.0 * _KAPPA))
    target = _THETA[regimes] / math.sqrt(2.0 * _KAPPA)
    push = target * (1.0 - decay) + spread * rng.standard_normal(_MINUTES)
    push += _shocks(rng, opened)
    product = np.cumprod(decay)
    free = product * (edges[0] + np.cumsum(push / product))
    variance = product**2 * np.cumsum((spread / product) ** 2)
    pull = variance / product / (variance[-1] / product[-1])
    bridged = free + (edges[1] - free[-1]) * pull
    return np.concatenate([[edges[0]], bridged])


def _shocks(rng: np.random.Generator, opened: NDArray[np.bool_]) -> Floats:
    """Jumps, and the moves that built up behind a closed door."""
    jumps = rng.random(_MINUTES) < _JUMPS_PER_HOUR / 60.0
    reopened = opened & ~np.concatenate([[True], opened[:-1]])
    sizes = _JUMP_SIZE * (jumps & opened) + _REOPEN_SIZE * reopened
    return np.asarray(sizes * rng.standard_normal(_MINUTES), np.float64)


def _extremes(rng: np.random.Generator, log_price: Floats, sigma: Floats) -> tuple[Floats, Floats]:
    """Highest and lowest log-price of each minute, by the law of a Brownian bridge's maximum."""
    begin, end = log_price[:-1], log_price[1:]
    reach = [
        np.sqrt((end - begin) ** 2 - 2.0 * sigma**2 * np.log1p(-rng.random(_MINUTES)))
        for _ in range(2)
    ]
    return (begin + end + reach[0]) / 2.0, (begin + end - reach[1]) / 2.0


def _volume(
    rng: np.random.Generator, nature: Character, sigma: Floats, opened: NDArray[np.bool_]
) -> Floats:
    hour_of_day = np.arange(_MINUTES) / 60.0 % 24.0
    daily_rhythm = 1.0 + 0.5 * np.cos(2.0 * math.pi * (hour_of_day - 15.0) / 24.0)
    noise = rng.lognormal(-0.32, 0.8, _MINUTES)
    return np.asarray(nature.hourly_volume / 60.0 * daily_rhythm * sigma * noise * opened)
