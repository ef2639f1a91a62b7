"""What an API key may do, asked at the start and judged in one line.

Refuses a key that can withdraw: whoever steals it could then take everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from engine.brokers.exchange.building import open_dialect
from engine.brokers.exchange.client import TITLES, key_of
from engine.brokers.exchange.dialect import KeyRights
from engine.config import Secrets
from engine.errors import BrokerError, ConfigError
from engine.ports import Clock


class KeyFitness(StrEnum):
    """Whether a key may be used for live trading."""

    FIT = "fit"
    UNFIT = "unfit"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class KeyFinding:
    """One line on one key.

    Attributes
    ----------
    mend : str
        What to do; empty where nothing is wrong.
    """

    venue: str
    fitness: KeyFitness
    detail: str
    mend: str = ""


def judge(venue: str, rights: KeyRights) -> KeyFinding:
    """Whether a key with these rights may trade live.

    Examples
    --------
    >>> judge("kraken", KeyRights(can_query=True, can_trade=True, can_withdraw=True)).detail
    'the Kraken key can withdraw: refused for live trading'
    """
    title = TITLES[venue]
    if rights.can_withdraw:
        mend = f"make a {title} key that may query and trade, without withdrawals or transfers"
        detail = f"the {title} key can withdraw: refused for live trading"
        return KeyFinding(venue, KeyFitness.UNFIT, detail, mend)
    if not rights.can_trade:
        mend = f"allow the {title} key to create orders, or leave it: paper needs none"
        return KeyFinding(venue, KeyFitness.UNFIT, f"the {title} key cannot trade", mend)
    if not rights.can_query:
        mend = f"allow the {title} key to query funds, orders and trades, and ledger entries"
        detail = f"the {title} key cannot read balances, orders and ledger"
        return KeyFinding(venue, KeyFitness.UNFIT, detail, mend)
    detail = f"the {title} key can read and trade, and cannot withdraw"
    return KeyFinding(venue, KeyFitness.FIT, detail)


async def check_key(
    venue: str,
    secrets: Secrets,
    clock: Clock,
    *,
    base_url: str = "",
    patience: timedelta = timedelta(seconds=5),
) -> KeyFinding:
    """Ask a venue what its key may do; a venue that does not tell leaves it unknown.

    Raises
    ------
    ConfigError
        If there is no such venue.
    """
    try:
        key = key_of(venue, secrets)
    except ConfigError as fault:
        if venue not in TITLES:
            raise
        return KeyFinding(venue, KeyFitness.UNKNOWN, str(fault), "set both halves, or neither")
    dialect = open_dialect(venue, key, clock, base_url=base_url, timeout=patience)
    try:
        return judge(venue, await dialect.rights())
    except BrokerError as fault:
        mend = "check the key, this machine's clock and the network"
        return KeyFinding(venue, KeyFitness.UNKNOWN, str(fault), mend)
    finally:
        await dialect.aclose()


async def require_fit_key(
    venue: str, secrets: Secrets, clock: Clock, *, base_url: str = ""
) -> None:
    """Let only a key that is proved fit trade live.

    Raises
    ------
    ConfigError
        If it is unfit, or if nobody can say: unknown is not fit.
    """
    finding = await check_key(venue, secrets, clock, base_url=base_url)
    if finding.fitness is not KeyFitness.FIT:
        raise ConfigError(f"{finding.detail}: {finding.mend}")
