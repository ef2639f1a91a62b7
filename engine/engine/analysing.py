"""Memos: the analyzer is asked outside of turns, its memo is journaled, then heeded in one turn.

Refuses to hold up a proposal: its card stands while the analyzer thinks. Whatever comes of a
memo, no size grows, no limit moves, and nothing is approved but what the rule for small ones
would have taken without it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

import structlog

from engine.config.analyzer import AnalyzerSettings
from engine.desk.memos import brief_of, doubt_nats
from engine.desk.picture import picture_of
from engine.engine.deciding import Deciding
from engine.engine.judging import Judge, raising
from engine.engine.recorder import Recorder
from engine.engine.turns import Turns
from engine.engine.watching import Watch
from engine.journal.ledger import Ledger, ProposalRecord, month_of
from engine.metering.budget import budget_left
from engine.metering.plan import MeterPlan
from engine.model import events as happened
from engine.model.headlines import Headline
from engine.model.memos import Memo, MemoEffect, MemoVerdict, Missed
from engine.model.proposals import ProposalStatus, ProposalTerms
from engine.ports import Analysed, Analyst, Clock, Headlines
from engine.probability.pipeline import Pipeline

_log = structlog.get_logger(__name__)

BUDGET, DECIDED, RESTARTED = "budget", "decided", "restarted"
"""Why nobody was asked: the month is used up; somebody was faster; the process ended before."""


@dataclass(frozen=True, slots=True)
class Analysing:
    """What becomes of proposals on which a memo is wanted.

    Attributes
    ----------
    analyst : Analyst or None
        None where nobody is asked.
    """

    analyst: Analyst | None
    settings: AnalyzerSettings
    meter: MeterPlan
    headlines: Headlines | None
    turns: Turns
    clock: Clock
    recorder: Recorder
    pipeline: Pipeline
    watch: Watch
    judge: Judge
    deciding: Deciding

    @property
    def _ledger(self) -> Ledger:
        return self.recorder.ledger

    async def run(self) -> None:
        """Ask until cancelled; return at once where nobody is asked."""
        while self.analyst is not None:
            seq = self._ledger.seq
            await self.look()
            await self.recorder.changed_since(seq)

    async def look(self) -> None:
        """Ask about every proposal on which a memo is wanted, and heed what comes."""
        if self.analyst is None:
            return
        for proposal_id in self._ledger.memos.pending():
            answer = await self._asked(self.analyst, proposal_id)
            await self.turns.take(partial(self._take_in, proposal_id, answer))

    async def give_up(self) -> None:
        """After a restart: what was being asked has no answer, and stays with the owner.

        Within a turn that the caller has taken.
        """
        missed = Missed(RESTARTED, "the process ended while it was asked")
        for proposal_id in self._ledger.memos.pending():
            used = self.analyst.lost(self.clock.now()) if self.analyst is not None else ()
            await self._take_in(proposal_id, Analysed(missed, used))

    # ------------------------------------------------------------------ asking

    async def _asked(self, analyst: Analyst, proposal_id: str) -> Analysed:
        record = self._ledger.proposals[proposal_id]
        if record.status is not ProposalStatus.OPEN:
            return Analysed(Missed(DECIDED, "the proposal was decided before"))
        if not self._affordable(analyst):
            return Analysed(Missed(BUDGET, "the month's budget does not cover another memo"))
        news = await self._news(record.terms)
        try:
            return await analyst.ask(brief_of(record.terms, record.assessment, news))
        except Exception as fault:  # noqa: BLE001  a witness must not take the desk down
            _log.error("the analyzer failed", proposal=proposal_id, fault=repr(fault))
            return Analysed(Missed("fault", type(fault).__name__))

    def _affordable(self, analyst: Analyst) -> bool:
        """Whether the month still covers the most that a memo may cost.

        Without a price the analyst itself refuses, and says so.
        """
        worst = analyst.worst_usd(self.clock.now())
        return worst is None or worst <= self._left_usd(analyst)

    def _left_usd(self, analyst: Analyst) -> Decimal:
        month = month_of(self.clock.now())
        return budget_left(self._ledger, self.meter.budgets_usd, analyst.provider, month)

    async def _news(self, terms: ProposalTerms) -> tuple[Headline, ...]:
        if self.headlines is None:
            return ()
        return await self.headlines.headlines(
            terms.instrument, terms.created_at, self.settings.headlines
        )

    # ------------------------------------------------------------------ heeding

    async def _take_in(self, proposal_id: str, answer: Analysed) -> None:
        """Journal what was said and what it took; then do what it may do."""
        said = answer.said
        told = (
            happened.MemoGiven(proposal_id, said, answer.seconds)
            if isinstance(said, Memo)
            else happened.MemoMissed(proposal_id, said, answer.seconds)
        )
        await self.recorder.record(*answer.used, told, *self._rest(said), durable=True)
        record = self._ledger.proposals[proposal_id]
        if record.status is ProposalStatus.OPEN:
            await self._heed(record, said)
            self.deciding.patience.decided.set()

    def _rest(self, said: Memo | Missed) -> tuple[happened.AnalyzerRested, ...]:
        """The post that the analyzer rests, once a month."""
        month = month_of(self.clock.now())
        over = isinstance(said, Missed) and said.silence == BUDGET
        if not over or self.analyst is None or self._ledger.memos.rested == month:
            return ()
        budgets, provider = self.meter.budgets_usd, self.analyst.provider
        left = budget_left(self._ledger, budgets, provider, month)
        return (happened.AnalyzerRested(month, left, budgets.get(provider, left)),)

    async def _heed(self, record: ProposalRecord, said: Memo | Missed) -> None:
        small = not record.requested and self.judge.small(record.terms)
        if isinstance(said, Missed) or said.verdict is MemoVerdict.ABSTAIN:
            await self._note(record, MemoEffect.OWNER if small else MemoEffect.NONE)
        elif said.verdict is MemoVerdict.DISAGREE:
            await self._doubt(record, said)
        else:
            await self._note(record, MemoEffect.NONE)
            if small:
                await self.deciding.take_at_once(record.terms)

    async def _note(
        self, record: ProposalRecord, effect: MemoEffect, nats: float = 0.0, successor: str = ""
    ) -> None:
        event = happened.MemoHeeded(record.terms.id, effect, nats, successor)
        await self.recorder.record(event, durable=True)

    async def _doubt(self, record: ProposalRecord, memo: Memo) -> None:
        """Lower the odds by the weight that the analyzer's record gives its no, if any."""
        kind = record.terms.setup_kind.value
        nats = doubt_nats(memo, self.pipeline.witnesses.standings(memo.witness), kind)
        if record.requested or nats == 0.0:
            await self._note(record, MemoEffect.OWNER)
            return
        doubted = self.pipeline.doubted(record.assessment, nats)
        reason = f"the analyzer disagrees and lowers the odds by {-nats:.2f} nats"
        await self.recorder.record(
            happened.ProposalWithdrawn(record.terms.id, reason), durable=True
        )
        moment = self.watch.moment(self.clock.now())
        picture = picture_of(self._ledger, self.watch.policy, moment)
        (card,) = self.judge.cards((doubted,), picture, self.watch.costing, caught_up=False)
        terms = card.terms
        if terms is None or terms.quantity > record.terms.quantity:
            await self._note(record, MemoEffect.WITHDRAWN, nats)
            return
        # The time in which it can be approved does not begin anew.
        terms = replace(terms, expires_at=record.terms.expires_at)
        await self.recorder.record(
            raising(terms, doubted, asked=True),
            happened.MemoHeeded(record.terms.id, MemoEffect.LOWERED, nats, terms.id),
            durable=True,
        )
