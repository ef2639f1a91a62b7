"""What a run amounts to, in numbers: returns, falls, trades, costs, odds.

Refuses to annualise what is not given in days, and to put a number where there is none: None is
"cannot be said".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from engine.model.positions import Origin, Trade
from engine.model.setups import Outcome
from engine.probability.calibration import (
    brier_score,
    expected_calibration_error,
    log_loss,
    spiegelhalter_z,
)
from engine.probability.layer import FloatArray, IntArray
from engine.research.backtest.line import instant
from engine.research.backtest.result import Candidate, CostRun
from engine.research.daily import DAY_SECONDS, daily_equity, daily_returns
from engine.review.statistics import (
    automatic_block_length,
    probabilistic_sharpe_ratio,
    trade_statistics,
)
from engine.review.statistics.resampling import stationary_rows

Numbers = dict[str, float | int | list[float] | None]
_DAYS_A_YEAR = 365.0
_DRAWS = 2000
_FEWEST_FOR_BLOCK = 10


def return_numbers(run: CostRun) -> Numbers:
    """Growth, volatility, Sharpe ratio and falls of the equity."""
    start = float(run.start_cash_usd)
    curve = run.equity.at, run.equity.equity_usd, start
    returns = daily_returns(*curve)
    total = float(run.equity.equity_usd[-1]) / start - 1.0
    years = float(run.equity.at[-1] - run.equity.at[0]) / (DAY_SECONDS * _DAYS_A_YEAR)
    spread = float(np.std(returns, ddof=1)) if returns.size > 1 else 0.0
    sharpe = float(returns.mean()) / spread if spread > 0.0 else None
    fall, under = worst_fall(daily_equity(*curve))
    return {
        "total_return_frac": total,
        "years": years,
        "annual_growth_frac": (1.0 + total) ** (1.0 / years) - 1.0
        if years > 0.0 and total > -1.0
        else None,
        "annual_volatility_frac": spread * math.sqrt(_DAYS_A_YEAR),
        "sharpe_a_day": sharpe,
        "sharpe_a_year": None if sharpe is None else sharpe * math.sqrt(_DAYS_A_YEAR),
        "probabilistic_sharpe": None if sharpe is None else _psr(returns, sharpe),
        "max_drawdown_frac": fall,
        "longest_under_water_days": under,
        "mean_exposure_frac": float(run.equity.exposure_frac.mean()),
        "days": int(returns.size),
    }


def worst_fall(equity: FloatArray) -> tuple[float, int]:
    """Largest fall from a peak, and the longest time below one in marks.

    Examples
    --------
    >>> worst_fall(np.array([1.0, 2.0, 1.0, 1.5, 2.5]))
    (0.5, 2)
    """
    peak = np.maximum.accumulate(equity)
    below = equity < peak
    count = np.cumsum(below)
    runs: IntArray = np.asarray(count - np.maximum.accumulate(np.where(below, 0, count)))
    return float((1.0 - equity / peak).max()), int(runs.max(initial=0))


def _psr(returns: FloatArray, sharpe: float) -> float | None:
    if returns.size < 3:
        return None
    z = (returns - returns.mean()) / returns.std()
    skew, kurtosis = float((z**3).mean()), float((z**4).mean())
    try:
        return probabilistic_sharpe_ratio(sharpe, returns.size, skew, kurtosis)
    except ValueError:
        return None


def trade_numbers(trades: Sequence[Trade], terms_risk: float | None, seed: int) -> Numbers:
    """Record of closed trades, in R units; only the count where there is none."""
    if not trades:
        return {"trades": 0}
    r = np.array([trade.r_multiple for trade in trades])
    found = trade_statistics(r)
    low, high = expectancy_interval(r, seed)
    held = [trade.closed_at - trade.opened_at for trade in trades]
    return {
        "trades": found.count,
        "expectancy_r": found.expectancy,
        "expectancy_r_interval": [low, high],
        "profit_factor": found.profit_factor if math.isfinite(found.profit_factor) else None,
        "system_quality": found.system_quality,
        "win_rate": found.win_rate,
        "payoff": found.payoff if math.isfinite(found.payoff) else None,
        "worst_r": found.worst,
        "best_r": found.best,
        "pnl_usd": float(sum(trade.pnl_usd for trade in trades)),
        "fees_usd": float(sum(trade.fees_usd for trade in trades)),
        "mean_hold_hours": sum(held, timedelta(0)) / len(held) / timedelta(hours=1),
        "mean_mae_frac": float(np.mean([trade.mae_frac for trade in trades])),
        "mean_mfe_frac": float(np.mean([trade.mfe_frac for trade in trades])),
        "risk_usd_mean": terms_risk,
    }


def expectancy_interval(r: FloatArray, seed: int) -> tuple[float, float]:
    """Central 90 % of the mean of `r`, by the stationary bootstrap.

    References
    ----------
    Politis and Romano 1994; block length by Politis and White 2004.
    """
    block = automatic_block_length(r) if r.size >= _FEWEST_FOR_BLOCK and np.ptp(r) > 0 else 1.0
    rows = stationary_rows(r.size, max(block, 1.0), _DRAWS, seed).rows
    low, high = np.quantile(r[rows].mean(axis=1), (0.05, 0.95))
    return float(low), float(high)


def numbers_by_origin(run: CostRun, seed: int) -> dict[str, Numbers]:
    """Trades of each origin apart: the gate's, the exploratory ones."""
    return {
        origin.value: trade_numbers(
            [trade for trade in run.trades if trade.origin is origin], _risk(run, origin), seed
        )
        for origin in (Origin.PROPOSAL, Origin.EXPLORATORY)
    }


def _risk(run: CostRun, origin: Origin) -> float | None:
    risks = [float(run.terms[t.id].risk_usd) for t in run.trades if t.origin is origin]
    return sum(risks) / len(risks) if risks else None


def odds_numbers(candidates: Sequence[Candidate]) -> Numbers:
    """How the odds of closed candidates fared against what happened."""
    closed = [each for each in candidates if each.outcome is not None]
    if not closed:
        return {"candidates": len(candidates), "closed": 0}
    p, y = odds_of(closed)
    base = np.array([each.p_martingale for each in closed])
    reference = brier_score(base, y)
    return {
        "candidates": len(candidates),
        "closed": len(closed),
        "target_rate": float(y.mean()),
        "mean_odds": float(p.mean()),
        "brier_score": brier_score(p, y),
        "brier_skill_frac": 1.0 - brier_score(p, y) / reference if reference > 0.0 else None,
        "log_score_nats": log_loss(p, y),
        "ece_frac": expected_calibration_error(p, y),
        "spiegelhalter_sd": spiegelhalter_z(p, y),
        "mean_gross_frac": float(np.mean([each.gross_frac for each in closed])),
        "mean_net_frac": float(np.mean([each.net_frac for each in closed])),
    }


def odds_of(closed: Sequence[Candidate]) -> tuple[FloatArray, FloatArray]:
    """Odds given, and 1 where the target came first."""
    p = np.array([each.p_mean for each in closed])
    return p, np.array([float(each.outcome is Outcome.TARGET) for each in closed])


def layer_numbers(candidates: Sequence[Candidate]) -> dict[str, Numbers]:
    """What each layer moved the log-odds by, where the target came first and where it did not."""
    closed = [each for each in candidates if each.outcome is not None]
    names = sorted({name for each in closed for name in each.llrs})
    found: dict[str, Numbers] = {}
    for name in names:
        moves = np.array([each.weights[name] * each.llrs[name] if name in each.llrs else 0.0
                          for each in closed])  # fmt: skip
        hit = odds_of(closed)[1] > 0.0
        found[name] = {
            "spoke": sum(name in each.llrs for each in closed),
            "mean_abs_nats": float(np.abs(moves).mean()),
            "mean_when_target_nats": float(moves[hit].mean()) if hit.any() else None,
            "mean_when_not_nats": float(moves[~hit].mean()) if (~hit).any() else None,
        }
    return found


def monthly_returns(run: CostRun) -> dict[str, float]:
    """Simple return of each UTC month that has a mark, by ``2024-05``."""
    months = [f"{instant(second):%Y-%m}" for second in run.equity.at.tolist()]
    before, found = float(run.start_cash_usd), {}
    ends: dict[str, float] = dict(zip(months, run.equity.equity_usd.tolist(), strict=True))
    for month, equity in ends.items():
        found[month] = equity / before - 1.0
        before = equity
    return found
