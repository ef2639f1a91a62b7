"""Exact chances that a target, a stop or the time limit comes first.

Refuses arguments that are not a setup: barriers must lie on both sides of the start, volatility
and horizon must be positive. Answers are cached by geometry.

References
----------
Darling and Siegert 1953; Cox and Miller 1965; MATH.md section 2 with its reference tables.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from engine.probability import brownian, ornstein

_CACHE = 4096
_WIDEST = (1e-100, 1e100)
"""Volatilities, and corridors in them, whose squares are safe to form."""


@dataclass(frozen=True, slots=True)
class BarrierOdds:
    """How a path between two barriers and a time limit ends.

    Attributes
    ----------
    target, stop, timeout : float, probabilities in [0, 1], summing to 1
    mean_time : float, days
        ``E[min(exit time, horizon)]``.
    mean_open : float, units of the process
        ``E[X at horizon; no barrier met]``, with the start at 0 for Brownian motion.
    """

    target: float
    stop: float
    timeout: float
    mean_time: float
    mean_open: float


def abm_odds(
    drift: float, volatility: float, up: float, down: float, horizon: float
) -> BarrierOdds:
    """Barrier odds of Brownian motion with drift, started at zero.

    Parameters
    ----------
    drift : float, per day
    volatility : float, per square-root day, > 0
    up, down : float, > 0
        Distances to target and stop, in the units of the process.
    horizon : float, days, > 0, may be inf

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> odds = abm_odds(0.0, 0.02, 0.03, 0.02, 2.0)
    >>> round(odds.target, 10), round(odds.stop, 10), round(odds.timeout, 10)
    (0.2755203385, 0.4748444775, 0.249635184)
    """
    _finite("drift", drift)
    _positive("volatility", volatility)
    _positive("up", up)
    _positive("down", down)
    _horizon(horizon)
    return _abm(float(drift), float(volatility), float(up), float(down), float(horizon))


def martingale_odds(
    target_frac: float, stop_frac: float, volatility: float, horizon: float
) -> BarrierOdds:
    """Barrier odds of a price without drift: what no evidence at all amounts to.

    A driftless price has a log drift of ``-volatility**2 / 2``, so that by optional stopping the
    expected gross gain of any setup is exactly zero.

    Parameters
    ----------
    target_frac : float, > 0
        Target above the entry, as a simple fraction of it.
    stop_frac : float in (0, 1)
        Stop below the entry, as a simple fraction of it.
    volatility : float, per square-root day, > 0
    horizon : float, days, > 0, may be inf

    Examples
    --------
    >>> round(martingale_odds(0.03, 0.02, 0.02, 2.0).target, 10)
    0.2784629932
    """
    _positive("target_frac", target_frac)
    _positive("stop_frac", stop_frac)
    if stop_frac >= 1.0:
        raise ValueError(f"stop_frac must be in (0, 1), was {stop_frac:g}")
    _positive("volatility", volatility)
    up, down = math.log1p(target_frac), -math.log1p(-stop_frac)
    return abm_odds(-0.5 * volatility * volatility, volatility, up, down, horizon)


def ou_odds(
    kappa: float, theta: float, sigma: float, low: float, high: float, start: float, horizon: float
) -> BarrierOdds:
    """Barrier odds of an Ornstein-Uhlenbeck process; the target is `high`, the stop `low`.

    Parameters
    ----------
    kappa : float, per day, >= 0
        Speed of reversion; zero is Brownian motion without drift.
    theta : float
        Mean to which it reverts, in the units of the process.
    sigma : float, per square-root day, > 0
    low, high, start : float, low < start < high
    horizon : float, days, > 0, may be inf

    Examples
    --------
    >>> round(ou_odds(0.5, 0.0, 0.02, -0.05, 0.0, -0.03, 2.0).target, 10)
    0.5330829244
    """
    for name, value in (("theta", theta), ("low", low), ("high", high), ("start", start)):
        _finite(name, value)
    if not 0.0 <= kappa < math.inf:
        raise ValueError(f"kappa must be in [0, inf), was {kappa:g}")
    _positive("sigma", sigma)
    if not low < start < high:
        raise ValueError(f"start must be in (low, high) = ({low:g}, {high:g}), was {start:g}")
    _horizon(horizon)
    values = (kappa, theta, sigma, low, high, start, horizon)
    return _ou(*(float(value) for value in values))


@lru_cache(maxsize=_CACHE)
def _abm(drift: float, volatility: float, up: float, down: float, horizon: float) -> BarrierOdds:
    clock = (up + down) / volatility
    if not (_WIDEST[0] < clock < _WIDEST[1] and _WIDEST[0] < volatility < _WIDEST[1]):
        return _extreme_abm(drift, volatility, up, down, horizon)
    target, stop, time = brownian.exit_odds(drift, volatility * volatility, up, down, horizon)
    timeout = 0.0 if horizon == math.inf else max(0.0, 1.0 - target - stop)
    # Wald's identity: E[X at exit or horizon] = drift * E[time].
    mean_open = 0.0 if timeout == 0.0 else drift * time - target * up + stop * down
    return BarrierOdds(target, stop, timeout, time, mean_open)


def _extreme_abm(
    drift: float, volatility: float, up: float, down: float, horizon: float
) -> BarrierOdds:
    """The same where squares of the arguments leave the range of doubles: limits of the odds."""
    width = up + down
    rules = abs(drift) / volatility * (width / volatility) > 1e3
    if rules or volatility / width * math.sqrt(horizon) < 1e-9:
        # Nothing diffuses: the drift alone decides.
        distance = up if drift > 0.0 else down
        time = distance / abs(drift) if drift != 0.0 else math.inf
        met = 1.0 if time <= horizon else 0.0
        target, stop = (met, 0.0) if drift > 0.0 else (0.0, met)
        open_at = 0.0 if met else drift * horizon
        return BarrierOdds(target, stop, 1.0 - met, min(time, horizon), open_at)
    time = up / volatility * (down / volatility)
    return BarrierOdds(down / width, up / width, 0.0, min(time, horizon), 0.0)


@lru_cache(maxsize=_CACHE)
def _ou(
    kappa: float, theta: float, sigma: float, low: float, high: float, start: float, horizon: float
) -> BarrierOdds:
    if _is_brownian(kappa, sigma, high - low, horizon):
        odds = _abm(kappa * (theta - start), sigma, high - start, start - low, horizon)
        mean_open = odds.mean_open + start * odds.timeout
        return BarrierOdds(odds.target, odds.stop, odds.timeout, odds.mean_time, mean_open)
    up, down, time, mean_open = ornstein.exit_odds(kappa, theta, sigma, low, high, start, horizon)
    timeout = 0.0 if horizon == math.inf else max(0.0, 1.0 - up - down)
    return BarrierOdds(up, down, timeout, time, mean_open)


def _is_brownian(kappa: float, sigma: float, width: float, horizon: float) -> bool:
    """Whether the pull is constant across the corridor to 1e-13 of a diffusion length."""
    relaxation = min(horizon, (width / sigma) ** 2)
    return kappa == 0.0 or kappa * width * math.sqrt(relaxation) < 1e-13 * sigma


def _finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, was {value:g}")


def _positive(name: str, value: float) -> None:
    if not 0.0 < value < math.inf:
        raise ValueError(f"{name} must be > 0, was {value:g}")


def _horizon(horizon: float) -> None:
    if not horizon > 0.0:
        raise ValueError(f"horizon must be > 0, was {horizon:g}")
