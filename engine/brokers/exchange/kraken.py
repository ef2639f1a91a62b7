"""Kraken spot, as its REST API says things.

Refuses margin by never naming it, asks for fees in US dollars, and gives each order a deadline,
so that one whose answer was lost cannot come to life minutes later.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.brokers.exchange import kraken_ledger
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
    text_of,
)
from engine.brokers.exchange.wire import Meaning, Reading, Refusal, Wire
from engine.errors import BrokerUnavailable, OutcomeUnknown
from engine.model.orders import OrderType
from engine.model.venue_lines import VenueLine

STOP_GUARD = (
    "its stop rests at Kraken and sells at the market also while this desk is away; the target is "
    "held here and waits for the desk"
)
"""Who guards a stop at Kraken, one clause."""
_NOTHING = Decimal(0)
_SECOND = timedelta(seconds=1)
_STATUSES = {
    "pending": VenueStatus.OPEN,
    "open": VenueStatus.OPEN,
    "closed": VenueStatus.FILLED,
    "canceled": VenueStatus.CANCELED,
    "expired": VenueStatus.EXPIRED,
}
# The first that an error begins with counts; what is not here proves nothing.
_ERRORS = (
    ("EAPI:Rate limit exceeded", Meaning.LIMITED),
    ("EOrder:Rate limit exceeded", Meaning.LIMITED),
    ("EGeneral:Too many requests", Meaning.LIMITED),
    ("EGeneral:Temporary lockout", Meaning.LIMITED),
    ("EAPI:Invalid nonce", Meaning.NOT_ACTED),
    ("EAPI:", Meaning.NOT_ACTED),
    ("ESession:", Meaning.NOT_ACTED),
    ("EGeneral:Permission denied", Meaning.NOT_ACTED),
    ("EAccount:", Meaning.NOT_ACTED),
    ("EService:Market in", Meaning.REFUSED),
    ("EGeneral:Invalid arguments", Meaning.REFUSED),
    ("EQuery:", Meaning.REFUSED),
    ("EOrder:", Meaning.REFUSED),
)
_BLOCKED = frozenset({401, 403, 405})
_WITHDRAW, _TRADE = "withdraw", "modify-trades"
_QUERIES = frozenset({"query-funds", "query-open-trades", "query-closed-trades", "query-ledger"})


def read(answer: Answer) -> Reading:
    """What an answer of Kraken means."""
    if answer.status == 429:
        return Reading(Meaning.LIMITED, answer.text)
    if answer.status in _BLOCKED:
        return Reading(Meaning.NOT_ACTED, answer.text)
    body = answer.body
    if answer.status >= 400 or not isinstance(body, dict):
        return Reading(Meaning.UNCLEAR, answer.text)
    errors = body.get("error") or []
    if errors:
        words = str(errors[0])
        meanings = (meaning for start, meaning in _ERRORS if words.startswith(start))
        return Reading(next(meanings, Meaning.UNCLEAR), words)
    if not isinstance(body.get("result"), dict):
        return Reading(Meaning.UNCLEAR, answer.text)
    return Reading(Meaning.DONE)


class KrakenDialect:
    """Kraken's words for the adapter's questions."""

    name = "kraken"
    title = "Kraken"
    visible_for = timedelta(seconds=15)
    books_late_for = timedelta(hours=1)
    has_dead_man = True

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._wire_ids: dict[str, str] = {}

    async def steps(self, symbol: str) -> Steps | None:
        """As `Dialect.steps`."""
        market = (await self._wire.markets()).get(symbol)
        if market is None:
            return None
        info = market["info"]
        named = above_zero_of if info.get("tick_size") else None
        return Steps(
            tick=above_zero_of(info, "tick_size", self.title)
            if named
            else self._unit(info, "pair"),
            lot=self._unit(info, "lot"),
            min_quantity=least_of(info, "ordermin", self.title),
            min_notional_usd=least_of(info, "costmin", self.title),
        )

    async def now(self) -> datetime:
        """As `Dialect.now`."""
        (body,) = await self._wire.ask("fetch_time")
        return instant_of(exact_of(body["result"], "unixtime", self.title))

    async def place(self, ticket: Ticket, deadline_at: datetime) -> str | Refusal:
        """As `Dialect.place`."""
        params: dict[str, Any] = {
            "clientOrderId": ticket.wire_id,
            "deadline": f"{deadline_at:%Y-%m-%dT%H:%M:%SZ}",
            "oflags": "fciq",
        }
        if ticket.post_only:
            params["postOnly"] = True
        if ticket.at_once:
            params["timeInForce"] = "IOC"
        if ticket.stop_price is not None:
            params["stopLossPrice"] = plain(ticket.stop_price)
        limit = None if ticket.limit_price is None else plain(ticket.limit_price)
        kind = "limit" if ticket.type is OrderType.LIMIT else "market"
        body = await self._wire.act(
            "create_order",
            *(ticket.symbol, kind, ticket.side.value, plain(ticket.quantity), limit, params),
        )
        if isinstance(body, Refusal):
            if "cl_ord_id" in body.words:
                # Our id is taken: by a first copy of this very order, or by nobody we know.
                raise OutcomeUnknown(f"Kraken has to be asked for this order: {body.words}")
            return body
        placed = body["result"].get("txid")
        if not (isinstance(placed, list) and len(placed) == 1 and placed[0]):
            raise OutcomeUnknown("Kraken took the order but did not say under which id")
        self._wire_ids[str(placed[0])] = ticket.wire_id
        return str(placed[0])

    async def cancel(self, venue_id: str) -> bool:
        """As `Dialect.cancel`."""
        body = await self._wire.act("cancel_order", venue_id)
        if isinstance(body, Refusal):
            if body.words.startswith("EOrder:Unknown order"):
                return False
            raise BrokerUnavailable(f"Kraken does not cancel: {body.words}")
        return int(body["result"].get("count", 0)) > 0

    async def look_up(self, wire_id: str, since: datetime) -> VenueOrder | None:
        """As `Dialect.look_up`; a trade names its order only by Kraken's id."""
        ours = {"clientOrderId": wire_id}
        (opened,) = await self._wire.ask("fetch_open_orders", None, None, None, ours)
        found = self._ours(opened["result"].get("open"), wire_id)
        if found is None:
            (closed,) = await self._wire.ask("fetch_closed_orders", None, None, None, ours)
            found = self._ours(closed["result"].get("closed"), wire_id)
        if found is not None:
            return found
        for venue_id in {trade.venue_id for trade in await self.trades(since)}:
            if self._wire_ids.get(venue_id, wire_id) == wire_id:
                order = await self.order(venue_id)
                if order.wire_id == wire_id:
                    return order
        return None

    async def order(self, venue_id: str) -> VenueOrder:
        """As `Dialect.order`."""
        (body,) = await self._wire.ask("fetch_order", venue_id)
        told = body["result"].get(venue_id)
        if not isinstance(told, dict):
            raise BrokerUnavailable(f"Kraken does not know its own order {venue_id}")
        return self._order(venue_id, told)

    async def open_ids(self) -> frozenset[str]:
        """As `Dialect.open_ids`."""
        (body,) = await self._wire.ask("fetch_open_orders")
        return frozenset(body["result"].get("open") or {})

    async def open_orders(self) -> list[VenueOrder]:
        """As `Dialect.open_orders`."""
        (body,) = await self._wire.ask("fetch_open_orders")
        opened = body["result"].get("open") or {}
        return [self._order(venue_id, told) for venue_id, told in opened.items()]

    async def trades(self, since: datetime) -> list[VenueTrade]:
        """As `Dialect.trades`, page by page."""
        found: dict[str, VenueTrade] = {}
        start, offset = millis_of(since - _SECOND), 0
        while True:
            (body,) = await self._wire.ask("fetch_my_trades", None, start, None, {"ofs": offset})
            page = body["result"].get("trades") or {}
            found |= {name: self._trade(name, told) for name, told in page.items()}
            offset += len(page)
            if not page or offset >= least_of(body["result"], "count", self.title):
                return list(found.values())

    async def balances(self) -> dict[str, Decimal]:
        """As `Dialect.balances`; a name with a dot is earning, staked or on hold."""
        (body,) = await self._wire.ask("fetch_balance")
        own = {
            kraken_ledger.ASSETS.get(name, name): exact_of(told, "balance", self.title)
            for name, told in body["result"].items()
            if "." not in name
        }
        return {name: amount for name, amount in own.items() if amount != _NOTHING}

    async def ledger(self, since: datetime | None) -> list[VenueLine]:
        """As `Dialect.ledger`."""
        return await kraken_ledger.read_lines(self._wire, since)

    async def rights(self) -> KeyRights:
        """As `Dialect.rights`, from GetApiKeyInfo, which needs no right itself."""
        (body,) = await self._wire.ask("private_post_getapikeyinfo", of_key=True)
        granted = body["result"].get("permissions")
        if not isinstance(granted, list):
            raise BrokerUnavailable("Kraken does not say what this key may do")
        return KeyRights(
            can_query=set(granted) >= _QUERIES,
            can_trade=_TRADE in granted,
            can_withdraw=any(_WITHDRAW in str(right) for right in granted),
        )

    async def cancel_all_after(self, delay: timedelta) -> None:
        """As `Dialect.cancel_all_after`."""
        body = await self._wire.act("cancel_all_orders_after", millis_of_delay(delay))
        if isinstance(body, Refusal):
            raise BrokerUnavailable(f"Kraken does not arm its switch: {body.words}")

    async def aclose(self) -> None:
        """As `Dialect.aclose`."""
        await self._wire.aclose()

    def _unit(self, info: Mapping[str, Any], of: str) -> Decimal:
        """The last decimal place that Kraken writes of a price or a quantity."""
        return Decimal(1).scaleb(-int(exact_of(info, f"{of}_decimals", self.title)))

    def _ours(self, orders: Mapping[str, Any] | None, wire_id: str) -> VenueOrder | None:
        """The order called `wire_id`; of several the one that did the most, or is the newest."""
        return most_done(
            self._order(venue_id, told)
            for venue_id, told in (orders or {}).items()
            if told.get("cl_ord_id") == wire_id
        )

    def _order(self, venue_id: str, told: Mapping[str, Any]) -> VenueOrder:
        status = _STATUSES.get(str(told.get("status")))
        if status is None:
            raise BrokerUnavailable(f"Kraken calls order {venue_id} {told.get('status')!r}")
        reason = str(told.get("reason") or "")
        self._wire_ids[venue_id] = str(told.get("cl_ord_id") or "")
        about = told.get("descr") or {}
        return VenueOrder(
            venue_id=venue_id,
            wire_id=self._wire_ids[venue_id],
            status=refused_late(status, reason),
            opened_at=instant_of(exact_of(told, "opentm", self.title)),
            quantity=exact_of(told, "vol", self.title),
            executed=exact_of(told, "vol_exec", self.title),
            fee_in_base="fcib" in str(told.get("oflags")),
            reason=reason,
            market=str(about.get("pair") or ""),
            side=side_if_any(about.get("type")),
        )

    def _trade(self, name: str, told: Mapping[str, Any]) -> VenueTrade:
        return VenueTrade(
            trade_id=name,
            venue_id=text_of(told, "ordertxid", self.title),
            at=instant_of(exact_of(told, "time", self.title)),
            side=side_of(told, "type", self.title),
            price=exact_of(told, "price", self.title),
            quantity=exact_of(told, "vol", self.title),
            fee=exact_of(told, "fee", self.title),
            market=str(told.get("pair") or ""),
        )


def millis_of_delay(delay: timedelta) -> int:
    """Whole milliseconds of a stretch of time."""
    return delay // timedelta(milliseconds=1)
