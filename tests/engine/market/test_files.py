"""Files of bars: many dialects are read, and each wrong file gets one line with its mend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.clock import VirtualClock
from engine.errors import MarketDataError
from engine.market.columns import BarColumns
from engine.market.files import read_bars
from engine.market.replay import ReplayFeed
from engine.model.bars import Timeframe
from tests.kit.market import MONDAY, walk, write_bars

ROWS = "100,102,99,101,5"
EPOCH_S = 1_740_960_000  # MONDAY


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("name", ["bars.parquet", "bars.csv"])
def test_what_is_written_is_read_back(tmp_path: Path, name: str) -> None:
    columns = walk(count=50)
    read = read_bars(write_bars(tmp_path / name, columns), "BTC-USD")
    assert read.timeframe is Timeframe.H1
    for field in ("open_us", "open", "high", "low", "close", "volume"):
        np.testing.assert_allclose(getattr(read, field), getattr(columns, field), rtol=1e-12)


@pytest.mark.parametrize(
    ("header", "times"),
    [
        ("ts", ("2025-03-03T00:00:00Z", "2025-03-03T01:00:00Z")),
        ("Timestamp", ("2025-03-03 00:00:00", "2025-03-03 01:00:00")),
        ("date", ("2025-03-03 02:00:00+02:00", "2025-03-03 03:00:00+02:00")),
        ("time", (EPOCH_S, EPOCH_S + 3600)),
        ("open_time", (EPOCH_S * 1000, (EPOCH_S + 3600) * 1000)),
        ("ts", (EPOCH_S * 10**6, (EPOCH_S + 3600) * 10**6)),
        ("ts", (EPOCH_S * 10**9, (EPOCH_S + 3600) * 10**9)),
    ],
)
def test_times_are_understood_in_every_usual_form(
    tmp_path: Path, header: str, times: tuple[object, object]
) -> None:
    lines = [f"{header},Open,HIGH,low,close,Volume", *(f"{at},{ROWS}" for at in times)]
    columns = read_bars(write(tmp_path / "a.csv", "\n".join(lines)), "BTC-USD")
    assert columns.bar(0).open_at == MONDAY
    assert columns.timeframe is Timeframe.H1


def test_dates_alone_are_days(tmp_path: Path) -> None:
    text = f"date,open,high,low,close\n2025-03-03,{ROWS[:-2]}\n2025-03-04,{ROWS[:-2]}\n"
    columns = read_bars(write(tmp_path / "a.csv", text), "XAU-USD")
    assert columns.timeframe is Timeframe.D1
    assert np.isnan(columns.volume).all()


def _csv(*times: str, header: str = "ts,open,high,low,close,volume") -> str:
    return "\n".join([header, *(f"{at},{ROWS}" for at in times)])


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("gone.parquet", None, "cannot be read .No such file.*check the path"),
        ("empty.csv", b"", "is empty: give a"),
        ("page.parquet", b"<html>not found</html>", "is not a Parquet file: download"),
        ("cut.parquet", b"PAR1\x00\x01\x02", "is broken Parquet .*download or export"),
        ("bin.csv", b"\xff\xfe\x00\x01,\x02\n\x03", "bin.csv"),
        ("head.csv", b"ts,open,high,low,close\n", r"holds 0 bar\(s\)"),
        ("cols.csv", b"ts,open,high,low\n2025-03-03,1,1,1\n", "no column 'close' .found: ts, o"),
        ("time.csv", b"when,open,high,low,close\n1,1,1,1,1\n", "no column 'ts'"),
        ("iso.csv", _csv("2025-03-03", "yesterday").encode(), "row 1 has the time 'yesterday'"),
        ("null.csv", _csv("2025-03-03T00:00Z", "").encode(), "without a time"),
        (
            "step.csv",
            _csv("2025-03-03T00:00Z", "2025-03-03T03:00Z", "2025-03-03T06:00Z").encode(),
            "a bar every 3:00:00, which is none of",
        ),
    ],
)
def test_a_wrong_file_gets_one_line(
    tmp_path: Path, name: str, content: bytes | None, expected: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MarketDataError, match=expected) as caught:
        read_bars(path, "BTC-USD")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(MarketDataError, match="cannot be read"):
        read_bars(tmp_path, "BTC-USD")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((0, 2, 1, 3), "row 2 comes after 2025-03-03 02:00Z"),
        ((0, 1, 1, 2), "row 2 repeats the time of row 1"),
    ],
)
def test_a_disordered_file_is_refused_with_its_row(
    tmp_path: Path, order: tuple[int, ...], expected: str
) -> None:
    columns = walk(count=8)
    rows = [*order, 4, 5, 6, 7]
    mixed = BarColumns.of([columns.bar(row) for row in rows])
    path = write_bars(tmp_path / "a.parquet", mixed)
    with pytest.raises(MarketDataError, match=f"{expected}; sort it by time"):
        ReplayFeed({"BTC-USD": path}, None, VirtualClock())


def test_another_timeframe_is_refused(tmp_path: Path) -> None:
    path = write_bars(tmp_path / "a.parquet", walk(count=8))
    with pytest.raises(MarketDataError, match="holds 1h bars, not 4h"):
        read_bars(path, "BTC-USD", Timeframe.H4)
