"""How a fill that the venue corrects changes the ledger: its price or its fee, and what follows.

Refuses an amendment of anything but the fill as it is booked now, one of its quantity (what rests
at the venue would have to change with it), and one that own cash does not pay for. What was true
then stays: equity marks and the extremes of a position are not written anew.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from engine.errors import InvariantBroken
from engine.journal.change import change, known
from engine.journal.holdings import (
    average_exit,
    dealing_of,
    execution_cost,
    paid_for,
    proceeds_of,
)
from engine.journal.ledger import ZERO, Ledger, OrderRecord, month_of
from engine.model import events as happened
from engine.model.orders import Fill, Side
from engine.model.positions import Position, Trade
from engine.ports import Envelope


@change.register
def _(event: happened.FillAmended, ledger: Ledger, envelope: Envelope) -> None:
    fill, told = event.fill, event.told
    record = known(ledger.orders, told.client_id, "order")
    _require_lawful(ledger, record, fill, told)
    _correct_money(ledger, record, fill, told)
    name = record.order.proposal_id
    held = ledger.positions.get(name)
    if held is not None:
        ledger.positions[name] = _corrected_position(held, record, fill, told)
    else:
        _correct_trade(ledger, name, record, fill, told)
    ledger.fills[fill.fill_id] = fill
    ledger.dealings_count += 1
    ledger.equity_usd = ledger.marked_equity_usd()


def _require_lawful(ledger: Ledger, record: OrderRecord, fill: Fill, told: Fill) -> None:
    """Everything that can be wrong, before anything is changed."""
    what = f"the amendment of fill {told.fill_id}"
    if known(ledger.fills, told.fill_id, "fill") != told:
        raise InvariantBroken(f"{what} does not start from what is booked")
    if fill.price <= 0 or fill.fee_usd < 0:
        raise InvariantBroken(f"{what} is below zero: {fill.price}, fee {fill.fee_usd}")
    if fill == told or replace(fill, price=told.price, fee_usd=told.fee_usd) != told:
        raise InvariantBroken(f"{what} must change its price or its fee and nothing else")
    left = ledger.cash_usd - _dearer_by(record, fill, told)
    if left < ZERO:
        raise InvariantBroken(f"{what} would leave cash at {left} USD")


def _dearer_by(record: OrderRecord, fill: Fill, told: Fill) -> Decimal:
    """US dollars by which cash is less than was booked."""
    if record.order.side is Side.BUY:
        return paid_for(fill) - paid_for(told)
    return proceeds_of(told) - proceeds_of(fill)


def _correct_money(ledger: Ledger, record: OrderRecord, fill: Fill, told: Fill) -> None:
    fee, value = fill.fee_usd - told.fee_usd, (fill.price - told.price) * fill.quantity
    record.value_usd += value
    record.fees_usd += fee
    record.slippage_usd += value if record.order.side is Side.BUY else -value
    ledger.cash_usd -= _dearer_by(record, fill, told)
    ledger.fees_usd[month_of(fill.at)] += fee
    dealt = ledger.dealings.index(dealing_of(record.order, told))
    ledger.dealings[dealt] = dealing_of(record.order, fill)
    on_its_way = (told.settles_at, proceeds_of(told))
    for place, waiting in enumerate(ledger.unsettled):
        if record.order.side is Side.SELL and waiting == on_its_way:
            ledger.unsettled[place] = (waiting[0], proceeds_of(fill))
            return


def _corrected_position(held: Position, record: OrderRecord, fill: Fill, told: Fill) -> Position:
    dearer = _dearer_by(record, fill, told)
    both = replace(
        held,
        fees_usd=held.fees_usd + fill.fee_usd - told.fee_usd,
        worst_price=min(held.worst_price, fill.price),
        best_price=max(held.best_price, fill.price),
    )
    if record.order.side is Side.SELL:
        return replace(both, realised_usd=held.realised_usd - dearer)
    moved = (fill.price - told.price) * fill.quantity / held.bought
    return replace(both, cost_usd=held.cost_usd + dearer, entry_price=held.entry_price + moved)


def _correct_trade(ledger: Ledger, name: str, record: OrderRecord, fill: Fill, told: Fill) -> None:
    places = [place for place, trade in enumerate(ledger.trades) if trade.id == name]
    if not places:
        raise InvariantBroken(f"fill {told.fill_id} is of no position and of no trade")
    (place,) = places
    trade = _corrected_trade(ledger, ledger.trades[place], record, fill, told)
    ledger.trades[place] = trade
    from_newest = len(ledger.trades) - place
    if from_newest <= len(ledger.executions):
        ledger.executions[-from_newest] = execution_cost(
            ledger, name, trade.entry_price, trade.quantity
        )
    _count_losses_again(ledger)


def _corrected_trade(
    ledger: Ledger, trade: Trade, record: OrderRecord, fill: Fill, told: Fill
) -> Trade:
    terms = ledger.proposals[trade.id].terms
    entry = trade.entry_price
    if record.order.side is Side.BUY:
        entry += (fill.price - told.price) * fill.quantity / trade.quantity
    pnl = trade.pnl_usd - _dearer_by(record, fill, told)
    risk = terms.risk_usd * trade.quantity / terms.quantity
    corrected = replace(
        trade,
        entry_price=entry,
        exit_price=average_exit(ledger, trade.id),
        fees_usd=trade.fees_usd + fill.fee_usd - told.fee_usd,
        pnl_usd=pnl,
        r_multiple=float(pnl / risk) if risk > 0 else 0.0,
    )
    if fill.price == told.price:
        return corrected
    # Excursions are told as fractions of the entry, which has moved.
    was, reached = float(trade.entry_price / entry), float(fill.price / entry - 1)
    return replace(
        corrected,
        mae_frac=min((1.0 + trade.mae_frac) * was - 1.0, reached, 0.0),
        mfe_frac=max((1.0 + trade.mfe_frac) * was - 1.0, reached, 0.0),
    )


def _count_losses_again(ledger: Ledger) -> None:
    """A win can turn out a loss: the row is counted from the trades, since its last reset."""
    ledger.losses_in_a_row = 0
    for trade in reversed(ledger.trades[ledger.losses_counted_from :]):
        if trade.pnl_usd >= 0:
            break
        ledger.losses_in_a_row += 1
    losses = (trade.closed_at for trade in reversed(ledger.trades) if trade.pnl_usd < 0)
    ledger.last_loss_at = next(losses, None)
