"""A report in a folder: tables as Parquet and CSV, numbers as JSON, one page.

Refuses to write half a file in place of a whole one: each is written beside and moved.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryFile

from engine.errors import ConfigError
from engine.research.backtest.page import page_of
from engine.research.backtest.report import BacktestReport, report_as_json
from engine.research.backtest.tables import tables_of


def require_folder(folder: Path) -> None:
    """Make the folder and try it before hours are spent on what would go there.

    Raises
    ------
    ConfigError
        If it cannot be made, or takes no file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as fault:
        raise _unwritable(folder, fault) from fault


def write_backtest(report: BacktestReport, folder: Path) -> list[Path]:
    """Write everything; the files written.

    Raises
    ------
    ConfigError
        If the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _written(report, folder)
    except OSError as fault:
        raise _unwritable(folder, fault) from fault


def _written(report: BacktestReport, folder: Path) -> list[Path]:
    files = []
    for name, frame in tables_of(report.result).items():
        parquet, csv = folder / f"{name}.parquet", folder / f"{name}.csv"
        frame.write_parquet(_beside(parquet))
        frame.write_csv(_beside(csv))
        files += [parquet, csv]
    metrics, page = folder / "metrics.json", folder / "report.html"
    numbers = json.dumps(report_as_json(report), indent=2, allow_nan=False, ensure_ascii=False)
    _beside(metrics).write_text(numbers + "\n", encoding="utf-8")
    _beside(page).write_text(page_of(report), encoding="utf-8")
    files += [metrics, page]
    for file in files:
        _beside(file).replace(file)
    return files


def _unwritable(folder: Path, fault: OSError) -> ConfigError:
    reason = fault.strerror or "not writable"
    return ConfigError(f"{folder} cannot be written ({reason}): give another --out")


def _beside(file: Path) -> Path:
    return file.with_name(f".{file.name}.{os.getpid()}.part")
