"""ccxt's own recordings, where somebody has them: its requests are understood by our loopback
venues, and the venues' recorded answers by our adapters.

ccxt's package does not bring them. Opt in with ``EXECUTOR_CCXT_FIXTURES=<a checkout's
ts/src/test/static>``, or with ``EXECUTOR_TEST_OUTSIDE=1`` to read the files from GitHub.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp
import pytest

from engine.brokers.exchange.building import open_dialect
from engine.brokers.exchange.client import key_of
from engine.brokers.exchange.dialect import Dialect, VenueStatus
from engine.clock import EPOCH
from tests.kit.broker_desks import ExchangeDesk, exchange_desk

_SOURCE = "https://raw.githubusercontent.com/ccxt/ccxt/master/ts/src/test/static"
_READS = ("fetchMyTrades", "fetchOpenOrders", "fetchClosedOrders", "cancelAllOrdersAfter")
_OTHER_KINDS = ("take-profit", "trailing-stop", "stop-loss-limit")
_STATUSES = {"open": VenueStatus.OPEN, "closed": VenueStatus.FILLED}
_NEWER = frozenset({"cl_ord_id"})
"""What Kraken tells of an order since those recordings were made."""
pytestmark = pytest.mark.outside


async def _recorded(side: str, venue: str) -> dict[str, list[dict[str, Any]]]:
    name = f"{side}/{venue}.json"
    folder = os.environ.get("EXECUTOR_CCXT_FIXTURES")
    if folder:
        path = Path(folder) / name
        if not path.exists():
            pytest.skip(f"{path} is not there")
        text = path.read_text("utf-8")
    elif os.environ.get("EXECUTOR_TEST_OUTSIDE") == "1":
        address = f"{_SOURCE}/{name}"
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            if answer.status != 200:
                pytest.skip(f"{address} answers {answer.status}")
            text = await answer.text()
    else:
        pytest.skip("set EXECUTOR_CCXT_FIXTURES or EXECUTOR_TEST_OUTSIDE=1")
    methods: dict[str, list[dict[str, Any]]] = json.loads(text)["methods"]
    return methods


@asynccontextmanager
async def _dialect(desk: ExchangeDesk) -> AsyncIterator[Dialect]:
    dialect = open_dialect(
        desk.name,
        key_of(desk.name, desk.secrets),
        desk.clock,
        base_url=desk.url,
        spacing=timedelta(microseconds=1),
    )
    try:
        yield dialect
    finally:
        await dialect.aclose()


# ---- requests ----------------------------------------------------------------------------


async def _kraken_errors(desk: ExchangeDesk, nonce: int, recorded: dict[str, Any]) -> list[str]:
    """Send a recorded request anew: signed by our key, for a market that the loopback lists."""
    path = recorded["url"].removeprefix("https://api.kraken.com")
    fields = dict(parse_qsl(recorded["output"])) | {"nonce": str(nonce)}
    if "pair" in fields:
        fields |= {"pair": "XXBTZUSD", "volume": "0.1"}
    body = urlencode(fields)
    digest = hashlib.sha256((fields["nonce"] + body).encode()).digest()
    secret = base64.b64decode(desk.venue.secret)
    sign = base64.b64encode(hmac.digest(secret, path.encode() + digest, "sha512")).decode()
    headers = {
        "API-Key": desk.venue.key,
        "API-Sign": sign,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(desk.url + path, data=body, headers=headers) as answer,
    ):
        told: list[str] = (await answer.json())["error"]
        return told


async def test_krakens_recorded_spot_requests_are_understood_and_margin_is_refused() -> None:
    methods = await _recorded("request", "kraken")
    orders = methods["createOrder"]
    margin = [o for o in orders if "leverage" in o["output"]]
    spot = [o for o in orders if o not in margin]
    others = [o for o in spot if any(kind in o["output"] for kind in _OTHER_KINDS)]
    known = [o for o in spot if o not in others]
    reads = [request for name in _READS for request in methods[name]]
    assert known, "the file has changed its shape"
    assert margin, "the file has changed its shape"
    async with exchange_desk("kraken") as desk:
        for nonce, recorded in enumerate([*known, *reads], start=1):
            assert await _kraken_errors(desk, nonce, recorded) == [], recorded["description"]
        for nonce, recorded in enumerate([*margin, *others], start=1_000):
            (error,) = await _kraken_errors(desk, nonce, recorded)
            assert error.startswith("EGeneral:Invalid arguments"), recorded["description"]


def _on_the_loopbacks_market(body: dict[str, Any]) -> dict[str, Any]:
    (kind, how), *_ = body["order_configuration"].items()
    steps = {"base_size": "0.1", "limit_price": "1005", "stop_price": "950"}
    how = {name: steps.get(name, value) for name, value in how.items()}
    if how.get("post_only"):
        how["limit_price"] = "990"
    return body | {"product_id": "BTC-USD", "order_configuration": {kind: how}}


async def test_coinbases_recorded_spot_requests_are_understood_and_swaps_are_refused() -> None:
    """Buys sized in dollars are refused too: the desk never sends one."""
    import ccxt.async_support

    methods = await _recorded("request", "coinbase")
    orders = [o for o in methods["createOrder"] if o["url"].endswith("/orders")]
    assert orders, "the file has changed its shape"
    async with exchange_desk("coinbase") as desk:
        client = ccxt.async_support.coinbase(
            {"apiKey": desk.venue.key, "secret": desk.venue.secret}
        )
        client.urls["api"] = {"rest": desk.url}
        client.verify = False
        try:
            for recorded in orders:
                body = json.loads(recorded["output"])
                if "PERP" not in body["product_id"]:
                    body = _on_the_loopbacks_market(body)
                sized = "base_size" in recorded["output"]
                taken = sized and "PERP" not in body["product_id"]
                assert await _taken(client, body) is taken, recorded["description"]
        finally:
            await client.close()


async def _taken(client: Any, body: dict[str, Any]) -> bool:
    import ccxt

    try:
        answer = await client.v3PrivatePostBrokerageOrders(body)
    except ccxt.ExchangeError as refused:
        return "error_response" not in str(refused)
    success: bool = answer["success"]
    return success


# ---- answers -----------------------------------------------------------------------------


async def test_krakens_recorded_answers_are_read_as_ccxt_reads_them() -> None:
    methods = await _recorded("response", "kraken")
    async with exchange_desk("kraken") as desk, _dialect(desk) as dialect:
        for recorded in methods["fetchOrder"]:
            desk.venue.fail("QueryOrders", recorded["httpResponse"])
            told, read = recorded["parsedResponse"], await dialect.order(recorded["input"][0])
            assert (read.status, read.executed) == (
                _STATUSES[told["status"]], Decimal(str(told["filled"])),
            )  # fmt: skip
            assert read.quantity == Decimal(str(told["amount"]))
            assert _millis(read.opened_at) == told["timestamp"]
        for recorded in methods["fetchOpenOrders"]:
            desk.venue.fail("OpenOrders", recorded["httpResponse"])
            assert await dialect.open_ids() == {o["id"] for o in recorded["parsedResponse"]}


async def test_coinbases_recorded_answers_are_read_as_ccxt_reads_them() -> None:
    methods = await _recorded("response", "coinbase")
    async with exchange_desk("coinbase") as desk, _dialect(desk) as dialect:
        for recorded in methods["fetchMyTrades"]:
            desk.venue.fail("fills", recorded["httpResponse"])
            (told,) = recorded["parsedResponse"]
            (read,) = await dialect.trades(EPOCH)
            assert (read.trade_id, read.venue_id) == (told["id"], told["order"])
            assert (read.side.value, _millis(read.at)) == (told["side"], told["timestamp"])
            numbers = (told["price"], told["amount"], told["fee"]["cost"])
            assert (read.price, read.quantity, read.fee) == tuple(Decimal(str(n)) for n in numbers)
        for recorded in methods["fetchClosedOrders"]:
            (raw,) = recorded["httpResponse"]["orders"]
            desk.venue.fail("batch", recorded["httpResponse"])
            (told,) = recorded["parsedResponse"]
            found = await dialect.look_up(raw["client_order_id"], EPOCH)
            assert found is not None
            assert (found.venue_id, found.status) == (told["id"], _STATUSES[told["status"]])
            assert (found.quantity, found.executed) == (told["amount"], told["filled"])
            assert _millis(found.opened_at) == told["timestamp"]


def _millis(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


async def test_our_venues_tell_no_field_of_an_order_that_the_real_ones_do_not() -> None:
    from tests.engine.brokers.test_kraken import bid

    for venue, method in (("kraken", "fetchOpenOrders"), ("coinbase", "fetchClosedOrders")):
        methods = await _recorded("response", venue)
        body = methods[method][0]["httpResponse"]
        real = body["orders"][0] if venue == "coinbase" else _only(body["result"]["open"])
        async with exchange_desk(venue) as desk:
            await desk.broker.submit(bid())
            (order,) = desk.account.orders.values()
            ours = desk.venue._order(order)  # type: ignore[attr-defined]
        unheard_of = set(ours) - set(real) - _NEWER - {"reason"}
        assert unheard_of == set(), venue


def _only(table: dict[str, Any]) -> dict[str, Any]:
    (value,) = table.values()
    told: dict[str, Any] = value
    return told
