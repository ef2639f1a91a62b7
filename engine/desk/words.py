"""Sentences of the record: how a refusal, a card and an event read in plain words.

Refuses to format for any one screen: no markup, no emoji, units always said.
"""

from __future__ import annotations

from decimal import Decimal
from functools import singledispatch

from engine.model import events as happened
from engine.model.events import Event
from engine.model.memos import MemoEffect
from engine.model.orders import Purpose
from engine.model.setups import Odds

CLOSED_BY = {
    Purpose.TARGET: "at its target",
    Purpose.STOP: "at its stop",
    Purpose.TIME_LIMIT: "at its time limit",
    Purpose.OWNER_CLOSE: "because the owner asked",
}


def percent(fraction: float, digits: int = 2) -> str:
    """A fraction as a signed-when-negative percentage.

    Examples
    --------
    >>> percent(-0.0021)
    '−0.21 %'
    """
    return f"{fraction * 100:.{digits}f} %".replace("-", "−")


def usd(amount: Decimal) -> str:
    """Money with its sign, thousands and cents.

    Examples
    --------
    >>> usd(Decimal("-1234.5"))
    '−$1,234.50'
    """
    return f"{'−' if amount < 0 else ''}${abs(amount):,.2f}"


def expected_value_sentence(odds: Odds) -> str:
    """The number that decided a card, with the costs it stands after."""
    return (
        f"expected value {percent(odds.ev_low_frac)} at the lower bound "
        f"({percent(odds.ev_mean_frac)} at the mean) after {percent(odds.cost_frac)} costs; "
        f"P(target first) {percent(odds.p_mean, 1)}, break-even {percent(odds.break_even, 1)}"
    )


@singledispatch
def sentence(event: Event) -> str:
    """One line of the audit: what this event says happened."""
    return type(event).__name__


@sentence.register
def _(event: happened.DeskOpened) -> str:
    return f"The desk opened on {event.mode} with {usd(event.cash_usd)}; market {event.market}."


@sentence.register
def _(event: happened.SessionStarted) -> str:
    return f"A process took the desk up (Executor {event.software}, market {event.market})."


@sentence.register
def _(event: happened.HistoryStudied) -> str:
    return (
        f"{event.bars} bars of {event.instrument} were studied; {len(event.labels)} setups in "
        "them had ended and can teach."
    )


@sentence.register
def _(event: happened.BarsAssessed) -> str:
    seen = ", ".join(a.instrument for a in event.assessments)
    return f"Bars of {event.bars_at:%Y-%m-%d %H:%M} UTC assessed: {seen}."


@sentence.register
def _(event: happened.BarRefused) -> str:
    return f"A bar of {event.instrument} was refused: {event.reason}."


@sentence.register
def _(event: happened.CandidateOpened) -> str:
    setup = event.setup
    return f"{setup.instrument} showed a {setup.kind} setup at {setup.entry:g}."


@sentence.register
def _(event: happened.CandidateClosed) -> str:
    label = event.label
    return f"The {label.kind} setup of {label.instrument} ended at its {label.outcome}."


@sentence.register
def _(event: happened.ProposalRaised) -> str:
    terms = event.terms
    asked = "the owner is asked" if event.asked else "small enough to be taken at once on paper"
    return f"{terms.kind.capitalize()} {terms.id} on {terms.instrument} raised; {asked}."


@sentence.register
def _(event: happened.ProposalApproved) -> str:
    return f"{event.by.name} approved {event.proposal_id}: {event.quantity} at {event.price}."


@sentence.register
def _(event: happened.ProposalRejected) -> str:
    return f"{event.by.name} rejected {event.proposal_id}: {event.reason}"


@sentence.register
def _(event: happened.ProposalExpired) -> str:
    return f"{event.proposal_id} expired undecided."


@sentence.register
def _(event: happened.ProposalWithdrawn) -> str:
    return f"{event.proposal_id} was withdrawn: {event.reason}"


@sentence.register
def _(event: happened.ApprovalRefused) -> str:
    return f"{event.by.name} could not approve {event.proposal_id}: {event.reason}"


@sentence.register
def _(event: happened.OrderIntended) -> str:
    order = event.order
    return f"Intent {order.client_id}: {order.side} {order.quantity} {order.instrument}."


@sentence.register
def _(event: happened.OrderAccepted) -> str:
    return f"The venue has {event.client_id}."


@sentence.register
def _(event: happened.OrderRejected) -> str:
    return f"The venue refused {event.client_id}: {event.reason}"


@sentence.register
def _(event: happened.OrderOutcomeUnknown) -> str:
    return f"The answer to {event.client_id} was lost: {event.reason}"


@sentence.register
def _(event: happened.OrderFilled) -> str:
    fill = event.fill
    return f"{fill.client_id} filled: {fill.quantity} at {fill.price}, fee {usd(fill.fee_usd)}."


@sentence.register
def _(event: happened.FillAmended) -> str:
    fill, told = event.fill, event.told
    price = f"{fill.price}" if fill.price == told.price else f"{fill.price}, not {told.price}"
    fee = usd(fill.fee_usd)
    if fill.fee_usd != told.fee_usd:
        fee += f", not {usd(told.fee_usd)}"
    return (
        f"{fill.client_id} filled {fill.quantity} at {price}; fee {fee}: {event.why}. "
        "Cash, cost and result are corrected."
    )


@sentence.register
def _(event: happened.OrderCanceled) -> str:
    return f"{event.client_id} is off the market: {event.reason}"


@sentence.register
def _(event: happened.OrderExpired) -> str:
    return f"{event.client_id} expired at the venue."


@sentence.register
def _(event: happened.LotSettled) -> str:
    sellable = " and may be sold" if event.released else ""
    return f"The lot of {event.position_id} is settled: possession is confirmed{sellable}."


@sentence.register
def _(event: happened.LotReleased) -> str:
    return f"The lot of {event.position_id} may be sold."


@sentence.register
def _(event: happened.InvariantRefused) -> str:
    return f"An attempt at what may never happen was refused ({event.rule}). {event.told}"


@sentence.register
def _(event: happened.VenueLineSeen) -> str:
    line = event.line
    return (
        f"{line.venue} booked {line.amount} {line.asset} as {line.kind} on "
        f"{line.at:%Y-%m-%d}: {event.meaning}."
    )


@sentence.register
def _(event: happened.StatementRead) -> str:
    return (
        f"The statement of {event.venue} through {event.through_at:%Y-%m-%d} was read: "
        f"{event.lines} lines, {event.new} new."
    )


@sentence.register
def _(event: happened.VenueKindClassified) -> str:
    return (
        f"{event.by.name} named ledger lines of kind {event.kind} at {event.venue} "
        f"{event.meaning}: {event.reason}"
    )


@sentence.register
def _(event: happened.PurificationGiven) -> str:
    return f"{event.by.name} noted {usd(event.amount_usd)} as given away: {event.reason}"


@sentence.register
def _(event: happened.ExitRequested) -> str:
    why = CLOSED_BY[event.purpose]
    reason = f": {event.reason}" if event.reason else ""
    return f"{event.position_id} is to be sold {why}{reason}."


@sentence.register
def _(event: happened.Halted) -> str:
    return f"{begun(event.by.name)} halted entries: {_ended(event.reason)}"


@sentence.register
def _(event: happened.Resumed) -> str:
    return f"{begun(event.by.name)} resumed entries: {_ended(event.reason)}"


@sentence.register
def _(event: happened.BreakerTripped) -> str:
    return f"Breaker {event.name} tripped: {event.value} against {event.bound}."


@sentence.register
def _(event: happened.ReviewNoted) -> str:
    return f"{event.by.name} wrote a review note: {event.text}"


@sentence.register
def _(event: happened.LimitsSet) -> str:
    if not event.held_back:
        return f"The limits of the settings {event.config_hash[:12]} are in force."
    waiting = "; ".join(
        f"limit {name} stays at {in_force:g} until nothing is open, then {wanted:g}"
        for name, wanted, in_force in event.held_back
    )
    return f"Looser limits wait: {waiting}."


@sentence.register
def _(event: happened.StrangeFillSeen) -> str:
    fill = event.fill
    return (
        f"The venue filled {fill.quantity} at {fill.price} for {fill.client_id}, an order that "
        "this desk never sent."
    )


@sentence.register
def _(event: happened.BreakerReset) -> str:
    return f"Breaker {event.name} is armed again by {event.by.name}: {event.reason}"


@sentence.register
def _(event: happened.AccessRefused) -> str:
    return f"{event.by.name} ({event.by.role}) was refused: {event.action}."


@sentence.register
def _(event: happened.NoticePosted) -> str:
    return f"Posted the notice of entry {event.of_seq}."


@sentence.register
def _(event: happened.ReportPosted) -> str:
    return f"Posted the report {event.job} for {event.slot_at:%Y-%m-%d %H:%M} UTC."


@sentence.register
def _(event: happened.FeeTierRead) -> str:
    fees = f"maker {event.maker_frac:.2%}, taker {event.taker_frac:.2%}".replace("%", " %")
    return f"{event.venue} charges this account {fees} ({event.name})."


@sentence.register
def _(event: happened.OpinionGiven) -> str:
    said = event.opinion
    return (
        f"{said.voter.name.capitalize()} on {said.instrument}: {said.stance.replace('_', ' ')}, "
        f"confidence {percent(said.confidence, 0)}, sees {said.pattern.replace('_', ' ')}. "
        f"{said.reason}"
    )


@sentence.register
def _(event: happened.WitnessAbstained) -> str:
    said = event.abstention
    about = f" on {said.instrument}" if said.instrument else ""
    return f"{said.voter.name.capitalize()} abstained{about}, {said.reason}."


@sentence.register
def _(event: happened.ModelUsed) -> str:
    tokens = f"{event.tokens_in:,} tokens in, {event.tokens_out:,} out"
    return f"{event.provider} {event.model} for {event.purpose}: {tokens}, {usd(event.cost_usd)}."


@sentence.register
def _(event: happened.SignalHeard) -> str:
    signal = event.signal
    call = signal.call
    levels = f", target {call.target:f}, stop {call.stop:f}" if call.target and call.stop else ""
    return (
        f"{signal.who} calls {call.instrument} {call.side} until "
        f"{signal.until:%Y-%m-%d %H:%M} UTC{levels} ({signal.id}). A signal, not a source: it "
        "weighs what its record says."
    )


@sentence.register
def _(event: happened.SignalClosed) -> str:
    result = event.result
    verdict = {True: "right", False: "wrong", None: "void"}[result.right]
    return (
        f"Signal {event.signal_id} ended at its {result.outcome}: {verdict}, "
        f"{percent(result.net_frac)} after costs."
    )


@sentence.register
def _(event: happened.PlanRegistered) -> str:
    told = f"The plan of the review is registered with the settings {event.parameters_hash[:12]}"
    if not event.changed:
        return f"{told}; its clock starts."
    return f"{told}; its clock starts again, for this changed: {'; '.join(event.changed)}."


@sentence.register
def _(event: happened.ReviewHeld) -> str:
    look = "scheduled look" if event.scheduled else "look"
    return (
        f"Review, {look} after {event.weeks:.1f} weeks and {event.trades} trades: "
        f"{event.verdict}. {event.reason}"
    )


@sentence.register
def _(event: happened.LiveUnlocked) -> str:
    return (
        f"{event.by.name} unlocked live over the verdict {event.verdict}, for the plan of entry "
        f"{event.plan_seq} and no other."
    )


@sentence.register
def _(event: happened.AccountReconciled) -> str:
    if not event.differences:
        return f"Record and account agree ({event.compared})."
    told = "; ".join(each.sentence for each in event.differences)
    return f"Record and account compared ({event.compared}): {told}."


@sentence.register
def _(event: happened.ModeChanged) -> str:
    aside = ", ".join(
        f"{amount.normalize():f} {name}"
        for name, amount in sorted(event.set_aside.items())
        if amount
    )
    told = f"The desk is on {event.mode} with {usd(event.cash_usd)} of its own: {event.why}."
    return f"{told} The owner's, and not touched: {aside}." if aside else told


@sentence.register
def _(event: happened.MemoAsked) -> str:
    return f"A memo on {event.proposal_id} is wanted: {event.why}."


@sentence.register
def _(event: happened.MemoGiven) -> str:
    return f"The analyzer on {event.proposal_id}: {event.memo.verdict}. {event.memo.summary}"


@sentence.register
def _(event: happened.MemoMissed) -> str:
    return f"No memo on {event.proposal_id} ({event.missed.reason}): it stays with the owner."


@sentence.register
def _(event: happened.MemoHeeded) -> str:
    told = {
        MemoEffect.NONE: "changed nothing",
        MemoEffect.OWNER: "leaves it to the owner",
        MemoEffect.LOWERED: f"lowered its odds by {-event.nats:.2f} nats",
        MemoEffect.WITHDRAWN: f"lowered its odds by {-event.nats:.2f} nats: it pays no more",
    }[event.effect]
    new = f"; {event.successor} takes its place" if event.successor else ""
    return f"The memo on {event.proposal_id} {told}{new}."


@sentence.register
def _(event: happened.AnalyzerRested) -> str:
    return (
        f"The analyzer rests until the end of {event.month}: {usd(event.left_usd)} of "
        f"{usd(event.budget_usd)} is left, less than a memo may cost."
    )


def begun(name: str) -> str:
    """A sentence with its first letter as a capital."""
    return f"{name[:1].upper()}{name[1:]}"


def _ended(reason: str) -> str:
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."
