"""What else could have been done with the money: holding, holding less, buying bit by bit, luck.

Refuses to let the comparison off its costs: whoever buys or sells here pays the schedule too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.model.positions import Trade
from engine.probability.layer import FloatArray, IntArray
from engine.research.backtest.line import MICROS, micros
from engine.research.backtest.result import BacktestResult, CostRun, PricePath
from engine.review.random_entries import Holdings, RandomEntryTest, random_entry_test

_DAY_SECONDS = 86_400
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another way with the same money, marked where the desk was marked.

    Attributes
    ----------
    equity_usd : ndarray of shape (n,), float64, US dollars
    """

    name: str
    words: str
    equity_usd: FloatArray


def alternatives(result: BacktestResult, costs: Mapping[str, float]) -> tuple[Alternative, ...]:
    """Buy and hold, the same at the desk's mean exposure, and buying a part each day.

    Parameters
    ----------
    costs : mapping of str to float, fraction of entry
        Round trip of each instrument.
    """
    run, start = result.base, float(result.base.start_cash_usd)
    at = run.equity.at
    share = start / len(result.prices)
    hold = _sum(share * _held(path, at, costs[name]) for name, path in result.prices.items())
    exposure = float(run.equity.exposure_frac.mean())
    parts = _sum(
        share * _bit_by_bit(path, at, costs[name]) for name, path in result.prices.items()
    )
    return (
        Alternative("buy and hold", "bought at the first open in equal parts, never sold", hold),
        Alternative(
            "hold, at the same exposure",
            f"the same with {exposure:.1%} of the money, the desk's mean exposure",
            start + exposure * (hold - start),
        ),
        Alternative("a part each day", "the money spent in equal parts, one a UTC day", parts),
    )


def random_entries(result: BacktestResult, run: CostRun, seed: int) -> RandomEntryTest | None:
    """The trades against entries at random with the same holding times; None without trades."""
    held = [
        _holdings(path, run, [t for t in run.trades if t.instrument == name])
        for name, path in result.prices.items()
    ]
    if not any(each.bars_held for each in held):
        return None
    return random_entry_test(held, draws=DRAWS, seed=seed)


def _holdings(path: PricePath, run: CostRun, trades: Sequence[Trade]) -> Holdings:
    costs = [run.terms[trade.id].costs for trade in trades]
    mean = float(np.mean([c.total_frac - c.drift_frac for c in costs])) if costs else 0.0
    return Holdings(
        path.open,
        path.close,
        tuple(_bars(path, trade) for trade in trades),
        tuple(float(t.pnl_usd / (t.entry_price * t.quantity)) for t in trades),
        mean,
    )


def _bars(path: PricePath, trade: Trade) -> int:
    begin, end = (
        int(np.searchsorted(path.closed_at, micros(at) / MICROS, side="left"))
        for at in (trade.opened_at, trade.closed_at)
    )
    return max(end - begin, 1)


def _sum(parts: object) -> FloatArray:
    return np.asarray(sum(parts))  # type: ignore[call-overload]


def _rows(path: PricePath, at: IntArray) -> IntArray:
    return np.asarray(np.searchsorted(path.closed_at, at, side="right") - 1)


def _held(path: PricePath, at: IntArray, cost_frac: float) -> FloatArray:
    """Worth of one dollar that bought at the first open, its round trip paid at the start."""
    rows = _rows(path, at)
    worth = path.close[np.maximum(rows, 0)] / path.open[0] * (1.0 - cost_frac)
    return np.where(rows >= 0, worth, 1.0)


def _bit_by_bit(path: PricePath, at: IntArray, cost_frac: float) -> FloatArray:
    """Worth of one dollar of which an equal part buys at the first open of each UTC day."""
    days = (path.closed_at - 1) // _DAY_SECONDS
    buys = np.append(True, np.diff(days) > 0)
    bought = np.cumsum(buys / path.open) * (1.0 - cost_frac)
    spent = np.cumsum(buys)
    rows = _rows(path, at)
    kept = np.maximum(rows, 0)
    worth = (bought[kept] * path.close[kept] + spent[-1] - spent[kept]) / spent[-1]
    return np.where(rows >= 0, worth, 1.0)
