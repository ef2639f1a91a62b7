"""One point of a sweep, from settings to a trial: what every worker runs.

Refuses to answer from anything but its arguments: the same point gives the same trial anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.config import Settings
from engine.probability.layer import FloatArray
from engine.research.backtest import BacktestPlan, BacktestResult, run_backtest
from engine.research.calibration.histories import Recorded
from engine.research.daily import daily_returns
from engine.research.trials import DataUsed, Enrolment, Knob, Trial


@dataclass(frozen=True, slots=True)
class Piece:
    """One point: its settings, how it runs, and what the log will know of it."""

    enrolment: Enrolment
    settings: Settings
    plan: BacktestPlan


def enrolled(
    search: str,
    knobs: Mapping[str, Knob],
    settings: Settings,
    plan: BacktestPlan,
    data: tuple[DataUsed, ...],
) -> Piece:
    """A point with everything that decides its result among its knobs."""
    decided: dict[str, Knob] = {**knobs, **_of_plan(plan)}
    return Piece(Enrolment(search, decided, settings.hash, data), settings, plan)


def evaluate(recorded: Recorded, piece: Piece) -> Trial:
    """Backtest one point."""
    return trial_of(piece.enrolment, run_backtest(piece.settings, recorded, piece.plan))


def _of_plan(plan: BacktestPlan) -> dict[str, Knob]:
    reset = plan.resets_after
    return {
        "plan.start": plan.start.isoformat() if plan.start else None,
        "plan.until": plan.until.isoformat() if plan.until else None,
        "plan.cost_factor": plan.cost_factors[0],
        "plan.approval": plan.approval.value,
        "plan.latency_seconds": plan.latency.total_seconds(),
        "plan.resets_after_hours": reset.total_seconds() / 3600.0 if reset else None,
        "plan.exploratory": plan.exploratory,
        "plan.seed": plan.seed,
    }


def trial_of(enrolment: Enrolment, result: BacktestResult) -> Trial:
    """A backtest as an entry of the log: daily net returns and the plainest numbers."""
    return enrolment.trial(
        result.first_at,
        result.last_at,
        metrics_of(result),
        returns_of(result).tolist(),
        opened_lock=result.locked_from is None,
    )


def returns_of(result: BacktestResult) -> FloatArray:
    """Net return of each UTC day at the first cost factor, fraction of equity."""
    curve = result.base.equity
    return daily_returns(curve.at, curve.equity_usd, float(result.base.start_cash_usd))


def metrics_of(result: BacktestResult) -> Mapping[str, float]:
    """Numbers of a backtest that a table of many shows."""
    base = result.base
    start, end = float(base.start_cash_usd), float(base.end_equity_usd)
    curve = base.equity.equity_usd
    highs = _highest_so_far(start, curve)
    return {
        "candidates_count": float(len(result.candidates)),
        "trades_count": float(len(base.trades)),
        "total_return_frac": end / start - 1.0,
        "max_drawdown_frac": float((1.0 - curve / highs).max(initial=0.0)),
        "exposure_frac": float(base.equity.exposure_frac.mean()) if curve.size else 0.0,
    }


def _highest_so_far(start: float, curve: FloatArray) -> FloatArray:
    return np.maximum.accumulate(np.maximum(curve, start))
