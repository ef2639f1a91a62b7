"""A paper venue behind a bad line: it refuses, loses answers, goes deaf, and books odd lines.

Refuses to invent a fill: what is executed, the real paper broker executes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from engine.brokers.paper import PaperBroker
from engine.errors import BrokerUnavailable, OutcomeUnknown
from engine.model.bars import MarketEvent
from engine.model.orders import Order, Side
from engine.model.reconciliation import VenueStatement
from engine.model.venue_lines import VenueLine
from engine.ports import Accepted, BrokerReport, Rejected


class Trouble(StrEnum):
    """What befalls the next order."""

    NONE = "none"
    REFUSES = "refuses"
    UNREACHABLE = "unreachable"
    LOSES_ANSWER = "loses the answer"
    LOSES_ORDER = "loses the order"


class AwkwardVenue:
    """The ``Broker`` port over a real paper broker.

    Attributes
    ----------
    trouble : Trouble
        Of the next order only.
    entries_while_halted : list of str
        Buys that reached the wire while `halted` said that none may.
    """

    name = "paper"

    def __init__(self, paper: PaperBroker) -> None:
        self.paper = paper
        self.trouble = Trouble.NONE
        self.lines: list[VenueLine] = []
        self.halted: Callable[[], bool] = lambda: False
        self.entries_while_halted: list[str] = []

    async def submit(self, order: Order) -> Accepted | Rejected:
        trouble, self.trouble = self.trouble, Trouble.NONE
        if order.side is Side.BUY and self.halted():
            self.entries_while_halted.append(order.client_id)
        if trouble is Trouble.REFUSES:
            return Rejected(order.client_id, "the venue does not like it")
        if trouble is Trouble.UNREACHABLE:
            raise BrokerUnavailable("no route to the venue")
        if trouble is Trouble.LOSES_ORDER:
            raise OutcomeUnknown("timed out before it arrived")
        answer = await self.paper.submit(order)
        if trouble is Trouble.LOSES_ANSWER:
            raise OutcomeUnknown("timed out after it arrived")
        return answer

    async def cancel(self, client_id: str) -> bool:
        return await self.paper.cancel(client_id)

    async def find(self, client_id: str) -> Accepted | Rejected | None:
        return await self.paper.find(client_id)

    async def observe(self, event: MarketEvent) -> None:
        await self.paper.observe(event)

    async def report(self) -> BrokerReport:
        return await self.paper.report()

    async def restore(self, working: Sequence[tuple[Order, Decimal]]) -> None:
        await self.paper.restore(working)

    async def balances(self) -> dict[str, Decimal]:
        return await self.paper.balances()

    async def statement(self, since: datetime) -> tuple[VenueStatement, ...]:
        return await self.paper.statement(since)

    async def ledger_lines(self, since: datetime | None) -> tuple[VenueLine, ...]:
        return tuple(self.lines)

    async def aclose(self) -> None:
        await self.paper.aclose()
