"""Rounds of scouts: who is due is asked outside of turns, and each word is journaled as it comes.

Refuses to hold anything up: no bar, no scan and no order ever waits for a round.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from engine.config.witnesses import ScoutSettings, ScoutsSettings
from engine.desk.charting import resample
from engine.engine.recorder import Recorder
from engine.engine.turns import Turns
from engine.errors import MarketDataError
from engine.model import events as happened
from engine.model.bars import Bar, Candles, Timeframe
from engine.model.events import Event
from engine.model.setups import Assessment
from engine.model.witnesses import Abstention, Opinion, Stance, Voter
from engine.ports import Clock, Look, MarketFeed, Scouts, Statement

_log = structlog.get_logger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AFTER_CLOSE = timedelta(seconds=45)
"""Rounds begin this long after the full quarter, so that a bar that closes then can come in."""

LOOK_BARS = 96
SLOWER = {
    Timeframe.M1: Timeframe.M15,
    Timeframe.M5: Timeframe.M30,
    Timeframe.M15: Timeframe.H1,
    Timeframe.M30: Timeframe.H2,
    Timeframe.H1: Timeframe.H4,
    Timeframe.H2: Timeframe.D1,
    Timeframe.H4: Timeframe.D1,
    Timeframe.D1: Timeframe.D1,
}


@dataclass(slots=True)
class Consulting:
    """Asks the scouts, round by round.

    Attributes
    ----------
    scouts : Scouts or None
        None where there is no server to ask.
    counts : bool
        Whether opinions may become votes: only where time is real.
    """

    scouts: Scouts | None
    settings: ScoutsSettings
    turns: Turns
    recorder: Recorder
    feed: MarketFeed
    clock: Clock
    timeframe: Timeframe
    instruments: tuple[str, ...]
    counts: bool
    _asked: dict[str, datetime] = field(default_factory=dict)

    async def run(self) -> None:
        """Ask until cancelled; return at once where there is nobody to ask."""
        if self.scouts is None:
            return
        for name, work in self.recorder.ledger.testimony.work.items():
            if work.asked_at is not None:
                self._asked[name] = work.asked_at
        while True:
            plans = self.settings.scouts
            wake = min(due_at(plan, self._asked.get(name)) for name, plan in plans.items())
            await self.clock.sleep_until(wake)
            await self.round(self.scouts)

    async def round(self, scouts: Scouts) -> None:
        """Ask everybody who is due about what is new, and journal what they say."""
        now = self.clock.now()
        due = [
            name
            for name, plan in self.settings.scouts.items()
            if due_at(plan, self._asked.get(name)) <= now
        ]
        self._asked.update(dict.fromkeys(due, now))
        looks = await self._looks(due)
        wanted = [
            (name, look)
            for name in due
            for look in looks
            if self._is_new(name, look.instrument, scouts.shown(name, look))
        ]
        if not wanted:
            return
        left = self.settings.tokens_a_day - self.recorder.ledger.testimony.tokens_on(now.date())
        async for statement in scouts.consult(wanted, left):
            await self.turns.take(partial(self._record, statement))

    # ------------------------------------------------------------------ looks

    async def _looks(self, due: Iterable[str]) -> list[Look]:
        """What can be shown of each instrument; where the market gives no bars, all abstain."""
        looks = []
        for instrument in self.instruments:
            try:
                looks.append(await self._look(instrument))
            except MarketDataError as fault:
                _log.warning("no bars to show to scouts", instrument=instrument, why=str(fault))
                for name in due:
                    nobody = Voter(name, "", "")
                    unseen = Abstention(nobody, instrument, "no chart", str(fault))
                    await self.turns.take(partial(self._record, Statement(unseen, 0.0)))
        return looks

    async def _look(self, instrument: str) -> Look:
        ledger = self.recorder.ledger
        until = ledger.bars_at or self.clock.now()
        slower = SLOWER[self.timeframe]
        ratio = slower.length // self.timeframe.length
        bars = await self.feed.history(instrument, until, LOOK_BARS * ratio)
        assessed = ledger.assessed.get(instrument)
        return look_of(instrument, bars, slower, assessed[1] if assessed else None)

    def _is_new(self, name: str, instrument: str, shown: Candles) -> bool:
        """Whether a scout has not spoken yet about the newest of the bars it would be shown."""
        newest = self.recorder.ledger.testimony.newest(name, instrument, self.clock.now())
        if newest is None or not shown.bars:
            return True
        return newest.given.opinion.bars_at < shown.bars[-1].close_at

    # ------------------------------------------------------------------ the record

    async def _record(self, statement: Statement) -> None:
        said = statement.said
        told: Event
        if isinstance(said, Opinion):
            told = self._given(said, statement.seconds)
        else:
            told = happened.WitnessAbstained(said, statement.seconds)
        await self.recorder.record(told, *statement.used)

    def _given(self, opinion: Opinion, seconds: float) -> happened.OpinionGiven:
        plan = self.settings.scouts[opinion.voter.name]
        now = self.clock.now()
        before = self.recorder.ledger.testimony.newest(opinion.voter.name, opinion.instrument, now)
        sure = opinion.stance is not Stance.STAND_ASIDE and opinion.confidence >= plan.alert_frac
        told_already = (
            before is not None
            and before.given.opinion.stance is opinion.stance
            and before.given.opinion.confidence >= plan.alert_frac
        )
        return happened.OpinionGiven(
            opinion=opinion,
            valid_until=now + timedelta(minutes=plan.valid_minutes),
            counts=self.counts,
            alert=sure and not told_already,
            seconds=seconds,
        )


def due_at(plan: ScoutSettings, asked_at: datetime | None) -> datetime:
    """When a scout is due next: at the round after the one in which it was asked last.

    Examples
    --------
    >>> plan = ScoutSettings(every_minutes=15, valid_minutes=90, alert_frac=0.9)
    >>> due_at(plan, datetime(2026, 1, 1, 10, 1, tzinfo=UTC)).isoformat()
    '2026-01-01T10:15:45+00:00'
    """
    if asked_at is None:
        return _EPOCH
    every = timedelta(minutes=plan.every_minutes)
    begun = (asked_at - _AFTER_CLOSE - _EPOCH) // every
    return _EPOCH + (begun + 1) * every + _AFTER_CLOSE


def look_of(
    instrument: str, bars: tuple[Bar, ...], slower: Timeframe, assessment: Assessment | None
) -> Look:
    """What scouts are shown of closed `bars`, oldest first."""
    fast = bars[-LOOK_BARS:]
    timeframe = bars[0].timeframe if bars else slower
    return Look(
        instrument=instrument,
        fast=Candles(instrument, timeframe, fast),
        slow=Candles(instrument, slower, resample(bars, slower)[-LOOK_BARS:]),
        numbers=_numbers(assessment),
    )


def _numbers(assessment: Assessment | None) -> dict[str, float]:
    if assessment is None:
        return {}
    return {
        f"{reading.name} {name}": value
        for reading in assessment.readings
        for name, value in reading.diagnostics.items()
    }
