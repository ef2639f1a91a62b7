"""``executor backtest`` as a process: its files, its log, its faults, and Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.kit.desk import swings
from tests.kit.executor_process import PROGRAM, Finished, environment, executor
from tests.kit.market import write_bars

_SETTINGS = """
[market]
warmup_bars = 200
[costs.kraken]
maker_frac = 0.0001
taker_frac = 0.0002
"""
_FILES = {f"{name}.{kind}" for name in ("trades", "candidates", "equity")
          for kind in ("csv", "parquet")} | {"metrics.json", "report.html"}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small settings and a history of bitcoin."""
    made = tmp_path_factory.mktemp("backtest")
    (made / "config.toml").write_text(_SETTINGS)
    write_bars(made / "btc.parquet", swings(1200))
    return made


def backtest(folder: Path, *arguments: str) -> Finished:
    return executor("backtest", *arguments, cwd=folder, within_s=110.0)


def test_a_backtest_writes_its_files_and_its_trial(folder: Path) -> None:
    done = backtest(
        folder, "--data", "BTC-USD=btc.parquet", "--exploratory", "--out", "out", "--json"
    )
    assert done.code == 0, done.err
    assert {path.name for path in (folder / "out").iterdir()} == _FILES
    assert done.json["complete"] is True
    assert [each["cost_factor"] for each in done.json["cost_sensitivity"]] == [1.0, 0.5, 2.0]
    logged = executor("trials", "--json", cwd=folder)
    assert "backtest" in logged.out


def test_ctrl_c_keeps_what_is_done(folder: Path) -> None:
    command = (*PROGRAM, "backtest", "--data", "BTC-USD=btc.parquet", "--out", "kept", "--json")
    with subprocess.Popen(  # noqa: S603  our own program
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        assert "Ctrl-C" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=110)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert {path.name for path in (folder / "kept").iterdir()} == _FILES
    found = json.loads(out)
    assert found["complete"] is False
    assert found["sentences"][0].startswith("Interrupted")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ["SYMBOL=FILE"]),
        (("--data", "BTC-USD=absent.parquet"), ["absent.parquet"]),
        (("--data", "BTC-USD=btc.parquet", "--costs", "1,dear"), ["dear"]),
        (("--data", "BTC-USD=btc.parquet", "--costs", "0"), ["cost_factors"]),
        (("--data", "BTC-USD=btc.parquet", "--from", "2030-01-01"), ["--from"]),
        (("--data", "BTC-USD=btc.parquet", "--to", "1999-01-01"), ["--to"]),
        (("--data", "BTC-USD=btc.parquet", "--fine", "XAU-USD=btc.parquet"), ["XAU-USD"]),
        (("--data", "BTC-USD=btc.parquet", "--fine", "BTC-USD=btc.parquet"), ["finer"]),
        (("--data", "DOGE-USD=btc.parquet"), ["DOGE-USD"]),
        (("--data", "BTC-USD=btc.parquet", "--out", "config.toml/out"), ["--out"]),
    ],
)
def test_bad_input_is_told_in_one_line(
    folder: Path, arguments: tuple[str, ...], words: list[str]
) -> None:
    done = backtest(folder, *arguments)
    assert done.code in {1, 2}, (done.code, done.out, done.err)
    assert "Traceback" not in done.out + done.err
    told = [line for line in done.lines if line.startswith("executor:")]
    assert len(told) == 1, done.err
    assert all(word in told[0] for word in words), told[0]
