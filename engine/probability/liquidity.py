"""Layer 8: what the order book says, where there is one.

Refuses a crossed, locked or empty book; without quotes it only estimates the spread from bars and
leaves the odds alone. Order flow lives for minutes: for holds of days expect it to price costs.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from engine.model.setups import LayerRole
from engine.probability.checks import Floats, finite_array, positive_array, same_length
from engine.probability.layer import FloatArray, IntArray, LayerSpec, kernel

SPEC = LayerSpec(
    name="liquidity",
    number=8,
    role=LayerRole.EVIDENCE,
    title="Liquidity and order flow",
    summary="Reads spread, imbalance and order flow from live quotes; mostly it prices the cost.",
    needs="200 quotes of the instrument",
)
MIN_QUOTES = 200
_QUOTE_DECAY = 1.0 - 1.0 / 200.0
_BAR_DECAY = 1.0 - 1.0 / 48.0


class Book(NamedTuple):
    """Best bid and ask with their sizes; prices in quote currency, sizes in base units."""

    bid: float
    ask: float
    bid_size: float
    ask_size: float


@kernel
def is_sound(book: Book) -> bool:
    """Whether a book is neither crossed, locked nor empty."""
    return (
        0.0 < book.bid < book.ask < math.inf
        and 0.0 < book.bid_size < math.inf
        and 0.0 < book.ask_size < math.inf
    )


@kernel
def spread_bps(book: Book) -> float:
    """Spread over the mid price, basis points.

    Examples
    --------
    >>> round(spread_bps(Book(99.98, 100.02, 30.0, 10.0)), 9)
    4.0
    """
    return (book.ask - book.bid) / (0.5 * (book.ask + book.bid)) * 1e4


@kernel
def imbalance(book: Book) -> float:
    """Excess of bid size over ask size, in [-1, 1]."""
    return (book.bid_size - book.ask_size) / (book.bid_size + book.ask_size)


@kernel
def weighted_mid(book: Book) -> float:
    """Mid price weighted by the opposite sizes (Stoikov 2018, first approximation)."""
    share = book.bid_size / (book.bid_size + book.ask_size)
    return book.ask * share + book.bid * (1.0 - share)


@kernel
def order_flow(before: Book, after: Book) -> float:
    """Order flow imbalance between two books (Cont, Kukanov and Stoikov 2014, equation 10)."""
    flow = 0.0
    if after.bid >= before.bid:
        flow += after.bid_size
    if after.bid <= before.bid:
        flow -= before.bid_size
    if after.ask <= before.ask:
        flow -= after.ask_size
    if after.ask >= before.ask:
        flow += before.ask_size
    return flow


def kyle_lambda(price_changes: Floats, signed_volumes: Floats) -> float:
    """Price impact a unit of signed volume, through the origin (Kyle 1985)."""
    changes = finite_array("price_changes", price_changes)
    volumes = finite_array("signed_volumes", signed_volumes)
    same_length(price_changes=changes, signed_volumes=volumes)
    total = float(volumes @ volumes)
    if total == 0.0:
        raise ValueError("signed_volumes must not all be 0")
    return float(changes @ volumes) / total


def amihud_illiquidity(returns: Floats, dollar_volumes: Floats) -> float:
    """Mean absolute return a dollar traded (Amihud 2002).

    Examples
    --------
    >>> f"{amihud_illiquidity([0.01, -0.02, 0.005], [1e6, 2e6, 5e5]):.3g}"
    '1e-08'
    """
    moves = finite_array("returns", returns)
    volumes = positive_array("dollar_volumes", dollar_volumes)
    same_length(returns=moves, dollar_volumes=volumes)
    return float(np.mean(np.abs(moves) / volumes))


def roll_spread(covariance: float) -> float:
    """Effective spread from the covariance of neighbouring price changes; 0 if not negative.

    References
    ----------
    Roll 1984.

    Examples
    --------
    >>> roll_spread(-0.0004)
    0.04
    """
    if not math.isfinite(covariance):
        raise ValueError(f"covariance must be finite, was {covariance}")
    return 2.0 * math.sqrt(-covariance) if covariance < 0.0 else 0.0


@kernel
def corwin_schultz(high: float, low: float, high_before: float, low_before: float) -> float:
    """Spread, as a fraction of price, from the ranges of two bars; 0 if negative.

    References
    ----------
    Corwin and Schultz 2012, equations 14 and 18.
    """
    one, two = math.log(high / low), math.log(high_before / low_before)
    both = math.log(max(high, high_before) / min(low, low_before))
    root = 3.0 - 2.0 * math.sqrt(2.0)
    beta = one * one + two * two
    alpha = (math.sqrt(2.0 * beta) - math.sqrt(beta)) / root - math.sqrt(both * both / root)
    spread = math.expm1(alpha) * 2.0 / (1.0 + math.exp(alpha))
    return max(spread, 0.0)


class LiquidityState(NamedTuple):
    """Memory of layer 8: the last book, running means of the quotes, and of the bars' spread."""

    book: FloatArray
    means: FloatArray
    counts: IntArray


class Liquidity(NamedTuple):
    """Spread by quotes and by bars (fraction), pressure in [-1, 1], quotes seen, validity."""

    spread_frac: float
    bar_spread_frac: float
    pressure: float
    quotes: int
    valid: bool


_SPREAD, _IMBALANCE, _FLOW, _FLOW_SIZE, _HIGH, _LOW, _BAR_SPREAD = 0, 1, 2, 3, 4, 5, 6


def start() -> LiquidityState:
    """Empty memory."""
    return LiquidityState(np.zeros(4), np.zeros(7), np.zeros(2, dtype=np.int64))


@kernel
def quote_step(state: LiquidityState, book: Book) -> bool:
    """Take one quote in; False, and nothing learnt, when the book is not sound."""
    if not is_sound(book):
        return False
    before = Book(state.book[0], state.book[1], state.book[2], state.book[3])
    flow = order_flow(before, book) if state.counts[0] > 0 else 0.0
    state.counts[0] += 1
    share = max(1.0 / state.counts[0], 1.0 - _QUOTE_DECAY)
    means = state.means
    means[_SPREAD] += share * (spread_bps(book) * 1e-4 - means[_SPREAD])
    means[_IMBALANCE] += share * (imbalance(book) - means[_IMBALANCE])
    means[_FLOW] += share * (flow - means[_FLOW])
    means[_FLOW_SIZE] += share * (abs(flow) - means[_FLOW_SIZE])
    state.book[0], state.book[1] = book.bid, book.ask
    state.book[2], state.book[3] = book.bid_size, book.ask_size
    return True


@kernel
def bar_step(state: LiquidityState, high: float, low: float) -> Liquidity:
    """Take the range of one closed bar in, and say what is known."""
    means = state.means
    if state.counts[1] > 0:
        spread = corwin_schultz(high, low, means[_HIGH], means[_LOW])
        share = max(1.0 / state.counts[1], 1.0 - _BAR_DECAY)
        means[_BAR_SPREAD] += share * (spread - means[_BAR_SPREAD])
    means[_HIGH], means[_LOW] = high, low
    state.counts[1] += 1
    flow = means[_FLOW] / means[_FLOW_SIZE] if means[_FLOW_SIZE] > 0.0 else 0.0
    pressure = 0.5 * (means[_IMBALANCE] + flow)
    valid = state.counts[0] >= MIN_QUOTES
    return Liquidity(means[_SPREAD], means[_BAR_SPREAD], pressure, state.counts[0], valid)
