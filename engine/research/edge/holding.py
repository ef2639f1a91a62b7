"""From marks to trades, one at a time, and from trades to weekly sums.

Refuses a buy on the first bar after a pause: the bids of a reopening rise by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.probability.layer import FloatArray, IntArray
from engine.research.edge.market import Market
from engine.research.edge.signals import Marks

HALF = 0.5
THROUGH_FRAC = 1e-6
"""A limit fills only where the market trades this far beyond it."""


@dataclass(frozen=True, slots=True)
class Trades:
    """Trades of one trial, in order, none overlapping.

    Attributes
    ----------
    bought, sold : ndarrays of shape (n,), int64
        Bars of purchase and of sale.
    paid : ndarray of shape (n,), float64, quote currency
    signals : int
        Marks that could be acted on, filled or not.
    """

    bought: IntArray
    sold: IntArray
    paid: FloatArray
    signals: int

    @property
    def count(self) -> int:
        """Trades made."""
        return int(self.bought.size)


@dataclass(frozen=True, slots=True)
class Weeks:
    """Sums by week, as fractions of what each trade paid.

    Attributes
    ----------
    gross, cost, drift : ndarrays of shape (n_weeks,), float64
        Result before costs; costs; what the instrument earns on average in the time held.
    trades : ndarray of shape (n_weeks,), float64
        Purchases.
    """

    gross: FloatArray
    cost: FloatArray
    drift: FloatArray
    trades: FloatArray

    @property
    def net(self) -> FloatArray:
        """Result after costs."""
        return self.gross - self.cost

    @property
    def timing(self) -> FloatArray:
        """Result after costs, above what the instrument earns in as much time."""
        return self.net - self.drift


def at_market(market: Market, marks: Marks, horizon: int, *, lag: int = 1) -> Trades:
    """Buy `lag` bars after each mark, one later after a pause; sell `horizon` bars on."""
    return spans(market, np.flatnonzero(marks) + lag, horizon)


def spans(market: Market, entries: IntArray, horizon: int | IntArray) -> Trades:
    """Buy at each of `entries` at the open, or a bar later after a pause; hold for `horizon`."""
    n = market.open.size
    inside = entries < n
    shifted = np.where(market.after_pause[np.minimum(entries, n - 1)], entries + 1, entries)
    exits = np.asarray(shifted + horizon, dtype=np.int64)
    keep = inside & (exits < n)
    return _one_at_a_time(market.open, shifted[keep], exits[keep])


def at_closes(market: Market, marks: Marks, horizon: int) -> Trades:
    """Buy at the close of the bar after each mark, sell at the close `horizon` bars on."""
    entries = np.flatnonzero(marks) + 1
    keep = entries + horizon < market.close.size
    return _one_at_a_time(market.close, entries[keep], entries[keep] + horizon)


def at_limit(market: Market, marks: Marks, below: FloatArray, wait: int, horizon: int) -> Trades:
    """Rest a buy `below` (log) the mark's close for `wait` bars; sell `horizon` bars after a fill.

    A mark while a purchase rests or is held is passed over, as at the market.
    """
    n, free = market.open.size, 0
    bought, sold, paid, signals = [], [], [], 0
    for mark in np.flatnonzero(marks & np.isfinite(below)).tolist():
        if mark < free or mark + wait + horizon >= n:
            continue
        signals += 1
        limit = float(market.close[mark] * np.exp(-below[mark]))
        free = mark + wait + 1
        for bar in range(mark + 1, mark + 1 + wait):
            if market.after_pause[bar] or market.low[bar] >= limit * (1.0 - THROUGH_FRAC):
                continue
            bought.append(bar)
            sold.append(bar + horizon)
            paid.append(min(limit, float(market.open[bar])))
            free = bar + horizon
            break
    return Trades(
        np.array(bought, np.int64), np.array(sold, np.int64), np.array(paid, np.float64), signals
    )


def by_week(market: Market, price: FloatArray, trades: Trades, cost_frac: float) -> Weeks:
    """Weekly sums of trades marked at `price`.

    Parameters
    ----------
    price : ndarray of shape (n,), float64
        The market's opens or closes: that at which was bought and sold.
    cost_frac : float, fraction of the value bought, >= 0
        Round trip; half falls on the week of each end.
    """
    gross, cost, held = (np.zeros(market.weeks) for _ in range(3))
    bought = np.zeros(market.weeks)
    for begin, end, paid in zip(
        trades.bought.tolist(), trades.sold.tolist(), trades.paid.tolist(), strict=True
    ):
        steps = np.diff(np.concatenate([[paid], price[begin + 1 : end + 1]])) / paid
        weeks = market.week[begin:end]
        np.add.at(gross, weeks, steps)
        np.add.at(held, weeks, 1.0)
    for ends in (trades.bought, trades.sold):
        np.add.at(cost, market.week[ends], HALF * cost_frac)
    np.add.at(bought, market.week[trades.bought], 1.0)
    return Weeks(gross, cost, held * float(np.mean(price[1:] / price[:-1] - 1.0)), bought)


def _one_at_a_time(price: FloatArray, entries: IntArray, exits: IntArray) -> Trades:
    chosen: list[int] = []
    free = -1
    for k, (begin, end) in enumerate(zip(entries.tolist(), exits.tolist(), strict=True)):
        if begin >= free:
            chosen.append(k)
            free = end
    rows: NDArray[np.int64] = np.array(chosen, np.int64)
    return Trades(entries[rows], exits[rows], price[entries[rows]], len(chosen))
