"""What happens when bars close: trade through, assess, learn, judge, record, act.

Refuses to record half of it: everything one set of bars decides is written in one piece.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from engine.desk.memos import with_memo
from engine.desk.picture import picture_of
from engine.desk.votes import votes_on
from engine.engine.deadlines import expired
from engine.engine.execution import Execution
from engine.engine.exits import Exits
from engine.engine.guarding import events_of
from engine.engine.judging import Judge
from engine.engine.lawkeeping import Lawkeeping
from engine.engine.listening import calls_ended
from engine.engine.parts import Pieces, whole
from engine.engine.reconciling import Reconciling
from engine.engine.recorder import Recorder
from engine.engine.study import heard, key_of
from engine.engine.watching import Watch
from engine.market.checks import admit
from engine.model import events as happened
from engine.model.bars import Bar, BarsClosed
from engine.model.proposals import ProposalTerms
from engine.model.setups import Assessment
from engine.ports import Broker
from engine.probability.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class BarsFlow:
    """The path of one set of closed bars through the desk."""

    recorder: Recorder
    execution: Execution
    exits: Exits
    broker: Broker
    pipeline: Pipeline
    watch: Watch
    judge: Judge
    reconciling: Reconciling
    law: Lawkeeping
    pieces: Pieces = whole

    async def run(self, batch: BarsClosed) -> tuple[ProposalTerms, ...]:
        """Take `batch` in; answer the proposals that are small enough to be taken at once."""
        sound, refused = self._admit(batch)
        await self.recorder.record(*refused, *expired(self.recorder.ledger, batch.at))
        if not sound.bars:
            return ()
        await self._trade_through(sound)
        newest = max(batch.at, self.recorder.ledger.bars_at or batch.at)
        await self.reconciling.compare(newest)
        if self._comes_late(sound):
            await self.recorder.record(*_too_late(sound))
            return ()
        seen = self.pipeline.observe(sound, self.watch.costing.fracs(sound.at))
        assessments = heard(self.pipeline, seen, partial(votes_on, self.recorder.ledger))
        labelled = self._labelled()
        raised = await self._judge(sound, assessments, labelled)
        for closed in labelled:
            self.pipeline.learn(closed.label)
        await self.exits.close_overdue(batch.at)
        return raised

    async def look_first(self, newest: Mapping[str, tuple[Bar, Assessment]]) -> None:
        """Record what the layers say of the bars before the stream, so that there is a scan.

        These bars may not open anything: they closed before anybody was asked.
        """
        if not newest:
            return
        bars = tuple(bar for bar, _ in newest.values())
        assessments = tuple(assessment for _, assessment in newest.values())
        at = max(bar.close_at for bar in bars)
        await self._judge(BarsClosed(at, bars, caught_up=True), assessments, [])

    # ------------------------------------------------------------------ before the layers

    def _admit(self, batch: BarsClosed) -> tuple[BarsClosed, list[happened.BarRefused]]:
        kept, refused = [], []
        for bar in batch.bars:
            calendar = self.watch.policy.instruments[bar.instrument].calendar
            fault = admit(bar, self.watch.newest.get(bar.instrument), calendar, batch.at)
            if fault is not None and fault.rejects:
                refused.append(happened.BarRefused(bar.instrument, bar.close_at, fault.detail))
            else:
                kept.append(bar)
                self.watch.remember(bar)
        return BarsClosed(batch.at, tuple(kept), batch.caught_up), refused

    def _comes_late(self, batch: BarsClosed) -> bool:
        """Whether later bars were assessed already: stops see such bars, the layers cannot."""
        assessed_at = self.recorder.ledger.bars_at
        return assessed_at is not None and batch.at <= assessed_at

    async def _trade_through(self, batch: BarsClosed) -> None:
        """Let the broker see the bars until it has no more to say."""
        await self.execution.look_up(batch.at)
        await self.law.read()
        if self.recorder.ledger.halt is not None:
            await self.execution.cancel_entries("the desk is halted")
        await self.exits.pursue()
        # After a crash between a fill and its protection, this bar must still find a stop.
        await self.exits.protect(batch.bars[0].open_at)
        for piece in self.pieces(batch):
            await self.broker.observe(piece)
            await self.exits.keep_up(piece.at)
            await self.execution.cancel_overdue(piece.at)

    # ------------------------------------------------------------------ after the layers

    def _labelled(self) -> list[happened.CandidateClosed]:
        ledger = self.recorder.ledger
        return [
            happened.CandidateClosed(with_memo(label, ledger.memos))
            for label in self.pipeline.closed_labels()
            if key_of(label) not in ledger.labels
        ]

    async def _judge(
        self,
        batch: BarsClosed,
        assessments: tuple[Assessment, ...],
        labelled: list[happened.CandidateClosed],
    ) -> tuple[ProposalTerms, ...]:
        ledger = self.recorder.ledger
        moment = self.watch.moment(batch.at, assessments)
        picture = picture_of(ledger, self.watch.policy, moment)
        costing = self.watch.costing
        cards = self.judge.cards(assessments, picture, costing, caught_up=batch.caught_up)
        await self.recorder.record(
            *labelled,
            *calls_ended(ledger, batch, costing),
            self.judge.assessed(batch, assessments, cards, moment),
            *(happened.CandidateOpened(a.setup) for a in assessments if a.setup is not None),
            *events_of(picture, self.watch.policy.limits),
            *self.judge.raisings(assessments, cards),
        )
        return tuple(
            card.terms
            for assessment, card in zip(assessments, cards, strict=True)
            if card.terms is not None and not self.judge.asks(card.terms, assessment)
        )


def _too_late(batch: BarsClosed) -> list[happened.BarRefused]:
    return [
        happened.BarRefused(
            bar.instrument, bar.close_at, "it came after later bars had been assessed"
        )
        for bar in batch.bars
    ]
