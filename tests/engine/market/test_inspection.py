"""Files looked at from all sides: each fault is named with its mend, sound files are left."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from engine.errors import MarketDataError
from engine.market.columns import BarColumns, from_micros, to_micros
from engine.market.findings import FindingKind
from engine.market.hours import clock_findings
from engine.market.inspection import MENDS, inspect_file, inspection_as_json, symbol_of
from engine.model.bars import Timeframe
from engine.model.instruments import Calendar
from tests.kit.market import walk, write_bars

START = datetime(2022, 1, 3, tzinfo=UTC)
TWO_YEARS = 2 * 365 * 24
METALS = walk("XAU-USD", TWO_YEARS, start=START, calendar=Calendar.METALS)
COINS = walk("BTC-USD", TWO_YEARS, start=START)


def _moved(columns: BarColumns, zone: str, hours: int = 0) -> BarColumns:
    """The same bars stamped by the clock of `zone`, as an export without a zone has them."""
    there, ahead = ZoneInfo(zone), timedelta(hours=hours)
    stamps = (from_micros(us).astimezone(there) + ahead for us in columns.open_us.tolist())
    opens = [to_micros(stamp.replace(tzinfo=UTC)) for stamp in stamps]
    moved = dataclasses.replace(columns, open_us=np.array(opens, np.int64))
    keep = np.append(True, np.diff(moved.open_us) > 0)
    return moved.where(keep)


@pytest.mark.parametrize(
    ("zone", "hours", "told"),
    [
        ("America/New_York", 7, "by +2 h in winter"),
        ("Europe/Athens", 0, "eastern European time"),
        ("America/New_York", 0, "New York time"),
        ("Europe/London", 0, "by +1 h in summer"),
        ("Asia/Tokyo", 0, "by +9 h in winter"),
    ],
)
def test_a_shifted_week_of_metals_is_seen(zone: str, hours: int, told: str) -> None:
    (finding,) = clock_findings(_moved(METALS, zone, hours), Calendar.METALS)
    assert finding.kind is FindingKind.CLOCK
    assert told in finding.detail


def test_true_utc_raises_no_doubt() -> None:
    assert clock_findings(METALS, Calendar.METALS) == []
    assert clock_findings(COINS, Calendar.CONTINUOUS) == []


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin"])
def test_a_local_clock_of_a_market_that_never_sleeps_is_seen(zone: str) -> None:
    (finding,) = clock_findings(_moved(COINS, zone), Calendar.CONTINUOUS)
    assert zone in finding.detail
    assert "all 2 springs" in finding.detail


def test_a_metal_under_a_calendar_without_weekends_is_seen() -> None:
    (finding,) = clock_findings(METALS, Calendar.CONTINUOUS)
    assert "on Saturdays" in finding.detail


def test_a_month_without_a_season_and_long_bars_are_not_judged() -> None:
    daily = walk("XAU-USD", 200, start=START, timeframe=Timeframe.D1, calendar=Calendar.METALS)
    assert clock_findings(daily, Calendar.METALS) == []
    week = METALS.where(np.arange(len(METALS)) < 100)
    assert clock_findings(_moved(week, "Asia/Tokyo"), Calendar.METALS) == []


def test_a_sound_file_is_clean(tmp_path: Path) -> None:
    seen = inspect_file(write_bars(tmp_path / "a.parquet", COINS), "BTC-USD", Calendar.CONTINUOUS)
    assert (seen.clean, seen.usable) == (True, True)
    assert seen.sentence.endswith("nothing is wrong")


def test_bad_rows_and_gaps_leave_a_file_usable(tmp_path: Path) -> None:
    high = COINS.high.copy()
    high[50] = COINS.low[50] / 2
    broken = dataclasses.replace(COINS, high=high).where(np.arange(len(COINS)) % 1000 != 999)
    seen = inspect_file(write_bars(tmp_path / "a.parquet", broken), "B", Calendar.CONTINUOUS)
    assert (seen.clean, seen.usable) == (False, True)
    assert seen.report.counts[FindingKind.GAP] == seen.report.missing_bars == 17
    assert seen.report.counts[FindingKind.INCONSISTENT] >= 1


def test_disorder_and_a_wrong_clock_make_a_file_unusable(tmp_path: Path) -> None:
    twice = COINS.where(np.ones(len(COINS), bool))
    twice.open_us[10] = twice.open_us[9]
    seen = inspect_file(write_bars(tmp_path / "a.parquet", twice), "B", Calendar.CONTINUOUS)
    assert not seen.usable
    assert FindingKind.DUPLICATE in seen.report.counts
    tokyo = write_bars(tmp_path / "b.parquet", _moved(METALS, "Asia/Tokyo"))
    assert not inspect_file(tokyo, "XAU-USD", Calendar.METALS).usable


def test_an_old_file_is_not_stale_but_tomorrow_is_the_future(tmp_path: Path) -> None:
    path = write_bars(tmp_path / "a.parquet", COINS)
    later = inspect_file(path, "B", Calendar.CONTINUOUS, datetime(2030, 1, 1, tzinfo=UTC))
    assert later.clean
    early = inspect_file(path, "B", Calendar.CONTINUOUS, datetime(2023, 1, 1, tzinfo=UTC))
    assert FindingKind.FUTURE in early.report.counts


def test_every_finding_has_a_mend() -> None:
    assert set(MENDS) == set(FindingKind)


def test_an_inspection_is_plain_json(tmp_path: Path) -> None:
    path = write_bars(tmp_path / "a.parquet", _moved(METALS, "Asia/Tokyo"))
    told = json.loads(json.dumps(inspection_as_json(inspect_file(path, "X", Calendar.METALS))))
    assert told["usable"] is False
    assert told["counts"]["clock"] == 1
    assert "UTC" in told["mends"]["clock"]


def test_a_symbol_is_read_from_the_name_or_asked_for() -> None:
    assert symbol_of(Path("x/PAXG-USDT_5m_binance.parquet")) == "PAXG-USDT"
    with pytest.raises(MarketDataError, match="give --symbol"):
        symbol_of(Path("candles.parquet"))
