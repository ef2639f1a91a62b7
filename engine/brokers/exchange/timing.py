"""The venue's time beside ours: deadlines are told by the one, waited for by the other.

Refuses entries while the two are far apart; exits go out whatever any clock says.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from engine.brokers.exchange.dialect import Dialect
from engine.errors import BrokerUnavailable
from engine.model.orders import Order, Side
from engine.ports import Clock

_log = structlog.get_logger(__name__)
CLOCK_TOLERANCE = timedelta(seconds=10)
"""A clock further off than this cannot prove that an order is absent."""
CHECK_EVERY = timedelta(minutes=30)


class VenueTime:
    """How far a venue's clock is from ours, asked for now and then.

    Parameters
    ----------
    dialect : Dialect
    clock : Clock
        Ours.
    """

    def __init__(self, dialect: Dialect, clock: Clock) -> None:
        self._dialect = dialect
        self._clock = clock
        self._ahead = timedelta(0)
        self._check_at = clock.now()

    def venue_now(self) -> datetime:
        """The venue's present instant, as far as is known."""
        return self._clock.now() + self._ahead

    async def require(self, order: Order) -> None:
        """Let an entry pass only while both clocks agree.

        Raises
        ------
        BrokerUnavailable
            If they do not, or for an entry if the venue does not tell its time.
        """
        if self._clock.now() >= self._check_at:
            await self._measure(order)
        if abs(self._ahead) > CLOCK_TOLERANCE and order.side is Side.BUY:
            off = f"{abs(self._ahead).total_seconds():.0f} s"
            side = "behind" if self._ahead > timedelta(0) else "ahead of"
            raise BrokerUnavailable(
                f"this machine's clock is {off} {side} {self._dialect.title}: "
                "turn on time synchronisation"
            )

    async def _measure(self, order: Order) -> None:
        try:
            self._ahead = await self._dialect.now() - self._clock.now()
        except BrokerUnavailable as fault:
            if order.side is Side.BUY:
                raise
            _log.warning("the venue does not say what time it is", why=str(fault))
            return
        if abs(self._ahead) <= CLOCK_TOLERANCE:
            self._check_at = self._clock.now() + CHECK_EVERY
