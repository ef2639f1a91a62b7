"""The moments at which a life may end, counted, and the one at which it does, by SIGKILL.

Refuses to stand in product code: it sits in the journal's database and in the HTTP client that the
real desk is given, and sees every commit and every request that leaves.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import aiohttp

from engine.journal.codec import kind_of
from engine.journal.sqlite import SqliteJournal
from engine.model.events import Event
from engine.ports import Clock, Envelope

DIE_HEADER, CLOCK_HEADER = "X-Die-After-Acting", "X-Desk-Clock"
NEVER = 0


class Mortality:
    """Counts moments; at number `end_at` the process is killed as by the system.

    Parameters
    ----------
    end_at : int
        `NEVER` lives on.
    told : callable of str
        Is told the name of each moment.
    """

    def __init__(self, end_at: int, told: Callable[[str], None]) -> None:
        self.end_at = end_at
        self.passed = 0
        self._told = told

    def moment(self, name: str) -> None:
        """Pass a moment, or end here."""
        self._count(name)
        if self.passed == self.end_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def given_away(self, name: str) -> bool:
        """Pass a moment at which somebody else has to end this life; whether it is the one."""
        self._count(name)
        return self.passed == self.end_at

    def _count(self, name: str) -> None:
        self.passed += 1
        self._told(name)


class MortalDatabase:
    """A connection to SQLite on whose statements the process may die."""

    def __init__(self, database: Any, mortality: Mortality) -> None:
        self._database = database
        self._mortality = mortality
        self.batch = "schema"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def execute(self, statement: str, *parameters: Any) -> Any:
        """Pass a statement on; before and after those that make something durable one may die."""
        if statement.startswith("BEGIN"):
            self._mortality.moment(f"journal {self.batch}: nothing written")
        if statement == "COMMIT":
            self._mortality.moment(f"journal {self.batch}: written, not committed")
        done = await self._database.execute(statement, *parameters)
        if statement == "COMMIT":
            self._mortality.moment(f"journal {self.batch}: committed")
        return done


def mortal_journal(mortality: Mortality) -> type[SqliteJournal]:
    """The real journal on a database on which the process may die."""

    class MortalJournal(SqliteJournal):
        def __init__(self, path: Any, seal: Any, lock: Any, database: Any) -> None:
            self._mortal = MortalDatabase(database, mortality)
            super().__init__(path, seal, lock, self._mortal)  # type: ignore[arg-type]

        async def append(
            self, events: Sequence[Event], at: datetime, cause: int = 0, *, durable: bool = False
        ) -> tuple[Envelope, ...]:
            self._mortal.batch = named(events)
            envelopes = await super().append(events, at, cause, durable=durable)
            mortality.moment(f"journal {self._mortal.batch}: answered")
            return envelopes

    return MortalJournal


def named(events: Iterable[Event]) -> str:
    """A batch of events in words."""
    return "+".join(kind_of(type(event)) for event in events)


def make_wire_mortal(mortality: Mortality, clock: Callable[[], Clock]) -> None:
    """Let this process die around each request that leaves it, whoever makes it."""
    request = aiohttp.ClientSession._request

    async def mortal(self: Any, method: str, url: Any, **more: Any) -> Any:
        name = f"wire {str(url).partition('?')[0].rpartition('/')[2]}"
        mortality.moment(f"{name}: not sent")
        headers = dict(more.pop("headers", None) or {})
        headers[CLOCK_HEADER] = clock().now().isoformat()
        if mortality.given_away(f"{name}: acted on, not answered"):
            headers[DIE_HEADER] = str(os.getpid())
        answer = await request(self, method, url, headers=headers, **more)
        await answer.read()
        mortality.moment(f"{name}: answered")
        return answer

    aiohttp.ClientSession._request = mortal  # type: ignore[method-assign,assignment]
