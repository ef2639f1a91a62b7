"""An account at a loopback Kraken and Coinbase: private calls answered only when signed aright.

Signatures are verified as the venues document it, with other code than the client's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.kit.market import LoopbackVenue

KRAKEN_KEY = "kraken-key"
KRAKEN_SECRET = base64.b64encode(b"a secret of the test's own making").decode()
COINBASE_KEY = "organizations/1/apiKeys/2"
_PRIVATE = ec.generate_private_key(ec.SECP256R1())
COINBASE_SECRET = _PRIVATE.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.TraditionalOpenSSL,
    serialization.NoEncryption(),
).decode()


class LoopbackAccount(LoopbackVenue):
    """A venue with one account.

    Attributes
    ----------
    fees : dict of symbol to (maker, taker), fractions
    tier : str
    refused : list of str
        Why signatures were not believed.
    """

    def __init__(self, clock: Any) -> None:
        super().__init__(clock)
        self.fees = {"BTC/USD": (0.002, 0.0035), "PAXG/USD": (0.002, 0.0038)}
        self.tier = "Advanced 2"
        self.refused: list[str] = []
        self._nonce = 0

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/0/private/TradeVolume":
            return web.json_response(await self._trade_volume(request))
        if request.path == "/api/v3/brokerage/transaction_summary":
            return self._transaction_summary(request)
        return await super()._answer(request)

    async def _trade_volume(self, request: web.Request) -> dict[str, Any]:
        body = await request.text()
        asked = parse_qs(body)
        nonce = asked["nonce"][0]
        digest = hashlib.sha256((nonce + body).encode()).digest()
        mac = hmac.new(base64.b64decode(KRAKEN_SECRET), request.path.encode() + digest, "sha512")
        signed = base64.b64encode(mac.digest()).decode()
        if request.headers.get("API-Key") != KRAKEN_KEY:
            return self._kraken_refusal("EAPI:Invalid key")
        if not hmac.compare_digest(signed, request.headers.get("API-Sign", "")):
            return self._kraken_refusal("EAPI:Invalid signature")
        if int(nonce) <= self._nonce:
            return self._kraken_refusal("EAPI:Invalid nonce")
        self._nonce = int(nonce)
        pair = asked["pair"][0]
        maker, taker = self.fees["PAXG/USD" if pair.startswith("PAXG") else "BTC/USD"]
        return {
            "error": [],
            "result": {
                "currency": "ZUSD",
                "volume": "61234.5",
                "fees": {pair: {"fee": f"{100 * taker:.4f}"}},
                "fees_maker": {pair: {"fee": f"{100 * maker:.4f}"}},
            },
        }

    def _kraken_refusal(self, reason: str) -> dict[str, Any]:
        self.refused.append(reason)
        return {"error": [reason]}

    def _transaction_summary(self, request: web.Request) -> web.Response:
        reason = self._untrue(request)
        if reason:
            self.refused.append(reason)
            return web.json_response({"error": "Unauthorized"}, status=401)
        maker, taker = self.fees["BTC/USD"]
        tier = {
            "pricing_tier": self.tier,
            "taker_fee_rate": str(taker),
            "maker_fee_rate": str(maker),
        }
        return web.json_response({"total_volume": "0", "fee_tier": tier})

    def _untrue(self, request: web.Request) -> str:
        """Why the request's token is not this account's for this call; empty if it is."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        head, claims, signature = (*token.split("."), "", "")[:3]
        if not signature:
            return "no token"
        raw = _unbase64(signature)
        r, s = (int.from_bytes(part, "big") for part in (raw[:32], raw[32:]))
        try:
            _PRIVATE.public_key().verify(
                encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256())
            )
        except InvalidSignature:
            return "signature"
        header, told = json.loads(_unbase64(head)), json.loads(_unbase64(claims))
        wanted = f"{request.method} {request.url.origin()}{request.path}"
        if header["alg"] != "ES256" or header["kid"] != COINBASE_KEY:
            return "header"
        if told["sub"] != COINBASE_KEY or told["uri"] != wanted:
            return f"claims {told['uri']}"
        return "" if told["nbf"] < told["exp"] <= told["nbf"] + 120 else "times"


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
