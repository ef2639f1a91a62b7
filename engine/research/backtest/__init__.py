"""Backtests: the live desk on recorded history, years in seconds (see README.md).

Refuses rules of its own: only what lies between two things that can happen is passed over.
"""

from __future__ import annotations

from engine.research.backtest.files import backtest_files
from engine.research.backtest.plan import Approval, BacktestPlan
from engine.research.backtest.report import BacktestReport, report_as_json, report_of
from engine.research.backtest.result import (
    BacktestResult,
    Candidate,
    CostRun,
    Decision,
    EquityCurve,
    Happening,
)
from engine.research.backtest.walk import run_backtest
from engine.research.backtest.writing import write_backtest

__all__ = [
    "Approval",
    "BacktestPlan",
    "BacktestReport",
    "BacktestResult",
    "Candidate",
    "CostRun",
    "Decision",
    "EquityCurve",
    "Happening",
    "backtest_files",
    "report_as_json",
    "report_of",
    "run_backtest",
    "write_backtest",
]
