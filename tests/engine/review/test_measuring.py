"""From a whole record, written through the fold, to every number of the rule."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from bench.desks import BAR, BTC, START, Played, Scribe, opened, written
from engine.config import Settings
from engine.journal.ledger import Ledger, UnlockRecord
from engine.model import events as happened
from engine.model.actors import DESK
from engine.model.instruments import Calendar
from engine.model.reviews import Verdict
from engine.model.setups import Outcome
from engine.research.trials.deflation import Search
from engine.review.decision import decide
from engine.review.measuring import Beside, is_scheduled, look_of, measure, review_of
from engine.review.performance import performance_of
from engine.review.record import PriceHistory, Record, record_of
from engine.review.series import Unit, bets_of_days, daily_series
from engine.review.statistics import edge_process, probabilistic_sharpe_ratio
from engine.review.uptime import due_closes, uptime_frac

SETTINGS = Settings()
SETTINGS = SETTINGS.model_copy(
    update={"market": SETTINGS.market.model_copy(update={"timeframe": BAR})}
)
RESULTS = (1.5, -1.0, 1.5, 1.5, -1.0, -0.2, 1.5, -1.05, 1.5, 1.5)
"""E9 and E11 of MATH.md section 5."""
RISK = 0.02
EIGHT_WEEKS = timedelta(weeks=8)
DAY = timedelta(days=1)


def played(results: tuple[float, ...], spacing: int = 6, hold: int = 4) -> list[Played]:
    """Trades without fees that bring exactly these results, one after the other."""
    return [
        Played(
            begin=spacing * k, end=spacing * k + hold, entry=100.0, exit=100.0 * (1.0 + r * RISK),
            outcome=Outcome.TARGET if r > 0 else Outcome.STOP if r <= -1.0 else Outcome.TIMEOUT,
            target_frac=0.03, stop_frac=0.0215, risk_frac=RISK, fee_frac=0.0, p_mean=0.5,
            p_driftless=0.4,
        )
        for k, r in enumerate(results)
    ]  # fmt: skip


def desk(results: tuple[float, ...] = RESULTS, **how: Any) -> Scribe:
    """A desk that made these trades on a price that stands still between them."""
    trades = played(results, **how)
    closes = np.full(max(each.end for each in trades) + 3, 100.0)
    for each in trades:
        closes[each.end] = each.exit
    return written(SETTINGS, closes, trades)


def record(scribe: Scribe, after: timedelta = EIGHT_WEEKS) -> Record:
    found = record_of(scribe.ledger, START + after)
    assert found is not None
    return found


# ---- golden numbers ------------------------------------------------------------------------


def test_a_record_gives_the_numbers_of_the_tables() -> None:
    """MATH.md section 5, E9 and E11, through events, fold, record and measure."""
    found = measure(record(desk()), Beside(draws=100))
    assert found.series.unit is Unit.TRADE
    assert_allclose(found.series.results, RESULTS, rtol=1e-6)
    assert_allclose(
        found.edge,
        (1.13875, 1.0264125, 1.16994394, 1.3443605, 1.20215417, 1.17808144, 1.35324305,
         1.20335912, 1.38303031, 1.60270939), rtol=1e-6,
    )  # fmt: skip
    assert found.evidence.expectancy == pytest.approx(0.575, rel=1e-6)
    statistics = performance_of(record(desk())).origins[0].statistics
    assert statistics is not None
    assert statistics.profit_factor == pytest.approx(2.7692308, rel=1e-6)
    assert statistics.system_quality == pytest.approx(1.4937305, rel=1e-6)
    assert statistics.win_rate == 0.6


def test_sharpe_ratios_agree_with_scipy() -> None:
    from scipy import stats

    found = measure(record(desk()), Beside(draws=10))
    sharpe = np.mean(RESULTS) / np.std(RESULTS, ddof=1)
    skew, kurtosis = stats.skew(RESULTS), stats.kurtosis(RESULTS, fisher=False)
    wanted = probabilistic_sharpe_ratio(float(sharpe), 10, float(skew), float(kurtosis))
    assert found.evidence.psr == pytest.approx(wanted, rel=1e-6)


def test_money_risk_and_exposure_by_hand() -> None:
    """Two trades of 1,000 US dollars: +30 after two bars, -20 after two more."""
    scribe = desk((1.5, -1.0), spacing=4, hold=2)
    found = performance_of(record(scribe))
    assert float(found.begin_usd) == 10_000.0
    assert float(found.end_usd) == pytest.approx(10_010.0, abs=1e-4)
    assert record(scribe).drawdown_frac == pytest.approx(20.0 / 10_030.0, rel=1e-6)
    # Held at the marks of bars 1 and 5 of nine: bought after a mark, sold before the next but one.
    (held,) = found.held
    wanted = (1000 / 10_000 + 1000 / 10_030) / 9
    assert held.exposure_frac == pytest.approx(wanted, rel=1e-6)
    assert float(found.turnover_usd) == pytest.approx(1000 + 1030 + 1000 + 980, abs=1e-3)
    assert found.fees_usd == 0


def test_excursions_are_told_in_r() -> None:
    scribe = desk((1.5, -1.0), spacing=4, hold=2)
    first, second = record(scribe).trades
    assert first.mfe_r == pytest.approx(1.5, rel=1e-6)
    assert first.mae_r == 0.0
    assert second.mae_r == pytest.approx(-1.0, rel=1e-6)


def test_odds_are_scored_against_the_driftless_price() -> None:
    odds = measure(record(desk()), Beside(draws=10)).odds
    hits = np.array([r > 0 for r in RESULTS], dtype=float)
    assert odds.count == odds.apart == 10
    assert odds.brier == pytest.approx(0.25)
    assert odds.brier_driftless == pytest.approx(float(np.mean((0.4 - hits) ** 2)))
    assert odds.skill == pytest.approx(1.0 - 0.25 / float(np.mean((0.4 - hits) ** 2)))
    assert odds.z is None, "even odds say nothing of their calibration"


# ---- days, where trades overlap ------------------------------------------------------------


def overlapping(results: tuple[float, ...] = RESULTS) -> Record:
    """The same trades, each open until a bar after the next one began."""
    found = record(desk(results))
    later = timedelta(hours=4 * 3)
    return replace(
        found,
        trades=tuple(
            replace(each, trade=replace(each.trade, closed_at=each.trade.closed_at + later))
            for each in found.trades
        ),
    )


def test_overlapping_trades_are_bet_on_by_the_day() -> None:
    found = measure(overlapping(), Beside(draws=10))
    assert found.series.unit is Unit.DAY
    # The last trade is closed after the newest mark: no day has seen it yet.
    assert sum(found.series.results) == pytest.approx(sum(RESULTS[:-1]), rel=1e-6)
    assert len(found.series.results) < 20


def test_days_and_trades_add_up_to_the_same() -> None:
    found = record(desk())
    assert sum(daily_series(found).results) == pytest.approx(sum(RESULTS), rel=1e-6)
    assert sum(daily_series(found).design) == pytest.approx(10 * 0.15 * (16 / 48), rel=1e-6)


def test_bets_of_days_shrink_with_what_can_be_held_at_once() -> None:
    plan = record(desk()).registered.plan
    three = replace(plan, instruments=("A", "B", "C"))
    assert_allclose(bets_of_days(three), np.array(plan.futility_bets) / 3.0)


# ---- what is missing -----------------------------------------------------------------------


def test_an_empty_record_is_unknown_and_says_why() -> None:
    scribe = opened(SETTINGS, [SETTINGS.instrument(BTC)])
    found = review_of(record(scribe, timedelta(hours=1)), Beside(), scheduled=False)
    evidence = found.measured.evidence
    unknown = {
        name for name in type(evidence).__dataclass_fields__ if getattr(evidence, name) is None
    }
    assert unknown - {"weeks_since_go"} == set(found.measured.missing)
    assert all(found.measured.missing.values())
    assert found.decision.verdict is Verdict.KEEP_PAPER


def test_no_registration_is_no_record() -> None:
    assert record_of(Ledger(), START) is None


def test_a_trial_log_gives_overfitting_and_deflates() -> None:
    search = Search(50, 0, 50, 1.0, None, None, 0.01, 0.0, 0.5, 0.12, 50)
    found = record(desk())
    alone = measure(found, Beside(draws=10, search=replace(search, trials=1, overfitting=None)))
    many = measure(found, Beside(draws=10, search=search))
    assert alone.evidence.dsr == alone.evidence.psr
    assert alone.missing["pbo"] == "fewer than two trials over one stretch of time"
    assert many.evidence.pbo == 0.12
    assert many.evidence.dsr is not None
    assert alone.evidence.dsr is not None
    assert many.evidence.dsr < alone.evidence.dsr


def test_a_registered_promise_goes_before_any_other() -> None:
    found = record(desk())
    assert measure(found, Beside(backtest_r=(0.0, 1.0))).evidence.backtest_interval == (0.0, 1.0)
    plan = replace(found.registered.plan, backtest_r=(0.2, 0.3))
    bound = replace(found, registered=replace(found.registered, plan=plan))
    assert measure(bound, Beside(backtest_r=(0.0, 1.0))).evidence.backtest_interval == (0.2, 0.3)


def test_a_win_that_breaks_the_bets_leaves_futility_unknown() -> None:
    found = measure(record(desk((1.5, 4.0, -1.0))), Beside(draws=10))
    assert found.evidence.futility_peak is None
    assert "larger than the futility bets" in found.missing["futility_peak"]


def test_prices_that_do_not_cover_the_trades_leave_the_test_open() -> None:
    found = record(desk())
    assert measure(replace(found, prices={}), Beside()).evidence.random_entry_p is None
    brief = {BTC: PriceHistory(*(part[:5] for part in _columns(found)))}
    why = measure(replace(found, prices=brief), Beside()).missing["random_entry_p"]
    assert "longer than its prices" in why


def test_given_prices_take_the_place_of_the_recorded_ones() -> None:
    found = record(desk())
    close_at, opens, closes = _columns(found)
    rising = np.linspace(100.0, 400.0, closes.size + 1)
    given = {BTC: PriceHistory(close_at, rising[:-1], rising[1:])}
    own = measure(found, Beside(draws=500)).evidence.random_entry_p
    other = measure(found, Beside(draws=500, prices=given)).evidence.random_entry_p
    assert own is not None
    assert other is not None
    assert other > own, "entries at random earn more on a price that rises"
    assert opens.size == closes.size


def _columns(found: Record) -> tuple[Any, Any, Any]:
    history = found.prices[BTC]
    return history.close_at, history.opens, history.closes


# ---- integrity -----------------------------------------------------------------------------


def test_uptime_counts_what_came_in_time() -> None:
    scribe = desk()
    bars = len(scribe.ledger.tenure.on_time) if scribe.ledger.tenure else 0
    end = (bars + 1) * BAR.length
    assert measure(record(scribe, end), Beside(draws=10)).evidence.uptime_frac == 1.0
    # As long again without a bar: half of the closes were missed.
    twice = measure(record(scribe, (2 * bars + 1) * BAR.length), Beside(draws=10))
    assert twice.evidence.uptime_frac == pytest.approx(0.5)


def test_bars_fetched_after_an_absence_do_not_count_as_up() -> None:
    scribe = opened(SETTINGS, [SETTINGS.instrument(BTC)])
    for number, late in enumerate((False, True, True, False), start=1):
        scribe.at = START + number * BAR.length
        scribe.add(_bars(scribe, caught_up=late))
    assert measure(record(scribe, 5 * BAR.length), Beside()).evidence.uptime_frac == 0.5


def test_a_mark_that_a_replay_does_not_come_to_fails_the_replay() -> None:
    scribe = desk()
    scribe.add(_bars(scribe, equity="9999"), BAR.length)
    for looked in (None, True):
        found = measure(record(scribe), Beside(replays=looked, draws=10))
        assert found.evidence.replays is False
    assert measure(record(desk()), Beside(draws=10)).evidence.replays is None


def test_attempts_at_the_forbidden_and_strayed_settings_stop() -> None:
    scribe = desk()
    scribe.add(happened.InvariantRefused("long only", "tried to sell short", DESK))
    scribe.add(happened.SessionStarted("x", "kraken", "f" * 64, 0, None))
    found = review_of(record(scribe), Beside(draws=10), scheduled=False)
    assert found.measured.evidence.violations_count == 1
    assert found.measured.evidence.frozen is False
    assert found.decision.verdict is Verdict.NO_GO
    assert "Broken invariants" in found.decision.reason
    assert "parameters" in found.decision.reason


def test_a_tripped_calibration_breaker_stops() -> None:
    scribe = desk()
    scribe.add(happened.BreakerTripped("overconfidence", "21", "20", "refit"))
    assert review_of(record(scribe), Beside(), scheduled=False).decision.verdict is Verdict.NO_GO


def test_trades_from_before_the_registration_are_left_out() -> None:
    scribe = desk()
    scribe.add(replace(scribe.plan, changed=("x",)))
    found = record(scribe, EIGHT_WEEKS)
    assert found.trades == ()
    assert found.labels == ()
    assert found.registrations_count == 2
    assert found.begun_usd == scribe.ledger.equity_usd


def test_other_money_begins_the_equity_anew_and_not_the_evidence() -> None:
    """Going live with a tenth of the money is neither a loss nor a drawdown."""
    scribe = desk(RESULTS)
    before = record(scribe)
    live = Decimal(1000)
    scribe.ledger.unlocked = UnlockRecord(DESK, Verdict.GO_PILOT, before.plan_seq, scribe.at)
    scribe.add(happened.ModeChanged("live", live, {}, "a pilot"), BAR.length)
    scribe.add(_bars(scribe), DAY)
    after = record(scribe)
    assert after.drawdown_frac == before.drawdown_frac
    assert measure(after, Beside(draws=5)).edge == measure(before, Beside(draws=5)).edge
    assert performance_of(after).begin_usd == performance_of(after).end_usd == live
    assert performance_of(after).return_frac == 0.0


def _bars(scribe: Scribe, equity: str = "", *, caught_up: bool = False) -> happened.BarsAssessed:
    return happened.BarsAssessed(
        bars_at=scribe.at,
        assessments=(),
        prices={BTC: Decimal(100)},
        ranges={BTC: (Decimal(100), Decimal(100))},
        equity_usd=Decimal(equity) if equity else scribe.ledger.marked_equity_usd(),
        caught_up=caught_up,
        cards=(),
    )


# ---- the scheduled look --------------------------------------------------------------------


def test_the_scheduled_look_is_the_first_with_enough_and_is_spent() -> None:
    scribe = desk(RESULTS * 6, spacing=3, hold=2)
    assert not is_scheduled(record(scribe, EIGHT_WEEKS - DAY))
    assert is_scheduled(record(scribe))
    found = record(scribe)
    review = review_of(found, Beside(draws=10), scheduled=True)
    scribe.add(look_of(found, review, START + EIGHT_WEEKS))
    assert not is_scheduled(record(scribe, EIGHT_WEEKS + DAY))
    assert not is_scheduled(record(desk(RESULTS)))


# ---- laws ----------------------------------------------------------------------------------


@given(st.lists(st.sampled_from((1.5, -1.0, -0.2, 0.4)), min_size=2, max_size=12), st.randoms())
def test_the_order_of_trades_does_not_change_where_the_evidence_ends(
    results: list[float], random: Any
) -> None:
    shuffled = list(results)
    random.shuffle(shuffled)
    assert edge_process(shuffled)[-1] == pytest.approx(edge_process(results)[-1], rel=1e-12)


def test_the_order_of_trades_in_the_record_does_not_change_the_evidence() -> None:
    ends = {
        round(measure(record(desk(order)), Beside(draws=5)).edge[-1], 6)
        for order in permutations((1.5, -1.0, 0.4))
    }
    assert len(ends) == 1


GOOD = Beside(
    replays=True,
    search=Search(1, 0, 1, 1.0, None, None, 0.0, 0.0, None, 0.1, 1),
    backtest_r=(-9.0, 9.0),
    draws=50,
)


def always_up(found: Record) -> Record:
    """The record of a desk that missed no bar."""
    due = due_closes([Calendar.CONTINUOUS], BAR, found.since, found.now)
    return replace(found, on_time=np.array(due, dtype=np.int64))


def _mixed(wins: int) -> tuple[float, ...]:
    """64 trades, `wins` of them won, evenly spread."""
    return tuple(1.5 if (k * wins) % 64 < wins else -1.0 for k in range(64))


def test_a_good_record_is_told_to_go() -> None:
    """What the law below starts from is reached: a pilot, and full size with odds that say it."""
    found = always_up(record(desk(_mixed(40), spacing=3, hold=2)))
    assert review_of(found, GOOD, scheduled=True).decision.verdict is Verdict.GO_PILOT
    assert review_of(found, GOOD, scheduled=False).decision.verdict is Verdict.KEEP_PAPER
    sharp = always_up(record(desk(_mixed(52), spacing=3, hold=2)))
    told = tuple(replace(each, p_mean=52 / 64) for each in sharp.labels)
    sharp = replace(sharp, labels=told)
    assert review_of(sharp, GOOD, scheduled=False).decision.verdict is Verdict.GO_FULL


@settings(max_examples=12, deadline=None)
@given(
    wins=st.integers(30, 60),
    worse=st.floats(-4.9, -0.01, allow_nan=False),
)
def test_a_losing_trade_never_turns_keep_into_go(wins: int, worse: float) -> None:
    """Nor any weaker word into a stronger one: what it weighs is evidence, PSR and expectancy."""
    base = always_up(record(desk(_mixed(wins), spacing=3, hold=2)))
    lost = base.trades[-1]
    more = replace(
        base,
        trades=(
            *base.trades,
            replace(
                lost,
                trade=replace(
                    lost.trade, id="P-9999", r_multiple=worse,
                    opened_at=lost.trade.closed_at + BAR.length,
                    closed_at=lost.trade.closed_at + 2 * BAR.length,
                ),
            ),
        ),
    )  # fmt: skip
    before = review_of(base, GOOD, scheduled=True)
    after = review_of(more, GOOD, scheduled=True)
    order = (Verdict.NO_GO, Verdict.KEEP_PAPER, Verdict.GO_PILOT, Verdict.GO_FULL)
    assert order.index(after.decision.verdict) <= order.index(before.decision.verdict)
    assert after.measured.evidence.edge_last is not None
    assert before.measured.evidence.edge_last is not None
    assert after.measured.evidence.edge_last < before.measured.evidence.edge_last


def test_unknown_stays_unknown_whatever_the_results() -> None:
    base = always_up(record(desk((1.5,) * 70, spacing=3, hold=2)))
    found = measure(base, Beside(draws=50))
    assert found.evidence.pbo is None
    assert found.evidence.dsr is None
    assert found.evidence.replays is None
    verdict = decide(found.evidence, scheduled=True).verdict
    assert verdict is Verdict.KEEP_PAPER
    assert math.isfinite(found.evidence.edge_peak or 0.0)


@given(
    since=st.integers(0, 10**6),
    bars=st.integers(0, 60),
    calendar=st.sampled_from(list(Calendar)),
    seen=st.sets(st.integers(0, 59)),
)
@settings(max_examples=40, deadline=None)
def test_uptime_is_the_share_of_due_closes_that_came(
    since: int, bars: int, calendar: Calendar, seen: set[int]
) -> None:
    begin = START + timedelta(seconds=since)
    due = due_closes([calendar], BAR, begin, begin + bars * BAR.length)
    assert due == sorted(set(due))
    assert len(due) <= bars
    base = record(opened(SETTINGS, [SETTINGS.instrument(BTC)]), timedelta(hours=1))
    plan = replace(base.registered.plan, calendars=(calendar.value,))
    came = [close for k, close in enumerate(due) if k in seen]
    found = replace(
        base, since=begin, now=begin + (bars + 1) * BAR.length,
        on_time=np.array(came, dtype=np.int64),
        registered=replace(base.registered, plan=plan),
    )  # fmt: skip
    assert uptime_frac(found) == (pytest.approx(len(came) / len(due)) if due else None)
