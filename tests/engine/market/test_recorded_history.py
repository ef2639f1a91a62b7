"""The checks and the replay on real recorded history, where it is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.clock import VirtualClock
from engine.errors import MarketDataError
from engine.market.checks import check_bars
from engine.market.files import read_bars
from engine.market.findings import FindingKind, Severity
from engine.market.replay import ReplayFeed
from engine.model.bars import BarsClosed
from engine.model.instruments import Calendar

ROOT = Path(__file__).parents[3]
MARKET = Path(os.environ.get("EXECUTOR_MARKET_DATA", ROOT.parent / "shared" / "market"))
BTC, XAU, XAG = (
    MARKET / name
    for name in (
        "BTC-USDT_1h_binance.parquet",
        "XAU-USD_1h_mt5.parquet",
        "XAG-USD_1h_mt5.parquet",
    )
)

pytestmark = pytest.mark.skipif(
    not all(path.exists() for path in (BTC, XAU, XAG)),
    reason=f"no recorded history in {MARKET}: set EXECUTOR_MARKET_DATA to its folder",
)


def test_bitcoin_shows_the_three_known_outages() -> None:
    report = check_bars(read_bars(BTC, "BTC-USD"), Calendar.CONTINUOUS)
    assert report.counts[FindingKind.GAP] == 3
    assert report.missing_bars == 7
    assert report.worst is Severity.WARNING


@pytest.mark.parametrize(("path", "gaps"), [(XAU, 0), (XAG, 1)], ids=["gold", "silver"])
def test_metals_show_holidays_as_short_sessions(path: Path, gaps: int) -> None:
    report = check_bars(read_bars(path, "XAU-USD"), Calendar.METALS)
    assert report.counts.get(FindingKind.GAP, 0) == gaps
    assert 60 <= report.counts[FindingKind.SHORT_SESSION] <= 90  # about ten a year
    assert report.worst is Severity.WARNING


@pytest.mark.parametrize(
    "name", ["XAU-USD_4h_mt5", "XAU-USD_1d_mt5", "XAU-USD_1h_ejtrader", "BTC-USD_1h_coinbase"]
)
def test_every_row_of_the_other_files_is_sound(name: str) -> None:
    calendar = Calendar.METALS if name.startswith("XAU") else Calendar.CONTINUOUS
    report = check_bars(read_bars(MARKET / f"{name}.parquet", "X"), calendar)
    assert report.worst is not Severity.ERROR


@pytest.mark.parametrize("name", ["XAU-USD_tickquotes_oanda_lean", "NEWS_gold_2000-2019"])
def test_a_file_that_holds_no_bars_is_named(name: str) -> None:
    with pytest.raises(MarketDataError, match=f"{name}.parquet has no column 'open'"):
        read_bars(MARKET / f"{name}.parquet", "X")


async def test_three_instruments_replay_together() -> None:
    feed = ReplayFeed(
        {"BTC-USD": BTC, "XAU-USD": XAU, "XAG-USD": XAG},
        None,
        VirtualClock(),
        until=read_bars(BTC, "BTC-USD").bar(1500).close_at,
        calendars={"XAU-USD": Calendar.METALS, "XAG-USD": Calendar.METALS},
        tell=lambda _: None,
    )
    groups = [event async for event in feed.stream(None) if isinstance(event, BarsClosed)]
    assert len(groups) > 900
    assert {len(group.bars) for group in groups} == {1, 3}
