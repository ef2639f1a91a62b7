"""The walk: what is passed over changes nothing, and the owner's rule is kept."""

from __future__ import annotations

import pickle
from datetime import timedelta

import pytest

from engine.model.orders import Purpose
from engine.research.backtest import Approval, BacktestPlan, BacktestResult, run_backtest
from tests.engine.research.backtest.recorded import cheap_settings, swinging, two_swinging

PLAN = BacktestPlan(exploratory=True, open_locked=True)


@pytest.fixture(scope="module")
def result() -> BacktestResult:
    return run_backtest(cheap_settings(), swinging(), PLAN)


def test_a_market_whose_dips_pay_is_traded(result: BacktestResult) -> None:
    assert len(result.base.trades) >= 5
    assert {trade.closed_by for trade in result.base.trades} >= {Purpose.TARGET, Purpose.STOP}


@pytest.mark.parametrize("latency", [timedelta(0), timedelta(minutes=5), timedelta(hours=3)])
def test_passing_over_quiet_bars_changes_nothing(latency: timedelta) -> None:
    recorded, settings = two_swinging(), cheap_settings()
    quick, slow = (
        run_backtest(
            settings,
            recorded,
            BacktestPlan(exploratory=True, open_locked=True, latency=latency, every_bar=slowly),
        ).base
        for slowly in (False, True)
    )
    assert quick.bars_taken < slow.bars_taken / 3
    assert quick.trades == slow.trades
    assert quick.happenings == slow.happenings
    assert quick.stopped == slow.stopped
    assert quick.end_equity_usd == slow.end_equity_usd


def test_the_same_plan_gives_the_same_result_to_the_byte(result: BacktestResult) -> None:
    again = run_backtest(cheap_settings(), swinging(), PLAN)
    assert pickle.dumps(again.base.trades) == pickle.dumps(result.base.trades)
    assert again.candidates == result.candidates
    assert again.base.equity.equity_usd.tobytes() == result.base.equity.equity_usd.tobytes()


def test_the_curve_ends_where_the_books_end(result: BacktestResult) -> None:
    run = result.base
    assert run.equity.equity_usd[-1] == pytest.approx(float(run.end_equity_usd), abs=1e-6)
    assert run.equity.equity_usd[0] == float(run.start_cash_usd)


def test_nothing_is_bought_where_nobody_says_yes() -> None:
    plan = BacktestPlan(exploratory=True, open_locked=True, approval=Approval.NEVER)
    run = run_backtest(cheap_settings(), swinging(), plan).base
    assert run.trades == ()
    assert sum(run.raised.values()) > 0
    assert {h.kind for h in run.happenings} >= {"expired"}
