"""Candle checks: each fault is named, and nothing sound is refused."""

from __future__ import annotations

import dataclasses
import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import StaleData
from engine.market.checks import (
    ReturnScale,
    admit,
    check_bars,
    require_fresh,
    row_fault,
    sound_rows,
)
from engine.market.columns import BarColumns
from engine.market.findings import KEPT_PER_KIND, FindingKind, Severity
from engine.model.bars import Bar, Timeframe
from engine.model.instruments import Calendar
from tests.kit.market import HOUR, MONDAY, bar_at, walk

FRIDAY_LAST = datetime(2025, 1, 3, 21, tzinfo=UTC)
SUNDAY_FIRST = datetime(2025, 1, 5, 23, tzinfo=UTC)

prices = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.floats(0.01, 1e6), st.just(0.0)
)


@given(prices, prices, prices, prices, prices)
def test_rows_and_bars_are_held_to_one_rule(
    opening: float, high: float, low: float, close: float, volume: float
) -> None:
    bar = bar_at(MONDAY, open=opening, high=high, low=low, close=close, volume=volume)
    assert bool(sound_rows(BarColumns.of([bar]))[0]) == (row_fault(bar) is None)


@given(st.floats(1.0, 1e6), st.floats(1.0, 1e6), st.floats(0.0, 0.5), st.floats(0.0, 1e9))
def test_a_consistent_bar_is_never_refused(
    opening: float, close: float, reach: float, volume: float
) -> None:
    high, low = max(opening, close) * (1 + reach), min(opening, close) * (1 - reach)
    bar = bar_at(MONDAY, open=opening, high=high, low=low, close=close, volume=volume)
    assert admit(bar, None) is None


@pytest.mark.parametrize(
    ("values", "kind", "reason"),
    [
        ({"high": math.nan}, FindingKind.NOT_FINITE, "high is nan"),
        ({"close": math.inf}, FindingKind.NOT_FINITE, "close is inf"),
        ({"low": -1.0}, FindingKind.NON_POSITIVE, "low is -1"),
        ({"high": 100.5}, FindingKind.INCONSISTENT, "high 100.5 is below close 101"),
        ({"low": 100.5}, FindingKind.INCONSISTENT, "low 100.5 is above open 100"),
        ({"volume": -2.0}, FindingKind.NEGATIVE_VOLUME, "volume is -2"),
        ({"volume": math.inf}, FindingKind.NOT_FINITE, "volume is inf"),
        ({"close_at": MONDAY + 2 * HOUR}, FindingKind.MISALIGNED, "2:00:00 long, not 1h"),
    ],
)
def test_a_bad_bar_is_rejected_with_its_reason(
    values: dict[str, object], kind: FindingKind, reason: str
) -> None:
    finding = admit(bar_at(MONDAY, **values), None)
    assert finding is not None
    assert finding.rejects
    assert finding.kind is kind
    assert reason in finding.line


def test_a_volume_that_the_source_does_not_give_is_no_fault() -> None:
    assert admit(bar_at(MONDAY, volume=math.nan), None) is None


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (timedelta(0), FindingKind.DUPLICATE),
        (-HOUR, FindingKind.UNSORTED),
        (HOUR / 2, FindingKind.OVERLAP),
    ],
)
def test_a_bar_out_of_place_is_rejected(step: timedelta, kind: FindingKind) -> None:
    finding = admit(bar_at(MONDAY + step), bar_at(MONDAY))
    assert finding is not None
    assert (finding.kind, finding.rejects) == (kind, True)


def test_a_gap_is_reported_and_the_bar_kept() -> None:
    finding = admit(bar_at(MONDAY + 4 * HOUR), bar_at(MONDAY))
    assert finding is not None
    assert (finding.kind, finding.rejects, finding.missing) == (FindingKind.GAP, False, 3)


def test_a_bar_from_the_future_is_rejected() -> None:
    finding = admit(bar_at(MONDAY), None, now=MONDAY + HOUR / 2)
    assert finding is not None
    assert finding.kind is FindingKind.FUTURE


def test_a_weekend_of_metals_is_no_gap() -> None:
    assert admit(bar_at(SUNDAY_FIRST), bar_at(FRIDAY_LAST), Calendar.METALS) is None


def test_a_session_that_ended_early_is_a_note() -> None:
    finding = admit(bar_at(SUNDAY_FIRST), bar_at(FRIDAY_LAST - 4 * HOUR), Calendar.METALS)
    assert finding is not None
    assert (finding.kind, finding.severity) == (FindingKind.SHORT_SESSION, Severity.NOTE)
    assert finding.missing == 4


def test_a_hole_inside_a_session_of_metals_is_a_gap() -> None:
    finding = admit(bar_at(MONDAY + 3 * HOUR), bar_at(MONDAY), Calendar.METALS)
    assert finding is not None
    assert (finding.kind, finding.missing) == (FindingKind.GAP, 2)


def test_a_clean_run_has_no_findings() -> None:
    report = check_bars(walk(count=400), Calendar.CONTINUOUS, now=MONDAY + 401 * HOUR)
    assert report.findings == ()
    assert report.worst is None
    assert report.line == "BTC-USD 1h: 400 bars, no findings"


@given(st.data())
def test_every_bar_taken_out_is_counted_as_missing(data: st.DataObject) -> None:
    columns = walk(count=60)
    gone = data.draw(st.sets(st.integers(1, 58)))
    keep = np.array([row not in gone for row in range(60)])
    report = check_bars(columns.where(keep), Calendar.CONTINUOUS)
    assert report.missing_bars == len(gone)


@given(st.permutations(range(12)))
def test_only_the_original_order_is_in_order(rows: list[int]) -> None:
    columns = walk(count=12)
    shuffled = BarColumns.of([columns.bar(row) for row in rows])
    counts = check_bars(shuffled, Calendar.CONTINUOUS).counts
    assert (FindingKind.UNSORTED in counts) == (rows != sorted(rows))


def test_duplicates_in_a_run_are_counted() -> None:
    columns = walk(count=5)
    twice = BarColumns.of([columns.bar(row) for row in (0, 1, 1, 2, 3)])
    assert check_bars(twice, Calendar.CONTINUOUS).counts == {FindingKind.DUPLICATE: 1}


def test_a_report_counts_all_and_keeps_a_few() -> None:
    columns = walk(count=100)
    broken = dataclasses.replace(columns, high=np.full(100, np.nan))
    report = check_bars(broken, Calendar.CONTINUOUS)
    assert report.counts[FindingKind.NOT_FINITE] == 100
    assert len(report.findings) == KEPT_PER_KIND
    assert report.worst is Severity.ERROR


def test_a_lone_print_is_a_suspicion() -> None:
    columns = walk(count=300)
    close, high = columns.close.copy(), columns.high.copy()
    close[200], high[200] = close[200] * 1.2, close[200] * 1.25
    report = check_bars(dataclasses.replace(columns, close=close, high=high), Calendar.CONTINUOUS)
    assert report.counts == {FindingKind.SPIKE: 2}  # there and back
    assert report.worst is Severity.WARNING


def test_a_spike_does_not_hide_the_next_one() -> None:
    scale = ReturnScale()
    for k in range(100):
        scale = scale.step(0.001 * (-1) ** k)
    assert scale.sigmas(0.05) > 8
    assert scale.step(0.05).sigmas(0.05) > 8


def test_stale_counts_trading_time_only() -> None:
    newest = bar_at(FRIDAY_LAST)
    require_fresh(newest, SUNDAY_FIRST + HOUR, Calendar.METALS)
    with pytest.raises(StaleData, match="more than 2 bars"):
        require_fresh(newest, SUNDAY_FIRST + HOUR, Calendar.CONTINUOUS)
    with pytest.raises(StaleData):
        require_fresh(newest, SUNDAY_FIRST + 3 * HOUR, Calendar.METALS)


def test_a_run_can_be_stale_or_from_the_future() -> None:
    columns = walk(count=50)
    stale = check_bars(columns, Calendar.CONTINUOUS, now=MONDAY + 53 * HOUR)
    future = check_bars(columns, Calendar.CONTINUOUS, now=MONDAY + 48 * HOUR)
    assert stale.counts == {FindingKind.STALE: 1}
    assert future.counts == {FindingKind.FUTURE: 2}


def test_columns_give_back_their_bars() -> None:
    bars = [walk(count=3).bar(row) for row in range(3)]
    columns = BarColumns.of(bars)
    assert [columns.bar(row) for row in range(3)] == bars
    with pytest.raises(ValueError, match="share one"):
        BarColumns.of([*bars, Bar("X", Timeframe.M1, MONDAY, MONDAY, 1, 1, 1, 1, 1)])
    with pytest.raises(ValueError, match="one length"):
        dataclasses.replace(columns, high=np.ones(2))
