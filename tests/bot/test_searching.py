"""``executor sweep`` and ``walkforward`` as a person runs them, kills them and runs them again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from tests.kit.desk import swings
from tests.kit.executor_process import PROGRAM, environment
from tests.kit.market import write_bars

# Compiling the kernels after an edit takes half a minute on an idle machine.
pytestmark = pytest.mark.timeout(400)
CONFIG = """
market.warmup_bars = 200
costs.kraken.maker_frac = 0.0001
costs.kraken.taker_frac = 0.0002
risk.trades_a_day = 50
risk.trades_a_day_per_instrument = 50
exploratory.weekly_budget_frac = 0.2
pipeline.target_sigmas = 0.5
pipeline.stop_sigmas = 0.35
"""
GRID = '[grid]\n"pipeline.stretch_sigmas" = [{depths}]\n'
POINTS = 8


def _prepared(folder: Path, points: int = 3, bars: int = 1500) -> list[str]:
    (folder / "config.toml").write_text(CONFIG)
    depths = ", ".join(f"{0.6 + 0.1 * k:.1f}" for k in range(points))
    (folder / "grid.toml").write_text(GRID.format(depths=depths))
    data = write_bars(folder / "BTC-USD_1h.parquet", swings(bars))
    return [
        "--data", f"BTC-USD={data}", "--config", str(folder / "config.toml"),
        "--grid", str(folder / "grid.toml"), "--exploratory",
        "--trials", str(folder / "trials.jsonl"),
    ]  # fmt: skip


def _run(command: str, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [command, *arguments])
    return result.exit_code, result.stdout, result.stderr


def _words(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


def test_sweep_shows_the_best_with_what_it_is_worth(tmp_path: Path) -> None:
    given = _prepared(tmp_path)
    code, printed, _ = _run("sweep", *given, "--workers", "1", "--out", str(tmp_path / "out"))
    assert code == 0
    assert "3 of 3 points, 0 were there already" in _words(printed)
    assert "the best of 3 configurations shows" in _words(printed)
    code, printed, _ = _run(
        "sweep", *given, "--workers", "1", "--out", str(tmp_path / "out"), "--json"
    )
    told = json.loads(printed)
    assert (told["found"], told["complete"]) == (3, True)
    assert told["ever"]["repeats"] == 0
    assert all(Path(path).is_file() for path in told["files"])


def test_walkforward_shows_every_fold_and_how_far_they_lie_apart(tmp_path: Path) -> None:
    given = _prepared(tmp_path, points=2, bars=3000)
    code, printed, _ = _run(
        "walkforward", *given, "--folds", "2", "--workers", "1", "--out", str(tmp_path / "out")
    )
    assert code == 0
    told = _words(printed)
    assert "out of sample" in told
    assert "of 2 folds above zero" in told
    assert "15 ways to judge on two sixths" in told
    assert "the points: the best of 2 configurations" in told


@pytest.mark.parametrize(
    ("command", "options", "word"),
    [
        ("sweep", ("--grid", "nowhere.toml", "--out", "o"), "SYMBOL=FILE"),
        ("sweep", ("--grid", "nowhere.toml", "--out", "o", "--data", "BTC-USD=x"), "cannot be"),
        ("walkforward", ("--out", "o", "--data", "BTC-USD=x", "--from", "soon"), "no date"),
        (
            "walkforward",
            ("--out", "o", "--data", "B=x", "--from", "2024-01-02", "--to", "2024-01-01"),
            "must lie before --to",
        ),
    ],
)
def test_a_mistake_is_one_line(
    command: str, options: tuple[str, ...], word: str, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").touch()
    code, _, complaint = _run(command, *options, "--config", str(tmp_path / "config.toml"))
    assert code != 0
    assert word in _words(complaint)
    assert "Traceback" not in complaint


def test_too_many_folds_name_the_mend(tmp_path: Path) -> None:
    given = _prepared(tmp_path, points=1)
    code, _, complaint = _run(
        "walkforward", *given, "--folds", "30", "--workers", "1", "--out", str(tmp_path / "o")
    )
    assert code == 1
    assert "give fewer --folds" in _words(complaint)


async def _started(folder: Path, given: list[str], out: Path) -> asyncio.subprocess.Process:
    """Its output goes to files: workers of a killed process hold a pipe open for a while."""
    with (folder / "printed").open("wb") as printed, (folder / "errors").open("wb") as errors:
        return await asyncio.create_subprocess_exec(
            *PROGRAM, "sweep", *given, "--workers", "2", "--out", str(out), "--json",
            stdout=printed, stderr=errors, env=environment(), cwd=folder,
        )  # fmt: skip


async def _some_points(out: Path, process: asyncio.subprocess.Process, least: int) -> None:
    gate = asyncio.Event()
    while len(list((out / "points").glob("*.json"))) < least and process.returncode is None:
        try:
            await asyncio.wait_for(gate.wait(), 0.02)
        except TimeoutError:
            continue


async def test_a_sweep_that_is_killed_and_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    given, out = _prepared(tmp_path, POINTS, bars=2500), tmp_path / "out"
    points = out / "points"
    async with asyncio.timeout(300):
        killed = await _started(tmp_path, given, out)
        await _some_points(out, killed, 2)
        os.kill(killed.pid, signal.SIGKILL)
        await killed.wait()
        first = len(list(points.glob("*.json")))
        stopped = await _started(tmp_path, given, out)
        await _some_points(out, stopped, first + 1)
        os.kill(stopped.pid, signal.SIGINT)
        await stopped.wait()
        second = len(list(points.glob("*.json")))
        assert 2 <= first < second < POINTS
        assert stopped.returncode == 130
        assert "Traceback" not in (tmp_path / "errors").read_text()
        assert json.loads((tmp_path / "printed").read_text())["done"] == second
        finished = await _started(tmp_path, given, out)
        await finished.wait()
    assert finished.returncode == 0, (tmp_path / "errors").read_text()
    told = json.loads((tmp_path / "printed").read_text())
    assert (told["done"], told["found"], told["complete"]) == (POINTS, second, True)
    assert told["ever"]["trials"] == POINTS
