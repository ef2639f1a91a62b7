"""Bars on disk as Parquet, with what they are and how far they reach; replaced whole or not.

Refuses files that another program wrote: what they hold of which market is not known.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from engine.errors import MarketDataError
from engine.market.columns import BarColumns, Floats, Instants
from engine.model.bars import Bar, Timeframe

_MARK = "executor."
_PRICES = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Stored:
    """What a file of fetched bars is.

    Attributes
    ----------
    venue, symbol : str
        Symbol as Executor names it: ``BTC-USD``.
    source : str
        ``candles`` as the venue gives them, or ``trades`` that bars were built from.
    begin_at, reached_at : datetime, aware UTC
        The stretch that was asked for so far; bars may be missing in it where nothing traded.
    """

    venue: str
    symbol: str
    timeframe: Timeframe
    source: str
    begin_at: datetime
    reached_at: datetime


def read_stored(path: Path) -> tuple[Stored, BarColumns] | None:
    """What a file holds; None where there is none.

    Raises
    ------
    MarketDataError
        If it is broken, or was not written by `write_stored`.
    """
    import polars as pl

    if not path.exists():
        return None
    try:
        told = pl.read_parquet_metadata(path)
        frame = pl.read_parquet(path)
        stored = Stored(
            told[_MARK + "venue"],
            told[_MARK + "symbol"],
            Timeframe(told[_MARK + "timeframe"]),
            told[_MARK + "source"],
            datetime.fromisoformat(told[_MARK + "begin_at"]),
            datetime.fromisoformat(told[_MARK + "reached_at"]),
        )
        opens: Instants = frame["ts"].dt.epoch("us").to_numpy().astype(np.int64)
        prices: list[Floats] = [frame[name].to_numpy().astype(np.float64) for name in _PRICES]
    except (pl.exceptions.PolarsError, OSError, KeyError, ValueError) as fault:
        raise MarketDataError(
            f"{path} is there and was not written by executor data fetch: give another --out"
        ) from fault
    return stored, BarColumns(stored.symbol, stored.timeframe, opens, *prices)


def write_stored(path: Path, stored: Stored, columns: BarColumns) -> None:
    """Replace the file at `path`: a process killed here leaves the old one or the new one, whole.

    Raises
    ------
    MarketDataError
        If it cannot be written.
    """
    import polars as pl

    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        frame = pl.DataFrame({"ts": columns.open_us}).with_columns(
            pl.col("ts").cast(pl.Datetime("us", "UTC")),
            *(pl.Series(name, getattr(columns, name)) for name in _PRICES),
        )
        frame.write_parquet(part, metadata=_metadata(stored))
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as fault:
        reason = fault.strerror or "not writable"
        raise MarketDataError(
            f"{path} cannot be written ({reason}): give another --out"
        ) from fault


def merged(columns: BarColumns, bars: Sequence[Bar]) -> BarColumns:
    """`columns` with `bars`, by time, one of each; a bar that came again replaces the old one."""
    if not bars:
        return columns
    fresh = BarColumns.of(bars)
    opens = np.concatenate([columns.open_us, fresh.open_us])
    order = np.argsort(opens, kind="stable")
    last = np.append(np.diff(opens[order]) > 0, True)
    rows = order[last]
    prices = (
        np.concatenate([getattr(columns, name), getattr(fresh, name)])[rows] for name in _PRICES
    )
    return BarColumns(columns.instrument, columns.timeframe, opens[rows], *prices)


def no_bars(stored: Stored) -> BarColumns:
    """Columns of a file that holds none yet."""
    nothing = (np.empty(0, np.float64) for _ in _PRICES)
    return BarColumns(stored.symbol, stored.timeframe, np.empty(0, np.int64), *nothing)


def _metadata(stored: Stored) -> dict[str, str]:
    return {
        _MARK + "venue": stored.venue,
        _MARK + "symbol": stored.symbol,
        _MARK + "timeframe": stored.timeframe.value,
        _MARK + "source": stored.source,
        _MARK + "begin_at": stored.begin_at.isoformat(),
        _MARK + "reached_at": stored.reached_at.isoformat(),
    }
