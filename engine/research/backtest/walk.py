"""The backtest itself: layers over all bars, then desks from one occasion to the next.

Refuses to look ahead: candidates are judged and labels learnt in the order of time, and every desk
stands at the same instant as the knowledge that it is told from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from engine.config import Settings
from engine.errors import MarketDataError
from engine.model.instruments import Instrument
from engine.probability.batch import Case, History, judge_one, seek
from engine.probability.history_pairs import pair_ties
from engine.probability.knowledge import Knowledge
from engine.probability.layer import compiled
from engine.research.backtest.book import CaseBook
from engine.research.backtest.desk import policy_for
from engine.research.backtest.fine import FineBars
from engine.research.backtest.gather import candidate_of, run_of
from engine.research.backtest.line import MICROS, Line, Track, instant, line_of, micros
from engine.research.backtest.plan import BacktestPlan
from engine.research.backtest.result import BacktestResult, PricePath
from engine.research.backtest.walker import Walker
from engine.research.calibration.histories import Recorded, stand_in, until

Tell = Callable[[int, int, str], None]
_NEVER = np.iinfo(np.int64).max
_LAYERS, _TRADING = "twelve layers over every bar", "trading"


def run_backtest(
    settings: Settings,
    recorded: Recorded,
    plan: BacktestPlan,
    tell: Tell | None = None,
    stop: Callable[[], bool] | None = None,
    fine: Recorded | None = None,
) -> BacktestResult:
    """Trade recorded histories as the live desk would have.

    Not to be called within a running event loop: it has one of its own.

    Parameters
    ----------
    recorded : Recorded
        Unless the plan opens it, the last fifth is cut off first.
    tell : function of steps done, steps in all, and what is going on
    stop : function answering whether to stop
        Asked between bars; what was done until then is the result.
    fine : Recorded or None
        Finer bars of some of the instruments, against which orders trade.

    Raises
    ------
    MarketDataError
        If the histories leave nothing to trade; one line with its mend.
    """
    return asyncio.run(_Backtest(settings, recorded, plan, tell, stop, fine).run())


@dataclass(frozen=True, slots=True)
class _Reach:
    """Places between which a desk trades, and the start's instant."""

    start: datetime
    first: int


class _Backtest:
    """One backtest under way."""

    def __init__(
        self, settings: Settings, recorded: Recorded, plan: BacktestPlan,
        tell: Tell | None, stop: Callable[[], bool] | None, fine: Recorded | None,
    ) -> None:  # fmt: skip
        self._settings, self._plan = settings, plan
        self._tell, self._stop = tell, stop
        self._recorded = recorded
        self._histories = _seen(settings, recorded, plan)
        self._notes = recorded.notes
        self._fine = fine
        self._knowledge = Knowledge(settings.pipeline, speed=compiled)

    async def run(self) -> BacktestResult:
        settings, plan = self._settings, self._plan
        self._say(0, 1, _LAYERS)
        instruments = {
            h.scale.symbol: settings.instrument(h.scale.symbol) for h in self._histories
        }
        fine = self._finer(instruments)
        policies = [
            policy_for(settings, instruments, plan, factor) for factor in plan.cost_factors
        ]
        days = self._recorded.timeframe.days
        costs = policies[0].cost_fracs()
        sought = seek(settings.pipeline, self._histories, days, costs)
        ties = pair_ties(self._histories, days, compiled)
        line = line_of(self._histories, instruments, sought.scales, self._recorded.timeframe, ties)
        reach = self._reach(line)
        book = CaseBook(settings.pipeline, sought.cases, tuple(instruments))
        walkers = [
            Walker(settings, policy, line, book, self._knowledge, plan, reach.start, fine)
            for policy in policies
        ]
        last = await self._walk(line, book, walkers, reach)
        for walker in walkers:
            await walker.close(last)
        return self._result(line, sought.cases, walkers, reach, last, fine)

    def _say(self, done: int, total: int, what: str) -> None:
        if self._tell is not None:
            self._tell(done, total, what)

    def _reach(self, line: Line) -> _Reach:
        start = self._plan.start
        if start is None:
            warmup = self._settings.market.warmup_bars
            sizes = ((t.history.closed_at, t.history.close.shape[0]) for t in line.tracks)
            start = instant(max(int(at[max(min(warmup, n // 2) - 1, 0)]) for at, n in sizes))
        first = line.first_from(start + timedelta(microseconds=1))
        if first >= line.count:
            raise MarketDataError(
                f"no bar closes after {start:%Y-%m-%d %H:%M} UTC in what may be seen, which ends "
                f"at {instant(int(line.at[-1])):%Y-%m-%d %H:%M} UTC: give an earlier --from"
            )
        return _Reach(start, first)

    async def _walk(
        self, line: Line, book: CaseBook, walkers: Sequence[Walker], reach: _Reach
    ) -> int:
        """Go through every occasion; answers the last place that was reached."""
        occasions, begin = book.occasions, micros(reach.start)
        k = 0
        while k < len(occasions) and occasions[k][0] * MICROS <= begin:
            k = await self._occasion(line, book, (), k)
        for walker in walkers:
            await walker.open()
        total = line.count
        told, place = 0, reach.first
        while True:
            next_us = occasions[k][0] * MICROS if k < len(occasions) else _NEVER
            due_us = min(walker.due_us for walker in walkers)
            if next_us == due_us == _NEVER:
                return total - 1
            place = int(np.searchsorted(line.at, min(next_us, due_us) // MICROS, side="right")) - 1
            if self._stop is not None and self._stop():
                return max(place - 1, reach.first)
            if place >= told:
                self._say(place, total, _TRADING)
                told = place + max(total // 200, 1)
            if next_us <= due_us:
                k = await self._occasion(line, book, walkers, k)
            else:
                await self._turn(line, walkers, due_us)

    async def _turn(self, line: Line, walkers: Sequence[Walker], due_us: int) -> None:
        for walker in walkers:
            if walker.due_us != due_us:
                continue
            if walker.bar_due:
                await walker.take(line.first_from(instant(due_us // MICROS)))
            else:
                await walker.act()

    async def _occasion(
        self, line: Line, book: CaseBook, walkers: Sequence[Walker], k: int
    ) -> int:
        """Judge, trade and learn what one instant brings; answers the next occasion."""
        occasions = book.occasions
        seconds, opened = occasions[k][0], []
        while k < len(occasions) and occasions[k][0] == seconds:
            _, closes, case = occasions[k]
            k += 1
            if not closes:
                judge_one(self._knowledge, case)
                opened.append(case)
        labels = book.labels(seconds)
        place = int(np.searchsorted(line.at, seconds))
        for walker in walkers:
            heeded = [walker.heeds(case) for case in opened]
            if any(heeded) or walker.looks_at(place):
                await walker.take(place)
                continue
            for label in labels:
                await walker.heed_label(label, place)
        for label in labels:
            self._knowledge.learn(label)
        return k

    def _finer(self, instruments: Mapping[str, Instrument]) -> FineBars | None:
        fine, coarse = self._fine, self._recorded.timeframe
        if fine is None:
            return None
        if fine.timeframe.length >= coarse.length:
            raise MarketDataError(
                f"the finer bars are {fine.timeframe}, not finer than {coarse}: give --fine files "
                "of shorter bars"
            )
        named = tuple(_named(self._settings, history) for history in fine.histories)
        for history in named:
            if history.scale.symbol not in instruments:
                raise MarketDataError(
                    f"--fine names {history.scale.symbol}, which has no --data: give both"
                )
        return FineBars(named, fine.timeframe, instruments, coarse)

    def _result(
        self, line: Line, cases: list[Case], walkers: Sequence[Walker], reach: _Reach, last: int,
        fine: FineBars | None,
    ) -> BacktestResult:  # fmt: skip
        begin, end = micros(reach.start) // MICROS, int(line.at[last])
        decisions = walkers[0].decisions
        judged = (case for case in cases if begin < case.opened_at <= end and case.judged)
        self._say(line.count, line.count, "done")
        return BacktestResult(
            plan=self._plan,
            config_hash=self._settings.hash,
            timeframe=line.timeframe,
            instruments=tuple(track.instrument.symbol for track in line.tracks),
            first_at=instant(int(line.at[reach.first])),
            last_at=instant(end),
            bars={t.instrument.symbol: int(t.rows[last]) + 1 for t in line.tracks},
            candidates=tuple(
                candidate_of(case, decisions.get((case.instrument, case.opened_at)))
                for case in judged
            ),
            runs=tuple(
                run_of(walker, factor, line, reach.first, last, fine)
                for walker, factor in zip(walkers, self._plan.cost_factors, strict=True)
            ),
            complete=last == line.count - 1,
            locked_from=None if self._plan.open_locked else instant(self._recorded.lock_at),
            prices={t.instrument.symbol: _prices(t, reach.first, last) for t in line.tracks},
            notes=self._notes,
        )


def _seen(settings: Settings, recorded: Recorded, plan: BacktestPlan) -> tuple[History, ...]:
    """What may be seen, under the names that the settings have for it."""
    seen = recorded if plan.open_locked else recorded.until_lock()
    histories = []
    for history in seen.histories:
        kept = history if plan.until is None else until(history, micros(plan.until) // MICROS)
        histories.append(_named(settings, kept))
    symbols = [history.scale.symbol for history in histories]
    for symbol in symbols:
        if symbols.count(symbol) > 1:
            raise MarketDataError(
                f"two histories stand for {symbol}: give one file for each instrument"
            )
    if any(history.close.shape[0] < 2 for history in histories):
        raise MarketDataError(
            "a history has fewer than two bars in what may be seen: give a later --to"
        )
    return tuple(histories)


def _named(settings: Settings, history: History) -> History:
    """A history under the name that the settings have for it."""
    symbol = stand_in(settings, history.scale.symbol)
    return replace(history, scale=replace(history.scale, symbol=symbol))


def _prices(track: Track, first: int, last: int) -> PricePath:
    rows = slice(int(np.searchsorted(track.places, first)), int(track.rows[last]) + 1)
    history = track.history
    return PricePath(history.closed_at[rows], history.open[rows], history.close[rows])
