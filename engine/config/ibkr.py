"""Where IB Gateway is reached, for which account, and how patient to be with it.

Refuses secrets: B logs in to the gateway itself, and nothing here can.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from engine.config.fields import Name, Section, number, setting


def known_zone(name: str) -> str:
    """Let through the name of a time zone.

    Raises
    ------
    ValueError
        If the machine knows no such zone.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as America/New_York") from None
    return name


AccountId = Annotated[str, Field(pattern=r"^[A-Z]{0,3}\d{0,12}$")]
Zone = Annotated[str, AfterValidator(known_zone)]


class IbkrSettings(Section):
    """Interactive Brokers through IB Gateway on this machine (docs/howto/ibkr.md)."""

    account: AccountId = setting(
        "", "The one account that may be traded; empty where IBKR is not used", "account id"
    )
    host: Name = setting("127.0.0.1", "Where IB Gateway runs", "address")
    port: int = number(
        4002, "Its API port: 4002 paper, 4001 live; TWS: 7497, 7496", "port", ge=1, le=65535
    )
    api_client: int = number(
        17, "Number of this desk among the gateway's API clients", "whole number", ge=1, le=9999
    )
    request_seconds: float = number(
        10.0, "Longest wait for a list before the connection is made anew", "seconds", gt=0, le=120
    )
    ack_seconds: float = number(
        10.0, "Longest wait for an order's answer before it is looked up", "seconds", gt=0, le=120
    )
    absence_seconds: float = number(
        30.0, "Time after which an order that is not listed never arrived", "seconds", ge=5, le=600
    )
    commission_seconds: float = number(
        5.0, "Longest time for which a fill waits for its commission", "seconds", ge=0, le=120
    )
    restart_at: time = setting(
        time(23, 45), "When the gateway restarts itself each night", "HH:MM in restart_zone"
    )
    restart_minutes: float = number(15.0, "How long that may take", "minutes", gt=0, le=180)
    restart_zone: Zone = setting("America/New_York", "Time zone of restart_at", "IANA name")
