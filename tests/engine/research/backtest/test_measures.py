"""Numbers of a backtest: against other libraries and closed forms."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.model.positions import Origin
from engine.research.backtest import (
    BacktestPlan,
    BacktestReport,
    EquityCurve,
    report_as_json,
    report_of,
    run_backtest,
    write_backtest,
)
from engine.research.backtest.against import alternatives
from engine.research.backtest.measures import return_numbers, worst_fall
from engine.research.backtest.page import page_of
from engine.research.daily import daily_returns
from engine.review.backtest import promised_r
from tests.engine.research.backtest.recorded import cheap_settings, swinging

PLAN = BacktestPlan(exploratory=True, open_locked=True, cost_factors=(1.0, 2.0))


@pytest.fixture(scope="module")
def report() -> BacktestReport:
    return report_of(cheap_settings(), run_backtest(cheap_settings(), swinging(), PLAN))


def curve(equity: list[float]) -> EquityCurve:
    at = 86_400 * np.arange(1, len(equity) + 1) - 1
    values = np.array(equity)
    return EquityCurve(at, values, values, np.zeros(values.size))


EQUITY = [101.0, 99.0, 104.0, 103.0, 98.0, 105.0, 107.0]


def test_sharpe_and_drawdown_agree_with_empyrical(report: BacktestReport) -> None:
    empyrical = pytest.importorskip("empyrical")
    run = replace(report.result.base, equity=curve(EQUITY), start_cash_usd=Decimal(100))
    returns = daily_returns(run.equity.at, run.equity.equity_usd, 100.0)
    found = return_numbers(run)
    assert found["sharpe_a_year"] == pytest.approx(
        empyrical.sharpe_ratio(returns, annualization=365)
    )
    assert found["max_drawdown_frac"] == pytest.approx(-empyrical.max_drawdown(returns))
    assert found["annual_volatility_frac"] == pytest.approx(
        empyrical.annual_volatility(returns, annualization=365)
    )


def test_the_fall_and_the_time_under_water_are_those_of_the_closed_form() -> None:
    fall, under = worst_fall(np.array([100.0, *EQUITY]))
    assert fall == pytest.approx(1 - 98 / 104)
    assert under == 2


def test_buy_and_hold_is_the_price_ratio_after_costs(report: BacktestReport) -> None:
    result = report.result
    cost = 0.003
    hold, less, parts = alternatives(result, {"BTC-USD": cost})
    path, start = result.prices["BTC-USD"], float(result.base.start_cash_usd)
    assert hold.equity_usd[-1] == pytest.approx(start * path.close[-1] / path.open[0] * (1 - cost))
    exposure = float(result.base.equity.exposure_frac.mean())
    assert less.equity_usd[-1] - start == pytest.approx(exposure * (hold.equity_usd[-1] - start))
    days = np.flatnonzero(np.diff((path.closed_at - 1) // 86_400, prepend=-1))
    bought = sum(start / days.size * (1 - cost) / path.open[day] for day in days)
    assert parts.equity_usd[-1] == pytest.approx(bought * path.close[-1])


def test_costs_at_twice_the_multiple_leave_less_of_every_trade(report: BacktestReport) -> None:
    base, twice = report.result.runs
    assert {t.cost_factor for t in report.result.runs} == {1.0, 2.0}
    fees = [float(t.fees_usd / (t.entry_price * t.quantity)) for t in base.trades]
    dear = [float(t.fees_usd / (t.entry_price * t.quantity)) for t in twice.trades]
    assert np.mean(dear) == pytest.approx(2 * np.mean(fees), rel=0.01)


def test_exploratory_trades_are_booked_apart(report: BacktestReport) -> None:
    counts = {name: found["trades"] for name, found in report.trades.items()}
    assert set(counts) == {Origin.PROPOSAL.value, Origin.EXPLORATORY.value}
    assert sum(int(str(count)) for count in counts.values()) == len(report.result.base.trades)


def test_the_written_files_hold_what_the_result_holds(
    report: BacktestReport, tmp_path: Path
) -> None:
    files = {path.name: path for path in write_backtest(report, tmp_path / "out")}
    trades = pl.read_parquet(files["trades.parquet"]).filter(pl.col("cost_factor") == 1.0)
    assert trades["pnl_usd"].sum() == pytest.approx(
        float(sum(t.pnl_usd for t in report.result.base.trades))
    )
    candidates = pl.read_csv(files["candidates.csv"])
    assert candidates.height == len(report.result.candidates)
    assert set(candidates["stopped_by"].drop_nulls()) - {""} <= set(report.result.base.stopped)
    numbers = json.loads(files["metrics.json"].read_text())
    assert numbers["end_equity_usd"] == str(report.result.base.end_equity_usd)


def test_the_review_can_read_what_was_promised(report: BacktestReport, tmp_path: Path) -> None:
    pair = report_as_json(report)["expectancy_r_interval"]
    if pair is None:
        pytest.skip("no proposal was traded in this history")
    write_backtest(report, tmp_path)
    assert promised_r(str(tmp_path / "metrics.json")) == tuple(pair)


def test_the_page_needs_nothing_from_outside(report: BacktestReport) -> None:
    page = page_of(report)
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    assert all(sentence.split(" ")[0] in page for sentence in report.sentences)


def test_a_result_without_trades_says_so_and_why() -> None:
    settings = cheap_settings(costs={"kraken": {"maker_frac": 0.02, "taker_frac": 0.02}})
    result = run_backtest(settings, swinging(), BacktestPlan(open_locked=True))
    report = report_of(settings, result)
    assert not result.base.trades
    assert report.sentences[0].startswith("No trade was closed")
    assert f"{len(result.candidates)} by expected value" in report.sentences[0]
    assert page_of(report).count("No trade was closed") == 2
    text = json.dumps(report_as_json(report), allow_nan=False)
    assert math.isclose(json.loads(text)["returns"]["total_return_frac"], 0.0)
