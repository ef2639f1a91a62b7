"""The only place that asks what time it is; everything else is handed a clock.

Refuses to run backwards, and refuses naive datetimes: an instant without a zone is not an instant.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LONGEST_NAP = timedelta(seconds=30)
"""A laptop that slept, or a corrected system time, is noticed within this long."""


class Clock(Protocol):
    """Tells the time and waits for it; the seam between live, replay and tests."""

    def now(self) -> datetime:
        """Present instant, aware UTC."""
        ...

    async def sleep_until(self, at: datetime) -> None:
        """Return once `now()` has reached `at`; at once if it already has."""
        ...


def as_utc(at: datetime) -> datetime:
    """`at` in UTC.

    Parameters
    ----------
    at : datetime, aware

    Raises
    ------
    ValueError
        If `at` carries no zone.

    Examples
    --------
    >>> as_utc(datetime.fromisoformat("2025-01-01T02:00:00+02:00")).isoformat()
    '2025-01-01T00:00:00+00:00'
    """
    if at.tzinfo is None:
        raise ValueError(f"an instant must carry its zone, was {at.isoformat()}")
    return at.astimezone(UTC)


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Present instant, aware UTC, to the microsecond."""
        return datetime.now(UTC)  # noqa: TID251 - this is the one place

    async def sleep_until(self, at: datetime) -> None:
        """Wait for `at` in short naps, so that a jump of the system time is noticed."""
        goal = as_utc(at)
        while (left := goal - self.now()) > timedelta(0):  # noqa: ASYNC110 - time has no event
            await asyncio.sleep(min(left, LONGEST_NAP).total_seconds())


@dataclass(frozen=True, slots=True)
class _Leg:
    """The stretch of virtual time being travelled, on the loop's monotonic clock."""

    loop: asyncio.AbstractEventLoop
    started: float
    origin: datetime
    goal: datetime
    speed: float

    def instant(self) -> datetime:
        """Virtual instant reached by now, never past the goal."""
        travelled = (self.loop.time() - self.started) * self.speed
        return self.origin + timedelta(
            seconds=min(travelled, (self.goal - self.origin).total_seconds())
        )


class VirtualClock:
    """A clock moved by one driver, usually a feed: replays, simulations and every test.

    Between two instants of its driver `now()` follows real time times `speed`, and stops at the
    next instant that the driver named: it never tells a time at which something has not happened
    yet. Tasks in `sleep_until` are woken in order, each with `now()` equal to its own instant.
    After each waking the event loop gets one turn before time moves on.

    Parameters
    ----------
    start : datetime, aware
        First value of `now()`. A replay feed moves it on to the start of its files.
    speed : float, > 0
        Virtual seconds per real second; ``inf`` does not wait at all, but yields to the loop.

    Examples
    --------
    >>> clock = VirtualClock(datetime(2025, 1, 1, tzinfo=UTC))
    >>> asyncio.run(clock.advance_to(datetime(2025, 1, 2, tzinfo=UTC)))
    >>> clock.now().isoformat()
    '2025-01-02T00:00:00+00:00'
    """

    def __init__(self, start: datetime = EPOCH, speed: float = math.inf) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be > 0, was {speed}")
        self.speed = speed
        self._now = as_utc(start)
        self._leg: _Leg | None = None
        self._driven = False
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._new_sleeper: asyncio.Event | None = None
        self._released: asyncio.Event | None = None

    def now(self) -> datetime:
        """Virtual instant, aware UTC; never decreasing."""
        return self._now if self._leg is None else self._leg.instant()

    @property
    def next_wake(self) -> datetime | None:
        """Earliest instant that somebody waits for; None while nobody sleeps."""
        return self._sleepers[0][0] if self._sleepers else None

    def hold(self) -> None:
        """Stand still, also on the way to the next instant, until `release`."""
        if self._released is None:
            self._released = asyncio.Event()
            if self._new_sleeper is not None:
                self._new_sleeper.set()

    def release(self) -> None:
        """Go on; nothing happens if nobody holds."""
        if self._released is not None:
            self._released.set()
            self._released = None

    async def sleep_until(self, at: datetime) -> None:
        """Wait until the driver has brought the clock to `at`."""
        goal = as_utc(at)
        if goal <= self.now():
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (goal, next(self._order), woken))
        if self._new_sleeper is not None:
            self._new_sleeper.set()
        await woken

    async def advance_to(self, at: datetime) -> None:
        """Bring the clock to `at`, waking sleepers on the way and keeping the pace.

        Parameters
        ----------
        at : datetime, aware, >= now()

        Raises
        ------
        ValueError
            If `at` lies in the past.
        RuntimeError
            If something else is moving this clock already.
        """
        goal = self._forward(at)
        self._require_still()
        self._driven = True
        try:
            while self._now < goal:
                if self._released is not None:
                    await self._released.wait()
                    continue
                await self._travel(min(goal, self.next_wake or goal))
                if self._wake_due():
                    await asyncio.sleep(0)
            await asyncio.sleep(0)
        finally:
            self._driven = False

    def jump_to(self, at: datetime) -> None:
        """Set the clock to `at` without waiting: to skip a stretch in which nothing is shown.

        Parameters
        ----------
        at : datetime, aware, >= now()

        Raises
        ------
        ValueError
            If `at` lies in the past.
        RuntimeError
            If the clock is being moved by `advance_to`.
        """
        self._require_still()
        self._now = self._forward(at)
        self._wake_due()

    def _require_still(self) -> None:
        if self._driven:
            raise RuntimeError("a virtual clock has one driver, and it is already being moved")

    def _forward(self, at: datetime) -> datetime:
        goal = as_utc(at)
        if goal < self.now():
            raise ValueError(f"time cannot go back from {self.now()} to {goal}")
        return goal

    def _wake_due(self) -> bool:
        woke = False
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():  # its task may have been cancelled while it slept
                woken.set_result(None)
                woke = True
        return woke

    async def _travel(self, goal: datetime) -> None:
        """Move towards `goal`; stop early when somebody asks to be woken before it."""
        if math.isinf(self.speed) or goal <= self._now:
            self._now = max(goal, self._now)
            return
        loop = asyncio.get_running_loop()
        self._leg = leg = _Leg(loop, loop.time(), self._now, goal, self.speed)
        self._new_sleeper = asyncio.Event()
        try:
            real_s = (goal - self._now).total_seconds() / self.speed
            async with asyncio.timeout(real_s):
                await self._new_sleeper.wait()
            self._now = leg.instant()
        except TimeoutError:
            self._now = goal
        finally:
            self._now = max(self._now, leg.instant())
            self._leg = self._new_sleeper = None


async def reach(clock: Clock, at: datetime) -> None:
    """Make `at` come: drive a virtual clock there, wait for a real one.

    Parameters
    ----------
    clock : Clock
    at : datetime, aware
    """
    if not isinstance(clock, VirtualClock):
        await clock.sleep_until(at)
    elif at > clock.now():
        await clock.advance_to(at)
    else:
        await asyncio.sleep(0)
