"""One point of a sweep, from settings to a trial: what every worker runs.

Refuses to answer from anything but its arguments: the same point gives the same trial anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.config import Settings
from engine.probability.layer import FloatArray
from engine.research.backtest import BacktestPlan, BacktestResult, run_backtest
from engine.research.backtest.files import knobs_of
from engine.research.backtest.measures import return_numbers
from engine.research.calibration.histories import Recorded
from engine.research.daily import daily_returns
from engine.research.trials import DataUsed, Enrolment, Knob, Trial

PLAN = "plan."
"""Knobs that begin so belong to how all points ran, not to the grid."""


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
    decided: dict[str, Knob] = {
        **knobs,
        **{PLAN + name: value for name, value in knobs_of(plan).items()},
    }
    return Piece(Enrolment(search, decided, settings.hash, data), settings, plan)


def evaluate(recorded: Recorded, piece: Piece) -> Trial:
    """Backtest one point."""
    return trial_of(piece.enrolment, run_backtest(piece.settings, recorded, piece.plan))


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
    numbers = return_numbers(base)
    told = {
        "candidates_count": len(result.candidates),
        "trades_count": len(base.trades),
        "total_return_frac": numbers["total_return_frac"],
        "max_drawdown_frac": numbers["max_drawdown_frac"],
        "exposure_frac": numbers["mean_exposure_frac"],
    }
    return {name: float(value) for name, value in told.items() if isinstance(value, int | float)}
