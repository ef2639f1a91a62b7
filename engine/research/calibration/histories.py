"""Recorded files as histories for the study: checked, cut, and the last fifth locked away.

Refuses files of different timeframes, rows out of order, and instruments it has no price step for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.config import Settings
from engine.errors import ConfigError, MarketDataError
from engine.market.checks import check_bars, sound_rows
from engine.market.columns import BarColumns
from engine.market.files import read_bars, require_order
from engine.model.bars import Timeframe
from engine.model.instruments import Calendar
from engine.probability.batch import History
from engine.probability.layer import InstrumentScale

OPEN_SHARE = 0.8
"""Part of the time between the first and the last bar that a study may see."""
_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """Histories of one timeframe, and where the locked part begins.

    Attributes
    ----------
    lock_at : int, seconds since 1970
        Close of the last bar that may be seen while the last fifth is locked.
    notes : tuple of str
        What a reader must know of the data, one sentence each.
    """

    histories: tuple[History, ...]
    timeframe: Timeframe
    lock_at: int
    notes: tuple[str, ...]

    def until_lock(self) -> Recorded:
        """The same without what closed after `lock_at`."""
        cut = tuple(until(history, self.lock_at) for history in self.histories)
        return Recorded(cut, self.timeframe, self.lock_at, self.notes)


def read_histories(settings: Settings, files: Mapping[str, Path], bars: int | None) -> Recorded:
    """Read and check files.

    Parameters
    ----------
    bars : int or None
        Take only the last `bars` of each file.

    Raises
    ------
    MarketDataError, ConfigError
        One line that names the file or the instrument, and the mend.
    """
    if not files:
        raise MarketDataError("no history to study: give --data SYMBOL=FILE at least once")
    histories, notes = [], []
    timeframe: Timeframe | None = None
    for symbol, path in files.items():
        known = stand_in(settings, symbol)
        if known != symbol:
            notes.append(f"{symbol} is studied with the price step, hours and costs of {known}")
        instrument = settings.instrument(known)
        columns = read_bars(path, symbol, timeframe)
        timeframe = columns.timeframe
        require_order(path, check_bars(columns, instrument.calendar))
        sound = sound_rows(columns)
        if not sound.all():
            notes.append(f"{int((~sound).sum())} bad bars of {path.name} are left out")
        continuous = instrument.calendar is Calendar.CONTINUOUS
        scale = InstrumentScale(symbol, float(instrument.tick), continuous=continuous)
        histories.append(_history(columns.where(sound), scale, bars))
    if timeframe is None or any(history.close.size == 0 for history in histories):
        raise MarketDataError("a file holds no usable bar: look at it with executor doctor --data")
    return Recorded(tuple(histories), timeframe, _lock_at(histories), tuple(notes))


def until(history: History, closed_by: int) -> History:
    """The bars that closed by an instant, in seconds since 1970."""
    n = int(np.searchsorted(history.closed_at, closed_by, side="right"))
    return history.part(slice(n))


def cost_fracs(settings: Settings, symbols: tuple[str, ...]) -> dict[str, float]:
    """Round-trip cost of each instrument without a book, as a fraction of entry."""
    from engine.desk.policy import policy_of

    known = {symbol: stand_in(settings, symbol) for symbol in symbols}
    costs = policy_of(settings, tuple(dict.fromkeys(known.values()))).cost_fracs()
    return {symbol: costs[name] for symbol, name in known.items()}


def stand_in(settings: Settings, symbol: str) -> str:
    """The configured instrument that stands for `symbol`: itself, or one of the same base.

    Raises
    ------
    ConfigError
        If there is none.
    """
    if symbol in settings.instruments:
        return symbol
    base = symbol.partition("-")[0]
    for name in settings.instruments:
        if name.partition("-")[0] == base:
            return name
    known = ", ".join(settings.instruments)
    raise ConfigError(
        f"{symbol} is not configured: use one of {known}, "
        f"or add [instruments.{base}-USD] to config.toml"
    )


def _history(columns: BarColumns, scale: InstrumentScale, bars: int | None) -> History:
    closed_at = columns.close_us // _MICROS
    prices = columns.open, columns.high, columns.low, columns.close
    return History(scale, closed_at, *prices, columns.volume).part(
        slice(None) if bars is None else slice(-bars, None)
    )


def _lock_at(histories: list[History]) -> int:
    first = min(int(history.closed_at[0]) for history in histories)
    last = max(int(history.closed_at[-1]) for history in histories)
    return first + int(OPEN_SHARE * (last - first))
