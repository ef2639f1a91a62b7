"""One desk on its way through recorded history, from one thing that can happen to the next.

Refuses to skip what could: which bars may be passed over is `quiet`'s to say, and a test holds
the walk to one that takes every bar.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import numpy as np

from engine.clock import VirtualClock
from engine.config import Settings
from engine.desk.policy import Policy
from engine.journal.ledger import Ledger, Trip
from engine.model import events as happened
from engine.model.actors import Actor, Role
from engine.model.setups import Label
from engine.model.verdicts import Refused
from engine.probability.batch import Case, odds_after
from engine.probability.knowledge import Knowledge
from engine.probability.settings import PipelineSettings
from engine.probability.worth import gate_refusal
from engine.research.backtest.alarms import alarms
from engine.research.backtest.book import CaseBook
from engine.research.backtest.desk import engine_on
from engine.research.backtest.fine import FineBars
from engine.research.backtest.line import MICROS, Line, instant, micros
from engine.research.backtest.notebook import Notebook
from engine.research.backtest.pipeline import WrittenPipeline
from engine.research.backtest.plan import BacktestPlan
from engine.research.backtest.quiet import Quiet, standing_waits
from engine.research.backtest.result import Decision

OWNER = Actor("backtest", "the owner's rule", Role.OWNER)
_EXPECTED_VALUE = "expected value"
_NOTE = "the backtest's rule: the week is noted and entries go on"
_RESET = "the backtest's rule for breakers that wait for the owner"
_HARDLY = 1e-12
_NEVER = np.iinfo(np.int64).max


class Walker:
    """A desk, and where it stands.

    Parameters
    ----------
    start : datetime, aware UTC
        Nothing that closed at or before it is taken.

    Attributes
    ----------
    policy : Policy
    notebook : Notebook
        Events but those of single bars.
    decisions : dict of (instrument, seconds) to Decision
        What became of each candidate.
    taken : int
        Sets of bars that went through the whole desk.
    """

    def __init__(
        self, settings: Settings, policy: Policy, line: Line, book: CaseBook,
        knowledge: Knowledge, plan: BacktestPlan, start: datetime, fine: FineBars | None = None,
    ) -> None:  # fmt: skip
        self.policy, self.notebook = policy, Notebook()
        self.decisions: dict[tuple[str, int], Decision] = {}
        self.taken = 0
        self._settings: PipelineSettings = settings.pipeline
        self._line, self._book, self._plan = line, book, plan
        self._clock = VirtualClock(start)
        pipeline = WrittenPipeline(settings.pipeline, line, book, knowledge)
        self._engine = engine_on(
            settings, policy, line, pipeline, self._clock, self.notebook, fine
        )
        self._place = line.first_from(start + timedelta(microseconds=1)) - 1
        wakes = alarms(line, policy.limits)
        if plan.every_bar:
            wakes[:] = True
        wakes[max(self._place, 0) : self._place + 3] = True
        self._quiet = Quiet(self._engine, pipeline, line, policy.limits, wakes)
        self._next = self._place + 1
        self._acts: list[tuple[datetime, str]] = []
        self._tried: dict[Trip, datetime] = {}
        self._least = {
            symbol: policy.costs.round_trip(
                instrument, policy.costs.half_spread_frac(instrument)
            ).total_frac
            for symbol, instrument in policy.instruments.items()
        }

    @property
    def ledger(self) -> Ledger:
        """The desk's state."""
        return self._engine.ledger

    async def open(self) -> None:
        """Open the desk at the start."""
        await self._engine.open()

    async def close(self, place: int) -> None:
        """Mark the desk at `place`, its last, and let go of it."""
        await self._reach(place + 1)
        await self._engine.aclose()

    # ------------------------------------------------------------------ what comes next

    @property
    def due_us(self) -> int:
        """When it must look or its owner acts next, microseconds since 1970."""
        return min(self._bar_us, self._act_us)

    @property
    def bar_due(self) -> bool:
        """Whether a set of bars comes before its owner's next act."""
        return self._bar_us <= self._act_us

    @property
    def _bar_us(self) -> int:
        if self._next >= self._line.count:
            return _NEVER
        return int(self._line.at[self._next]) * MICROS

    @property
    def _act_us(self) -> int:
        acts = [at for at, _ in self._acts] + [at for at, _ in self._resets()]
        return min((micros(at) for at in acts), default=_NEVER)

    def _resets(self) -> list[tuple[datetime, Trip]]:
        """When the owner resets what waits for the owner."""
        after = self._plan.resets_after
        if after is None:
            return []
        trips = (self.ledger.trips[name] for name in standing_waits(self.ledger))
        return [(self._tried.get(trip, trip.at) + after, trip) for trip in trips]

    # ------------------------------------------------------------------ candidates and labels

    def heeds(self, case: Case) -> bool:
        """Whether a candidate may become more than a watch card; if not, that is its decision."""
        if case.judged is None:
            raise ValueError("case must be judged")
        odds = odds_after(case, case.judged, self._least[case.instrument])
        shape = case.target / case.entry - 1.0, 1.0 - case.stop / case.entry
        shares = self._settings.gate_risk_share, self._settings.gate_cost_share
        if odds.ev_mean_frac > -_HARDLY and self.policy.exploratory:
            return True
        gate = gate_refusal(odds, *shape, *shares)
        nearly = gate_refusal(odds, *shape, shares[0] * (1 - 1e-9), shares[1] * (1 - 1e-9))
        if not (gate and nearly):
            return True
        self.decisions[case.instrument, case.opened_at] = Decision("watch", _EXPECTED_VALUE, gate)
        return False

    def wake(self, place: int) -> None:
        """Make the bars at `place` be looked at."""
        self._next = min(self._next, place)

    async def heed_label(self, label: Label, place: int) -> None:
        """Take in a label that closed at a set of bars that is passed over."""
        await self._engine.pass_over(happened.CandidateClosed(label))
        if self._quiet.odds_in_doubt():
            self._next = min(self._next, place + 1)

    def looks_at(self, place: int) -> bool:
        """Whether it looks at the bars at `place` anyway."""
        return self._next == place

    # ------------------------------------------------------------------ what happens

    async def take(self, place: int) -> None:
        """Take the bars at `place` through the whole desk."""
        await self._reach(place)
        bars = self._line.closing(place)
        self._clock.jump_to(bars.at)
        await self._engine.take(bars)
        self._place, self.taken = place, self.taken + 1
        self._note(int(self._line.at[place]))
        self._plan_yes()
        self._look_ahead()

    async def act(self) -> None:
        """Let the owner do what is due."""
        at = min(self._acts + [(at, "") for at, _ in self._resets()])[0]
        last = int(np.searchsorted(self._line.at, micros(at) // MICROS, side="right")) - 1
        await self._reach(last + 1)
        self._clock.jump_to(max(at, self._clock.now()))
        due, self._acts = (
            [name for when, name in self._acts if when <= at],
            [act for act in self._acts if act[0] > at],
        )
        for proposal_id in due:
            await self._approve(proposal_id)
        for when, trip in self._resets():
            if when <= at:
                await self._reset(trip, at)
        self._look_ahead()

    async def _approve(self, proposal_id: str) -> None:
        record = self.ledger.proposals[proposal_id]
        await self._engine.deciding.approve(
            OWNER, proposal_id, record.terms.short_hash, 1.0, "the backtest's approval rule"
        )

    async def _reset(self, trip: Trip, at: datetime) -> None:
        self._tried[trip] = at
        overseeing = self._engine.overseeing
        if trip.name == "weekly loss":
            answer = await overseeing.note_review(OWNER, _NOTE)
        else:
            answer = await overseeing.reset_breaker(OWNER, trip.name, _RESET)
        if not isinstance(answer, Refused) and trip.name not in self.ledger.trips:
            del self._tried[trip]

    # ------------------------------------------------------------------ in between

    async def _reach(self, place: int) -> None:
        """Pass over what lies between and could do nothing."""
        await self._quiet.pass_over(self._place, place)
        self._place = max(self._place, place - 1)
        self.ledger.untold.clear()  # nobody is told of anything here

    def _look_ahead(self) -> None:
        self._next = self._quiet.until(self._place)

    def _plan_yes(self) -> None:
        waits = self._plan.waits_for
        if waits is None:
            return
        known = {name for _, name in self._acts}
        for record in self.ledger.open_proposals():
            if record.asked and record.terms.id not in known:
                self._acts.append((record.terms.created_at + waits, record.terms.id))

    def _note(self, seconds: int) -> None:
        """Keep what became of the candidates of this instant."""
        if self.ledger.newest_scan is None:
            return
        _, scan = self.ledger.newest_scan
        if scan.bars_at != instant(seconds):
            return
        for symbol, card, sentence in scan.cards:
            if self._book.opened(symbol, seconds) is not None:
                raised = any(
                    r.terms.instrument == symbol and r.terms.created_at == scan.bars_at
                    for r in list(self.ledger.proposals.values())[-len(scan.cards) :]
                )
                stopped = "" if raised else stopped_by(sentence)
                self.decisions[symbol, seconds] = Decision(card, stopped, sentence)

    def stopped(self) -> Counter[str]:
        """How many candidates each rule stopped."""
        return Counter(d.stopped_by for d in self.decisions.values() if d.stopped_by)


def stopped_by(sentence: str) -> str:
    """The rule that a card's sentence names.

    Examples
    --------
    >>> stopped_by("expected value +0.2 %. Refused by daily loss: 2.1 % against a bound of 2 %.")
    'daily loss'
    >>> stopped_by("another proposal is being decided. expected value +0.2 %")
    'another proposal is being decided'
    """
    _, refused, rest = sentence.partition("Refused by ")
    if refused:
        return rest.partition(":")[0]
    for clause in ("another proposal is being decided", "entries are blocked"):
        if sentence.startswith(clause):
            return clause
    return _EXPECTED_VALUE
