"""The edge study: nothing looks ahead, weeks add up, a planted edge is found and noise is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from engine.errors import MarketDataError, ResearchError
from engine.market.columns import BarColumns, to_micros
from engine.model.bars import Timeframe
from engine.model.instruments import Calendar
from engine.research.edge import page_of, run_study, study_as_json
from engine.research.edge.holding import Trades, at_closes, at_limit, at_market, by_week, spans
from engine.research.edge.hypotheses import TITLES, every_point
from engine.research.edge.judging import benjamini_hochberg, holm, judge
from engine.research.edge.market import LOCKED_FROM, Market, read_market
from engine.research.edge.run import FILES, EdgeStudy
from engine.research.edge.signals import begins, exhausted, return_spread, stretch
from engine.research.edge.tables import summary_of
from engine.research.trials import Enrolment, TrialLog
from tests.engine.research.searches import DATA, log_in
from tests.kit.executor_process import ROOT
from tests.kit.market import HOUR, walk, write_bars

DRAWS = 300
START = datetime(2022, 1, 3, tzinfo=UTC)
BARS = 6000


def _market(
    name: str = "BTC", bars: int = BARS, seed: int = 1, calendar: Calendar = Calendar.CONTINUOUS
) -> Market:
    columns = walk(name, bars, start=START, seed=seed, calendar=calendar)
    week = (columns.open_us - to_micros(START)) // (7 * 86_400_000_000)
    pause = np.append(True, np.diff(columns.open_us) > columns.length_us)
    return Market(
        name, columns.open_us, columns.open, columns.high, columns.low, columns.close, pause, week
    )


MARKET = _market()
METAL = _market("gold", calendar=Calendar.METALS)


# ---- signals -----------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [200, 777, 3001])
def test_signals_do_not_look_ahead(cut: int) -> None:
    close = MARKET.close
    for whole, part in (
        (stretch(np.log(close), 120), stretch(np.log(close[:cut]), 120)),
        (exhausted(close, 40.0), exhausted(close[:cut], 40.0)),
        (return_spread(close, 120), return_spread(close[:cut], 120)),
    ):
        np.testing.assert_array_equal(whole[:cut], part)


def test_stretch_is_the_distance_in_standard_deviations() -> None:
    x = np.array([1.0, 2.0, 3.0, 10.0])
    scores = stretch(x, 4)
    assert np.isnan(scores[:3]).all()
    assert scores[3] == pytest.approx((10.0 - 4.0) / np.std(x, ddof=1))
    assert np.isnan(stretch(np.ones(5), 3)[2:]).all()


def test_averages_of_momentum_are_those_of_polars() -> None:
    import polars as pl

    from engine.research.edge.signals import _ema

    x = np.log(MARKET.close[:500])
    told = pl.Series(x).ewm_mean(span=12, adjust=False).to_numpy()
    np.testing.assert_allclose(_ema(x, 12), told, rtol=1e-12)


def test_a_signal_is_where_a_condition_begins() -> None:
    holds = np.array([True, True, False, True, True])
    assert begins(holds).tolist() == [True, False, False, True, False]


# ---- trades ------------------------------------------------------------------------------


def test_a_mark_is_bought_at_the_next_open_and_sold_a_horizon_later() -> None:
    marks = np.zeros(BARS, bool)
    marks[100] = True
    trades = at_market(MARKET, marks, 24)
    assert (trades.bought.tolist(), trades.sold.tolist()) == ([101], [125])
    assert trades.paid[0] == MARKET.open[101]


def test_trades_do_not_overlap_and_end_within_the_data() -> None:
    trades = at_market(MARKET, np.ones(BARS, bool), 24)
    assert (trades.bought[1:] >= trades.sold[:-1]).all()
    assert trades.sold.max() < BARS


def test_nothing_is_bought_on_the_first_bar_after_a_pause() -> None:
    n = METAL.open.size
    reopening = np.flatnonzero(METAL.after_pause)[1:]
    for trades in (
        at_market(METAL, np.ones(n, bool), 5),
        spans(METAL, np.arange(n, dtype=np.int64), 1),
        at_limit(METAL, np.ones(n, bool), np.zeros(n), 4, 5),
    ):
        assert trades.count > 100
        assert not np.isin(trades.bought, reopening).any()


def test_a_limit_fills_only_where_the_market_trades_through_it() -> None:
    marks = np.zeros(BARS, bool)
    marks[100] = True
    close, below = MARKET.close[100], np.full(BARS, 0.01)
    limit = close * np.exp(-0.01)
    low, opening = MARKET.low.copy(), MARKET.open.copy()
    low[101:110], opening[101:110] = close, close
    market = replace(MARKET, low=low, open=opening)
    assert at_limit(market, marks, below, 4, 10).count == 0
    assert at_limit(market, marks, below, 4, 10).signals == 1
    low[103] = limit
    assert at_limit(market, marks, below, 4, 10).count == 0
    low[103] = limit * 0.999
    assert at_limit(market, marks, below, 4, 10).paid[0] == pytest.approx(limit)
    opening[103] = limit * 0.9995
    assert at_limit(market, marks, below, 4, 10).paid[0] == opening[103]
    assert at_limit(market, marks, below, 2, 10).count == 0


def test_daily_marks_are_bought_at_the_close_of_the_day_after() -> None:
    marks = np.zeros(BARS, bool)
    marks[7] = True
    trades = at_closes(MARKET, marks, 5)
    assert (trades.bought.tolist(), trades.sold.tolist()) == ([8], [13])
    assert trades.paid[0] == MARKET.close[8]


def test_weeks_add_up_to_the_trades() -> None:
    trades = at_market(MARKET, begins(stretch(np.log(MARKET.close), 24) <= -1.0), 72)
    weeks = by_week(MARKET, MARKET.open, trades, 0.001)
    single = MARKET.open[trades.sold] / trades.paid - 1.0
    assert weeks.gross.sum() == pytest.approx(single.sum())
    assert weeks.cost.sum() == pytest.approx(0.001 * trades.count)
    assert weeks.trades.sum() == trades.count
    drift = np.mean(MARKET.open[1:] / MARKET.open[:-1] - 1.0)
    held = (trades.sold - trades.bought).sum()
    assert weeks.timing.sum() == pytest.approx(single.sum() - weeks.cost.sum() - drift * held)


# ---- judging -----------------------------------------------------------------------------


def test_corrections_are_those_of_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(4).uniform(size=200) ** 2
    np.testing.assert_allclose(holm(p.tolist()), multipletests(p, method="holm")[1])
    np.testing.assert_allclose(
        benjamini_hochberg(p.tolist()), multipletests(p, method="fdr_bh")[1]
    )


def test_chances_of_noise_are_even() -> None:
    rng = np.random.default_rng(6)
    chances = []
    for _ in range(60):
        weeks = by_week(MARKET, MARKET.open, at_market(MARKET, np.zeros(BARS, bool), 1), 0.0)
        noise = replace(
            weeks, gross=rng.normal(0, 0.01, weeks.gross.size), trades=weeks.trades + 1
        )
        judged = judge(noise, DRAWS)
        assert judged is not None
        chances.append(judged.p)
    assert 0.35 < float(np.mean(chances)) < 0.65
    assert min(chances) > 0.0


def test_a_trial_without_a_trade_is_no_finding() -> None:
    none = Trades(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), 0)
    assert judge(by_week(MARKET, MARKET.open, none, 0.1), DRAWS) is None


# ---- the study ---------------------------------------------------------------------------


def _files(folder: Path, planted: float = 0.0) -> Path:
    """The study's files on noise; gold rises by `planted` in the four hours after a stretch."""
    for place, (name, (file, calendar)) in enumerate(FILES.items()):
        daily = "day" in name
        columns = walk(
            name,
            900 if daily else 6_000,
            start=datetime(2021, 5, 31, tzinfo=UTC),
            seed=place,
            calendar=calendar,
            timeframe=Timeframe.D1 if daily else Timeframe.H1,
        )
        if name == "gold" and planted:
            columns = _with_edge(columns, planted)
        write_bars(folder / file, columns)
    return folder


def _with_edge(columns: BarColumns, planted: float) -> BarColumns:
    marks = np.flatnonzero(begins(stretch(np.log(columns.close), 24) <= -1.0))
    lift = np.zeros(len(columns))
    for mark in marks[marks < len(columns) - 6].tolist():
        lift[mark + 1 : mark + 5] += planted / 4.0
    after = np.exp(np.cumsum(lift))
    before = after / np.exp(lift)
    return replace(
        columns,
        open=columns.open * before,
        close=columns.close * after,
        high=columns.high * after,
        low=columns.low * before,
    )


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> EdgeStudy:
    folder = tmp_path_factory.mktemp("noise")
    return run_study(_files(folder), log_in(folder), DRAWS)


def test_noise_supports_nothing_and_every_trial_is_logged(
    noise: EdgeStudy, tmp_path: Path
) -> None:
    assert not any(each.survives for each in noise.found)
    assert "supported" not in {noise.verdict(name) for name in TITLES}
    assert noise.search.trials == len(noise.found) > 400


def test_a_planted_edge_is_found_where_it_was_planted(tmp_path: Path) -> None:
    study = run_study(_files(tmp_path, 0.02), log_in(tmp_path), DRAWS)
    planted = [
        each
        for each in study.of("stretch")
        if tuple(each.point.axes.values()) == (24, 1.0, 4) and each.point.market.name == "gold"
    ]
    (found,) = planted
    assert found.judged.timing.low > 50.0
    assert found.judged.p == 1.0 / (DRAWS + 1.0)
    assert {"a", "b", "e"}.isdisjoint(found.failed)


def test_the_grids_are_those_of_the_pages(noise: EdgeStudy) -> None:
    counts = {name: len(noise.of(name)) for name in TITLES}
    assert (counts["stretch"], counts["exhaustion"], counts["ratio"]) == (162, 54, 36)
    assert (counts["maker"], counts["trend"]) == (27, 72)
    for page in (ROOT / "docs/research/edge").glob("[1-6]-*.md"):
        assert "## Result:" in page.read_text(encoding="utf-8")


def test_pages_and_json_hold_every_number(noise: EdgeStudy) -> None:
    told = json.loads(json.dumps(study_as_json(noise), allow_nan=False))
    assert len(told["trials"]) == len(noise.found)
    for name in TITLES:
        assert page_of(noise, name).startswith(f"## Result: {noise.verdict(name)}")
    assert f"{len(noise.found)} trials" in summary_of(noise)
    assert "Maker less taker" in page_of(noise, "maker")


def test_a_log_of_other_searches_is_refused(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.append([Enrolment("sweep", {}, "ab" * 32, DATA).trial(START, START, {})])
    with pytest.raises(ResearchError, match="a log of its own"):
        run_study(tmp_path, log, DRAWS)


def test_what_closes_after_the_lock_is_not_read(tmp_path: Path) -> None:
    begin = LOCKED_FROM - timedelta(hours=100)
    path = write_bars(tmp_path / "btc.parquet", walk(count=500, start=begin))
    market = read_market("BTC", path, Calendar.CONTINUOUS)
    assert market.open.size == 100
    late = write_bars(tmp_path / "late.parquet", walk(count=50, start=LOCKED_FROM + HOUR))
    with pytest.raises(MarketDataError, match="holds nothing before 2024-01-15"):
        read_market("BTC", late, Calendar.CONTINUOUS)


def test_the_committed_log_verifies_and_holds_what_the_pages_say() -> None:
    from engine.clock import SystemClock

    log = TrialLog(ROOT / "docs/research/edge/trials.jsonl", SystemClock())
    assert log.verify().ok
    trials = log.trials()
    assert len(trials) == 448
    assert all(trial.last_at < LOCKED_FROM and not trial.opened_lock for trial in trials)
    assert min(trial.metrics["p_one_sided"] for trial in trials) > 0.05


def test_points_are_made_in_one_order() -> None:
    hourly = (MARKET, METAL, replace(METAL, name="silver"))
    daily = (METAL, replace(METAL, name="silver"))
    one, other = (
        [(p.hypothesis, p.market.name, tuple(p.axes.items())) for p in every_point(hourly, daily)]
        for _ in range(2)
    )
    assert one == other
    assert len(set(one)) == len(one)
