"""From ib_async's objects to plain exact data.

Refuses its placeholders: the largest float and integer mean that IB said nothing.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.brokers.ibkr.facts import AccountValue, Holding, Listing, VenueExecution, VenueOrder
from engine.model.money import exact
from engine.model.orders import Side

if TYPE_CHECKING:
    import ib_async

_NOTHING = Decimal(0)
_UNSAID = 1e300


def open_order(trade: ib_async.Trade) -> VenueOrder:
    """An order that the gateway lists as open."""
    return _order(trade, "")


def completed_order(trade: ib_async.Trade, reason: str) -> VenueOrder:
    """An order that the gateway lists as completed, with its words on how it ended."""
    return _order(trade, reason)


def _order(trade: ib_async.Trade, reason: str) -> VenueOrder:
    order = trade.order
    return VenueOrder(
        client_id=order.orderRef,
        order_id=order.orderId,
        perm_id=order.permId,
        api_client=order.clientId,
        status=trade.orderStatus.status,
        tif=order.tif,
        quantity=number(order.totalQuantity),
        reason=reason,
    )


def execution(fill: ib_async.Fill) -> VenueExecution:
    """One execution with its commission, as far as it has been told."""
    told, report = fill.execution, fill.commissionReport
    heard = bool(report.execId) and said(report.commission)
    return VenueExecution(
        exec_id=told.execId,
        client_id=told.orderRef,
        order_id=told.orderId,
        perm_id=told.permId,
        con_id=fill.contract.conId,
        symbol=fill.contract.symbol,
        sec_type=fill.contract.secType,
        side=Side.BUY if told.side == "BOT" else Side.SELL,
        at=told.time,
        price=exact(told.price),
        quantity=exact(told.shares),
        commission_usd=exact(report.commission) if heard and report.currency == "USD" else None,
        commission_told=heard,
    )


def holding(position: ib_async.Position) -> Holding:
    """One position of one account."""
    contract = position.contract
    return Holding(position.account, contract.conId, contract.symbol, exact(position.position))


def account_value(value: ib_async.AccountValue) -> AccountValue:
    """One line of the account summary."""
    return AccountValue(value.account, value.tag, value.value, value.currency)


def listing(details: ib_async.ContractDetails) -> Listing:
    """What IB says of one contract."""
    contract = details.contract
    if contract is None:  # pragma: no cover - the decoder always sets it
        raise ValueError("contract details without a contract")
    types = frozenset(kind.strip() for kind in details.orderTypes.split(",") if kind.strip())
    return Listing(
        con_id=contract.conId,
        symbol=contract.symbol,
        sec_type=contract.secType,
        exchange=contract.exchange,
        primary_exchange=contract.primaryExchange,
        currency=contract.currency,
        min_tick=number(details.minTick),
        min_size=number(details.minSize),
        size_increment=number(details.sizeIncrement),
        order_types=types,
    )


def said(value: float) -> bool:
    """Whether `value` is a number that IB meant."""
    return math.isfinite(value) and abs(value) < _UNSAID


def number(value: float | Decimal) -> Decimal:
    """`value` as a decimal; 0 where IB said nothing."""
    if isinstance(value, Decimal):
        return value
    return exact(value) if said(value) else _NOTHING
