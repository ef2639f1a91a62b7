"""At which bars a breaker on the market itself may trip or come back, whatever the desk holds.

Refuses to decide that it does: these are places at which the desk must look, some in vain, and
none may be missing.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from engine.market.sessions import is_open, open_time_between
from engine.model.instruments import Calendar
from engine.probability.layer import FloatArray
from engine.research.backtest.line import Line, Track, instant
from engine.risk import Limits, is_calm

Flags = NDArray[np.bool_]
_WITHIN, _BEYOND, _UNKNOWN = 0, 1, 2
_NEARLY = 1.0 - 1e-9
"""Numbers this near their bound are looked at too: a last bit must not hide a trip."""


def alarms(line: Line, limits: Limits) -> Flags:
    """Places of a line at which the desk must look.

    Returns
    -------
    ndarray of shape (n_places,), bool
    """
    wake = np.zeros(line.at.shape[0], dtype=np.bool_)
    for track in line.tracks:
        _mark(wake, track, _changes(_rank_codes(track, limits)))
        _mark(wake, track, _changes(_move_codes(track, limits)))
        _mark(wake, track, _calm_again(track, limits))
        _mark(wake, track, _prints(track, limits))
        if len(line.tracks) > 1:
            _mark_stale(wake, line, track, limits)
    return wake


def calm_bars(track: Track, limits: Limits) -> Flags:
    """Which bars of a track count as quiet."""
    rank, move, valid = track.scale[:, 1], track.scale[:, 2], track.scale[:, 3] > 0.0
    calm = [is_calm(r, m, limits) for r, m in zip(rank.tolist(), move.tolist(), strict=True)]
    return np.array(calm, dtype=np.bool_) & valid


def _mark(wake: Flags, track: Track, rows: Flags) -> None:
    wake[track.places[rows]] = True


def _changes(codes: NDArray[np.int8]) -> Flags:
    """Rows whose code differs from the one before, and the first two."""
    changed = np.ones(codes.shape[0], dtype=np.bool_)
    changed[2:] = codes[2:] != codes[1:-1]
    return changed


def _rank_codes(track: Track, limits: Limits) -> NDArray[np.int8]:
    rank = np.where(track.scale[:, 3] > 0.0, track.scale[:, 1], np.nan)
    known = (rank >= 0.0) & (rank <= 1.0)
    beyond = rank > limits.volatility_rank_frac * _NEARLY
    return np.where(known, np.where(beyond, _BEYOND, _WITHIN), _UNKNOWN).astype(np.int8)


def _move_codes(track: Track, limits: Limits) -> NDArray[np.int8]:
    move = np.where(track.scale[:, 3] > 0.0, np.abs(track.scale[:, 2]), np.nan)
    beyond = move > limits.move_sigmas * _NEARLY
    return np.where(np.isfinite(move), np.where(beyond, _BEYOND, _WITHIN), _UNKNOWN).astype(
        np.int8
    )


def _calm_again(track: Track, limits: Limits) -> Flags:
    """Rows that come after exactly as many quiet ones as a volatility halt waits for."""
    calm = calm_bars(track, limits)
    run = _runs(calm)
    rows = np.zeros(calm.shape[0], dtype=np.bool_)
    rows[1:] = run[:-1] == limits.calm_bars
    return rows


def _runs(flags: Flags) -> NDArray[np.int64]:
    """How many in a row, up to each, are set."""
    count = np.cumsum(flags)
    return np.asarray(count - np.maximum.accumulate(np.where(flags, 0, count)), dtype=np.int64)


def _prints(track: Track, limits: Limits) -> Flags:
    """Rows whose price stands far from the last one, until enough others agree again."""
    sizes = _print_sigmas(track)
    beyond = sizes > limits.print_sigmas * _NEARLY
    agreeing = _runs(np.isfinite(sizes) & ~beyond)
    rows = np.zeros(beyond.shape[0], dtype=np.bool_)
    for row in np.flatnonzero(beyond).tolist():
        later = np.flatnonzero(agreeing[row:] >= limits.agreeing_count)
        rows[row : row + (int(later[0]) + 1 if later.size else sizes.shape[0])] = True
    return rows


def _print_sigmas(track: Track) -> FloatArray:
    """Largest move within each bar over its forecast; NaN where there is none to compare with."""
    history, length = track.history, track.timeframe.length
    sizes = np.full(history.close.shape[0], np.nan)
    before = history.close[:-1]
    reach = np.maximum(np.log(history.high[1:] / before), -np.log(history.low[1:] / before))
    sigma = np.sqrt(track.scale[:-1, 0] * track.timeframe.days)
    adjacent = np.diff(history.closed_at) <= length.total_seconds()
    forecast = adjacent & (track.scale[:-1, 3] > 0.0) & (sigma > 0.0)
    sizes[1:] = np.where(forecast, reach / np.where(sigma > 0.0, sigma, 1.0), np.nan)
    return sizes


def _mark_stale(wake: Flags, line: Line, track: Track, limits: Limits) -> None:
    """Places at which other instruments go on without this one for too long, and its return."""
    longest = limits.stale_bars * track.timeframe.length
    closed_at, places = track.history.closed_at, track.places
    wake[: int(places[0]) + 1][:2] = True
    for row in np.flatnonzero(np.diff(closed_at) > longest.total_seconds()).tolist():
        since, until = instant(int(closed_at[row])), instant(int(closed_at[row + 1]))
        if open_time_between(track.instrument.calendar, since, until) <= longest:
            continue
        before = False
        for place in range(int(places[row]) + 1, int(places[row + 1])):
            now = _stale(track.instrument.calendar, line, place, int(closed_at[row]), longest)
            wake[place] |= now != before
            before = now
        wake[int(places[row + 1])] = True
    last = int(places[-1]) + 1
    for place in range(last, line.at.shape[0]):
        if _stale(track.instrument.calendar, line, place, int(closed_at[-1]), longest):
            wake[place] = True
            break


def _stale(calendar: Calendar, line: Line, place: int, seen: int, longest: timedelta) -> bool:
    now = instant(int(line.at[place]))
    if not is_open(calendar, now - timedelta(microseconds=1)):
        return False
    return open_time_between(calendar, instant(seen), now) > longest
