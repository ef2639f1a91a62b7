"""Kraken's own ledger of the account: each line as Kraken books it, under Kraken's own words.

Refuses to classify: what a kind means is for ``engine.compliance.lines``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from engine.brokers.exchange.reading import exact_of, instant_of, millis_of
from engine.brokers.exchange.wire import Wire
from engine.errors import BrokerUnavailable
from engine.model.venue_lines import VenueLine

ASSETS = {"ZUSD": "USD", "XXBT": "BTC", "XBT": "BTC"}
"""Kraken's names that differ from ours; every other name is handed on as it is."""
_SECOND = timedelta(seconds=1)


async def read_lines(wire: Wire, since: datetime | None) -> list[VenueLine]:
    """Every line at or after `since`, in any order, page by page (``Ledgers``).

    Raises
    ------
    BrokerUnavailable
        If a page is missing or says something that cannot be read: half a ledger proves nothing.
    """
    found: dict[str, VenueLine] = {}
    # Kraken takes whole seconds and leaves the first one out.
    start, offset = None if since is None else millis_of(since - _SECOND), 0
    while True:
        (body,) = await wire.ask("fetch_ledger", None, start, None, {"ofs": offset})
        page = body["result"].get("ledger") or {}
        if not (isinstance(page, dict) and all(isinstance(told, dict) for told in page.values())):
            raise BrokerUnavailable("Kraken gives no readable ledger")
        count = exact_of(body["result"], "count", wire.title)
        found |= {name: _line(name, told) for name, told in page.items()}
        offset += len(page)
        if not page or offset >= count:
            return [line for line in found.values() if since is None or line.at >= since]


def _line(name: str, told: Mapping[str, Any]) -> VenueLine:
    """One line; its amount is what the balance changed by.

    A rollover has an amount of nothing and is all fee; a reward comes less Kraken's share.
    """
    amount = exact_of(told, "amount", "Kraken") - exact_of(told, "fee", "Kraken")
    asset = str(told.get("asset") or "")
    words = (str(told.get(key) or "") for key in ("type", "subtype"))
    return VenueLine(
        line_id=name,
        venue="kraken",
        at=instant_of(exact_of(told, "time", "Kraken")),
        kind="/".join(word for word in words if word),
        asset=ASSETS.get(asset, asset),
        amount=amount,
    )
