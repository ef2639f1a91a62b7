"""What a clumsy or hostile hand gives the newer commands: one line, a code, and nothing lost."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import main
from engine.config import Settings
from engine.journal.sqlite import SqliteJournal
from tests.kit.market import walk, write_bars

HEADER = "txid,time,type,asset,amount\n"
BARS = ["--data", "BTC-USD=btc.parquet"]
SWEEP = ["sweep", *BARS, "--workers", "1", "--grid", "grid.toml"]
WALK = ["walkforward", *BARS, "--workers", "1"]
IMPORT = ["ledger", "import", "--db", "desk.sqlite", "--through", "2025-03-01", "--csv"]
FETCH = [
    *("data", "fetch", "--venue", "kraken", "--symbol", "BTC-USD", "--timeframe", "1h"),
    *("--url", "http://127.0.0.1:1", "--out", "new.parquet"),
]

Refused = Callable[..., str]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a short history, a grid, a file and an empty record; it is the current one."""
    write_bars(tmp_path / "btc.parquet", walk(count=400))
    (tmp_path / "config.toml").write_text("[market]\nwarmup_bars = 300\n")
    (tmp_path / "grid.toml").write_text('[grid]\n"pipeline.stretch_sigmas" = [0.6, 0.7]\n')
    (tmp_path / "file").write_text("not a folder\n")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    asyncio.run(_empty_record(tmp_path / "desk.sqlite"))
    return tmp_path


async def _empty_record(path: Path) -> None:
    journal = await SqliteJournal.open(path, Settings().hash)
    await journal.aclose()


@pytest.fixture
def refused(
    desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Refused:
    """Run a command that must end with a code and one line that tells why; that line."""

    def run(*arguments: str) -> str:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["executor", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert ended.value.code in {1, 2}, printed.err
        assert printed.out == ""
        told = [line for line in printed.err.splitlines() if line.startswith("executor:")]
        assert len(told) == 1, printed.err
        return told[0]

    return run


@pytest.mark.parametrize("command", [["backtest", *BARS], [*SWEEP, "--out", "out"], FETCH])
@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        ("0001-01-01", "2025-01-01", "1900"),
        ("0001-01-01T00:00+14:00", "2025-01-01", "1900"),
        ("2024-01-01", "9999-12-31T23:59-14:00", "2200"),
        ("2025-01-02", "2025-01-01", "must lie before --to"),
    ],
)
def test_a_span_that_cannot_be_is_told(
    refused: Refused, command: list[str], since: str, until: str, words: str
) -> None:
    assert words in refused(*command, "--from", since, "--to", until)


@pytest.mark.parametrize("minutes", ["inf", "nan", "1e300", "-1"])
def test_a_latency_that_is_no_time_is_told(refused: Refused, minutes: str) -> None:
    assert "--latency" in refused("backtest", *BARS, "--latency", minutes)


@pytest.mark.parametrize("head", ["²:abc", "9" * 5000 + ":abc", "-1:abc", "1:", "x"])
def test_an_anchor_that_is_none_is_told(refused: Refused, desk: Path, head: str) -> None:
    (desk / "trials.jsonl").touch()
    assert "SEQ:HASH" in refused("trials", "--anchor", head)


@pytest.mark.parametrize(
    "command",
    [["backtest", *BARS], SWEEP, WALK, ["calibration", *BARS]],
    ids=["backtest", "sweep", "walkforward", "calibration"],
)
@pytest.mark.parametrize("out", ["file", "file/below", "/proc/self"])
def test_a_folder_that_takes_no_result_is_told_before_any_work(
    refused: Refused, desk: Path, command: list[str], out: str
) -> None:
    line = refused(*command, "--out", out)
    assert f"{out} cannot be written" in line
    assert "give another --out" in line
    assert not (desk / "trials.jsonl").exists()


@pytest.mark.parametrize(
    ("axis", "words"),
    [
        ('"pipeline.stretch_sigmas" = [0.5, nan]', "pipeline.stretch_sigmas = nan of the grid"),
        ('"pipeline.stretch_sigmas" = [-1.0]', "pipeline.stretch_sigmas = -1.0 of the grid"),
        ('"nope.x" = [1]', "nope.x = 1 of the grid"),
    ],
    ids=["nan", "negative", "unknown"],
)
def test_a_value_of_the_grid_is_not_blamed_on_the_settings_file(
    refused: Refused, desk: Path, axis: str, words: str
) -> None:
    (desk / "grid.toml").write_text(f"[grid]\n{axis}\n")
    assert words in refused(*SWEEP, "--out", "out")


def test_a_result_that_is_no_text_is_told_and_kept(refused: Refused, desk: Path) -> None:
    (desk / "out").mkdir()
    (desk / "out" / "points").write_text("a file where a folder is needed")
    assert "give another --out" in refused(*SWEEP, "--out", "out")
    assert (desk / "out" / "points").read_text() == "a file where a folder is needed"


@pytest.mark.parametrize("out", ["folder", "file/below"])
def test_a_record_is_exported_to_a_file_or_told(refused: Refused, desk: Path, out: str) -> None:
    assert out in refused("journal", "export", "--db", "desk.sqlite", "--out", out)
    assert not list(desk.glob("*.part"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "header row"),
        ("garbage\n", "header row lacks line_id"),
        (HEADER + "A,0001-01-01T00:00+14:00,trade,USD,1\n", "row 2"),
        (HEADER + "A,2025-01-01,trade,USD,nan\n", "row 2"),
    ],
    ids=["empty", "garbage", "before-time", "nan"],
)
def test_what_is_no_statement_is_not_an_empty_statement(
    refused: Refused, desk: Path, text: str, words: str
) -> None:
    (desk / "statement.csv").write_text(text)
    before = (desk / "desk.sqlite").read_bytes()
    assert words in refused(*IMPORT, "statement.csv")
    assert (desk / "desk.sqlite").read_bytes() == before


@pytest.mark.parametrize("name", ["absent.parquet", "folder"])
def test_a_file_to_check_that_is_not_there_is_told(refused: Refused, name: str) -> None:
    assert f"{name} is no file" in refused("data", "check", name)


def test_a_review_with_prices_of_a_stranger_is_told(refused: Refused) -> None:
    line = refused("review", "--db", "desk.sqlite", "--data", "DOGE-USD=btc.parquet")
    assert "no instrument DOGE-USD" in line
