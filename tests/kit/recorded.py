"""Recorded and generated hours of BTC, gold and silver, as files for a replay.

Refuses to invent where it says recorded: those files are the project's shared history.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from engine.market.columns import BarColumns, to_micros
from engine.market.sessions import bar_exists
from engine.model.bars import Timeframe
from engine.model.instruments import Calendar
from tests.kit.executor_process import ROOT
from tests.kit.market import HOUR, MONDAY, write_bars

_RECORDED = {
    "BTC-USD": "BTC-USD_1h_coinbase.parquet",
    "XAU-USD": "XAU-USD_1h_mt5.parquet",
    "XAG-USD": "XAG-USD_1h_mt5.parquet",
}
_BEGIN_AT = {"BTC-USD": 60_000.0, "XAU-USD": 2_500.0, "XAG-USD": 30.0}
_QUIET_HOURS = 40
_HOURS = 26 * 24
_TICK_FRAC = 1e-6


@dataclass(frozen=True, slots=True)
class History:
    """Files for ``--data`` and the instant from which they are replayed."""

    files: dict[str, Path]
    start: datetime

    @property
    def options(self) -> list[str]:
        """``--data SYMBOL=FILE`` for each file."""
        return [part for name, path in self.files.items() for part in ("--data", f"{name}={path}")]


def missing_reason() -> str | None:
    """Why the recorded history cannot be used; None if it is there."""
    folder = market_folder()
    absent = [name for name in _RECORDED.values() if not (folder / name).is_file()]
    if not absent:
        return None
    return f"no {absent[0]} in {folder}: set EXECUTOR_MARKET_DATA to the folder that holds it"


def market_folder() -> Path:
    """Where the shared history is kept."""
    named = os.environ.get("EXECUTOR_MARKET_DATA")
    return Path(named) if named else ROOT.parent / "shared" / "market"


def recorded_history() -> History:
    """A week of September 2024 in which nothing of note happens for the first two days."""
    files = {name: market_folder() / file for name, file in _RECORDED.items()}
    return History(files, datetime.fromisoformat("2024-09-10T06:00:00+00:00"))


def generated_history(folder: Path) -> History:
    """Three weeks of noise, then bitcoin rises to any target, gold falls to any stop.

    Silver stays where it is until its time limit.
    """
    start = MONDAY + timedelta(days=15)
    drifts = {"BTC-USD": 0.006, "XAU-USD": -0.006, "XAG-USD": 0.0}
    files = {}
    for seed, (name, drift) in enumerate(drifts.items()):
        columns = _drifting(name, start + _QUIET_HOURS * HOUR, drift, seed)
        files[name] = write_bars(folder / f"{name}.parquet", columns)
    return History(files, start)


def sudden_fall(folder: Path) -> Path:
    """Bitcoin that falls by four percent in the last hour of its file."""
    last = MONDAY + _HOURS * HOUR - HOUR
    return write_bars(folder / "fall.parquet", _drifting("BTC-USD", last, -0.04, 4))


def _drifting(name: str, begins: datetime, drift: float, seed: int) -> BarColumns:
    """Noise until `begins`, then noise with a drift an hour."""
    calendar = Calendar.CONTINUOUS if name == "BTC-USD" else Calendar.METALS
    slots = (MONDAY + k * HOUR for k in range(_HOURS))
    opens = [at for at in slots if bar_exists(calendar, Timeframe.H1, at)]
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.0, 0.003, len(opens))
    # The noise comes back to where it began, so that nothing is reached by chance.
    level = np.zeros(len(opens) + 1)
    for k, step in enumerate(steps):
        level[k + 1] = 0.9 * level[k] + step
    level[1:] += drift * np.cumsum([at >= begins for at in opens])
    edges = _BEGIN_AT[name] * np.exp(level)
    opening, close = edges[:-1], edges[1:]
    reach = 1.0 + np.abs(rng.normal(0.0, 0.001, len(opens))) + _TICK_FRAC
    return BarColumns(
        name,
        Timeframe.H1,
        np.array([to_micros(at) for at in opens], np.int64),
        opening,
        np.maximum(opening, close) * reach,
        np.minimum(opening, close) / reach,
        close,
        rng.lognormal(1.0, 0.5, len(opens)),
    )
