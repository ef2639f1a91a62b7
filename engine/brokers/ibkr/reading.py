"""From ib_async's objects to plain exact data.

Refuses its placeholders: the largest float and integer mean that IB said nothing. An execution or
a holding without its numbers is raised, never taken for nothing.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.brokers.ibkr.facts import AccountValue, Holding, Listing, VenueExecution, VenueOrder
from engine.errors import BrokerUnavailable
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
    """One execution with its commission, as far as it has been told.

    Raises
    ------
    BrokerUnavailable
        If it names no price or no size.
    """
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
        price=_told(told.price, f"price of execution {told.execId}"),
        quantity=_told(told.shares, f"size of execution {told.execId}"),
        commission_usd=exact(report.commission) if heard and report.currency == "USD" else None,
        commission_told=heard,
    )


def holding(position: ib_async.Position) -> Holding:
    """One position of one account, in base units; negative is a short.

    Raises
    ------
    BrokerUnavailable
        If it names no size.
    """
    contract = position.contract
    size = _told(position.position, f"size of the position in {contract.symbol}")
    return Holding(position.account, contract.conId, contract.symbol, size)


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


def _told(value: float, what: str) -> Decimal:
    if not said(value):
        raise BrokerUnavailable(f"IBKR names no {what}: {value}")
    return exact(value)


def said(value: float | Decimal) -> bool:
    """Whether `value` is a number that IB meant."""
    return math.isfinite(value) and abs(float(value)) < _UNSAID


def number(value: float | Decimal) -> Decimal:
    """`value` as a finite decimal; 0 where IB said nothing."""
    if isinstance(value, Decimal):
        return value if said(value) else _NOTHING
    return exact(value) if said(value) else _NOTHING
