"""No cheating: the future moves nothing, fills come from the next bar, the stop comes first."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from engine.market.columns import BarColumns
from engine.model.bars import Timeframe
from engine.model.orders import Purpose
from engine.model.positions import Trade
from engine.research.backtest import Approval, BacktestPlan, BacktestResult, CostRun, run_backtest
from engine.research.backtest.line import instant
from engine.research.calibration.histories import Recorded
from tests.engine.research.backtest.recorded import (
    cheap_settings,
    cut,
    history_of,
    swinging,
    two_swinging,
)

PLAN = BacktestPlan(exploratory=True, open_locked=True)
CUTS = (900, 1201)


@pytest.fixture(scope="module")
def whole() -> BacktestResult:
    return run_backtest(cheap_settings(), two_swinging(), PLAN)


def poisoned(recorded: Recorded, bars: int) -> Recorded:
    """The same bars, and garbage after `bars` of them."""
    rng = np.random.default_rng(5)
    histories = []
    for history in recorded.histories:
        wild = np.ones(history.close.size)
        wild[bars:] = np.exp(0.05 * np.cumsum(rng.normal(size=history.close.size - bars)))
        spread = np.where(np.arange(history.close.size) >= bars, 1.01, 1.0)
        opening, close = history.open * wild, history.close * wild
        high = np.maximum(np.maximum(history.high * wild, opening), close) * spread
        low = np.minimum(np.minimum(history.low * wild, opening), close) / spread
        volume = None if history.volume is None else history.volume * wild
        histories.append(
            replace(history, open=opening, high=high, low=low, close=close, volume=volume)
        )
    return Recorded(tuple(histories), recorded.timeframe, recorded.lock_at, recorded.notes)


def until(result: BacktestResult, bars: int) -> bytes:
    """All that was decided and done within the first `bars` bars of each history, as bytes."""
    at = min(instant(int(h.closed_at[bars - 1])) for h in two_swinging().histories)
    run = result.base
    marks = run.equity.at <= int(at.timestamp())
    seen = [replace(c, outcome=None, closed_at=None, gross_frac=None, net_frac=None, uniqueness=0)
            for c in result.candidates if c.at <= at]  # fmt: skip
    return pickle.dumps(
        (
            [trade for trade in run.trades if trade.closed_at < at],
            [happening for happening in run.happenings if happening.at <= at],
            [(c.at, c.decision, c.p_mean, c.p_low, c.ev_low_frac, c.weights) for c in seen],
            run.equity.equity_usd[marks].tobytes(),
        )
    )


@pytest.mark.parametrize("bars", CUTS)
def test_cutting_the_future_off_changes_nothing_before_it(
    whole: BacktestResult, bars: int
) -> None:
    short = run_backtest(cheap_settings(), cut(two_swinging(), bars), replace(PLAN, start=first()))
    assert until(short, bars - 1) == until(from_first(), bars - 1)


@pytest.mark.parametrize("bars", CUTS)
def test_garbage_in_the_future_changes_nothing_before_it(bars: int) -> None:
    other = run_backtest(cheap_settings(), poisoned(two_swinging(), bars), _from_first_plan())
    assert until(other, bars) == until(from_first(), bars)


def test_garbage_does_change_what_comes_after_it() -> None:
    other = run_backtest(cheap_settings(), poisoned(two_swinging(), CUTS[0]), _from_first_plan())
    later = CUTS[0] + 300
    assert until(other, later) != until(from_first(), later)


_KEPT: list[BacktestResult] = []


def first() -> datetime:
    return instant(int(two_swinging().histories[1].closed_at[300]))


def _from_first_plan() -> BacktestPlan:
    return replace(PLAN, start=first())


def from_first() -> BacktestResult:
    if not _KEPT:
        _KEPT.append(run_backtest(cheap_settings(), two_swinging(), _from_first_plan()))
    return _KEPT[0]


def test_a_fill_comes_at_the_open_of_a_bar_after_the_yes(whole: BacktestResult) -> None:
    opens = {
        (h.scale.symbol, int(at) - 3600): float(price)
        for h in two_swinging().histories
        for at, price in zip(h.closed_at, h.open, strict=True)
    }
    assert whole.base.trades
    for trade in whole.base.trades:
        terms = whole.base.terms[trade.id]
        assert trade.opened_at >= terms.created_at + PLAN.latency
        opened = opens[trade.instrument, int(trade.opened_at.timestamp())]
        assert float(trade.entry_price) >= opened  # a buyer never pays less than the open


def test_at_once_means_the_very_next_bar() -> None:
    plan = replace(PLAN, approval=Approval.AT_ONCE)
    run = run_backtest(cheap_settings(), swinging(), plan).base
    assert run.trades
    assert all(t.opened_at == run.terms[t.id].created_at for t in run.trades)


def both_in_one_bar() -> tuple[Recorded, datetime]:
    """The swinging history with one bar that holds both barriers of a trade, and its proposal."""
    recorded = swinging()
    run = run_backtest(cheap_settings(), recorded, PLAN).base
    trade = next(t for t in run.trades if t.closed_at > t.opened_at + timedelta(hours=3))
    (history,), terms = recorded.histories, run.terms[trade.id]
    row = int(np.searchsorted(history.closed_at, trade.opened_at.timestamp(), side="right")) + 1
    high, low = history.high.copy(), history.low.copy()
    high[row] = max(high[row], float(terms.target) * 1.001)
    low[row] = min(low[row], float(terms.stop) * 0.999)
    wide = replace(history, high=high, low=low)
    return Recorded((wide,), recorded.timeframe, recorded.lock_at, ()), terms.created_at


def trade_of(run: CostRun, raised_at: datetime) -> Trade:
    return next(t for t in run.trades if run.terms[t.id].created_at == raised_at)


def test_a_bar_that_holds_both_barriers_counts_as_stopped() -> None:
    recorded, raised_at = both_in_one_bar()
    run = run_backtest(cheap_settings(), recorded, PLAN).base
    assert trade_of(run, raised_at).closed_by is Purpose.STOP
    assert run.ambiguous == 1


def finer(recorded: Recorded, *, upwards: bool) -> Recorded:
    """Half hours of the same hours: the first goes one way only, the second the other."""
    (history,) = recorded.histories
    columns = _halves(history.closed_at, history.open, history.high, history.low, history.close,
                      upwards=upwards)  # fmt: skip
    return Recorded((history_of(columns),), Timeframe.M30, recorded.lock_at, ())


def _halves(closed_at, opening, high, low, close, *, upwards: bool) -> BarColumns:  # type: ignore[no-untyped-def]
    n = closed_at.size
    opens = np.repeat(closed_at - 3600, 2) + np.tile([0, 1800], n)
    middle = np.where(upwards, high, low)
    first = np.stack([opening, middle], axis=1)
    top = np.stack([high if upwards else np.maximum(opening, middle), high], axis=1)
    bottom = np.stack([np.minimum(opening, middle) if upwards else low, low], axis=1)
    end = np.stack([middle, close], axis=1)
    return BarColumns(
        "BTC-USD", Timeframe.M30, opens.astype(np.int64) * 1_000_000, first.ravel(), top.ravel(),
        bottom.ravel(), end.ravel(), np.full(2 * n, 5.0),
    )  # fmt: skip


@pytest.mark.parametrize(("upwards", "ends"), [(True, Purpose.TARGET), (False, Purpose.STOP)])
def test_finer_bars_tell_which_barrier_came_first(upwards: bool, ends: Purpose) -> None:
    recorded, raised_at = both_in_one_bar()
    fine = finer(recorded, upwards=upwards)
    run = run_backtest(cheap_settings(), recorded, PLAN, fine=fine).base
    assert trade_of(run, raised_at).closed_by is ends
    assert run.ambiguous == 0


def test_a_yes_within_a_bar_is_filled_at_the_next_finer_open() -> None:
    recorded = swinging()
    run = run_backtest(cheap_settings(), recorded, PLAN, fine=finer(recorded, upwards=False)).base
    assert run.trades
    for trade in run.trades:
        waited = trade.opened_at - run.terms[trade.id].created_at
        assert waited == timedelta(minutes=30)


def test_the_last_fifth_is_not_seen_unless_it_is_opened() -> None:
    recorded = swinging()
    locked = run_backtest(cheap_settings(), recorded, replace(PLAN, open_locked=False))
    assert locked.last_at <= instant(recorded.lock_at)
    assert locked.locked_from == instant(recorded.lock_at)
    assert run_backtest(cheap_settings(), recorded, PLAN).last_at > instant(recorded.lock_at)
