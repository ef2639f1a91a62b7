"""What outlives a desk: its journal file, and the venue with everything that rests there.

Refuses to forget an order that was ever placed: the audit counts them all.
"""

from __future__ import annotations

import copy
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from aiohttp import web

from engine.brokers.exchange.wire_id import from_wire
from engine.clock import VirtualClock
from engine.rehearsal.account import VenueAccount, VenueSideOrder
from engine.rehearsal.kraken import LoopbackKraken
from engine.rehearsal.venue import LoopbackVenue
from tests.crash.mortality import CLOCK_HEADER, DIE_HEADER
from tests.kit.loopback_coinbase import LoopbackCoinbase
from tests.kit.market import MONDAY


class Away(StrEnum):
    """What the market does between a death and the next life."""

    CALM = "nothing happened"
    FILLS = "what could fill filled"
    STOPS = "the stop was reached"


START = {"USD": Decimal(10_000), "BTC": Decimal(0)}


class _InHand(LoopbackVenue):
    """A loopback venue that a life moves by hand, and that ends the life which asks for it."""

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/hand/"):
            does = getattr(self, f"_hand_{request.path.rpartition('/')[2]}")
            return web.json_response(does(dict(request.query)))
        clock = self.account.clock
        assert isinstance(clock, VirtualClock)
        said = datetime.fromisoformat(request.headers[CLOCK_HEADER])
        if said > clock.now():
            clock.jump_to(said)
        answer = await super()._handle(request)
        if DIE_HEADER in request.headers:
            os.kill(int(request.headers[DIE_HEADER]), signal.SIGKILL)
        return answer

    def _hand_fill(self, how: dict[str, str]) -> None:
        for order in self.account.orders.values():
            if order.status == "open" and from_wire(order.client_id) == how["client_id"]:
                self._fill(order, Decimal(how["share"]))

    def _fill(self, order: VenueSideOrder, share: Decimal) -> None:
        lot = Decimal("0.00000001")
        more = (order.quantity * share) // lot * lot - order.executed
        if more > 0:
            price = order.limit or order.trigger
            touch = self.account.ask if order.side == "buy" else self.account.bid
            self.account.execute(order, more, price or touch)

    def _hand_holding(self, _: dict[str, str]) -> list[str]:
        working = (order for order in self.account.listed("open") if order.side == "sell")
        held = self.account.own.get("BTC", Decimal(0))
        return [str(held), *(str(order.left) for order in working)]

    def _hand_move(self, how: dict[str, str]) -> None:
        bid = Decimal(how["price"]).quantize(Decimal("0.1"))
        self.account.bid, self.account.ask = bid, bid + Decimal("0.1")
        for order in self.account.listed("open"):
            if order.trigger is not None and bid <= order.trigger:
                self._fill(order, Decimal(1))


class KrakenInHand(_InHand, LoopbackKraken):
    """Kraken."""


class CoinbaseInHand(_InHand, LoopbackCoinbase):
    """Coinbase."""


VENUES: dict[str, Callable[[VenueAccount], LoopbackVenue]] = {
    "kraken": KrakenInHand,
    "coinbase": CoinbaseInHand,
}


@dataclass(frozen=True)
class World:
    """A journal and an account, at one instant; lives are led on copies of it."""

    db: Path
    account: VenueAccount | None

    @classmethod
    def empty(cls, venue: str, folder: Path) -> World:
        """Nothing has happened yet."""
        folder.mkdir(parents=True, exist_ok=True)
        account = None
        if venue in VENUES:
            account = VenueAccount(VirtualClock(MONDAY), own=dict(START))
            # At Coinbase an order at the market fills at once or is canceled: none rests.
            account.rests_market_orders = venue == "kraken"
            account.bid, account.ask = Decimal(50_000), Decimal("50000.1")
        return cls(folder / "executor.sqlite", account)

    def copied(self, folder: Path) -> World:
        """The same world once more, with files of its own in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        db = folder / "executor.sqlite"
        for part in ("", "-wal"):
            source = Path(f"{self.db}{part}")
            if source.exists():
                shutil.copyfile(source, f"{db}{part}")
        return World(db, copy.deepcopy(self.account))

    def go_on(self, away: Away) -> None:
        """Let the market do something while nobody is there."""
        if self.account is None or away is Away.CALM:
            return
        for order in self.account.listed("open"):
            if (order.trigger is not None) == (away is Away.STOPS):
                touch = self.account.ask if order.side == "buy" else self.account.bid
                self.account.execute(order, order.left, order.trigger or touch)

    def fingerprint(self) -> str:
        """Of everything that the next life can find: equal worlds have equal futures."""
        rows: list[Any] = []
        if self.db.exists():
            with closing(sqlite3.connect(self.db)) as database:
                tables = database.execute("SELECT name FROM sqlite_master WHERE name = 'events'")
                if tables.fetchall():
                    rows = database.execute("SELECT hash FROM events ORDER BY seq").fetchall()
                else:
                    rows = ["no events yet"]
        return repr((rows, self._books()))

    def _books(self) -> object:
        if self.account is None:
            return None
        passing = ("clock", "_numbers")
        names = (each.name for each in fields(self.account) if each.name not in passing)
        return {name: repr(getattr(self.account, name)) for name in names}

    def facts(self) -> dict[str, Any]:
        """Where it is, for a plan."""
        return {"db": str(self.db), "faults": str(self.db.with_name("faults.txt"))}
