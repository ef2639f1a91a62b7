"""Coinbase's own ledger of the account: the transactions of every wallet, in Coinbase's words.

Refuses to classify, and to take what is pending for booked: what a kind means is for
``engine.compliance.lines``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from engine.brokers.exchange.reading import exact_of, table_of, text_of, written_instant_of
from engine.brokers.exchange.wire import Wire
from engine.errors import BrokerUnavailable
from engine.model.venue_lines import VenueLine

_TITLE = "Coinbase"
_PAGE = 100
# Any other state counts as booked: a new word hides no line.
_NOT_BOOKED = frozenset(
    {"pending", "canceled", "failed", "expired", "waiting_for_clearing", "waiting_for_signature"}
)


async def read_lines(wire: Wire, since: datetime | None) -> list[VenueLine]:
    """Every booked transaction that was made at or after `since`, in any order.

    Advanced Trade has no ledger of its own; ``/v2/accounts/:id/transactions`` has one for each
    wallet, the newest first.

    Raises
    ------
    BrokerUnavailable
        If a wallet or a page is missing or cannot be read: half a ledger proves nothing.
    """
    found: dict[str, VenueLine] = {}
    for page in await wire.ask("fetch_balance"):
        for account in page.get("accounts") or ():
            told = await _transactions(wire, text_of(account, "uuid", _TITLE), since)
            lines = (_line(row) for row in told if row.get("status") not in _NOT_BOOKED)
            found |= {line.line_id: line for line in lines}
    return [line for line in found.values() if since is None or line.at >= since]


async def _transactions(
    wire: Wire, account: str, since: datetime | None
) -> list[Mapping[str, Any]]:
    """A wallet's transactions down to the page that begins before `since`."""
    found: list[Mapping[str, Any]] = []
    params = {"account_id": account}
    while True:
        (body,) = await wire.ask("fetch_ledger", None, None, _PAGE, params)
        rows, paging = body.get("data"), body.get("pagination")
        readable = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
        if not readable or not isinstance(paging, dict):
            raise BrokerUnavailable("Coinbase gives no readable transactions")
        found += rows
        more = paging.get("next_starting_after") or paging.get("next_uri")
        passed = since is not None and any(_at(row) < since for row in rows)
        if not rows or not more or passed:
            return found
        following = str(paging.get("next_starting_after") or text_of(rows[-1], "id", _TITLE))
        if following == params.get("starting_after"):
            raise BrokerUnavailable("Coinbase gives the same page of transactions twice")
        params = {"account_id": account, "starting_after": following}


def _line(told: Mapping[str, Any]) -> VenueLine:
    amount, asset = _money(told, "amount")
    native = told.get("native_amount")
    usd = None
    if isinstance(native, dict) and native.get("currency") == "USD":
        usd = exact_of(native, "amount", _TITLE)
    return VenueLine(
        line_id=text_of(told, "id", _TITLE),
        venue="coinbase",
        at=_at(told),
        kind=_kind(told, amount),
        asset=asset,
        amount=amount,
        usd_value=usd,
    )


def _kind(told: Mapping[str, Any], amount: Decimal) -> str:
    """The type; with its sender's sort where that is no network.

    Coinbase has paid rewards as plain sends from itself: such a one is no deposit from a chain,
    and stays unknown until somebody looks. No name is read: it may be a person's.
    """
    kind = str(told.get("type") or "")
    sender = told.get("from")
    sort = str(sender.get("resource") or "") if isinstance(sender, dict) and amount > 0 else ""
    return kind if sort.endswith("_network") or not sort else f"{kind}/{sort}"


def _money(told: Mapping[str, Any], key: str) -> tuple[Decimal, str]:
    money = table_of(told, key, _TITLE)
    return exact_of(money, "amount", _TITLE), text_of(money, "currency", _TITLE)


def _at(told: Mapping[str, Any]) -> datetime:
    return written_instant_of(told, "created_at", _TITLE)
