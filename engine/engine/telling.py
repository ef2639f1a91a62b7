"""From a journal entry to the notice that tells of it.

Refuses to tell of what people need not know: the table of told events stands with the fold.
"""

from __future__ import annotations

from functools import singledispatch

from engine.desk.present import Present, order_view
from engine.desk.words import sentence
from engine.model import events as happened
from engine.model.actors import KILL_FILE, Actor
from engine.model.events import Event
from engine.model.orders import Side
from engine.ports import Envelope
from engine.views import (
    AnyNotice,
    DecisionNotice,
    DeskNotice,
    FillNotice,
    Notice,
    OpinionNotice,
    OrderNotice,
    Place,
    ProposalNotice,
    ScanNotice,
    ScanView,
    TradeNotice,
)

_RELEASE = "Remove the file (executor halt --off), then the owner gives /resume with a reason."


def notices_of(envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    """What to post about an entry; empty if the entry is not worth a post after all."""
    return _tell(envelope.event, envelope, present)


@singledispatch
def _tell(event: Event, envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    return ()


@_tell.register
def _(event: happened.BarsAssessed, envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    scan = present.research.scan()
    if not isinstance(scan, ScanView):
        return ()
    return (ScanNotice(envelope.seq, envelope.at, Place.RESEARCH, scan),)


@_tell.register
def _(
    event: happened.ProposalRaised, envelope: Envelope, present: Present
) -> tuple[AnyNotice, ...]:
    view = present.proposals.view(present.ledger.proposals[event.terms.id])
    return (ProposalNotice(envelope.seq, envelope.at, Place.EXECUTION, view),)


@_tell.register(happened.ProposalApproved)
@_tell.register(happened.ProposalRejected)
@_tell.register(happened.ProposalExpired)
@_tell.register(happened.ProposalWithdrawn)
def _(
    event: (
        happened.ProposalApproved
        | happened.ProposalRejected
        | happened.ProposalExpired
        | happened.ProposalWithdrawn
    ),
    envelope: Envelope,
    present: Present,
) -> tuple[AnyNotice, ...]:
    view = present.proposals.view(present.ledger.proposals[event.proposal_id])
    return (DecisionNotice(envelope.seq, envelope.at, Place.EXECUTION, view),)


@_tell.register(happened.OrderRejected)
@_tell.register(happened.OrderOutcomeUnknown)
@_tell.register(happened.OrderCanceled)
@_tell.register(happened.OrderExpired)
def _(
    event: (
        happened.OrderRejected
        | happened.OrderOutcomeUnknown
        | happened.OrderCanceled
        | happened.OrderExpired
    ),
    envelope: Envelope,
    present: Present,
) -> tuple[AnyNotice, ...]:
    view = order_view(present.ledger.orders[event.client_id])
    return (OrderNotice(envelope.seq, envelope.at, Place.EXECUTION, view),)


@_tell.register
def _(event: happened.OrderFilled, envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    ledger = present.ledger
    order = ledger.orders[event.fill.client_id].order
    for trade in reversed(ledger.trades):
        last_sale = order.side is Side.SELL and trade.closed_at == event.fill.at
        if trade.id == order.proposal_id and last_sale:
            return (
                TradeNotice(
                    envelope.seq,
                    envelope.at,
                    Place.EXECUTION,
                    trade,
                    trade.closed_by,
                    ledger.marked_equity_usd(),
                ),
            )
    held = ledger.positions.get(order.proposal_id)
    view = present.holdings.position_view(held) if held else None
    return (FillNotice(envelope.seq, envelope.at, Place.EXECUTION, order, event.fill, view),)


@_tell.register
def _(event: happened.FillAmended, envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    return (_of_desk(envelope, "A fill was corrected", None, good=True),)


@_tell.register
def _(event: happened.DeskOpened, envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    return (_of_desk(envelope, "The desk is open", None, good=True),)


@_tell.register
def _(
    event: happened.SessionStarted, envelope: Envelope, present: Present
) -> tuple[AnyNotice, ...]:
    return (_of_desk(envelope, "Restarted from the journal", None, good=True),)


@_tell.register
def _(event: happened.LiveUnlocked, envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    return (_of_desk(envelope, "Live is unlocked", event.by, good=True),)


@_tell.register
def _(
    event: happened.AccountReconciled, envelope: Envelope, present: Present
) -> tuple[AnyNotice, ...]:
    halting = [each for each in event.differences if each.halts]
    title = "Record and account agree"
    if event.differences:
        title = "The owner has been at the account"
    if halting:
        title = "Record and account differ: no entries"
    lines = "\n".join(f"- {each.sentence}" for each in event.differences)
    told = f"{lines}\nCompared: {event.compared}." if lines else ""
    return (_of_desk(envelope, title, None, told, good=not halting),)


@_tell.register
def _(event: happened.ModeChanged, envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    return (_of_desk(envelope, f"The desk is on {event.mode}", None, good=True),)


@_tell.register
def _(event: happened.Halted, envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    told = f"{sentence(event)} Exits go on. {_RELEASE}" if event.by == KILL_FILE else ""
    return (_of_desk(envelope, "Entries are halted", event.by, told, good=False),)


@_tell.register
def _(event: happened.Resumed, envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    return (_of_desk(envelope, "Entries are allowed again", event.by, good=True),)


@_tell.register
def _(
    event: happened.BreakerTripped, envelope: Envelope, present: Present
) -> tuple[AnyNotice, ...]:
    measured = f"Measured: {event.value}; the bound is {event.bound}."
    entries = "Entries are blocked until it resets; exits go on."
    if event.to_paper:
        entries = "Entries are blocked and the desk may not be live; exits go on."
    told = "\n".join(part for part in (event.why, measured, entries, event.resets) if part)
    return (_of_desk(envelope, f"Breaker tripped: {event.name}", None, told, good=False),)


@_tell.register
def _(event: happened.BreakerReset, envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    return (_of_desk(envelope, f"Breaker armed again: {event.name}", event.by, good=True),)


@_tell.register
def _(
    event: happened.InvariantRefused, envelope: Envelope, present: Present
) -> tuple[AnyNotice, ...]:
    told = f"{sentence(event)} Entries wait until the owner resets the breaker 'invariant'."
    return (_of_desk(envelope, "What may never happen was refused", event.by, told, good=False),)


@_tell.register
def _(
    event: happened.VenueLineSeen, envelope: Envelope, present: Present
) -> tuple[AnyNotice, ...]:
    waits = "" if event.meaning.forbidden else " Entries wait until the owner names it."
    told = sentence(event) + waits
    return (_of_desk(envelope, "The venue booked what is not plain", None, told, good=False),)


@_tell.register
def _(
    event: happened.VenueKindClassified, envelope: Envelope, present: Present
) -> tuple[AnyNotice, ...]:
    good = not event.meaning.forbidden
    return (_of_desk(envelope, "A kind of ledger line was named", event.by, good=good),)


@_tell.register
def _(
    event: happened.PurificationGiven, envelope: Envelope, present: Present
) -> tuple[AnyNotice, ...]:
    return (_of_desk(envelope, "Given away", event.by, good=True),)


@_tell.register
def _(event: happened.ReviewNoted, envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    return (_of_desk(envelope, "Review note", event.by, event.text, good=True),)


@_tell.register
def _(event: happened.LimitsSet, envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    told = "\n".join(
        f"Limit {name} stays at {in_force:g} until nothing is open; the settings ask for "
        f"{wanted:g}."
        for name, wanted, in_force in event.held_back
    )
    return (_of_desk(envelope, "Looser limits wait", None, told, good=False),)


@_tell.register
def _(event: happened.OpinionGiven, envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    place = Place.RESEARCH
    return (OpinionNotice(envelope.seq, envelope.at, place, event.opinion, event.counts),)


@_tell.register
def _(event: happened.SignalHeard, envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    title = f"Signal {event.signal.id} is on record"
    return (_of_desk(envelope, title, event.by, place=Place.RESEARCH, good=True),)


@_tell.register
def _(
    event: happened.PlanRegistered, envelope: Envelope, present: Present
) -> tuple[AnyNotice, ...]:
    told = "\n".join(("Since the registration before, this changed:", *event.changed))
    return (_of_desk(envelope, "The clock of the review starts again", None, told, good=False),)


@_tell.register
def _(event: happened.MemoHeeded, envelope: Envelope, present: Present) -> tuple[AnyNotice, ...]:
    view = present.proposals.view(present.ledger.proposals[event.proposal_id])
    return (DecisionNotice(envelope.seq, envelope.at, Place.EXECUTION, view),)


@_tell.register
def _(
    event: happened.AnalyzerRested, envelope: Envelope, present: Present
) -> tuple[AnyNotice, ...]:
    title = "The analyzer rests: its budget is used up"
    return (_of_desk(envelope, title, None, place=Place.RESEARCH, good=False),)


def _of_desk(
    envelope: Envelope,
    title: str,
    by: Actor | None,
    told: str = "",
    *,
    good: bool,
    place: Place = Place.EXECUTION,
) -> DeskNotice:
    return DeskNotice(
        envelope.seq,
        envelope.at,
        place,
        title=title,
        sentence=told or sentence(envelope.event),
        by=by,
        good=good,
    )


__all__ = ["Notice", "notices_of"]
