"""Stretches of bars in which nothing can happen: how long they last, and what they add up to.

Refuses to pass over a bar at which an order could fill, a breaker trip, or time run out: where it
is not sure, the desk looks.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from engine.desk.picture import opens_at
from engine.engine import Engine
from engine.journal.ledger import ZERO, Ledger
from engine.model import events as happened
from engine.model.money import exact
from engine.model.orders import OrderType, Purpose
from engine.model.positions import LotState, Position
from engine.probability.layer import FloatArray
from engine.research.backtest.alarms import calm_bars
from engine.research.backtest.line import Line, Track, instant
from engine.research.backtest.pipeline import WrittenPipeline
from engine.risk import BREAKERS, Limits, Scope

_DAY_SECONDS = 86_400
_MONDAY_SHIFT = 3  # 1970 began on a Thursday
_NEARLY = 1.0 - 1e-9
_RESETS_BY_ITSELF = frozenset(
    b.name for b in BREAKERS if b.scope is Scope.DESK and b.latched and b.may_reset is not None
)


class Quiet:
    """What one desk may pass over.

    Parameters
    ----------
    line : Line
    alarms : ndarray of bool, shape (n_places,)
        Places at which the market itself asks for a look.
    """

    def __init__(
        self, engine: Engine, pipeline: WrittenPipeline, line: Line, limits: Limits,
        alarms: NDArray[np.bool_],
    ) -> None:  # fmt: skip
        self._engine, self._pipeline, self._line = engine, pipeline, line
        self._ledger, self._limits = engine.ledger, limits
        self._wakes = np.flatnonzero(alarms)
        self._calm = {t.instrument.symbol: calm_bars(t, limits) for t in line.tracks}

    # ------------------------------------------------------------------ how long it lasts

    def until(self, place: int) -> int:
        """The next place after `place` at which the desk must look; one past the last if none."""
        end = self._line.count
        if self._restless():
            return min(place + 1, end)
        after = int(np.searchsorted(self._wakes, place, side="right"))
        found = int(self._wakes[after]) if after < self._wakes.shape[0] else end
        for at in self._dates(place):
            found = min(found, max(self._line.first_from(at), place + 1))
        for held in self._ledger.positions.values():
            found = self._touched(held, place, found)
        if self._ledger.positions and found > place + 1:
            found = self._losing(place, found)
        return found

    def _restless(self) -> bool:
        """Whether something may happen at any bar: an order at the market, odds in doubt."""
        ledger = self._ledger
        if ledger.exits_requested or any(
            o.order.purpose is Purpose.ENTRY or o.order.type is OrderType.MARKET
            for o in ledger.open_orders()
        ):
            return True
        return self.odds_in_doubt()

    def odds_in_doubt(self) -> bool:
        """Whether the record of the odds is about to trip a breaker."""
        ledger, monitors = self._ledger, self._ledger.monitors
        doubted = monitors.e_highest >= self._limits.e_process * _NEARLY
        missed = monitors.cusum_highest >= self._limits.brier_cusum * _NEARLY
        return (doubted and "overconfidence" not in ledger.trips) or (
            missed and "Brier score" not in ledger.trips
        )

    def _dates(self, place: int) -> list[datetime]:
        """Instants from which the next bar must be looked at."""
        ledger, now = self._ledger, instant(int(self._line.at[place]))
        dates = [record.terms.expires_at for record in ledger.open_proposals()]
        for held in ledger.positions.values():
            dates.append(held.time_limit_at)
            if held.lot is LotState.BOUGHT and held.settles_at is not None:
                dates.append(held.settles_at)
        if any(name in _RESETS_BY_ITSELF for name in ledger.trips):
            dates.append(_next_midnight(now))
            if ledger.last_loss_at is not None:
                dates.append(ledger.last_loss_at + self._limits.losses_pause_for)
        return dates

    def _touched(self, held: Position, place: int, before: int) -> int:
        """First place before `before` whose bar reaches the stop or the target."""
        track = self._line.track(held.instrument)
        first = int(track.rows[place]) + 1
        last = int(np.searchsorted(track.places, before, side="left"))
        stop, target = float(held.stop), float(held.target)
        reached = (track.history.low[first:last] <= stop) | (
            track.history.high[first:last] >= target
        )
        rows = np.flatnonzero(reached)
        return int(track.places[first + rows[0]]) if rows.size else before

    def _losing(self, place: int, before: int) -> int:
        """First place before `before` at which a breaker on losses could trip."""
        places = np.arange(place + 1, before)
        equity = self._equity(places)
        days, weeks = _days(self._line.at[places]), _weeks(self._line.at[places])
        ledger, limits = self._ledger, self._limits
        day_open, week_open = opens_at(ledger, instant(int(self._line.at[places[0]])))
        falls = {
            "daily loss": (_fall(equity, days, float(day_open)), limits.daily_loss_frac),
            "weekly loss": (_fall(equity, weeks, float(week_open)), limits.weekly_loss_frac),
            "drawdown halt": (
                _drawdown(equity, float(ledger.halt_high_water_usd)),
                limits.drawdown_halt_frac,
            ),
            "drawdown kill": (
                _drawdown(equity, float(ledger.kill_high_water_usd)),
                limits.drawdown_kill_frac,
            ),
        }
        trips = [
            np.flatnonzero(fall >= bound * _NEARLY)
            for name, (fall, bound) in falls.items()
            if name not in ledger.trips
        ]
        found = [int(places[rows[0]]) for rows in trips if rows.size]
        return min(found, default=before)

    def _equity(self, places: NDArray[np.int64]) -> FloatArray:
        equity = np.full(places.shape[0], float(self._ledger.cash_usd))
        for held in self._ledger.positions.values():
            track = self._line.track(held.instrument)
            equity += float(held.quantity) * track.history.close[track.rows[places]]
        return equity

    # ------------------------------------------------------------------ what it adds up to

    async def pass_over(self, seen: int, until: int) -> None:
        """Let the desk stand as if it had seen every bar after `seen` and before `until`."""
        if until - seen < 2:
            return
        marks = [until - 1]
        if self._ledger.positions:
            marks = self._telling(np.arange(seen + 1, until))
        for mark in marks[:-1]:
            await self._engine.pass_over(self._marked(mark))
        tracks = [t for t in self._line.tracks if int(t.rows[seen]) < int(t.rows[until - 1])]
        newest = [track.bar(int(track.rows[until - 1])) for track in tracks]
        await self._engine.pass_over(self._summed(tracks, seen, until - 1), newest)

    def _telling(self, places: NDArray[np.int64]) -> list[int]:
        """Places whose equity counts later: the highest, the last of each day, the last."""
        ends = np.flatnonzero(np.diff(_days(self._line.at[places]))).tolist()
        highest = int(np.argmax(self._equity(places)))
        return [int(places[k]) for k in sorted({highest, *ends, places.shape[0] - 1})]

    def _marked(self, place: int) -> happened.BarsAssessed:
        """A mark of the equity, and nothing else."""
        prices = {
            t.instrument.symbol: exact(float(t.history.close[t.rows[place]]))
            for t in self._line.tracks
            if int(t.rows[place]) >= 0
        }
        held = sum(
            (p.quantity * prices[p.instrument] for p in self._ledger.positions.values()), ZERO
        )
        return happened.BarsAssessed(
            bars_at=instant(int(self._line.at[place])),
            assessments=(),
            prices=prices,
            ranges={},
            equity_usd=self._ledger.cash_usd + held,
            caught_up=False,
            cards=(),
        )

    def _summed(self, tracks: list[Track], seen: int, last: int) -> happened.BarsAssessed:
        """All that the bars after `seen` up to `last` leave behind."""
        mark = self._marked(last)
        ranges, assessments, calm = {}, [], []
        for track in tracks:
            symbol = track.instrument.symbol
            rows = slice(int(track.rows[seen]) + 1, int(track.rows[last]) + 1)
            ranges[symbol] = (
                exact(float(track.history.low[rows].min())),
                exact(float(track.history.high[rows].max())),
            )
            assessments.append(self._pipeline.plain(symbol, rows.stop - 1))
            # More in a row than a halt waits for tell no more.
            counted = self._calm[symbol][rows][-self._limits.calm_bars - 1 :]
            calm += [(symbol, bool(each)) for each in counted]
        return happened.BarsAssessed(
            bars_at=mark.bars_at,
            assessments=tuple(assessments),
            prices=mark.prices,
            ranges=ranges,
            equity_usd=mark.equity_usd,
            caught_up=False,
            cards=(),
            calm=tuple(calm),
        )


def _next_midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _days(seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    return seconds // _DAY_SECONDS


def _weeks(seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    return (seconds // _DAY_SECONDS + _MONDAY_SHIFT) // 7


def _fall(equity: FloatArray, periods: NDArray[np.int64], first_open: float) -> FloatArray:
    """Loss since the open of each mark's period; a period opens where the one before ended."""
    begins = np.flatnonzero(np.diff(periods)) + 1
    opens = np.full(equity.shape[0], first_open)
    for begin in begins.tolist():
        opens[begin:] = equity[begin - 1]
    return np.asarray(1.0 - equity / opens)


def _drawdown(equity: FloatArray, peak: float) -> FloatArray:
    highest = np.maximum(np.maximum.accumulate(equity), peak)
    return np.asarray(1.0 - equity / highest)


def standing_waits(ledger: Ledger) -> tuple[str, ...]:
    """Trips that wait for the owner, or may."""
    waits = {b.name for b in BREAKERS if b.latched and b.may_reset is None}
    return tuple(n for n in ledger.trips if n in waits or n in ("daily loss", "weekly loss"))
