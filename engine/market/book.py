"""The simulated order book: prices and sizes around the path's mid at one instant.

Refuses to quote a market that is shut.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from engine.market.columns import MICROSECOND, Floats, to_micros
from engine.market.paths import CHARACTERS, MINUTE, ORIGIN, WEEK, WeekPath, generator
from engine.model.bars import Depth, Level
from engine.model.instruments import Instrument

REQUOTE_EVERY = timedelta(seconds=5)
"""The book is drawn anew this often."""


LEVELS = 10
"""Levels a side that are drawn."""


def book_at(seed: int, instrument: Instrument, path: WeekPath, at: datetime) -> Depth | None:
    """The book of `instrument` at `at`, or None while its market is shut.

    The mid is the path's at the start of the minute: the rest of the minute has not happened yet.
    The half spread is ``spread_bps / 2`` times the regime's volatility times a lognormal factor,
    and levels lie further apart and grow larger with depth.

    Parameters
    ----------
    seed : int
    instrument : Instrument
        Prices are multiples of its tick, bids rounded down and asks up.
    path : WeekPath
        The week that holds `at`.
    at : datetime, aware UTC
    """
    minute = (at - ORIGIN) % WEEK // MINUTE
    if not path.is_open[minute]:
        return None
    draw = to_micros(at) // (REQUOTE_EVERY // MICROSECOND)
    rng = generator(seed, instrument.symbol, "book", draw)
    nature, tick = CHARACTERS[instrument.asset], float(instrument.tick)
    mid, sigma = float(path.price[minute]), float(path.sigma[minute])
    spread = mid * nature.spread_bps / 1e4 * sigma * float(rng.lognormal(0.0, 0.25))
    half = max(spread, tick) / 2.0
    offsets = half + (half + tick) * rng.exponential(0.8, (2, LEVELS)).cumsum(axis=1)
    offsets[:, 0] = half
    growth = 1.0 + 0.5 * rng.random((2, LEVELS)).cumsum(axis=1)
    sizes = nature.hourly_volume / 400.0 * growth * rng.lognormal(0.0, 0.6, (2, LEVELS))
    bids = _levels(mid - offsets[0], sizes[0], instrument.tick, np.floor)
    asks = _levels(mid + offsets[1], sizes[1], instrument.tick, np.ceil)
    return Depth(instrument.symbol, at, bids, asks)


def _levels(
    prices: Floats, sizes: Floats, tick: Decimal, to_tick: Callable[[Floats], Floats]
) -> tuple[Level, ...]:
    """(price, size) with prices on the tick, away from the mid."""
    on_tick = np.round(to_tick(prices / float(tick)) * float(tick), decimals_of(tick))
    return tuple(zip(on_tick.tolist(), sizes.tolist(), strict=True))


def decimals_of(tick: Decimal) -> int:
    """Decimals of a price in whole ticks.

    Examples
    --------
    >>> decimals_of(Decimal("0.10"))
    1
    """
    return max(-int(tick.normalize().as_tuple().exponent), 0)
