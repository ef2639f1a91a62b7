"""A report in a folder: tables as Parquet and CSV, numbers as JSON, one page.

Refuses a number that is no number: the report then fails instead of the reader.
"""

from __future__ import annotations

import json
from pathlib import Path

from engine.research.backtest.page import page_of
from engine.research.backtest.report import BacktestReport, report_as_json
from engine.research.backtest.tables import tables_of
from engine.research.folders import whole_files


def write_backtest(report: BacktestReport, folder: Path) -> list[Path]:
    """Write everything; the files written.

    Raises
    ------
    ConfigError
        If the folder cannot be written.
    """
    numbers = json.dumps(report_as_json(report), indent=2, allow_nan=False, ensure_ascii=False)
    names = []
    with whole_files(folder) as beside:
        for name, frame in tables_of(report.result).items():
            parquet, csv = f"{name}.parquet", f"{name}.csv"
            frame.write_parquet(beside(parquet))
            frame.write_csv(beside(csv))
            names += [parquet, csv]
        beside("metrics.json").write_text(numbers + "\n", encoding="utf-8")
        beside("report.html").write_text(page_of(report), encoding="utf-8")
    return [folder / name for name in (*names, "metrics.json", "report.html")]
