"""Recorded headlines: as of their time, and never a day too early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from engine.clock import VirtualClock
from engine.config import Settings
from engine.errors import ConfigError
from engine.model.bars import Timeframe
from engine.model.instruments import Asset
from engine.news import RecordedHeadlines
from engine.news.recorded import read_headlines
from engine.opening.news import headlines_of
from engine.views import MarketView
from tests.kit.recorded import market_folder

DAY = timedelta(days=1)
GOLD = {"XAU-USD": Asset.GOLD}


def write(file: Path, **columns: list[object]) -> Path:
    pl.DataFrame(columns).write_parquet(file)
    return file


def test_a_day_without_a_time_is_known_when_it_is_over(tmp_path: Path) -> None:
    noon = datetime(2020, 1, 2, 12, tzinfo=UTC)
    midnight = noon.replace(hour=0)
    file = write(tmp_path / "n.parquet", ts=[midnight, noon], title=["Gold up", "Gold down"])
    assert [each.at for each in read_headlines(file)] == [midnight + DAY, noon]


def test_naive_times_are_utc_and_empty_titles_left_out(tmp_path: Path) -> None:
    naive = datetime(2020, 1, 2, 12)  # noqa: DTZ001  as some files have it
    file = write(tmp_path / "n.parquet", ts=[naive, naive, None], title=["Gold", " ", "Gold"])
    (found,) = read_headlines(file)
    assert found.at == naive.replace(tzinfo=UTC)


def test_a_file_that_cannot_be_used_is_named_with_its_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.parquet, which cannot be read"):
        RecordedHeadlines([tmp_path / "missing.parquet"], GOLD)
    bars = write(tmp_path / "bars.parquet", ts=[1], close=[2.0])
    with pytest.raises(ConfigError, match="need ts and title"):
        RecordedHeadlines([bars], GOLD)


def test_a_replay_reads_them_and_a_live_market_does_not(tmp_path: Path) -> None:
    file = write(tmp_path / "n.parquet", ts=[datetime(2020, 1, 2, 12)], title=["Gold"])  # noqa: DTZ001
    settings = Settings.model_validate({"news": {"recorded": [str(file)]}})
    for name, some in (("replay", True), ("kraken", False), ("simulated", False)):
        view = MarketView(name, "", False, name == "replay", Timeframe.H1)
        found = headlines_of(
            settings, view, ("XAU-USD",), VirtualClock(datetime(2020, 1, 3, tzinfo=UTC))
        )
        assert isinstance(found, RecordedHeadlines) is some


@pytest.mark.market_data
async def test_recorded_history_gives_headlines_as_of_their_time() -> None:
    file = market_folder() / "NEWS_crypto_2021-2022.parquet"
    if not file.is_file():
        pytest.skip(f"no {file.name} in {file.parent}")
    source = RecordedHeadlines([file], {"BTC-USD": Asset.BITCOIN})
    until = datetime(2022, 3, 1, 9, tzinfo=UTC)
    found = await source.headlines("BTC-USD", until, 20)
    assert len(found) == 20
    assert all(until - 3 * DAY <= each.at <= until for each in found)
    assert list(found) == sorted(found, key=lambda each: each.at)
