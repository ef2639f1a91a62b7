"""Reads recorded bars from Parquet and CSV files into columns.

Refuses to guess: a missing column, an unreadable time or a disordered file gets one line that
names the file and the mend.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import MarketDataError
from engine.market.columns import MICROSECOND, BarColumns, Floats, Instants, to_micros
from engine.market.findings import STRUCTURAL, DataReport
from engine.model.bars import Timeframe

if TYPE_CHECKING:
    import polars as pl

TIME_COLUMNS = ("ts", "timestamp", "time", "datetime", "date", "open_time", "open time", "unix")
PRICE_COLUMNS = ("open", "high", "low", "close")
VOLUME_COLUMNS = ("volume", "vol", "tick_volume")

_PARQUET_MAGIC = b"PAR1"
# Epochs by size: a count above the bound is in the next finer unit (seconds reach the year 5138).
_EPOCH_UNITS = ((1e11, 1_000_000.0), (1e14, 1_000.0), (1e17, 1.0), (np.inf, 1e-3))


def read_bars(path: Path, instrument: str, timeframe: Timeframe | None = None) -> BarColumns:
    """Bars of one file, in file order and not yet checked.

    Parameters
    ----------
    path : Path
        Parquet or CSV; told apart by content. Times are UTC bar OPEN times: aware, naive (taken as
        UTC), ISO text, or epochs in s, ms, us or ns. A daily file labelled by session date is thus
        taken to be known at the end of that UTC day, never before.
    instrument : str
    timeframe : Timeframe, optional
        What the file must hold; inferred from its median step otherwise.

    Raises
    ------
    MarketDataError
        If the file is missing, unreadable, empty, lacks a column, or has another timeframe.
    """
    frame = _read(path)
    names = {name.strip().lower(): name for name in frame.columns}
    opens = _instants(path, frame[_column(path, names, TIME_COLUMNS)])
    opening, high, low, close = (
        _floats(frame[_column(path, names, (name,))]) for name in PRICE_COLUMNS
    )
    volume = next((_floats(frame[names[name]]) for name in VOLUME_COLUMNS if name in names), None)
    found = infer_timeframe(path, opens)
    if timeframe is not None and found is not timeframe:
        raise MarketDataError(
            f"{path} holds {found} bars, not {timeframe}: give files of one timeframe, "
            f"or ask for {found}"
        )
    if volume is None:
        volume = np.full(len(opens), np.nan)
    return BarColumns(instrument, found, opens, opening, high, low, close, volume)


def read_columns(path: Path, wanted: Sequence[str]) -> tuple[Instants, tuple[Floats, ...]]:
    """Times and the named columns of a file, in file order; what is no number is NaN.

    Raises
    ------
    MarketDataError
        If the file is missing, unreadable, empty or lacks a column.
    """
    frame = _read(path)
    names = {name.strip().lower(): name for name in frame.columns}
    times = _instants(path, frame[_column(path, names, TIME_COLUMNS)])
    missing = [name for name in wanted if name not in names]
    if missing:
        raise MarketDataError(
            f"{path} has no column {missing[0]!r}: name its columns ts, {', '.join(wanted)}"
        )
    return times, tuple(_floats(frame[names[name]]) for name in wanted)


def infer_timeframe(path: Path, opens: Instants) -> Timeframe:
    """Timeframe of a file, from the median step between its rows.

    Raises
    ------
    MarketDataError
        If there are fewer than two rows, or the step is no timeframe.
    """
    if len(opens) < 2:
        raise MarketDataError(f"{path} holds {len(opens)} bar(s): give a file of at least two")
    step = int(np.median(np.abs(np.diff(opens))))
    for timeframe in Timeframe:
        if timeframe.length // MICROSECOND == step:
            return timeframe
    known = ", ".join(Timeframe)
    raise MarketDataError(
        f"{path} has a bar every {step * MICROSECOND}, which is none of {known}: "
        "resample it to one of these"
    )


def require_order(path: Path, report: DataReport) -> None:
    """Raise if the rows of a file are out of order.

    Raises
    ------
    MarketDataError
        Naming the first row concerned and the mend.
    """
    for finding in report.findings:
        if finding.kind in STRUCTURAL:
            count = sum(report.counts.get(kind, 0) for kind in STRUCTURAL)
            raise MarketDataError(
                f"{path} is not in order ({count} place(s)), first at "
                f"{finding.at:%Y-%m-%d %H:%M}Z: {finding.detail}; "
                "sort it by time and keep one row for each bar"
            )


def _read(path: Path) -> pl.DataFrame:
    try:
        with path.open("rb") as file:
            magic = file.read(len(_PARQUET_MAGIC))
    except OSError as fault:
        reason = fault.strerror or "not readable"
        raise MarketDataError(
            f"{path} cannot be read ({reason}): check the path given to --data"
        ) from fault
    if not magic:
        raise MarketDataError(f"{path} is empty: give a Parquet or CSV file of bars")
    if path.suffix.lower() == ".parquet" and magic != _PARQUET_MAGIC:
        raise MarketDataError(f"{path} is not a Parquet file: download it again, or name it .csv")
    return _parse(path, is_parquet=magic == _PARQUET_MAGIC)


def _parse(path: Path, *, is_parquet: bool) -> pl.DataFrame:
    import polars as pl

    kind = "Parquet" if is_parquet else "CSV"
    try:
        return pl.read_parquet(path) if is_parquet else pl.read_csv(path, infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError, ValueError) as fault:
        reason = str(fault).partition("\n")[0]
        raise MarketDataError(
            f"{path} is broken {kind} ({reason}): download or export it again"
        ) from fault


def _column(path: Path, names: dict[str, str], wanted: Sequence[str]) -> str:
    for name in wanted:
        if name in names:
            return names[name]
    found = ", ".join(names) or "none"
    raise MarketDataError(
        f"{path} has no column {wanted[0]!r} (found: {found[:200]}): "
        f"name its columns ts, {', '.join(PRICE_COLUMNS)}, volume"
    )


def _floats(series: pl.Series) -> Floats:
    """Values as float64; what is no number becomes NaN and is rejected row by row later."""
    import polars as pl

    return series.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy().astype(np.float64)


def _instants(path: Path, series: pl.Series) -> Instants:
    import polars as pl

    if missing := series.null_count():
        raise MarketDataError(f"{path} has {missing} row(s) without a time: remove them")
    if series.dtype == pl.String:
        return _parse_iso(path, series.to_list())
    if series.dtype.is_numeric():
        return _from_epochs(series.cast(pl.Float64).to_numpy())
    if not series.dtype.is_temporal() or series.dtype in (pl.Time, pl.Duration):
        raise MarketDataError(
            f"{path} has times of type {series.dtype}: give UTC instants, ISO text or epochs"
        )
    return series.cast(pl.Datetime("us")).dt.epoch("us").to_numpy().astype(np.int64)


def _from_epochs(epochs: Floats) -> Instants:
    largest = float(np.abs(epochs).max(initial=0.0))
    to_us = next(factor for bound, factor in _EPOCH_UNITS if largest < bound)
    return np.rint(epochs * to_us).astype(np.int64)


def _parse_iso(path: Path, texts: Iterable[str]) -> Instants:
    instants = []
    for row, text in enumerate(texts):
        try:
            at = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
        except ValueError as fault:
            raise MarketDataError(
                f"{path} row {row} has the time {text[:40]!r}: write it as 2025-01-31T13:00:00Z"
            ) from fault
        instants.append(to_micros(at if at.tzinfo else at.replace(tzinfo=UTC)))
    return np.array(instants, np.int64)
