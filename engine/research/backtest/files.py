"""Backtests of recorded files: read, tried, written into the trial log.

Refuses to run unrecorded: every configuration is appended to the trial log, and the last fifth is
not looked at before the log holds that it will be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from engine.config import Settings
from engine.research.backtest.line import instant
from engine.research.backtest.plan import BacktestPlan
from engine.research.backtest.report import BacktestReport, report_of
from engine.research.backtest.result import BacktestResult
from engine.research.backtest.walk import Tell, run_backtest
from engine.research.calibration.histories import Recorded, read_histories
from engine.research.daily import daily_returns
from engine.research.trials import Enrolment, Trial, TrialLog, opening_sentence
from engine.research.trials.entries import Knob

SEARCH = "backtest"


def backtest_files(
    settings: Settings,
    files: Mapping[str, Path],
    plan: BacktestPlan,
    log: TrialLog,
    *,
    fine: Mapping[str, Path] | None = None,
    again: str = "",
    tell: Tell | None = None,
    stop: Callable[[], bool] | None = None,
) -> BacktestReport:
    """Backtest recorded files.

    Parameters
    ----------
    log : TrialLog
        Is told of the trial, and of the last fifth before it is opened.
    fine : mapping of str to Path
        Finer bars of some of the instruments.
    again : str
        Why the last fifth is opened again, where another trial has opened it.
    tell, stop
        See `run_backtest`.

    Raises
    ------
    ExecutorError
        One line with its mend.
    """
    recorded = read_histories(settings, files, None)
    finer = read_histories(settings, fine, None) if fine else None
    named = dict(files) | {f"{symbol} finer": path for symbol, path in (fine or {}).items()}
    enrolment = Enrolment.on_files(SEARCH, knobs_of(plan), settings.hash, named)
    opened = _opened(enrolment, recorded, log, again) if plan.open_locked else ""
    result = run_backtest(settings, recorded, plan, tell, stop, finer)
    report = report_of(settings, result, opened)
    log.append([_trial(enrolment, report)])
    return report


def knobs_of(plan: BacktestPlan) -> dict[str, Knob]:
    """Everything in a plan that decides its result, as the trial log keeps it."""
    return {
        "start": plan.start.isoformat() if plan.start else None,
        "until": plan.until.isoformat() if plan.until else None,
        "cost_factor": plan.cost_factors[0],
        "approval": plan.approval.value,
        "latency_seconds": plan.latency.total_seconds(),
        "resets_after_seconds": plan.resets_after.total_seconds() if plan.resets_after else None,
        "exploratory": plan.exploratory,
        "open_locked": plan.open_locked,
        "seed": plan.seed,
    }


def _opened(enrolment: Enrolment, recorded: Recorded, log: TrialLog, again: str) -> str:
    until = max(int(history.closed_at[-1]) for history in recorded.histories)
    opening = enrolment.open_lock(log, instant(recorded.lock_at), instant(until), again)
    return opening_sentence(opening)


def _trial(enrolment: Enrolment, report: BacktestReport) -> Trial:
    result: BacktestResult = report.result
    run = result.base
    metrics = {
        "trades_count": float(len(run.trades)),
        "candidates_count": float(len(result.candidates)),
        "total_return_frac": _number(report.returns["total_return_frac"]),
        "max_drawdown_frac": _number(report.returns["max_drawdown_frac"]),
        "complete": float(result.complete),
    }
    return enrolment.trial(
        result.first_at,
        result.last_at,
        metrics,
        daily_returns(run.equity.at, run.equity.equity_usd, float(run.start_cash_usd)).tolist(),
        opened_lock=result.plan.open_locked,
    )


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"a metric must be a number, was {value!r}")
    return float(value)
