"""Backtests: the live desk on recorded history, years in seconds (see README.md).

Refuses rules of its own: only what lies between two things that can happen is passed over.
"""

from __future__ import annotations

from engine.research.backtest.plan import Approval, BacktestPlan
from engine.research.backtest.result import (
    BacktestResult,
    Candidate,
    CostRun,
    Decision,
    EquityCurve,
    Happening,
)
from engine.research.backtest.walk import run_backtest

__all__ = [
    "Approval",
    "BacktestPlan",
    "BacktestResult",
    "Candidate",
    "CostRun",
    "Decision",
    "EquityCurve",
    "Happening",
    "run_backtest",
]
