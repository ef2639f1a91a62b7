"""Kraken's spot REST on 127.0.0.1: signatures, nonces, counters, orders and their oddities.

Refuses parameters that a spot order has no use for, and notes them as foul.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from engine.rehearsal.account import (
    FUNDS,
    LOT,
    MARKET,
    MINIMUM,
    POST_ONLY,
    PRODUCTS,
    TICK,
    NotTaken,
    VenueAccount,
    VenueSideOrder,
)
from engine.rehearsal.venue import LoopbackVenue

PAIRS = {"XXBTZUSD": "BTC-USD", "PAXGUSD": "PAXG-USD"}
_ASSETS = {"USD": "ZUSD", "BTC": "XXBT"}
_WORDS = {
    POST_ONLY: "EOrder:Post only order",
    FUNDS: "EOrder:Insufficient funds",
    MINIMUM: "EGeneral:Invalid arguments:volume minimum not met",
    LOT: "EGeneral:Invalid arguments:volume",
    TICK: "EOrder:Tick size check failed",
    MARKET: "EQuery:Unknown asset pair",
}
_ORDER_KEYS = frozenset(
    {"nonce", "pair", "type", "ordertype", "volume", "price", "price2", "oflags", "timeinforce",
     "cl_ord_id", "deadline", "trigger"}
)  # fmt: skip
_CL_ORD_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|[ -~]{1,18}")
_COSTS = {"AddOrder": 0, "CancelOrder": 0, "TradesHistory": 2, "ClosedOrders": 2, "Ledgers": 2}


class KrakenError(Exception):
    """Answered as Kraken answers errors."""


class LoopbackKraken(LoopbackVenue):
    """One account at Kraken.

    Attributes
    ----------
    nonce_window : int
        How far below the highest nonce another is still taken.
    counter_limit : float or None
        Calls that a fresh counter allows; it decays by 0.33 a second of the account's clock.
    page : int
        Executions or ledger lines on one page.
    can_read_ledger : bool
        Another right of the key.
    """

    key = "kraken-key"
    secret = base64.b64encode(b"a secret of thirty-two bytes....").decode()
    order_path, cancel_path = "AddOrder", "CancelOrder"

    def __init__(self, account: VenueAccount) -> None:
        super().__init__(account)
        self.nonce_window = 0
        self.counter_limit: float | None = None
        self.page = 50
        self.can_read_ledger = True
        self.switch_at: datetime | None = None
        self._nonce = 0
        self._counter, self._counted_at = 0.0, account.clock.now()

    async def params_of(self, request: web.Request) -> dict[str, Any]:
        """As `LoopbackVenue.params_of`."""
        return dict(request.query) | dict(parse_qsl(await request.text()))

    async def answer(self, request: web.Request, params: dict[str, Any]) -> web.Response:
        """As `LoopbackVenue.answer`."""
        _, _, kind, name = request.path.split("/", 3)
        handlers: dict[str, Callable[[dict[str, Any]], Any]] = {
            "Time": self._time, "SystemStatus": lambda _: {"status": "online"},
            "AssetPairs": self._pairs, "Assets": lambda _: {}, "Ticker": self._ticker,
            "Depth": self._depth, "OHLC": lambda p: {p["pair"]: [], "last": 0},
            "AddOrder": self._add, "CancelOrder": self._cancel, "OpenOrders": self._open,
            "ClosedOrders": self._closed, "QueryOrders": self._query,
            "TradesHistory": self._trades, "BalanceEx": self._balances,
            "Balance": lambda _: {k: v["balance"] for k, v in self._balances({}).items()},
            "TradeVolume": self._volume, "CancelAllOrdersAfter": self._switch,
            "GetApiKeyInfo": self._key_info, "Ledgers": self._ledgers,
        }  # fmt: skip
        try:
            if kind == "private":
                self._check(request, await request.text(), params, name)
            handle = handlers.get(name, _unknown)
            return web.json_response({"error": [], "result": handle(params)})
        except KrakenError as fault:
            return web.json_response({"error": [str(fault)]})

    # ---- who asks ----------------------------------------------------------------------------

    def _check(self, request: web.Request, body: str, params: dict[str, Any], name: str) -> None:
        if request.headers.get("API-Key") != self.key:
            raise KrakenError("EAPI:Invalid key")
        digest = hashlib.sha256((params.get("nonce", "") + body).encode()).digest()
        signed = hmac.new(base64.b64decode(self.secret), request.path.encode() + digest, "sha512")
        given = request.headers.get("API-Sign", "")
        if not hmac.compare_digest(base64.b64encode(signed.digest()).decode(), given):
            raise KrakenError("EAPI:Invalid signature")
        nonce = int(params["nonce"])
        if nonce <= self._nonce - self.nonce_window:
            raise KrakenError("EAPI:Invalid nonce")
        self._nonce = max(self._nonce, nonce)
        self._count(_COSTS.get(name, 1))
        trades = name in ("AddOrder", "CancelOrder", "CancelAllOrdersAfter")
        if name == "Ledgers" and not self.can_read_ledger:
            raise KrakenError("EGeneral:Permission denied")
        if name != "GetApiKeyInfo" and not (self.can_trade if trades else self.can_query):
            raise KrakenError("EGeneral:Permission denied")

    def spend_nonces(self) -> None:
        """As if another program had used this key with a clock far ahead."""
        self._nonce += 10**9

    def restore_nonces(self) -> None:
        """Undo `spend_nonces`."""
        self._nonce -= 10**9

    def _count(self, cost: int) -> None:
        if self.counter_limit is None:
            return
        now = self.account.clock.now()
        decayed = 0.33 * (now - self._counted_at).total_seconds()
        self._counter, self._counted_at = max(0.0, self._counter - decayed) + cost, now
        if self._counter > self.counter_limit:
            raise KrakenError("EAPI:Rate limit exceeded")

    # ---- the market --------------------------------------------------------------------------

    def _now(self) -> datetime:
        return self.account.clock.now() + timedelta(seconds=self.clock_off_s)

    def _time(self, _: dict[str, Any]) -> Any:
        return {"unixtime": int(self._now().timestamp()), "rfc1123": "-"}

    def _pairs(self, _: dict[str, Any]) -> Any:
        return {name: self._pair(name, PAIRS[name]) for name in PAIRS}

    def _pair(self, name: str, product: str) -> dict[str, Any]:
        steps = PRODUCTS[product]
        return {
            "altname": name.replace("XXBTZ", "XBT"), "wsname": product.replace("-", "/"),
            "base": _ASSETS.get(steps.base, steps.base), "quote": "ZUSD",
            "pair_decimals": -int(steps.tick.as_tuple().exponent),
            "lot_decimals": -int(steps.lot.as_tuple().exponent), "lot_multiplier": 1,
            "leverage_buy": [2, 3], "leverage_sell": [2, 3], "fees": [[0, 0.4]],
            "fees_maker": [[0, 0.25]], "ordermin": str(steps.min_quantity),
            "costmin": str(steps.min_notional), "tick_size": str(steps.tick), "status": "online",
        }  # fmt: skip

    def _ticker(self, params: dict[str, Any]) -> Any:
        bid, ask = str(self.account.bid), str(self.account.ask)
        return {params["pair"]: {"a": [ask, "1", "1"], "b": [bid, "1", "1"], "c": [bid, "1"]}}

    def _depth(self, params: dict[str, Any]) -> Any:
        bid, ask = str(self.account.bid), str(self.account.ask)
        return {params["pair"]: {"asks": [[ask, "1", 1]], "bids": [[bid, "1", 1]]}}

    # ---- orders ------------------------------------------------------------------------------

    def _add(self, params: dict[str, Any]) -> Any:
        foul = sorted(set(params) - _ORDER_KEYS)
        if foul:
            self.foul += foul
            raise KrakenError(f"EGeneral:Invalid arguments:{foul[0]}")
        flags = set(filter(None, params.get("oflags", "").split(",")))
        kind, client_id = params["ordertype"], params.get("cl_ord_id", "")
        if kind not in ("market", "limit", "stop-loss"):
            raise KrakenError("EGeneral:Invalid arguments:ordertype")
        self._require_fresh(params, client_id)
        order = VenueSideOrder(
            venue_id=self.account.new_id("O"),
            client_id=client_id,
            product=PAIRS.get(params["pair"], ""),
            side=params["type"],
            kind=kind,
            quantity=Decimal(params["volume"]),
            opened_at=self.account.clock.now(),
            limit=Decimal(params["price"]) if kind == "limit" else None,
            trigger=Decimal(params["price"]) if kind == "stop-loss" else None,
            post_only="post" in flags,
            at_once=params.get("timeinforce") == "IOC",
            fee_in_base="fcib" in flags or (params["type"] == "sell" and "fciq" not in flags),
        )
        try:
            self.account.place(order)
        except NotTaken as why:
            raise KrakenError(_WORDS[str(why)]) from why
        about = (
            f"{order.side} {order.quantity} {params['pair']} @ {kind} {params.get('price', '')}"
        )
        return {"descr": {"order": about.strip()}, "txid": [order.venue_id]}

    def _require_fresh(self, params: dict[str, Any], client_id: str) -> None:
        if client_id and not _CL_ORD_ID.fullmatch(client_id):
            raise KrakenError("EGeneral:Invalid arguments:cl_ord_id")
        if client_id and any(o.status == "open" for o in self.account.named(client_id)):
            raise KrakenError("EOrder:Duplicate cl_ord_id")
        if "deadline" not in params:
            return
        ahead = datetime.fromisoformat(params["deadline"]) - self._now()
        if ahead <= timedelta(0):
            raise KrakenError("EService:Deadline elapsed")
        if ahead > timedelta(seconds=60):
            raise KrakenError("EGeneral:Invalid arguments:deadline")

    def _cancel(self, params: dict[str, Any]) -> Any:
        if not self.account.cancel(params["txid"]):
            raise KrakenError("EOrder:Unknown order")
        return {"count": 1}

    def _open(self, params: dict[str, Any]) -> Any:
        return {"open": self._told("open", params)}

    def _closed(self, params: dict[str, Any]) -> Any:
        closed = self._told("closed canceled expired", params)
        return {"closed": closed, "count": len(closed)}

    def _told(self, statuses: str, params: dict[str, Any]) -> dict[str, Any]:
        wanted = params.get("cl_ord_id")
        return {
            order.venue_id: self._order(order)
            for order in self.account.listed(*statuses.split())
            if wanted in (None, order.client_id)
        }

    def _query(self, params: dict[str, Any]) -> Any:
        order = self.account.orders.get(params["txid"])
        if order is None:
            raise KrakenError("EOrder:Invalid order")
        return {order.venue_id: self._order(order)}

    def _order(self, order: VenueSideOrder) -> dict[str, Any]:
        price = order.limit or order.trigger or 0
        pair = next(name for name, product in PAIRS.items() if product == order.product)
        return {
            "refid": None, "userref": None, "cl_ord_id": order.client_id or None,
            "status": order.status, "reason": order.reason or None,
            "opentm": order.opened_at.timestamp(), "starttm": 0, "expiretm": 0,
            "descr": {"pair": pair, "type": order.side, "ordertype": order.kind,
                      "price": str(price), "price2": "0", "leverage": "none",
                      "order": f"{order.side} {order.quantity} {pair} @ {order.kind}",
                      "close": ""},
            "vol": f"{order.quantity:.8f}", "vol_exec": f"{order.executed:.8f}",
            "cost": "0.00000", "fee": "0.00000", "price": "0.00000", "stopprice": "0.00000",
            "limitprice": "0.00000", "misc": "", "oflags": "fcib" if order.fee_in_base else "fciq",
        }  # fmt: skip

    def _trades(self, params: dict[str, Any]) -> Any:
        after = float(params.get("start", 0))
        told = {e.trade_id: e for e in self.account.told() if e.at.timestamp() > after}
        offset = int(params.get("ofs", 0))
        page = list(told.values())[offset : offset + self.page]
        return {
            "count": len(told),
            "trades": {
                e.trade_id: {
                    "ordertxid": e.venue_id, "postxid": "TKH", "pair": "XXBTZUSD",
                    "time": e.at.timestamp(), "type": e.side, "ordertype": "limit",
                    "price": f"{e.price:.5f}", "cost": f"{e.price * e.quantity:.5f}",
                    "fee": f"{e.fee:.8f}", "vol": f"{e.quantity:.8f}", "margin": "0.00000",
                    "misc": "", "maker": True,
                }
                for e in page
            },
        }  # fmt: skip

    # ---- the account -------------------------------------------------------------------------

    def _balances(self, _: dict[str, Any]) -> dict[str, Any]:
        own = {
            _ASSETS.get(name, name): {
                "balance": f"{amount:.10f}",
                "hold_trade": f"{self.account.hold(name):.10f}",
            }
            for name, amount in self.account.own.items()
        }
        # What earns a reward is not ours to count.
        return own | {"USDC.F": {"balance": "25.0", "hold_trade": "0"}}

    def _ledgers(self, params: dict[str, Any]) -> Any:
        start = params.get("start")  # itself left out
        after = datetime.fromtimestamp(int(start), UTC) if start else None
        lines = self.account.booked_since(after)
        offset = int(params.get("ofs", 0))
        return {
            "count": len(lines),
            "ledger": {
                line.line_id: {
                    "refid": "R" + line.line_id, "time": line.at.timestamp(), "type": line.kind,
                    "subtype": line.subtype, "aclass": "currency",
                    "asset": _ASSETS.get(line.asset, line.asset), "amount": f"{line.amount:.10f}",
                    "fee": f"{line.fee:.10f}", "balance": "0.0000000000",
                }
                for line in lines[offset : offset + self.page]
            },
        }  # fmt: skip

    def _volume(self, params: dict[str, Any]) -> Any:
        pair = params.get("pair", "XXBTZUSD")
        return {
            "currency": "ZUSD", "volume": "0.0000", "fees": {pair: {"fee": "0.4000"}},
            "fees_maker": {pair: {"fee": "0.2500"}},
        }  # fmt: skip

    def _switch(self, params: dict[str, Any]) -> Any:
        seconds = int(params["timeout"])
        now = self.account.clock.now()
        self.switch_at = now + timedelta(seconds=seconds) if seconds else None
        return {"currentTime": str(now), "triggerTime": str(self.switch_at or 0)}

    def _key_info(self, _: dict[str, Any]) -> Any:
        queries = ["query-funds", "query-open-trades", "query-closed-trades"]
        granted = queries if self.can_query else []
        granted = granted + (["query-ledger"] if self.can_query and self.can_read_ledger else [])
        granted = granted + (["modify-trades", "close-trades"] if self.can_trade else [])
        granted = granted + (["withdraw-funds"] if self.can_withdraw else [])
        return {"apiKeyName": "executor", "nonceWindow": self.nonce_window, "permissions": granted}


def _unknown(_: dict[str, Any]) -> Any:
    raise KrakenError("EGeneral:Unknown method")
