"""What a fill does to cash and positions, and what a closed position was worth.

Refuses credit and shorts: cash and holdings never go below zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from engine.compliance.jurisdiction import Dealing
from engine.compliance.lots import LotChange, next_lot
from engine.errors import InvariantBroken
from engine.journal.change import known
from engine.journal.ledger import ZERO, ExecutionCost, Ledger, OrderRecord
from engine.model.orders import Fill, Order, Purpose, Side
from engine.model.positions import LotState, Position, Trade

EXECUTIONS_KEPT = 20
_LEAST_MODELLED_FRAC = 1e-4
"""What a trade must be allowed to cost, whatever its card promised."""


def require_cash(ledger: Ledger, fill: Fill) -> None:
    """Raise `InvariantBroken` unless own cash pays for a bought `fill`."""
    left = ledger.cash_usd - paid_for(fill)
    if left < ZERO:
        raise InvariantBroken(f"a fill of {fill.client_id} would leave cash at {left} USD")


def require_held(ledger: Ledger, order: Order, fill: Fill) -> None:
    """Raise `InvariantBroken` unless what a sold `fill` takes is there."""
    held = ledger.positions.get(order.proposal_id)
    if held is None or fill.quantity > held.quantity:
        raise InvariantBroken(f"a fill of {order.client_id} sells more than is held")


def add(ledger: Ledger, order: Order, fill: Fill) -> None:
    """Book a fill that bought: a new position, or more of one."""
    held = ledger.positions.get(order.proposal_id)
    changed = _opened(ledger, order, fill) if held is None else _extended(held, fill)
    ledger.cash_usd -= paid_for(fill)
    ledger.prices.setdefault(order.instrument, fill.price)
    ledger.positions[order.proposal_id] = changed


def reduce(ledger: Ledger, order: Order, fill: Fill) -> None:
    """Book a fill that sold; what sells the last of a position makes a trade of it."""
    held = ledger.positions[order.proposal_id]
    proceeds = proceeds_of(fill)
    left = replace(
        held,
        quantity=held.quantity - fill.quantity,
        fees_usd=held.fees_usd + fill.fee_usd,
        realised_usd=held.realised_usd + proceeds,
        worst_price=min(held.worst_price, fill.price),
        best_price=max(held.best_price, fill.price),
    )
    ledger.cash_usd += proceeds
    if fill.settles_at is not None:
        ledger.unsettled = [(at, usd) for at, usd in ledger.unsettled if at > fill.at]
        ledger.unsettled.append((fill.settles_at, proceeds))
    if left.quantity > 0:
        ledger.positions[held.id] = left
        return
    del ledger.positions[held.id]
    ledger.exits_requested.pop(held.id, None)
    _remember(ledger, _closed(ledger, left, order, fill))
    ledger.executions.append(execution_cost(ledger, left.id, left.entry_price, left.bought))
    del ledger.executions[:-EXECUTIONS_KEPT]


def dealing_of(order: Order, fill: Fill) -> Dealing:
    """What `fill` counts for towards the yearly cap, fees included."""
    value = paid_for(fill) if order.side is Side.BUY else proceeds_of(fill)
    return Dealing(fill.at, order.instrument, order.side, value)


def paid_for(fill: Fill) -> Decimal:
    """US dollars that a bought `fill` takes out of cash."""
    return fill.price * fill.quantity + fill.fee_usd


def proceeds_of(fill: Fill) -> Decimal:
    """US dollars that a sold `fill` brings into cash."""
    return fill.price * fill.quantity - fill.fee_usd


def _opened(ledger: Ledger, order: Order, fill: Fill) -> Position:
    terms = known(ledger.proposals, order.proposal_id, "proposal").terms
    return Position(
        id=order.proposal_id,
        kind=terms.kind,
        instrument=order.instrument,
        quantity=fill.quantity,
        bought=fill.quantity,
        entry_price=fill.price,
        cost_usd=paid_for(fill),
        fees_usd=fill.fee_usd,
        realised_usd=ZERO,
        target=terms.target,
        stop=terms.stop,
        opened_at=fill.at,
        time_limit_at=terms.time_limit_at,
        lot=LotState.BOUGHT,
        worst_price=fill.price,
        best_price=fill.price,
        settles_at=fill.settles_at,
    )


def _extended(held: Position, fill: Fill) -> Position:
    bought = held.bought + fill.quantity
    value = held.entry_price * held.bought + fill.price * fill.quantity
    return replace(
        held,
        quantity=held.quantity + fill.quantity,
        bought=bought,
        entry_price=value / bought,
        cost_usd=held.cost_usd + paid_for(fill),
        fees_usd=held.fees_usd + fill.fee_usd,
        lot=next_lot(held.lot, LotChange.BUY_MORE),
        worst_price=min(held.worst_price, fill.price),
        best_price=max(held.best_price, fill.price),
        settles_at=_later(held.settles_at, fill.settles_at),
    )


def _later(first: datetime | None, second: datetime | None) -> datetime | None:
    return max((at for at in (first, second) if at is not None), default=None)


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
    return Trade(
        id=held.id,
        kind=held.kind,
        instrument=held.instrument,
        quantity=held.bought,
        entry_price=held.entry_price,
        exit_price=average_exit(ledger, held.id),
        fees_usd=held.fees_usd,
        pnl_usd=pnl,
        r_multiple=float(pnl / risk) if risk > 0 else 0.0,
        opened_at=held.opened_at,
        closed_at=fill.at,
        closed_by=order.purpose,
        mae_frac=float(held.worst_price / held.entry_price - 1),
        mfe_frac=float(held.best_price / held.entry_price - 1),
        p_mean=terms.p_mean,
        requested=ledger.proposals[held.id].requested,
    )


def average_exit(ledger: Ledger, position_id: str) -> Decimal:
    """Mean price of what a position has sold, in quote currency; some of it must be sold."""
    sales = [o for o in ledger.orders_of(position_id, Side.SELL) if o.filled > 0]
    return sum((o.value_usd for o in sales), ZERO) / sum((o.filled for o in sales), ZERO)


def execution_cost(
    ledger: Ledger, position_id: str, entry_price: Decimal, bought: Decimal
) -> ExecutionCost:
    """What execution cost a closed position against what was promised.

    Parameters
    ----------
    entry_price : Decimal, quote currency
        Average over the entry fills.
    bought : Decimal, base units, > 0
    """
    record = ledger.proposals[position_id]
    decided = record.decision_price or record.terms.entry
    entry = (entry_price - decided) * bought
    exits = sum((_shortfall(o) for o in ledger.orders_of(position_id, Side.SELL)), ZERO)
    costs = record.terms.costs
    return ExecutionCost(
        realised_frac=float((entry + exits) / (decided * bought)),
        modelled_frac=costs.total_frac - costs.fee_frac,
    )


def slippage_ratio(costs: Sequence[ExecutionCost]) -> float:
    """Realised over modelled cost of execution, of all `costs` together; never below 0.

    Parameters
    ----------
    costs : sequence of ExecutionCost
        At least one.
    """
    modelled = sum(max(cost.modelled_frac, _LEAST_MODELLED_FRAC) for cost in costs)
    ratio = sum(cost.realised_frac for cost in costs) / modelled
    return ratio if not ratio < 0.0 else 0.0  # `max` would make 0 of what is not a number


def _shortfall(record: OrderRecord) -> Decimal:
    """Money by which a sale fell short of its stop, its target or its reference price."""
    order = record.order
    aim = {Purpose.STOP: order.stop_price, Purpose.TARGET: order.limit_price}.get(order.purpose)
    if aim is None:
        return record.slippage_usd
    return aim * record.filled - record.value_usd
