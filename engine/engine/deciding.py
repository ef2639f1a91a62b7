"""The owner's yes and no: checked, journaled, then done.

Refuses whoever may not decide, and says so in the record; a yes is looked at a second time, at
the price of the click.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from engine.costs import NO_WAIT
from engine.desk import approving
from engine.desk.approving import Click
from engine.desk.casework import case_of
from engine.desk.memos import NO_MEMOS, MemoRule
from engine.desk.picture import picture_of
from engine.desk.present import Present
from engine.desk.proposing import terms_of
from engine.engine.deadlines import expired
from engine.engine.execution import Execution
from engine.engine.guarding import Guard
from engine.engine.judging import raising
from engine.engine.patience import Patience
from engine.engine.recorder import Recorder
from engine.engine.stopping import Stopping
from engine.engine.street import Street
from engine.engine.turns import Turns
from engine.engine.watching import Touch, Watch
from engine.journal.ledger import Ledger, ProposalRecord
from engine.model import events as happened
from engine.model.actors import DESK, Actor, Permission
from engine.model.bars import Quote
from engine.model.events import Event
from engine.model.money import exact
from engine.model.orders import Order
from engine.model.proposals import CardKind, CostLines, ProposalTerms
from engine.model.verdicts import Forbidden, Refused
from engine.ports import Clock
from engine.probability.pipeline import Pipeline
from engine.views import ProposalView


@dataclass(frozen=True, slots=True)
class Looked:
    """What the second look allows: an order, at this price, after these costs."""

    order: Order
    price: Decimal
    costs: CostLines


@dataclass(frozen=True, slots=True)
class Deciding:
    """Proposals: raised on request, approved, rejected, taken at once."""

    turns: Turns
    clock: Clock
    recorder: Recorder
    execution: Execution
    pipeline: Pipeline
    watch: Watch
    street: Street
    guard: Guard
    patience: Patience
    stopping: Stopping
    present: Present
    memos: MemoRule = NO_MEMOS

    @property
    def _ledger(self) -> Ledger:
        return self.recorder.ledger

    # ------------------------------------------------------------------ yes

    async def approve(
        self, actor: Actor, proposal_id: str, short_hash: str, portion: float, note: str
    ) -> ProposalView | Refused:
        """Say yes to exactly these terms, once."""
        name = proposal_id.strip().upper()
        click = Click(actor, name, short_hash.strip().lower(), portion, note)
        record = self._ledger.proposals.get(name)
        quote: Quote | Refused | None = None
        if record is not None and actor.may(Permission.DECIDE):
            quote = await self.street.ask(record.terms.instrument)
        answer = await self.turns.take(lambda: self._approve(click, quote))
        if isinstance(answer, Refused):
            return answer
        self.patience.decided.set()
        await self.street.meet(answer.instrument)
        return self.present.proposals.view(self._ledger.proposals[name])

    async def _approve(self, click: Click, quote: Quote | Refused | None) -> Order | Refused:
        await self.stopping.look()
        now = self.clock.now()
        if click.actor.may(Permission.DECIDE):
            await self.guard.look(now)
        looked = self._checked(click, quote, now)
        if isinstance(looked, Refused):
            await self.recorder.record(
                happened.ApprovalRefused(click.proposal_id, click.actor, looked.sentence),
                *_attempted(looked, click.actor),
                *expired(self._ledger, now),
            )
            return looked
        return await self._send(click, looked)

    def _checked(
        self, click: Click, quote: Quote | Refused | None, now: datetime
    ) -> Looked | Refused:
        """Every question in the order in which a person would ask it."""
        refused = approving.may_decide(click.actor)
        if refused is not None:
            return refused
        return self._second_look(click, quote, now)

    def _second_look(
        self, click: Click, asked: Quote | Refused | None, now: datetime
    ) -> Looked | Refused:
        record = approving.still_open(click, self._ledger, now)
        if isinstance(record, Refused):
            return record
        if isinstance(asked, Refused):
            return asked
        terms, policy = record.terms, self.watch.policy
        touch = Touch.of(asked) if asked else self.watch.touch(terms.instrument)
        moved = approving.price_holds(
            terms, touch.pays, policy.adverse_frac
        ) or approving.price_holds(terms, touch.mid, policy.adverse_frac)
        if moved is not None:
            return moved
        # Odds stand on the middle and pay for crossing: the ask with costs would pay it twice.
        mid = float(touch.mid)
        costs = self._costs_now(terms, mid, now)
        odds = self.pipeline.odds_at(record.assessment, mid, costs.total_frac)
        gate = self.pipeline.gate(record.assessment, odds, mid)
        worse = approving.odds_hold(terms, odds, gate)
        if worse is not None:
            return worse
        picture = picture_of(self._ledger, policy, self.watch.moment(now))
        order = approving.entry_order(
            record,
            click.portion,
            touch.pays,
            self._ledger,
            policy,
            picture,
            cost_frac=costs.total_frac,
            bid=touch.bid or touch.mid * (1 - exact(costs.spread_frac) / 2),
            bar_for=self.watch.timeframe.length,
        )
        return order if isinstance(order, Refused) else Looked(order, touch.pays, costs)

    def _costs_now(self, terms: ProposalTerms, mid: float, now: datetime) -> CostLines:
        """Costs at the click: by the present book, and with nobody to wait for any more."""
        costing = self.watch.costing
        lines = costing.lines(terms.instrument, mid, now, terms.quantity, NO_WAIT)
        return replace(lines, gap_frac=terms.costs.gap_frac)

    async def _send(self, click: Click, looked: Looked) -> Order:
        """The yes and the intent in one durable write, then the wire."""
        order = looked.order
        record = self._ledger.proposals[order.proposal_id]
        approved = happened.ProposalApproved(
            proposal_id=record.terms.id,
            terms_hash=record.terms_hash,
            by=click.actor,
            price=looked.price,
            quantity=order.quantity,
            note=click.note,
            costs=looked.costs,
        )
        await self.execution.send(order, approved)
        await self.guard.look(self.clock.now())  # what the venue refused may trip a breaker
        return order

    async def take_at_once(self, terms: ProposalTerms) -> None:
        """The paper rule for small ones: approve in the desk's own name, under the same checks.

        Within a turn that the caller has taken.
        """
        if await self.stopping.look():
            return  # the halt has withdrawn it
        click = Click(DESK, terms.id, terms.short_hash, 1.0, "small enough to be taken at once")
        await self.guard.look(self.clock.now())
        looked = self._second_look(click, None, self.clock.now())
        if isinstance(looked, Refused):
            await self.recorder.record(
                happened.ProposalWithdrawn(terms.id, looked.sentence),
                *_attempted(looked, DESK),
                durable=True,
            )
            return
        await self._send(click, looked)

    async def take_what_was_left(self) -> None:
        """After a restart: small ones that a crash left between raising and taking."""
        for record in self._ledger.open_proposals():
            if not record.asked:
                await self.take_at_once(record.terms)

    # ------------------------------------------------------------------ no

    async def reject(self, actor: Actor, proposal_id: str, reason: str) -> ProposalView | Refused:
        """Say no, with a reason that goes into the record."""
        name, reason = proposal_id.strip().upper(), reason.strip()
        refused = await self.turns.take(lambda: self._reject(actor, name, reason))
        if refused is not None:
            return refused
        self.patience.decided.set()
        return self.present.proposals.view(self._ledger.proposals[name])

    async def _reject(self, actor: Actor, name: str, reason: str) -> Refused | None:
        refused = await self.recorder.permit(actor, Permission.DECIDE, f"reject {name}")
        if refused is not None:
            return refused
        record = self._ledger.proposals.get(name)
        click = Click(actor, name, record.terms_hash[:12] if record else "", 1.0, reason)
        refused = approving.without_reason("rejection", reason) or _only_refusal(
            approving.still_open(click, self._ledger, self.clock.now())
        )
        if refused is None:
            await self.recorder.record(
                happened.ProposalRejected(name, actor, reason), durable=True
            )
        return refused

    # ------------------------------------------------------------------ on request

    async def propose(self, actor: Actor, instrument: str) -> ProposalView | Refused:
        """Raise an exploratory paper proposal because the owner asks."""
        raised = await self.turns.take(lambda: self._propose(actor, instrument))
        if isinstance(raised, Refused):
            return raised
        self.patience.stand_still()
        return self.present.proposals.view(self._ledger.proposals[raised.id])

    async def _propose(self, actor: Actor, instrument: str) -> ProposalTerms | Refused:
        refused = await self.recorder.permit(actor, Permission.DECIDE, f"propose {instrument}")
        if refused is not None:
            return refused
        await self.stopping.look()
        now = self.clock.now()
        await self.recorder.record(*expired(self._ledger, now))
        policy = self.watch.policy
        refused = approving.cannot_propose(self._ledger, policy, instrument)
        if refused is not None:
            return refused
        costing = self.watch.costing
        newest = float(self._ledger.prices.get(instrument, 0))
        # Before the first bar there is no price to cost, and no setup either.
        cost = costing.fracs(now)(instrument, newest) if newest else 1.0
        assessment = self.pipeline.setup_on_request(instrument, cost)
        if assessment is None:
            return Refused(
                "scale", f"{instrument} has no volatility forecast yet", "", "Wait for bars."
            )
        picture = await self.guard.look(now)
        case = case_of(assessment, costing, now)
        terms = terms_of(case, CardKind.EXPLORATORY, self._ledger, policy, picture)
        if isinstance(terms, ProposalTerms):
            await self.recorder.record(
                raising(terms, assessment, asked=True, requested=True),
                *self.memos.asked(terms, assessment),
                durable=True,
            )
        return terms


def _only_refusal(answer: ProposalRecord | Refused) -> Refused | None:
    return answer if isinstance(answer, Refused) else None


def _attempted(refused: Refused, by: Actor) -> tuple[Event, ...]:
    """What an invariant refuses at the moment of an order is an attempt, and is counted."""
    if not isinstance(refused, Forbidden):
        return ()
    return (happened.InvariantRefused(refused.limit, refused.sentence, by),)
