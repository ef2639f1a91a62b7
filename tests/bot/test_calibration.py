from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from bot.charts.reliability import render_reliability
from bot.cli import app
from engine.facade.research import ReliabilityBin
from tests.engine.research.histories import write_history

pytestmark = pytest.mark.timeout(400)
POINT = ReliabilityBin(odds=0.13, rate=0.2, low=0.1, high=0.3, count=50)


def _run(*arguments: str, tmp_path: Path) -> tuple[int, str, str]:
    config = tmp_path / "config.toml"
    config.touch()
    given = ["--config", str(config), "--trials", str(tmp_path / "trials.jsonl")]
    result = CliRunner().invoke(app, ["calibration", *given, *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_calibration_prints_json_alone_and_fills_the_folder(tmp_path: Path) -> None:
    data = write_history(tmp_path / "btc.parquet", 0)
    out = tmp_path / "out"
    code, printed, _ = _run(
        "--data", f"BTC-USD={data}", "--json", "--out", str(out), tmp_path=tmp_path
    )
    assert code == 0
    found = json.loads(printed)
    assert found["locked"] is True
    names = {"candidates.parquet", "reliability_BTC-USD.png", "reliability_pooled.png"}
    assert {Path(path).name for path in found["files"]} == names
    assert {path.name for path in out.iterdir()} == names
    judged = pl.read_parquet(out / "candidates.parquet").filter("judged").height
    assert judged == found["groups"][0]["candidates"]


def test_calibration_says_in_words_that_the_lock_was_opened(tmp_path: Path) -> None:
    data = write_history(tmp_path / "btc.parquet", 0)
    code, printed, _ = _run("--data", f"BTC-USD={data}", "--open-locked", tmp_path=tmp_path)
    assert code == 0
    assert "OPENED" in printed


def test_calibration_without_data_names_the_option(tmp_path: Path) -> None:
    code, _, complaint = _run(tmp_path=tmp_path)
    assert code == 2
    assert "--data" in complaint


def test_calibration_of_a_missing_file_is_one_line(tmp_path: Path) -> None:
    code, printed, complaint = _run("--data", "BTC-USD=nowhere.parquet", tmp_path=tmp_path)
    assert code == 1
    assert printed == ""
    assert "nowhere.parquet cannot be read" in complaint.replace("\n", " ")
    assert "Traceback" not in complaint


def test_reliability_is_a_png() -> None:
    png = render_reliability("pooled", {"pipeline": (POINT,), "martingale": (POINT,)})
    assert png.startswith(b"\x89PNG")


def test_reliability_without_the_pipeline_is_refused() -> None:
    with pytest.raises(ValueError, match="pipeline and martingale"):
        render_reliability("pooled", {"martingale": (POINT,)})
