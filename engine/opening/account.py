"""What the venues say of this account, asked once at the start.

Refuses to hold the desk up: a venue that does not answer leaves the configured fees, and one
warning.
"""

from __future__ import annotations

from collections import defaultdict

import structlog

from engine.brokers.exchange.client import key_if_any
from engine.brokers.fees import read_fee_tier
from engine.config import Secrets, Settings
from engine.engine import Engine
from engine.errors import BrokerError

_log = structlog.get_logger(__name__)


async def learn_fees(
    engine: Engine, settings: Settings, secrets: Secrets, *, base_url: str = ""
) -> None:
    """Ask each venue with keys what it charges, and journal what is new.

    Parameters
    ----------
    base_url : str
        Another root, for tests.
    """
    traded: dict[str, list[str]] = defaultdict(list)
    for symbol in engine.instruments:
        table = settings.instruments[symbol]
        traded[table.venue].append(table.venue_symbol)
    for venue, symbols in traded.items():
        key = key_if_any(venue, secrets)
        if key is None:
            continue
        try:
            tier = await read_fee_tier(venue, symbols, key, base_url=base_url)
        except BrokerError as fault:
            _log.warning("fees not read", venue=venue, why=str(fault))
            continue
        await engine.learn_fees(tier)
