"""The fold: how each event changes the ledger. Boot, replay and recovery are this one path.

Refuses to decide and to reach outside: given the same envelopes it makes the same ledger, always.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import singledispatch

from engine.errors import InvariantBroken
from engine.journal.ledger import ZERO, Halt, Ledger, OrderRecord, ProposalRecord, Trip
from engine.model import events as happened
from engine.model.actors import Role
from engine.model.events import Event
from engine.model.orders import Fill, Order, OrderChange, Purpose, Side, next_state
from engine.model.positions import LotState, Position, Trade
from engine.model.proposals import ProposalStatus
from engine.ports import Envelope

CURVE_POINTS = 2000

TOLD: frozenset[type[Event]] = frozenset(
    {
        happened.DeskOpened,
        happened.SessionStarted,
        happened.BarsAssessed,
        happened.ProposalRaised,
        happened.ProposalApproved,
        happened.ProposalRejected,
        happened.ProposalExpired,
        happened.ProposalWithdrawn,
        happened.OrderRejected,
        happened.OrderOutcomeUnknown,
        happened.OrderFilled,
        happened.Halted,
        happened.Resumed,
        happened.BreakerTripped,
        happened.BreakerReset,
    }
)
"""Events that are told of in a channel."""


def fold(envelopes: Iterable[Envelope], ledger: Ledger | None = None) -> Ledger:
    """Add `envelopes` up, in order, onto `ledger` or onto an empty one.

    Raises
    ------
    InvariantBroken
        If an event contradicts the ledger: cash below zero, more sold than held, a proposal
        decided twice.
    """
    ledger = Ledger() if ledger is None else ledger
    for envelope in envelopes:
        apply(ledger, envelope)
    return ledger


def apply(ledger: Ledger, envelope: Envelope) -> None:
    """Let one envelope change `ledger`."""
    _change(envelope.event, ledger, envelope)
    if type(envelope.event) in TOLD:
        _owe(ledger, envelope)
    ledger.seq, ledger.head, ledger.at = envelope.seq, envelope.hash, envelope.at


def _owe(ledger: Ledger, envelope: Envelope) -> None:
    if isinstance(envelope.event, happened.BarsAssessed):
        older = [
            seq
            for seq, owed in ledger.untold.items()
            if isinstance(owed.event, happened.BarsAssessed)
        ]
        for seq in older:
            del ledger.untold[seq]
    ledger.untold[envelope.seq] = envelope


@singledispatch
def _change(event: Event, ledger: Ledger, envelope: Envelope) -> None:
    raise InvariantBroken(f"the fold does not know {type(event).__name__}")


@_change.register
def _(event: happened.DeskOpened, ledger: Ledger, envelope: Envelope) -> None:
    ledger.mode, ledger.market, ledger.simulated = event.mode, event.market, event.simulated
    ledger.opened_at = envelope.at
    ledger.start_cash_usd = ledger.cash_usd = ledger.equity_usd = event.cash_usd
    ledger.high_water_usd = ledger.halt_high_water_usd = event.cash_usd
    ledger.day_open_usd = ledger.week_open_usd = event.cash_usd


@_change.register
def _(event: happened.SessionStarted, ledger: Ledger, envelope: Envelope) -> None:
    ledger.sessions += 1
    ledger.config_hash = event.config_hash
    ledger.seed, ledger.epoch_at = event.seed, event.epoch_at


@_change.register
def _(event: happened.HistoryStudied, ledger: Ledger, envelope: Envelope) -> None:
    ledger.studied.add(event.instrument)
    for label in event.labels:
        ledger.labels[label.instrument, label.opened_at, label.kind] = label


@_change.register
def _(event: happened.BarsAssessed, ledger: Ledger, envelope: Envelope) -> None:
    ledger.prices.update(event.prices)
    for assessment in event.assessments:
        ledger.assessed[assessment.instrument] = (envelope.seq, assessment)
    for instrument, calm in event.calm:
        ledger.calm_bars[instrument] = ledger.calm_bars.get(instrument, 0) + 1 if calm else 0
    for instrument, card, sentence in event.cards:
        ledger.cards[instrument] = (card, sentence)
    _stretch_excursions(ledger, event.ranges)
    _mark(ledger, event.bars_at, event.equity_usd)
    ledger.newest_scan = (envelope.seq, event)


def _stretch_excursions(
    ledger: Ledger, ranges: dict[str, tuple[Decimal, Decimal]]
) -> None:
    for position in list(ledger.positions.values()):
        if position.instrument in ranges:
            low, high = ranges[position.instrument]
            ledger.positions[position.id] = replace(
                position,
                worst_price=min(position.worst_price, low),
                best_price=max(position.best_price, high),
            )


def _mark(ledger: Ledger, at: datetime, equity: Decimal) -> None:
    before = ledger.bars_at
    if before is None or before.date() != at.date():
        ledger.day_open_usd = ledger.equity_usd
    if before is None or before.isocalendar()[:2] != at.isocalendar()[:2]:
        ledger.week_open_usd = ledger.equity_usd
    ledger.bars_at, ledger.equity_usd = at, equity
    ledger.high_water_usd = max(ledger.high_water_usd, equity)
    ledger.halt_high_water_usd = max(ledger.halt_high_water_usd, equity)
    ledger.equity_curve.append((at, equity))
    if len(ledger.equity_curve) > CURVE_POINTS:
        del ledger.equity_curve[1:-1:2]


@_change.register(happened.BarRefused)
@_change.register(happened.CandidateOpened)
@_change.register(happened.ApprovalRefused)
@_change.register(happened.AccessRefused)
def _(event: Event, ledger: Ledger, envelope: Envelope) -> None:
    """For the record only."""


@_change.register
def _(event: happened.CandidateClosed, ledger: Ledger, envelope: Envelope) -> None:
    label = event.label
    ledger.labels[label.instrument, label.opened_at, label.kind] = label


# ---------------------------------------------------------------------- proposals


@_change.register
def _(event: happened.ProposalRaised, ledger: Ledger, envelope: Envelope) -> None:
    if event.terms.id in ledger.proposals:
        raise InvariantBroken(f"proposal {event.terms.id} was raised twice")
    ledger.proposals[event.terms.id] = ProposalRecord(
        seq=envelope.seq,
        terms=event.terms,
        terms_hash=event.terms_hash,
        assessment=event.assessment,
        asked=event.asked,
    )


def _decide(
    ledger: Ledger, envelope: Envelope, proposal_id: str, status: ProposalStatus
) -> ProposalRecord:
    record = ledger.proposals[proposal_id]
    if record.status is not ProposalStatus.OPEN:
        raise InvariantBroken(f"proposal {proposal_id} is {record.status}, not open")
    record.status, record.decided_at = status, envelope.at
    return record


@_change.register
def _(event: happened.ProposalApproved, ledger: Ledger, envelope: Envelope) -> None:
    record = _decide(ledger, envelope, event.proposal_id, ProposalStatus.APPROVED)
    if event.terms_hash != record.terms_hash:
        raise InvariantBroken(f"proposal {event.proposal_id} was approved with another hash")
    if not 0 < event.quantity <= record.terms.quantity:
        raise InvariantBroken(f"proposal {event.proposal_id} was approved beyond its quantity")
    record.decided_by, record.decided_quantity = event.by, event.quantity
    record.decision_price, record.reason = event.price, event.note


@_change.register
def _(event: happened.ProposalRejected, ledger: Ledger, envelope: Envelope) -> None:
    record = _decide(ledger, envelope, event.proposal_id, ProposalStatus.REJECTED)
    record.decided_by, record.reason = event.by, event.reason


@_change.register
def _(event: happened.ProposalExpired, ledger: Ledger, envelope: Envelope) -> None:
    _decide(ledger, envelope, event.proposal_id, ProposalStatus.EXPIRED)


@_change.register
def _(event: happened.ProposalWithdrawn, ledger: Ledger, envelope: Envelope) -> None:
    record = _decide(ledger, envelope, event.proposal_id, ProposalStatus.WITHDRAWN)
    record.reason = event.reason


# ---------------------------------------------------------------------- orders and positions


@_change.register
def _(event: happened.OrderIntended, ledger: Ledger, envelope: Envelope) -> None:
    if event.order.client_id in ledger.orders:
        raise InvariantBroken(f"order {event.order.client_id} was intended twice")
    ledger.orders[event.order.client_id] = OrderRecord(event.order)


@_change.register
def _(event: happened.OrderAccepted, ledger: Ledger, envelope: Envelope) -> None:
    record = _turn(ledger, event.client_id, OrderChange.ACCEPT)
    record.venue_id = event.venue_id


@_change.register
def _(event: happened.OrderRejected, ledger: Ledger, envelope: Envelope) -> None:
    _turn(ledger, event.client_id, OrderChange.REJECT).reason = event.reason


@_change.register
def _(
    event: happened.OrderOutcomeUnknown,
    ledger: Ledger,
    envelope: Envelope,
) -> None:
    _turn(ledger, event.client_id, OrderChange.LOSE_SIGHT).reason = event.reason


@_change.register
def _(event: happened.OrderCanceled, ledger: Ledger, envelope: Envelope) -> None:
    _turn(ledger, event.client_id, OrderChange.CANCEL).reason = event.reason


@_change.register
def _(event: happened.OrderExpired, ledger: Ledger, envelope: Envelope) -> None:
    _turn(ledger, event.client_id, OrderChange.EXPIRE)


def _turn(ledger: Ledger, client_id: str, change: OrderChange) -> OrderRecord:
    record = ledger.orders[client_id]
    record.state = next_state(record.state, change)
    return record


@_change.register
def _(event: happened.OrderFilled, ledger: Ledger, envelope: Envelope) -> None:
    fill = event.fill
    if fill.fill_id in ledger.fill_ids:
        raise InvariantBroken(f"fill {fill.fill_id} was counted twice")
    ledger.fill_ids.add(fill.fill_id)
    record = _execute(ledger, fill)
    if record.order.side is Side.BUY:
        _open_or_extend(ledger, record.order, fill)
    else:
        _reduce(ledger, record.order, fill)
    ledger.equity_usd = ledger.marked_equity_usd()


def _execute(ledger: Ledger, fill: Fill) -> OrderRecord:
    record = ledger.orders[fill.client_id]
    record.filled += fill.quantity
    record.value_usd += fill.price * fill.quantity
    record.fees_usd += fill.fee_usd
    sign = 1 if record.order.side is Side.BUY else -1
    record.slippage_usd += sign * (fill.price - fill.reference_price) * fill.quantity
    if record.filled > record.order.quantity:
        raise InvariantBroken(f"order {fill.client_id} was filled beyond its quantity")
    whole = record.filled == record.order.quantity
    change = OrderChange.FILL_WHOLE if whole else OrderChange.FILL_PART
    record.state = next_state(record.state, change)
    return record


def _open_or_extend(ledger: Ledger, order: Order, fill: Fill) -> None:
    paid = fill.price * fill.quantity + fill.fee_usd
    if paid > ledger.cash_usd:
        raise InvariantBroken(
            f"a fill of {order.client_id} would leave cash at {ledger.cash_usd - paid} USD"
        )
    ledger.cash_usd -= paid
    ledger.prices.setdefault(order.instrument, fill.price)
    held = ledger.positions.get(order.proposal_id)
    ledger.positions[order.proposal_id] = (
        _opened(ledger, order, fill, paid) if held is None else _extended(held, fill, paid)
    )


def _opened(ledger: Ledger, order: Order, fill: Fill, paid: Decimal) -> Position:
    terms = ledger.proposals[order.proposal_id].terms
    return Position(
        id=order.proposal_id,
        kind=terms.kind,
        instrument=order.instrument,
        quantity=fill.quantity,
        bought=fill.quantity,
        entry_price=fill.price,
        cost_usd=paid,
        fees_usd=fill.fee_usd,
        realised_usd=ZERO,
        target=terms.target,
        stop=terms.stop,
        opened_at=fill.at,
        time_limit_at=terms.time_limit_at,
        lot=LotState.BOUGHT,
        worst_price=fill.price,
        best_price=fill.price,
    )


def _extended(held: Position, fill: Fill, paid: Decimal) -> Position:
    bought = held.bought + fill.quantity
    value = held.entry_price * held.bought + fill.price * fill.quantity
    return replace(
        held,
        quantity=held.quantity + fill.quantity,
        bought=bought,
        entry_price=value / bought,
        cost_usd=held.cost_usd + paid,
        fees_usd=held.fees_usd + fill.fee_usd,
        lot=LotState.BOUGHT,
        worst_price=min(held.worst_price, fill.price),
        best_price=max(held.best_price, fill.price),
    )


def _reduce(ledger: Ledger, order: Order, fill: Fill) -> None:
    held = ledger.positions.get(order.proposal_id)
    if held is None or fill.quantity > held.quantity:
        raise InvariantBroken(f"a fill of {order.client_id} sells more than is held")
    proceeds = fill.price * fill.quantity - fill.fee_usd
    ledger.cash_usd += proceeds
    left = replace(
        held,
        quantity=held.quantity - fill.quantity,
        fees_usd=held.fees_usd + fill.fee_usd,
        realised_usd=held.realised_usd + proceeds,
        worst_price=min(held.worst_price, fill.price),
        best_price=max(held.best_price, fill.price),
    )
    if left.quantity > 0:
        ledger.positions[held.id] = left
        return
    del ledger.positions[held.id]
    ledger.exits_requested.pop(held.id, None)
    _remember(ledger, _closed(ledger, left, order, fill))


def _remember(ledger: Ledger, trade: Trade) -> None:
    ledger.trades.append(trade)
    if trade.pnl_usd < 0:
        ledger.losses_in_a_row += 1
        ledger.last_loss_at = trade.closed_at
    else:
        ledger.losses_in_a_row = 0


def _closed(ledger: Ledger, held: Position, order: Order, fill: Fill) -> Trade:
    terms = ledger.proposals[held.id].terms
    pnl = held.realised_usd - held.cost_usd
    risk = terms.risk_usd * held.bought / terms.quantity
    sold_for = _average_exit(ledger, held.id)
    return Trade(
        id=held.id,
        kind=held.kind,
        instrument=held.instrument,
        quantity=held.bought,
        entry_price=held.entry_price,
        exit_price=sold_for,
        fees_usd=held.fees_usd,
        pnl_usd=pnl,
        r_multiple=float(pnl / risk) if risk > 0 else 0.0,
        opened_at=held.opened_at,
        closed_at=fill.at,
        closed_by=order.purpose,
        mae_frac=float(held.worst_price / held.entry_price - 1),
        mfe_frac=float(held.best_price / held.entry_price - 1),
        p_mean=terms.p_mean,
    )


def _average_exit(ledger: Ledger, position_id: str) -> Decimal:
    sales = [
        o
        for o in ledger.orders.values()
        if o.order.proposal_id == position_id and o.order.side is Side.SELL and o.filled > 0
    ]
    return sum((o.value_usd for o in sales), ZERO) / sum((o.filled for o in sales), ZERO)


@_change.register
def _(event: happened.LotSettled, ledger: Ledger, envelope: Envelope) -> None:
    held = ledger.positions[event.position_id]
    ledger.positions[held.id] = replace(held, lot=LotState.SELLABLE)


@_change.register
def _(event: happened.ExitRequested, ledger: Ledger, envelope: Envelope) -> None:
    ledger.exits_requested[event.position_id] = event.purpose


# ---------------------------------------------------------------------- halts, breakers, posts


@_change.register
def _(event: happened.Halted, ledger: Ledger, envelope: Envelope) -> None:
    ledger.halt = Halt(event.by, event.reason, envelope.at)


@_change.register
def _(event: happened.Resumed, ledger: Ledger, envelope: Envelope) -> None:
    ledger.halt = None


@_change.register
def _(event: happened.BreakerTripped, ledger: Ledger, envelope: Envelope) -> None:
    trip = Trip(event.name, event.value, event.bound, event.resets, envelope.at)
    ledger.trips[event.name] = trip
    ledger.trip_log.append((event.name, envelope.at))


@_change.register
def _(event: happened.BreakerReset, ledger: Ledger, envelope: Envelope) -> None:
    ledger.trips.pop(event.name, None)
    if event.by.role is not Role.OWNER:
        return
    if event.name == "drawdown halt":
        ledger.halt_high_water_usd = ledger.equity_usd
    elif event.name.startswith("losses in a row"):
        ledger.losses_in_a_row = 0
    elif event.name == "weekly loss":
        ledger.review_note_at = envelope.at


@_change.register
def _(event: happened.NoticePosted, ledger: Ledger, envelope: Envelope) -> None:
    ledger.posts[event.of_seq] = (event.channel_id, event.message_id)
    ledger.untold.pop(event.of_seq, None)


@_change.register
def _(event: happened.ReportPosted, ledger: Ledger, envelope: Envelope) -> None:
    ledger.reports[event.job] = event.slot_at


__all__ = ["Ledger", "Purpose", "apply", "fold"]
