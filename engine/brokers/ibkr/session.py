"""The connection that is always wanted: made when asked for, with patience between failures.

Refuses to hammer a gateway that is away, and to hand out a connection before the account behind
it has been checked. There is no task of its own: whoever needs the venue asks `ready`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from engine.brokers.ibkr.account import account_fault, account_of, port_fault
from engine.brokers.ibkr.facts import VenueExecution
from engine.brokers.ibkr.wire import Wire
from engine.errors import BrokerUnavailable
from engine.ports import Clock

_log = structlog.get_logger(__name__)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NightlyRestart:
    """The time in which the gateway restarts itself each night, by B's setting.

    Attributes
    ----------
    at : time
        Time of day in `zone` at which it goes down.
    lasts : timedelta, > 0
    zone : str
        IANA name.
    """

    at: time
    lasts: timedelta
    zone: str

    def over_at(self, now: datetime) -> datetime | None:
        """When the restart that is under way at `now` is over; None if none is."""
        zone = ZoneInfo(self.zone)
        there = now.astimezone(zone)
        for day in (there.date(), there.date() - _DAY):
            begins = datetime.combine(day, self.at, zone)
            if begins <= there < begins + self.lasts:
                return begins + self.lasts
        return None


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the gateway is, and how patient to be with it.

    Attributes
    ----------
    api_client : int, > 0
        Number of this desk among the gateway's API clients. Always the same one: only it may
        cancel its own orders, and 0 would adopt those placed by hand.
    account : str
        The one account that may be traded.
    live : bool
        Whether real money is meant.
    request_seconds, ack_seconds : float, seconds, > 0
        Longest wait for a list, and for what becomes of an order.
    first_pause, longest_pause : timedelta
        Pause after a failed connection; it doubles from the first to the longest.
    """

    host: str
    port: int
    api_client: int
    account: str
    live: bool
    request_seconds: float
    ack_seconds: float
    restart: NightlyRestart
    first_pause: timedelta = timedelta(seconds=2)
    longest_pause: timedelta = timedelta(minutes=1)


class Session:
    """At most one connection at a time.

    Parameters
    ----------
    gateway : Gateway
    clock : Clock

    Attributes
    ----------
    on_execution : callable of VenueExecution
        Hears of each execution as it happens, over every connection.
    """

    def __init__(self, gateway: Gateway, clock: Clock) -> None:
        self.gateway = gateway
        self._clock = clock
        self._wire: Wire | None = None
        self._turn = asyncio.Lock()
        self._pause = gateway.first_pause
        self._not_before: datetime | None = None
        self._why_not = ""
        self.on_execution: Callable[[VenueExecution], None] = lambda _: None

    async def ready(self) -> Wire:
        """The connection, made anew if it was lost; its account has been checked.

        Raises
        ------
        BrokerUnavailable
            If there is none: nothing was sent. The line says why and when it is tried again.
        """
        async with self._turn:
            if self._wire is not None and self._wire.alive:
                if not self._wire.linked:
                    raise BrokerUnavailable(
                        "the IB Gateway has lost IBKR's servers (1100); it reconnects by itself"
                    )
                return self._wire
            self._wire = None
            self._require_patience()
            self._wire = await self._connect()
            return self._wire

    async def aclose(self) -> None:
        """Disconnect; working orders stay at the venue."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _heard(self, execution: VenueExecution) -> None:
        self.on_execution(execution)

    def _require_patience(self) -> None:
        if self._not_before is not None and self._clock.now() < self._not_before:
            raise BrokerUnavailable(
                f"{self._why_not}; next attempt at {self._not_before:%H:%M:%S} UTC"
            )

    async def _connect(self) -> Wire:
        gateway = self.gateway
        wire = Wire(gateway.request_seconds, self._heard)
        try:
            await wire.open(gateway.host, gateway.port, gateway.api_client, gateway.account)
            await self._check_account(wire)
        except BrokerUnavailable as fault:
            wire.close()
            raise self._put_off(str(fault)) from None
        self._pause, self._not_before = gateway.first_pause, None
        _log.info("the IB Gateway is connected", account=gateway.account)
        return wire

    def _put_off(self, why: str) -> BrokerUnavailable:
        """Double the pause, but not during the nightly restart, which is no fault."""
        now = self._clock.now()
        over_at = self.gateway.restart.over_at(now)
        if over_at is not None:
            why = f"the IB Gateway makes its nightly restart until {over_at:%H:%M %Z}; {why}"
            self._pause = self.gateway.first_pause
        self._why_not, self._not_before = why, now + self._pause
        self._pause = min(2 * self._pause, self.gateway.longest_pause)
        return BrokerUnavailable(why)

    async def _check_account(self, wire: Wire) -> None:
        gateway = self.gateway
        account = account_of(gateway.account, await wire.account_values())
        fault = account_fault(account, wire.accounts, live=gateway.live)
        if fault:
            hint = port_fault(gateway.port, live=gateway.live)
            raise BrokerUnavailable(f"{fault}; {hint}" if hint else fault)
