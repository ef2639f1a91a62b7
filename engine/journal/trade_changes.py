"""How proposals, orders, fills and exits change the ledger.

Refuses what must never happen: a proposal decided twice, an order without an approval, a second
entry for one approval, a fill counted twice, more bought than approved.
"""

from __future__ import annotations

from dataclasses import replace

from engine.compliance.lots import LotChange, next_lot
from engine.compliance.orders import check_exit
from engine.errors import InvariantBroken
from engine.journal import holdings
from engine.journal.change import change, known
from engine.journal.holdings import dealing_of
from engine.journal.ledger import (
    ZERO,
    ExitAsked,
    Ledger,
    OrderRecord,
    ProposalRecord,
    month_of,
)
from engine.journal.risk_changes import REJECTS_KEPT
from engine.model import events as happened
from engine.model.orders import (
    Fill,
    Order,
    OrderChange,
    OrderState,
    Purpose,
    Side,
    next_state,
)
from engine.model.proposals import ProposalStatus
from engine.model.verdicts import Refused
from engine.ports import Envelope

# ---------------------------------------------------------------------- proposals


@change.register
def _(event: happened.ProposalRaised, ledger: Ledger, envelope: Envelope) -> None:
    if event.terms.id in ledger.proposals:
        raise InvariantBroken(f"proposal {event.terms.id} was raised twice")
    if event.terms_hash != event.terms.hash:
        raise InvariantBroken(f"proposal {event.terms.id} does not have the hash of its terms")
    ledger.add_proposal(
        ProposalRecord(
            seq=envelope.seq,
            terms=event.terms,
            terms_hash=event.terms_hash,
            assessment=event.assessment,
            asked=event.asked,
            requested=event.requested,
        )
    )


def _undecided(ledger: Ledger, proposal_id: str) -> ProposalRecord:
    record = known(ledger.proposals, proposal_id, "proposal")
    if record.status is not ProposalStatus.OPEN:
        raise InvariantBroken(f"proposal {proposal_id} is {record.status}, not open")
    return record


@change.register
def _(event: happened.ProposalApproved, ledger: Ledger, envelope: Envelope) -> None:
    record = _undecided(ledger, event.proposal_id)
    if event.terms_hash != record.terms_hash:
        raise InvariantBroken(f"proposal {event.proposal_id} was approved with another hash")
    if not 0 < event.quantity <= record.terms.quantity:
        raise InvariantBroken(f"proposal {event.proposal_id} was approved beyond its quantity")
    record.status, record.decided_at = ProposalStatus.APPROVED, envelope.at
    record.decided_by, record.decided_quantity = event.by, event.quantity
    record.decision_price, record.reason = event.price, event.note
    ledger.dealings_count += 1


@change.register
def _(event: happened.ProposalRejected, ledger: Ledger, envelope: Envelope) -> None:
    record = _undecided(ledger, event.proposal_id)
    record.status, record.decided_at = ProposalStatus.REJECTED, envelope.at
    record.decided_by, record.reason = event.by, event.reason


@change.register
def _(event: happened.ProposalExpired, ledger: Ledger, envelope: Envelope) -> None:
    record = _undecided(ledger, event.proposal_id)
    record.status, record.decided_at = ProposalStatus.EXPIRED, envelope.at


@change.register
def _(event: happened.ProposalWithdrawn, ledger: Ledger, envelope: Envelope) -> None:
    record = _undecided(ledger, event.proposal_id)
    record.status, record.decided_at = ProposalStatus.WITHDRAWN, envelope.at
    record.reason = event.reason


# ---------------------------------------------------------------------- orders


@change.register
def _(event: happened.OrderIntended, ledger: Ledger, envelope: Envelope) -> None:
    order = event.order
    if order.client_id in ledger.orders:
        raise InvariantBroken(f"order {order.client_id} was intended twice")
    if order.side is Side.BUY:
        _require_approval(order, ledger)
    else:
        _require_possession(order, ledger)
    ledger.add_order(OrderRecord(order, intended_at=envelope.at))


def _require_possession(order: Order, ledger: Ledger) -> None:
    """A sale is of a lot that is ours, and its stop stands no lower than any before it."""
    if order.purpose is Purpose.ENTRY:
        raise InvariantBroken(f"order {order.client_id} sells as an entry")
    held = ledger.positions.get(order.proposal_id)
    if held is None:
        raise InvariantBroken(f"order {order.client_id} sells what is not held")
    verdict = check_exit(order, held, highest_stop=ledger.highest_stop(held.id))
    if isinstance(verdict, Refused):
        raise InvariantBroken(f"order {order.client_id}: {verdict.sentence}")


def _require_approval(order: Order, ledger: Ledger) -> None:
    """One yes, one buy, and never more than the yes was for."""
    record = known(ledger.proposals, order.proposal_id, "proposal")
    if record.status is not ProposalStatus.APPROVED:
        raise InvariantBroken(f"order {order.client_id} buys for a proposal that is not approved")
    if order.purpose is not Purpose.ENTRY or order.instrument != record.terms.instrument:
        raise InvariantBroken(f"order {order.client_id} is not the entry that was approved")
    if order.quantity > record.decided_quantity:
        raise InvariantBroken(f"order {order.client_id} buys more than was approved")
    if ledger.orders_of(order.proposal_id, Side.BUY):
        raise InvariantBroken(f"order {order.client_id} is a second entry for one approval")


@change.register
def _(event: happened.OrderAccepted, ledger: Ledger, envelope: Envelope) -> None:
    _turn(ledger, event.client_id, OrderChange.ACCEPT).venue_id = event.venue_id


@change.register
def _(event: happened.OrderRejected, ledger: Ledger, envelope: Envelope) -> None:
    _turn(ledger, event.client_id, OrderChange.REJECT).reason = event.reason
    ledger.rejected_at.append(envelope.at)
    del ledger.rejected_at[:-REJECTS_KEPT]


@change.register
def _(event: happened.OrderOutcomeUnknown, ledger: Ledger, envelope: Envelope) -> None:
    _turn(ledger, event.client_id, OrderChange.LOSE_SIGHT).reason = event.reason


@change.register
def _(event: happened.OrderCanceled, ledger: Ledger, envelope: Envelope) -> None:
    _turn(ledger, event.client_id, OrderChange.CANCEL).reason = event.reason


@change.register
def _(event: happened.OrderExpired, ledger: Ledger, envelope: Envelope) -> None:
    _turn(ledger, event.client_id, OrderChange.EXPIRE)


def _turn(ledger: Ledger, client_id: str, turn: OrderChange) -> OrderRecord:
    record = known(ledger.orders, client_id, "order")
    record.state = next_state(record.state, turn)
    return record


# ---------------------------------------------------------------------- fills and exits


@change.register
def _(event: happened.OrderFilled, ledger: Ledger, envelope: Envelope) -> None:
    fill = event.fill
    if fill.fill_id in ledger.fills:
        raise InvariantBroken(f"fill {fill.fill_id} was counted twice")
    record = known(ledger.orders, fill.client_id, "order")
    state = _state_after(record, fill)
    if record.order.side is Side.BUY:
        holdings.require_cash(ledger, fill)
        _execute(record, fill, state)
        holdings.add(ledger, record.order, fill)
    else:
        holdings.require_held(ledger, record.order, fill)
        _execute(record, fill, state)
        holdings.reduce(ledger, record.order, fill)
    ledger.fills[fill.fill_id] = fill
    ledger.dealings_count += 1
    month = month_of(fill.at)
    ledger.fees_usd[month] = ledger.fees_usd.get(month, ZERO) + fill.fee_usd
    ledger.dealings.append(dealing_of(record.order, fill))
    ledger.equity_usd = ledger.marked_equity_usd()


def _state_after(record: OrderRecord, fill: Fill) -> OrderState:
    filled = record.filled + fill.quantity
    if fill.quantity <= 0 or filled > record.order.quantity:
        raise InvariantBroken(f"order {fill.client_id} was filled beyond its quantity")
    whole = filled == record.order.quantity
    return next_state(record.state, OrderChange.FILL_WHOLE if whole else OrderChange.FILL_PART)


def _execute(record: OrderRecord, fill: Fill, state: OrderState) -> None:
    record.state = state
    record.filled += fill.quantity
    record.value_usd += fill.price * fill.quantity
    record.fees_usd += fill.fee_usd
    sign = 1 if record.order.side is Side.BUY else -1
    record.slippage_usd += sign * (fill.price - fill.reference_price) * fill.quantity


@change.register
def _(event: happened.LotSettled, ledger: Ledger, envelope: Envelope) -> None:
    _turn_lot(ledger, event.position_id, LotChange.CONFIRM_POSSESSION)
    if event.released:
        _turn_lot(ledger, event.position_id, LotChange.RELEASE)


@change.register
def _(event: happened.LotReleased, ledger: Ledger, envelope: Envelope) -> None:
    _turn_lot(ledger, event.position_id, LotChange.RELEASE)


def _turn_lot(ledger: Ledger, position_id: str, turn: LotChange) -> None:
    held = known(ledger.positions, position_id, "position")
    ledger.positions[held.id] = replace(held, lot=next_lot(held.lot, turn))


@change.register
def _(event: happened.ExitRequested, ledger: Ledger, envelope: Envelope) -> None:
    known(ledger.positions, event.position_id, "position")
    ledger.exits_requested[event.position_id] = ExitAsked(event.purpose, envelope.at)
