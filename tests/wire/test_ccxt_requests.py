"""ccxt's own recorded requests, where somebody has them, are understood by the loopback Kraken.

Opt in with ``EXECUTOR_CCXT_FIXTURES=<a checkout's ts/src/test/static/request>``, or with
``EXECUTOR_TEST_OUTSIDE=1`` to read the one file from GitHub.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp
import pytest

from tests.kit.broker_desks import ExchangeDesk, exchange_desk

_FILE = "kraken.json"
_SOURCE = f"https://raw.githubusercontent.com/ccxt/ccxt/master/ts/src/test/static/request/{_FILE}"
_READS = ("fetchMyTrades", "fetchOpenOrders", "fetchClosedOrders", "cancelAllOrdersAfter")
_OTHER_KINDS = ("take-profit", "trailing-stop", "stop-loss-limit")


async def _recorded() -> dict[str, list[dict[str, Any]]]:
    folder = os.environ.get("EXECUTOR_CCXT_FIXTURES")
    if folder:
        path = Path(folder) / _FILE
        if not path.exists():
            pytest.skip(f"{path} is not there")
        text = path.read_text("utf-8")
    elif os.environ.get("EXECUTOR_TEST_OUTSIDE") == "1":
        async with aiohttp.ClientSession() as session, session.get(_SOURCE) as answer:
            if answer.status != 200:
                pytest.skip(f"{_SOURCE} answers {answer.status}")
            text = await answer.text()
    else:
        pytest.skip("set EXECUTOR_CCXT_FIXTURES or EXECUTOR_TEST_OUTSIDE=1")
    methods: dict[str, list[dict[str, Any]]] = json.loads(text)["methods"]
    return methods


async def _errors(desk: ExchangeDesk, nonce: int, recorded: dict[str, Any]) -> list[str]:
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


@pytest.mark.outside
async def test_recorded_spot_requests_are_understood_and_margin_is_refused() -> None:
    methods = await _recorded()
    orders = methods["createOrder"]
    spot = [o for o in orders if "leverage" not in o["output"] and "take" not in o["output"]]
    spot = [o for o in spot if not any(kind in o["output"] for kind in _OTHER_KINDS)]
    margin = [o for o in orders if "leverage" in o["output"]]
    assert spot, "the file has changed its shape"
    assert margin, "the file has changed its shape"
    reads = [request for name in _READS for request in methods[name]]
    async with exchange_desk("kraken") as desk:
        for nonce, recorded in enumerate([*spot, *reads], start=1):
            assert await _errors(desk, nonce, recorded) == [], recorded["description"]
        for nonce, recorded in enumerate(margin, start=1_000):
            (error,) = await _errors(desk, nonce, recorded)
            assert error.startswith("EGeneral:Invalid arguments"), recorded["description"]
