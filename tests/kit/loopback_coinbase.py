"""Coinbase Advanced Trade on 127.0.0.1: signed tokens, pages, orders and their oddities.

Refuses fields that a spot order has no use for, and notes them as foul.
"""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from engine.clock import SystemClock
from engine.rehearsal.account import (
    FUNDS,
    LOT,
    MARKET,
    MINIMUM,
    POST_ONLY,
    PRODUCTS,
    TICK,
    Booking,
    Execution,
    NotTaken,
    VenueAccount,
    VenueSideOrder,
)
from engine.rehearsal.venue import LoopbackVenue

_ROOT = "/api/v3/brokerage/"
_WORDS = {
    POST_ONLY: ("INVALID_LIMIT_PRICE_POST_ONLY", "a post only order would take"),
    FUNDS: ("INSUFFICIENT_FUND", "Insufficient balance in source account"),
    MINIMUM: ("INVALID_SIZE", "order size is below the minimum"),
    LOT: ("INVALID_SIZE_PRECISION", "too many digits of size"),
    TICK: ("INVALID_PRICE_PRECISION", "too many digits of price"),
    MARKET: ("INVALID_PRODUCT_ID", "no such product"),
}
_ORDER_KEYS = frozenset({"client_order_id", "product_id", "side", "order_configuration"})
_KINDS = {"trade": "advanced_trade_fill", "deposit": "fiat_deposit"}
_LIMITS = frozenset({"limit_limit_gtc", "sor_limit_ioc"})
_STATUSES = {"open": "OPEN", "closed": "FILLED", "canceled": "CANCELLED", "expired": "EXPIRED"}


class Unauthorized(Exception):
    """Answered with 401."""


class LoopbackCoinbase(LoopbackVenue):
    """One account at Coinbase.

    Attributes
    ----------
    page : int
        Rows on one page, whatever the request's limit.
    token_off_s : int
        How far the clock that judges tokens is ahead of ours.
    slow_cancels : bool
        Whether a cancellation is only taken note of.
    """

    key = "organizations/one/apiKeys/two"
    order_path, cancel_path = "brokerage/orders", "batch_cancel"

    def __init__(self, account: VenueAccount) -> None:
        super().__init__(account)
        private = ec.generate_private_key(ec.SECP256R1())
        self._public = private.public_key()
        self.secret = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ).decode()
        self.page = 100
        self.token_off_s = 0
        self.slow_cancels = False

    async def params_of(self, request: web.Request) -> dict[str, Any]:
        text = await request.text()
        return dict(request.query) | (json.loads(text) if text else {})

    async def answer(self, request: web.Request, params: dict[str, Any]) -> web.Response:
        path = request.path.removeprefix(_ROOT)
        if path == "time":
            millis = int(self._now_s() * 1000)
            return web.json_response(
                {"epochSeconds": str(millis // 1000), "epochMillis": str(millis)}
            )
        if path.startswith("market/"):
            return web.json_response(self._market(path, params))
        try:
            self._check(request)
        except Unauthorized:
            return web.Response(status=401, text="Unauthorized")
        trades = request.method == "POST"
        if path != "key_permissions" and not (self.can_trade if trades else self.can_query):
            return web.Response(status=403, text="Forbidden")
        return web.json_response(self._private(request.method, path, params))

    # ---- who asks ----------------------------------------------------------------------------

    def _now_s(self) -> float:
        return self.account.clock.now().timestamp() + self.clock_off_s

    def _check(self, request: web.Request) -> None:
        """Verify an ES256 token: signature, key, audience, times and the request it is for."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            header, claims, signature = token.split(".")
            raw = _unpacked(signature)
            whole = utils.encode_dss_signature(
                int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
            )
            signed = f"{header}.{claims}".encode()
            self._public.verify(whole, signed, ec.ECDSA(hashes.SHA256()))
            head, said = json.loads(_unpacked(header)), json.loads(_unpacked(claims))
        except (ValueError, InvalidSignature) as fault:
            raise Unauthorized from fault
        now = SystemClock().now() + timedelta(seconds=self.token_off_s)
        uri = f"{request.method} {request.host}{request.path}"
        sound = (
            head["alg"] == "ES256"
            and head["kid"] == said["sub"] == self.key
            and said["nbf"] - 5 <= now.timestamp() < said["exp"] <= said["nbf"] + 120
            and said["uri"].replace("http://", "") == uri
        )
        if not sound:
            raise Unauthorized

    # ---- the market --------------------------------------------------------------------------

    def _market(self, path: str, params: dict[str, Any]) -> Any:
        bid, ask = str(self.account.bid), str(self.account.ask)
        if path.endswith("/ticker"):
            return {"trades": [{"price": bid, "time": "2025-03-03T00:00:00Z"}],
                    "best_bid": bid, "best_ask": ask}  # fmt: skip
        spot = params.get("product_type", "SPOT") == "SPOT"
        return {"products": [_product(name) for name in PRODUCTS] if spot else []}

    # ---- the account -------------------------------------------------------------------------

    def _private(self, method: str, path: str, params: dict[str, Any]) -> Any:
        if method == "POST":
            return self._add(params) if path == "orders" else self._cancel(params)
        if path.startswith("/v2/accounts/"):
            return self._transactions(path.split("/")[3], params)
        if path == "orders/historical/batch":
            return self._orders(params)
        if path == "orders/historical/fills":
            return self._fills(params)
        if path.startswith("orders/historical/"):
            return {"order": self._order(self.account.orders[path.rpartition("/")[2]])}
        tables: dict[str, Any] = {
            "accounts": {"accounts": self._accounts(), "has_next": False, "cursor": ""},
            "transaction_summary": {
                "fee_tier": {"pricing_tier": "Advanced 1", "taker_fee_rate": "0.012",
                             "maker_fee_rate": "0.006"}
            },
            "key_permissions": {
                "can_view": self.can_query, "can_trade": self.can_trade,
                "can_transfer": self.can_withdraw, "portfolio_uuid": "one",
            },
            "best_bid_ask": {"pricebooks": []},
        }  # fmt: skip
        return tables[path]

    def _accounts(self) -> list[dict[str, Any]]:
        rows = []
        for name, amount in self.account.own.items():
            held = self.account.hold(name)
            kind = "ACCOUNT_TYPE_FIAT" if name == "USD" else "ACCOUNT_TYPE_CRYPTO"
            rows.append(_account(name, amount - held, held, kind))
        return [*rows, _account("ETH", Decimal(3), Decimal(0), "ACCOUNT_TYPE_VAULT")]

    def _transactions(self, account: str, params: dict[str, Any]) -> Any:
        lines = [line for line in self.account.booked_since(None) if line.asset == account]
        names = [line.line_id for line in lines]
        after = params.get("starting_after")
        start = names.index(after) + 1 if after else 0
        page = lines[start : start + min(self.page, int(params.get("limit", 25)))]
        more = start + len(page) < len(lines)
        last = page[-1].line_id if page else ""
        uri = f"/v2/accounts/{account}/transactions?starting_after={last}"
        return {
            "pagination": {"ending_before": None, "starting_after": after, "order": "desc",
                           "previous_uri": None, "next_uri": uri if more else None},
            "data": [self._transaction(line) for line in page],
        }  # fmt: skip

    def _transaction(self, line: Booking) -> dict[str, Any]:
        amount = line.amount - line.fee
        worth = amount if line.asset == "USD" else amount * self.account.bid
        told = {
            "id": line.line_id, "type": _KINDS.get(line.kind, line.kind), "status": line.status,
            "amount": {"amount": str(amount), "currency": line.asset},
            "native_amount": {"amount": f"{worth:.2f}", "currency": "USD"},
            "created_at": f"{line.at:%Y-%m-%dT%H:%M:%S}Z", "resource": "transaction",
        }  # fmt: skip
        return told | ({"from": {"resource": line.subtype}} if line.subtype else {})

    # ---- orders ------------------------------------------------------------------------------

    def _add(self, params: dict[str, Any]) -> Any:
        foul = sorted(set(params) - _ORDER_KEYS)
        if foul:
            self.foul += foul
            return _refused("INVALID_ARGUMENT", f"unknown field {foul[0]}")
        known = self.account.named(params["client_order_id"])
        if known:
            return _taken(known[0])
        ((kind, how),) = params["order_configuration"].items()
        side = params["side"].lower()
        if kind == "market_market_ioc" and side == "buy":
            return _refused("UNSUPPORTED_ORDER_CONFIGURATION", "market buys are sized in quote")
        stop = kind == "stop_limit_stop_limit_gtc"
        order = VenueSideOrder(
            venue_id=self.account.new_id("cb-"),
            client_id=params["client_order_id"],
            product=params["product_id"],
            side=side,
            kind=kind,
            quantity=Decimal(how["base_size"]),
            opened_at=self.account.clock.now(),
            limit=Decimal(how["limit_price"]) if kind in _LIMITS or stop else None,
            trigger=Decimal(how["stop_price"]) if stop else None,
            post_only=how.get("post_only") is True,
            at_once=kind.endswith("_ioc"),
        )
        try:
            return _taken(self.account.place(order))
        except NotTaken as why:
            return _refused(*_WORDS[str(why)])

    def _cancel(self, params: dict[str, Any]) -> Any:
        results = []
        for venue_id in params["order_ids"]:
            order = self.account.orders.get(venue_id)
            working = order is not None and order.status == "open"
            if working and not self.slow_cancels:
                self.account.cancel(venue_id)
            why = "UNKNOWN_CANCEL_FAILURE_REASON" if working else "UNKNOWN_CANCEL_ORDER"
            results.append({"success": working, "failure_reason": why, "order_id": venue_id})
        return {"results": results}

    def _orders(self, params: dict[str, Any]) -> Any:
        names = [name for name, told in _STATUSES.items() if told == params["order_status"]]
        rows = [self._order(order) for order in self.account.listed(*names)]
        after = params.get("start_date", "")
        rows = [row for row in rows if not after or row["created_time"] >= after]
        return self._paged("orders", rows, params) | {"sequence": "0"}

    def _order(self, order: VenueSideOrder) -> dict[str, Any]:
        return {
            "order_id": order.venue_id, "product_id": order.product, "user_id": "one",
            "order_configuration": {order.kind: {
                "base_size": str(order.quantity), "limit_price": str(order.limit or "")}},
            "side": order.side.upper(), "client_order_id": order.client_id,
            "status": _STATUSES[order.status], "time_in_force": "GOOD_UNTIL_CANCELLED",
            "created_time": f"{order.opened_at:%Y-%m-%dT%H:%M:%S.%f}Z",
            "filled_size": str(order.executed), "average_filled_price": "0", "total_fees": "0",
            "order_type": "LIMIT", "reject_reason": "REJECT_REASON_UNSPECIFIED",
            "reject_message": "", "product_type": "SPOT",
            "cancel_message": order.reason if order.status == "canceled" else "",
        }  # fmt: skip

    def _fills(self, params: dict[str, Any]) -> Any:
        after = params.get("start_sequence_timestamp", "")
        rows = [_fill(execution) for execution in self.account.told()]
        rows = [row for row in rows if not after or row["trade_time"] >= after]
        return self._paged("fills", rows, params)

    def _paged(self, key: str, rows: list[Any], params: dict[str, Any]) -> dict[str, Any]:
        start = int(params.get("cursor") or 0)
        end = start + self.page
        return {key: rows[start:end], "cursor": str(end) if end < len(rows) else "",
                "has_next": end < len(rows)}  # fmt: skip


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _fill(execution: Execution) -> dict[str, Any]:
    at = f"{execution.at:%Y-%m-%dT%H:%M:%S.%f}123Z"
    return {
        "entry_id": execution.trade_id, "trade_id": execution.trade_id,
        "order_id": execution.venue_id, "trade_time": at, "trade_type": "FILL",
        "price": str(execution.price), "size": str(execution.quantity),
        "commission": str(execution.fee), "product_id": "BTC-USD", "sequence_timestamp": at,
        "liquidity_indicator": "MAKER", "size_in_quote": False, "side": execution.side.upper(),
    }  # fmt: skip


def _taken(order: VenueSideOrder) -> dict[str, Any]:
    return {
        "success": True, "failure_reason": "UNKNOWN_FAILURE_REASON", "order_id": order.venue_id,
        "success_response": {"order_id": order.venue_id, "product_id": order.product,
                             "side": order.side.upper(), "client_order_id": order.client_id},
        "order_configuration": None,
    }  # fmt: skip


def _refused(code: str, message: str) -> dict[str, Any]:
    return {
        "success": False, "failure_reason": "UNKNOWN_FAILURE_REASON", "order_id": "",
        "error_response": {"error": code, "message": message, "error_details": "",
                           "new_order_failure_reason": code},
    }  # fmt: skip


def _account(name: str, free: Decimal, held: Decimal, kind: str) -> dict[str, Any]:
    return {
        "uuid": name, "name": name, "currency": name, "type": kind, "active": True,
        "available_balance": {"value": str(free), "currency": name},
        "hold": {"value": str(held), "currency": name},
    }  # fmt: skip


def _product(name: str) -> dict[str, Any]:
    steps = PRODUCTS[name]
    return {
        "product_id": name, "price": "1000", "base_increment": str(steps.lot),
        "quote_increment": str(steps.tick), "price_increment": str(steps.tick),
        "quote_min_size": str(steps.min_notional), "base_min_size": str(steps.min_quantity),
        "base_max_size": "3400", "quote_max_size": "150000000", "product_type": "SPOT",
        "quote_currency_id": "USD", "base_currency_id": steps.base, "trading_disabled": False,
        "status": "online", "alias_to": [],
    }  # fmt: skip
