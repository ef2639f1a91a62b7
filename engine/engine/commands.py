"""What people ask of the desk: decide, close, halt, resume. Checked, journaled, then done.

Refuses whoever may not, and says so in the record; exits and halts never wait for permission to
enter.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.desk import approving
from engine.desk.approving import Click
from engine.desk.picture import picture_of
from engine.desk.present import Present, order_view
from engine.desk.proposing import case_of, terms_of
from engine.engine.bars import BarsFlow, raising
from engine.engine.execution import Execution
from engine.engine.recorder import Recorder
from engine.journal.ledger import Ledger, ProposalRecord
from engine.model import events as happened
from engine.model.actors import DESK, Actor, Permission
from engine.model.money import exact
from engine.model.orders import Order, Purpose
from engine.model.proposals import CardKind, ProposalTerms
from engine.model.verdicts import Refused
from engine.ports import Broker, Clock, MarketFeed
from engine.risk import RiskPicture, check_reset
from engine.views import OrderView, PositionView, ProposalView, StatusView

_SHORTEST_REASON = 3


@dataclass(frozen=True, slots=True)
class Commands:
    """The desk's ears.

    Attributes
    ----------
    lock : Lock
        The engine's own: one change at a time.
    decided : Event
        Set whenever a proposal is decided.
    """

    lock: asyncio.Lock
    clock: Clock
    feed: MarketFeed
    recorder: Recorder
    execution: Execution
    broker: Broker
    flow: BarsFlow
    present: Present
    decided: asyncio.Event

    @property
    def _ledger(self) -> Ledger:
        return self.recorder.ledger

    # ------------------------------------------------------------------ proposals

    async def approve(
        self, actor: Actor, proposal_id: str, short_hash: str, portion: float, note: str
    ) -> ProposalView | Refused:
        """Say yes to exactly these terms, once."""
        click = Click(actor, proposal_id, short_hash, portion, note)
        async with self.lock:
            refused = await self._approve(click)
            if refused is not None:
                await self.recorder.record(
                    happened.ApprovalRefused(proposal_id, actor, refused.sentence)
                )
                return refused
            self.decided.set()
            return self.present.proposal_view(self._ledger.proposals[proposal_id.upper()])

    async def take_at_once(self, terms: ProposalTerms) -> None:
        """The paper rule for small ones: approve in the desk's own name, under the same checks.

        The engine's lock is held by the caller.
        """
        click = Click(DESK, terms.id, terms.short_hash, 1.0, "small enough to be taken at once")
        refused = await self._yes(click)
        if refused is not None:
            await self.recorder.record(happened.ProposalWithdrawn(terms.id, refused.sentence))

    async def _approve(self, click: Click) -> Refused | None:
        return approving.may_decide(click.actor) or await self._yes(click)

    async def _yes(self, click: Click) -> Refused | None:
        now = self.clock.now()
        record = approving.still_open(click, self._ledger, now)
        if isinstance(record, Refused):
            return record
        price = await self._price(record.terms.instrument)
        order = self._second_look(click, record, price, now)
        if isinstance(order, Refused):
            return order
        approved = happened.ProposalApproved(
            proposal_id=record.terms.id,
            terms_hash=record.terms_hash,
            by=click.actor,
            price=price,
            quantity=order.quantity,
            note=click.note,
        )
        await self.execution.send(order, approved)
        await self._fill_now(order, now)
        return None

    def _second_look(
        self, click: Click, record: ProposalRecord, price: Decimal, now: datetime
    ) -> Order | Refused:
        terms, policy = record.terms, self.flow.policy
        moved = approving.price_holds(terms, price, policy.adverse_frac)
        if moved is not None:
            return moved
        odds = self.flow.pipeline.odds_at(
            record.assessment, float(price), terms.costs.total_frac
        )
        gate = self.flow.pipeline.gate(record.assessment, odds, float(price))
        worse = approving.odds_hold(terms, odds, gate)
        if worse is not None:
            return worse
        picture = picture_of(self._ledger, policy, self.flow.moment(now))
        return approving.entry_order(record, click.portion, price, self._ledger, policy, picture)

    async def _fill_now(self, order: Order, now: datetime) -> None:
        """Show the broker the present quote, so that a live market fills at once."""
        quote = await self.feed.quote(order.instrument)
        if quote is not None:
            await self.broker.observe(quote)
        if await self.execution.settle():
            await self.execution.protect(now)

    async def _price(self, instrument: str) -> Decimal:
        """What a buyer pays now: the ask where there is a book, else the newest close."""
        quote = await self.feed.quote(instrument)
        return exact(quote.ask) if quote is not None else self._ledger.prices[instrument]

    async def reject(
        self, actor: Actor, proposal_id: str, reason: str
    ) -> ProposalView | Refused:
        """Say no, with a reason that goes into the record."""
        async with self.lock:
            name = proposal_id.strip().upper()
            record = self._ledger.proposals.get(name)
            hash_ = record.terms_hash[:12] if record else ""
            click = Click(actor, name, hash_, 1.0, reason)
            refused = (
                approving.may_decide(actor)
                or _without_reason("rejection", reason)
                or _only_refusal(approving.still_open(click, self._ledger, self.clock.now()))
            )
            if refused is not None:
                return refused
            await self.recorder.record(
                happened.ProposalRejected(name, actor, reason.strip()), durable=True
            )
            self.decided.set()
            return self.present.proposal_view(self._ledger.proposals[name])

    async def propose(self, actor: Actor, instrument: str) -> ProposalView | Refused:
        """Raise an exploratory paper proposal because the owner asks."""
        async with self.lock:
            refused = approving.may_decide(actor) or self._cannot_propose(instrument)
            if refused is not None:
                return refused
            cost = self.flow.policy.cost_fracs()[instrument]
            assessment = self.flow.pipeline.setup_on_request(instrument, cost)
            if assessment is None:
                return Refused(
                    "scale", f"{instrument} has no volatility forecast yet", "", "Wait for bars."
                )
            policy = self.flow.policy
            picture = picture_of(self._ledger, policy, self.flow.moment(self.clock.now()))
            case = case_of(assessment, policy)
            terms = terms_of(case, CardKind.EXPLORATORY, self._ledger, policy, picture)
            if isinstance(terms, Refused):
                return terms
            await self.recorder.record(raising(terms, assessment, asked=True), durable=True)
            return self.present.proposal_view(self._ledger.proposals[terms.id])

    def _cannot_propose(self, instrument: str) -> Refused | None:
        watched = self.present.instruments
        if instrument not in watched:
            return Refused(
                "instrument", f"{instrument!r} is not watched", "", f"Watched: {', '.join(watched)}."
            )
        if not self.flow.policy.exploratory:
            return Refused(
                "exploratory", "exploratory trades are for paper only", "", "See /config."
            )
        asked = [
            record.terms.id
            for record in self._ledger.open_proposals()
            if record.terms.instrument == instrument
        ]
        if asked:
            return Refused("one at a time", f"{asked[0]} is still open", "", "Decide it first.")
        return None

    # ------------------------------------------------------------------ orders and positions

    async def close_position(
        self, actor: Actor, position_id: str, reason: str
    ) -> PositionView | Refused:
        """Sell a position at the market; works while entries are halted."""
        async with self.lock:
            refused = approving.may_decide(actor)
            held = self._ledger.positions.get(position_id.strip().upper())
            if refused is not None:
                return refused
            if held is None:
                return Refused(
                    "position", f"there is no open position {position_id!r}", "", "See /positions."
                )
            if held.id in self._ledger.exits_requested:
                return Refused("position", f"{held.id} is being sold already", "", "")
            view = self.present.position_view(held)
            await self.execution.close(held, Purpose.OWNER_CLOSE, actor, reason)
            await self._sell_now(held.instrument)
            return view

    async def _sell_now(self, instrument: str) -> None:
        quote = await self.feed.quote(instrument)
        if quote is not None:
            await self.broker.observe(quote)
        await self.execution.settle()

    async def cancel_order(self, actor: Actor, client_id: str) -> OrderView | Refused:
        """Take a working entry order off the market."""
        async with self.lock:
            refused = approving.may_decide(actor)
            record = self._ledger.orders.get(client_id.strip())
            if refused is not None:
                return refused
            if record is None or not record.open:
                return Refused("order", f"there is no open order {client_id!r}", "", "See /orders.")
            if record.order.purpose is not Purpose.ENTRY:
                return Refused(
                    "protection",
                    f"{client_id} protects a position",
                    "",
                    "Use /close to sell the position instead.",
                )
            if not await self.execution.cancel(client_id, f"canceled by {actor.name}"):
                return Refused("order", f"{client_id} no longer works at the venue", "", "")
            return order_view(record)

    # ------------------------------------------------------------------ oversight

    async def halt(self, actor: Actor, reason: str) -> StatusView | Refused:
        """Forbid entries until the owner resumes; exits go on."""
        async with self.lock:
            if not actor.may(Permission.HALT):
                return Refused(
                    "permission", f"{actor.name} is {actor.role}", "", "Ask the owner or Arki."
                )
            await self._halt(actor, reason)
            return self.present.status()

    async def _halt(self, actor: Actor, reason: str) -> None:
        """One durable write: the halt, and the end of every open proposal."""
        withdrawn = [
            happened.ProposalWithdrawn(record.terms.id, "the desk was halted")
            for record in self._ledger.open_proposals()
        ]
        told = reason.strip() or "no reason given"
        await self.recorder.record(happened.Halted(actor, told), *withdrawn, durable=True)
        self.decided.set()
        for record in self._ledger.open_orders():
            if record.order.purpose is Purpose.ENTRY:
                await self.execution.cancel(record.order.client_id, "the desk was halted")

    async def resume(self, actor: Actor, reason: str) -> StatusView | Refused:
        """Allow entries again; needs the owner and a reason."""
        async with self.lock:
            refused = approving.may_decide(actor) or _without_reason("resume", reason)
            if refused is None and self._ledger.halt is None:
                refused = Refused("halt", "the desk is not halted", "", "Nothing was changed.")
            if refused is not None:
                return refused
            await self.recorder.record(happened.Resumed(actor, reason.strip()), durable=True)
            return self.present.status()

    async def flatten(self, actor: Actor, reason: str) -> tuple[PositionView, ...] | Refused:
        """Halt, withdraw every open proposal and sell every position."""
        async with self.lock:
            refused = approving.may_decide(actor)
            if refused is not None:
                return refused
            views = self.present.positions()
            await self._halt(actor, reason or "flattened")
            for held in list(self._ledger.positions.values()):
                if held.id not in self._ledger.exits_requested:
                    await self.execution.close(held, Purpose.OWNER_CLOSE, actor, "flattened")
                    await self._sell_now(held.instrument)
            return views

    async def reset_breaker(self, actor: Actor, name: str, reason: str) -> StatusView | Refused:
        """Arm a tripped breaker again; needs the owner and a reason."""
        async with self.lock:
            refused = check_reset(self._picture(), name, actor, reason)
            if refused is not None:
                return refused
            await self.recorder.record(
                happened.BreakerReset(name, actor, reason.strip()), durable=True
            )
            return self.present.status()

    def _picture(self) -> RiskPicture:
        return picture_of(self._ledger, self.flow.policy, self.flow.moment(self.clock.now()))

    async def refuse_access(self, actor: Actor, action: str) -> None:
        """Journal that somebody asked for what is not theirs to ask."""
        async with self.lock:
            await self.recorder.record(happened.AccessRefused(actor, action))

    # ------------------------------------------------------------------ posts

    async def posted(self, seq: int, channel_id: str, message_id: str) -> None:
        """Journal that a notice stands in a channel."""
        async with self.lock:
            await self.recorder.record(
                happened.NoticePosted(seq, channel_id, message_id), cause=seq
            )

    async def report_posted(
        self, job: str, slot_at: datetime, channel_id: str, message_id: str
    ) -> None:
        """Journal that a scheduled job has posted for its slot."""
        async with self.lock:
            await self.recorder.record(
                happened.ReportPosted(job, slot_at, channel_id, message_id)
            )


def _without_reason(what: str, reason: str) -> Refused | None:
    if len(reason.strip()) >= _SHORTEST_REASON:
        return None
    return Refused(what, "no reason given", "a reason in words", "Say why; it goes on record.")


def _only_refusal(answer: ProposalRecord | Refused) -> Refused | None:
    return answer if isinstance(answer, Refused) else None
