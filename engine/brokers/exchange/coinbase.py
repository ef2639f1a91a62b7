"""Coinbase Advanced Trade spot, as its REST API says things.

Refuses market buys, which Coinbase sizes in dollars: they go out as limit orders that fill at
once or not at all, a little above the ask, so that what was approved is what is bought.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.brokers.exchange import coinbase_ledger
from engine.brokers.exchange.client import Answer
from engine.brokers.exchange.dialect import (
    KeyRights,
    Steps,
    Ticket,
    VenueOrder,
    VenueStatus,
    VenueTrade,
    most_done,
    refused_late,
    side_if_any,
)
from engine.brokers.exchange.reading import (
    above_zero_of,
    exact_of,
    instant_of,
    least_of,
    millis_of,
    plain,
    side_of,
    table_of,
    text_of,
    written_instant_of,
)
from engine.brokers.exchange.wire import Meaning, Reading, Refusal, Wire
from engine.errors import BrokerUnavailable, OutcomeUnknown
from engine.model.money import floor_to
from engine.model.orders import OrderType, Side
from engine.model.venue_lines import VenueLine

_ONE = Decimal(1)
_STATUSES = {
    "PENDING": VenueStatus.OPEN,
    "OPEN": VenueStatus.OPEN,
    "QUEUED": VenueStatus.OPEN,
    "CANCEL_QUEUED": VenueStatus.OPEN,
    "FILLED": VenueStatus.FILLED,
    "CANCELLED": VenueStatus.CANCELED,
    "EXPIRED": VenueStatus.EXPIRED,
    "FAILED": VenueStatus.REJECTED,
}
_CLOSED = ("FILLED", "CANCELLED", "EXPIRED", "FAILED")
_ACCOUNTS = frozenset({"ACCOUNT_TYPE_CRYPTO", "ACCOUNT_TYPE_FIAT"})
_NOT_ACTED = frozenset({401, 403, 405})
_BALANCES = ("available_balance", "hold")
_PAGE = 100
_NO_REASON = frozenset({"", "REJECT_REASON_UNSPECIFIED", "CANCEL_REASON_UNSPECIFIED"})


def read(answer: Answer) -> Reading:
    """What an answer of Coinbase means."""
    body, words = answer.body, answer.text
    by_status = {429: Meaning.LIMITED} | dict.fromkeys(_NOT_ACTED, Meaning.NOT_ACTED)
    if answer.status in by_status:
        return Reading(by_status[answer.status], words)
    if answer.status == 400 and isinstance(body, dict) and isinstance(body.get("error"), str):
        return Reading(Meaning.REFUSED, f"{body['error']}: {body.get('message', '')}")
    if answer.status >= 400 or not isinstance(body, dict):
        return Reading(Meaning.UNCLEAR, words)
    return _read_failure(body) if body.get("success") is False else Reading(Meaning.DONE)


def _read_failure(body: Mapping[str, Any]) -> Reading:
    told = body.get("error_response")
    told = told if isinstance(told, dict) else {}
    codes = (told.get(key) for key in ("error", "new_order_failure_reason", "failure_reason"))
    code = next((str(c) for c in codes if c and not str(c).startswith("UNKNOWN")), "")
    words = f"{code}: {told.get('message', '')}".strip(": ")
    return Reading(Meaning.REFUSED if code else Meaning.UNCLEAR, words or str(told)[:160])


def stop_guard(collar_frac: float) -> str:
    """Who guards a stop at Coinbase, one clause.

    Examples
    --------
    >>> "0.5 %" in stop_guard(0.005)
    True
    """
    reach = f"{collar_frac:.1%}".replace("%", " %")
    return (
        f"its stop rests at Coinbase, also while this desk is away, and sells down to {reach} "
        "below it: past that gap nobody sells; the target is held here and waits for the desk"
    )


class CoinbaseDialect:
    """Coinbase's words for the adapter's questions.

    Parameters
    ----------
    collar_frac : Decimal, fraction of price, >= 0
        How far past the ask a buy at the market may pay, and past its trigger a stop may sell:
        Coinbase has no plain stop orders.
    """

    name = "coinbase"
    title = "Coinbase"
    visible_for = timedelta(seconds=15)
    books_late_for = timedelta(days=14)
    has_dead_man = False

    def __init__(self, wire: Wire, collar_frac: Decimal) -> None:
        self._wire = wire
        self._collar = collar_frac

    async def steps(self, symbol: str) -> Steps | None:
        """As `Dialect.steps`."""
        market = (await self._wire.markets()).get(symbol)
        if market is None:
            return None
        info = market["info"]
        tick = "price_increment" if info.get("price_increment") else "quote_increment"
        return Steps(
            tick=above_zero_of(info, tick, self.title),
            lot=above_zero_of(info, "base_increment", self.title),
            min_quantity=least_of(info, "base_min_size", self.title),
            min_notional_usd=least_of(info, "quote_min_size", self.title),
        )

    async def now(self) -> datetime:
        """As `Dialect.now`."""
        (body,) = await self._wire.ask("fetch_time")
        return instant_of(exact_of(body, "epochMillis", self.title) / 1000)

    async def place(self, ticket: Ticket, deadline_at: datetime) -> str | Refusal:  # noqa: ARG002
        """As `Dialect.place`; a repeated id is answered with the order that has it."""
        # ccxt ignores the unified clientOrderId here: the field itself is what goes out.
        params: dict[str, Any] = {"client_order_id": ticket.wire_id}
        kind, limit = "market", ticket.limit_price
        if ticket.type is OrderType.STOP and ticket.stop_price is not None:
            kind = "limit"
            params["stopLossPrice"] = plain(ticket.stop_price)
            limit = floor_to(ticket.stop_price * (_ONE - self._collar), ticket.steps.tick)
        elif ticket.type is OrderType.LIMIT:
            kind = "limit"
            params |= {"postOnly": True} if ticket.post_only else {}
            params |= {"timeInForce": "IOC"} if ticket.at_once else {}
        elif ticket.side is Side.BUY:
            kind = "limit"
            ask = await self._ask_price(ticket.symbol)
            limit = floor_to(ask * (_ONE + self._collar), ticket.steps.tick)
            params["timeInForce"] = "IOC"
        price = None if limit is None else plain(limit)
        body = await self._wire.act(
            "create_order",
            *(ticket.symbol, kind, ticket.side.value, plain(ticket.quantity), price, params),
        )
        if isinstance(body, Refusal):
            return body
        placed = (body.get("success_response") or {}).get("order_id")
        if not placed:
            raise OutcomeUnknown("Coinbase took the order but did not say under which id")
        return str(placed)

    async def cancel(self, venue_id: str) -> bool:
        """As `Dialect.cancel`."""
        body = await self._wire.act("cancel_order", venue_id)
        if isinstance(body, Refusal):
            raise BrokerUnavailable(f"Coinbase does not cancel: {body.words}")
        results = body.get("results") or [{}]
        return results[0].get("success") is True

    async def look_up(self, wire_id: str, since: datetime) -> VenueOrder | None:
        """As `Dialect.look_up`; Coinbase cannot be asked for our id, so lists are searched."""
        found = most_done(
            [
                order
                for statuses in ((), _CLOSED)
                for order in await self._orders(since, *statuses)
                if order.wire_id == wire_id
            ]
        )
        if found is not None:
            return found
        for venue_id in {trade.venue_id for trade in await self.trades(since)}:
            order = await self.order(venue_id)
            if order.wire_id == wire_id:
                return order
        return None

    async def order(self, venue_id: str) -> VenueOrder:
        """As `Dialect.order`."""
        (body,) = await self._wire.ask("fetch_order", venue_id)
        told = body.get("order")
        if not isinstance(told, dict):
            raise BrokerUnavailable(f"Coinbase does not know its own order {venue_id}")
        return self._order(told)

    async def open_ids(self) -> frozenset[str]:
        """As `Dialect.open_ids`."""
        return frozenset(order.venue_id for order in await self._orders(None))

    async def open_orders(self) -> list[VenueOrder]:
        """As `Dialect.open_orders`."""
        return await self._orders(None)

    async def trades(self, since: datetime) -> list[VenueTrade]:
        """As `Dialect.trades`, page by page."""
        start = millis_of(since)
        told = await self._pages("fetch_my_trades", "fills", None, start, _PAGE)
        trades = [self._trade(each) for each in told]
        return list({trade.trade_id: trade for trade in trades}.values())

    async def balances(self) -> dict[str, Decimal]:
        """As `Dialect.balances`; vaults and staked balances are accounts of other kinds."""
        own: dict[str, Decimal] = {}
        for page in await self._wire.ask("fetch_balance"):
            for account in page.get("accounts") or ():
                if account.get("type") not in _ACCOUNTS:
                    continue
                free, held = (table_of(account, k, self.title) for k in _BALANCES)
                amount = exact_of(free, "value", self.title) + exact_of(held, "value", self.title)
                name = text_of(account, "currency", self.title)
                own[name] = own.get(name, Decimal(0)) + amount
        return {name: amount for name, amount in own.items() if amount}

    async def ledger(self, since: datetime | None) -> list[VenueLine]:
        """As `Dialect.ledger`; what is pending for days is booked at the time it began."""
        return await coinbase_ledger.read_lines(self._wire, since)

    async def rights(self) -> KeyRights:
        """As `Dialect.rights`, from key_permissions."""
        (body,) = await self._wire.ask("v3_private_get_brokerage_key_permissions", of_key=True)
        flags = [body.get(key) for key in ("can_view", "can_trade", "can_transfer")]
        if not all(isinstance(flag, bool) for flag in flags):
            raise BrokerUnavailable("Coinbase does not say what this key may do")
        return KeyRights(can_query=flags[0], can_trade=flags[1], can_withdraw=flags[2])

    async def cancel_all_after(self, delay: timedelta) -> None:
        """Coinbase has no such switch.

        Raises
        ------
        BrokerUnavailable
            Always.
        """
        raise BrokerUnavailable(f"Coinbase has no switch to cancel everything after {delay}")

    async def aclose(self) -> None:
        """As `Dialect.aclose`."""
        await self._wire.aclose()

    async def _ask_price(self, symbol: str) -> Decimal:
        (body,) = await self._wire.ask("fetch_ticker", symbol)
        ask = exact_of(body, "best_ask", self.title)
        if ask <= 0:
            raise BrokerUnavailable(f"Coinbase offers no {symbol} now")
        return ask

    async def _orders(self, since: datetime | None, *statuses: str) -> list[VenueOrder]:
        """Open orders, or those of `statuses`."""
        start = None if since is None else millis_of(since)
        if not statuses:
            told = await self._pages("fetch_open_orders", "orders", None, start, _PAGE)
            return [self._order(each) for each in told]
        found: list[VenueOrder] = []
        for status in statuses:
            only = {"order_status": status}
            told = await self._pages("fetch_closed_orders", "orders", None, start, _PAGE, **only)
            found += [self._order(each) for each in told]
        return found

    async def _pages(self, name: str, key: str, *args: Any, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = params | ({"cursor": cursor} if cursor else {})
            (body,) = await self._wire.ask(name, *args, page)
            rows = body.get(key) or []
            found += rows
            following = str(body.get("cursor") or "")
            if not rows or not following or following == cursor:
                return found
            cursor = following

    def _order(self, told: Mapping[str, Any]) -> VenueOrder:
        status = _STATUSES.get(str(told.get("status")))
        if status is None:
            name = told.get("order_id")
            raise BrokerUnavailable(f"Coinbase calls order {name} {told.get('status')!r}")
        executed = exact_of(told, "filled_size", self.title)
        messages = (str(told.get(k) or "") for k in ("reject_message", "cancel_message"))
        reason = next((text for text in messages if text not in _NO_REASON), "")
        return VenueOrder(
            venue_id=text_of(told, "order_id", self.title),
            wire_id=str(told.get("client_order_id") or ""),
            status=refused_late(status, reason),
            opened_at=written_instant_of(told, "created_time", self.title),
            quantity=self._size(told, executed),
            executed=executed,
            reason=reason,
            market=str(told.get("product_id") or ""),
            side=side_if_any(told.get("side")),
        )

    def _trade(self, told: Mapping[str, Any]) -> VenueTrade:
        price = above_zero_of(told, "price", self.title)
        quantity = exact_of(told, "size", self.title)
        if told.get("size_in_quote") is True:
            quantity /= price
        return VenueTrade(
            trade_id=text_of(told, "trade_id", self.title),
            venue_id=text_of(told, "order_id", self.title),
            at=written_instant_of(told, "trade_time", self.title),
            side=side_of(told, "side", self.title),
            price=price,
            quantity=quantity,
            fee=exact_of(told, "commission", self.title),
            market=str(told.get("product_id") or ""),
        )

    def _size(self, told: Mapping[str, Any], executed: Decimal) -> Decimal:
        """Base units asked for; those executed where somebody sized the order in dollars."""
        configuration = told.get("order_configuration") or {}
        sized = [c for c in configuration.values() if c and c.get("base_size")]
        return exact_of(sized[0], "base_size", self.title) if sized else executed
