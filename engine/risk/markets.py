"""Breakers on one instrument's market: old, wild, wide or contradicted prices.

Refuses entries in that instrument only; the rest of the desk goes on.
"""

from __future__ import annotations

from datetime import timedelta

from engine.model.instruments import Asset
from engine.risk.breaker import COUNT, Breaker, Scope, at_once
from engine.risk.limits import Limits
from engine.risk.picture import Look, TrippedBreaker
from engine.risk.readings import Reading, danger, known, reading

_AGAIN = "It resets after 24 quiet bars."
_CALM_RANK = 0.95


def market_closed(look: Look) -> Reading:
    """1 while the instrument's calendar has it closed, else 0."""
    market = look.market
    return None if market is None or market.open is None else float(not market.open)


def bar_age(look: Look) -> Reading:
    """Trading time since the newest bar, in bar lengths; 0 while the market rests."""
    market = look.market
    if market is None or market.open is None:
        return None
    if not market.open:
        return 0.0
    if market.bar_age_for is None or market.bar_age_for < timedelta(0):
        return None
    return market.bar_age_for / market.bar_length_for


def quote_age(look: Look) -> Reading:
    """Seconds since the newest quote; 0 while the market rests."""
    market = look.market
    if market is None or market.open is None:
        return None
    age = reading(market.senses.quote_age_seconds)
    return 0.0 if isinstance(age, float) and not market.open else age


def volatility_rank(look: Look) -> Reading:
    """Percentile of the volatility forecast within its trailing year."""
    market = look.market
    rank = known(market.volatility_rank_frac) if market else None
    return rank if rank is not None and 0.0 <= rank <= 1.0 else None


def last_move(look: Look) -> Reading:
    """Absolute return of the last bar over its forecast."""
    return danger(look.market.move_sigmas) if look.market else None


def second_gap(look: Look) -> Reading:
    """Absolute difference of the price to the second source's, over the latter."""
    return danger(look.senses.second_gap_frac) if look.senses else None


def print_size(look: Look) -> Reading:
    """Newest print against the one before, over a bar's forecast deviation."""
    return danger(look.senses.print_sigmas) if look.senses else None


def spread(look: Look) -> Reading:
    """Quoted spread over the mid; a crossed book is unknown."""
    found = reading(look.senses.spread_frac) if look.senses else None
    return None if isinstance(found, float) and found < 0.0 else found


def _widest_spread(look: Look) -> float:
    median = look.senses.spread_median_frac if look.senses else 0.0
    return max(look.limits.spread_medians * median, look.limits.spread_frac)


def _widest_gap(look: Look) -> float:
    asset = look.market.asset if look.market else Asset.GOLD
    return look.limits.second_bound_frac(asset)


def is_calm(rank: float, move: float, limits: Limits) -> bool:
    """Whether a bar counts as quiet: what the halts of `_AGAIN` wait for 24 of in a row.

    Parameters
    ----------
    rank : float in [0, 1]
        Percentile of the volatility forecast.
    move : float, sigmas
        Return of the bar over its forecast.
    """
    return rank < _CALM_RANK and move <= limits.move_sigmas


def _calm(look: Look, _tripped: TrippedBreaker) -> bool:
    calm = look.market.calm_bars if look.market else None
    return calm is not None and calm >= look.limits.calm_bars


def _sources_agree(look: Look, _tripped: TrippedBreaker) -> bool:
    senses = look.senses
    return senses is not None and senses.second_agreeing_count >= look.limits.agreeing_count


def _prints_agree(look: Look, _tripped: TrippedBreaker) -> bool:
    senses = look.senses
    return senses is not None and senses.print_agreeing_count >= look.limits.agreeing_count


MARKETS: tuple[Breaker, ...] = (
    Breaker(
        "stale data",
        Scope.INSTRUMENT,
        bar_age,
        lambda look: look.limits.stale_bars,
        why="Its newest bar is too old to act on.",
        resets="It resets with the next bar in time.",
        shown="{:.1f} bars",
        at_bound=False,
        may_reset=at_once,
    ),
    Breaker(
        "stale quotes",
        Scope.INSTRUMENT,
        quote_age,
        lambda look: look.limits.stale_quotes_for.total_seconds(),
        why="Its quotes have stopped coming.",
        resets="It resets with the next quote.",
        shown="{:.0f} s",
        at_bound=False,
        may_reset=at_once,
    ),
    Breaker(
        "volatility",
        Scope.INSTRUMENT,
        volatility_rank,
        lambda look: look.limits.volatility_rank_frac,
        why="It is wilder than the odds have learnt from.",
        resets=_AGAIN,
        at_bound=False,
        may_reset=_calm,
    ),
    Breaker(
        "price jump",
        Scope.INSTRUMENT,
        last_move,
        lambda look: look.limits.move_sigmas,
        why="One bar moved further than its forecast can explain.",
        resets=_AGAIN,
        shown="{:.2f} sigma",
        at_bound=False,
        may_reset=_calm,
    ),
    Breaker(
        "second price",
        Scope.INSTRUMENT,
        second_gap,
        _widest_gap,
        why="Two sources disagree on its price.",
        resets="It resets after three looks in a row at which both sources agree.",
        at_bound=False,
        may_reset=_sources_agree,
    ),
    Breaker(
        "single print",
        Scope.INSTRUMENT,
        print_size,
        lambda look: look.limits.print_sigmas,
        why="A single price stands far from the one before it.",
        resets="It resets after three prices in a row that agree.",
        shown="{:.2f} sigma",
        at_bound=False,
        may_reset=_prints_agree,
    ),
    Breaker(
        "spread",
        Scope.INSTRUMENT,
        spread,
        _widest_spread,
        why="Buying now costs far more than usual.",
        resets="It resets once the spread is back within its bound.",
        shown="{:z.3%}",
        at_bound=False,
        may_reset=at_once,
    ),
    Breaker(
        "market closed",
        Scope.INSTRUMENT,
        market_closed,
        lambda _look: 1.0,
        why="Its calendar has it closed.",
        resets="Entries resume when the market opens.",
        shown=COUNT,
        words="its calendar has it closed now",
        latched=False,
    ),
)
