"""Several venues behind the one port: each order goes to the venue of its instrument.

Refuses to guess a way: an order of an instrument that no venue here trades is rejected, and what
one venue cannot tell is not made up from what the others tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import structlog

from engine.errors import BrokerError
from engine.model.bars import MarketEvent
from engine.model.orders import Order
from engine.model.reconciliation import VenueStatement
from engine.model.venue_lines import VenueLine
from engine.ports import Accepted, Broker, BrokerReport, Rejected

_log = structlog.get_logger(__name__)
_NOTHING = Decimal(0)


class RoutingBroker:
    """The ``Broker`` port over one broker a venue.

    Parameters
    ----------
    venues : mapping of str to Broker
        By the symbols that are traded there; the same broker stands under each of its own.
    instrument_of : callable (client id) -> str
        What an order of the record was for; empty where the record does not know it.
    """

    def __init__(self, venues: Mapping[str, Broker], instrument_of: Callable[[str], str]) -> None:
        self._venues = dict(venues)
        self._instrument_of = instrument_of
        self._brokers = tuple(dict.fromkeys(self._venues.values()))
        self.name = "+".join(broker.name for broker in self._brokers)

    async def submit(self, order: Order) -> Accepted | Rejected:
        """Place `order` at the venue of its instrument; as `Broker.submit`."""
        broker = self._venues.get(order.instrument)
        if broker is None:
            return Rejected(order.client_id, f"{order.instrument} is not traded at {self.name}")
        return await broker.submit(order)

    async def cancel(self, client_id: str) -> bool:
        """Cancel a working order where it works; as `Broker.cancel`."""
        broker = self._way_of(client_id)
        return False if broker is None else await broker.cancel(client_id)

    async def find(self, client_id: str) -> Accepted | Rejected | None:
        """Look an order up where it was sent; as `Broker.find`."""
        broker = self._way_of(client_id)
        return None if broker is None else await broker.find(client_id)

    async def observe(self, event: MarketEvent) -> None:
        """Show the market to every venue; each minds its own instruments."""
        for broker in self._brokers:
            await broker.observe(event)

    async def report(self) -> BrokerReport:
        """What the venues tell; one that is silent keeps its news for the next time.

        Raises
        ------
        BrokerUnavailable
            If none of them tells.
        """
        reports, faults = [], []
        for broker in self._brokers:
            try:
                reports.append(await broker.report())
            except BrokerError as fault:
                _log.warning("a venue reports nothing", venue=broker.name, why=str(fault))
                faults.append(fault)
        if faults and not reports:
            raise faults[0]
        return BrokerReport(
            fills=tuple(fill for report in reports for fill in report.fills),
            canceled=tuple(name for report in reports for name in report.canceled),
            expired=tuple(name for report in reports for name in report.expired),
            rejected=tuple(each for report in reports for each in report.rejected),
            amended=tuple(each for report in reports for each in report.amended),
            settled=tuple(name for report in reports for name in report.settled),
        )

    async def restore(self, working: Sequence[tuple[Order, Decimal]]) -> None:
        """Take working orders up, each at its venue."""
        for broker in self._brokers:
            symbols = {name for name, venue in self._venues.items() if venue is broker}
            await broker.restore([each for each in working if each[0].instrument in symbols])

    async def balances(self) -> dict[str, Decimal]:
        """Settled dollars of all venues together, and each other balance wherever it lies.

        An asset counts at the venue where the desk trades it; elsewhere it is the owner's.
        """
        total: dict[str, Decimal] = {}
        homes = self._homes()
        for broker in self._brokers:
            for asset, amount in (await broker.balances()).items():
                if homes.get(asset, broker) is broker:
                    total[asset] = total.get(asset, _NOTHING) + amount
        return total

    async def statement(self, since: datetime) -> tuple[VenueStatement, ...]:
        """The statement of every venue; an asset that is traded elsewhere is left out."""
        homes = self._homes()
        stated: list[VenueStatement] = []
        for broker in self._brokers:
            for each in await broker.statement(since):
                own = {
                    asset: amount
                    for asset, amount in each.balances.items()
                    if homes.get(asset, broker) is broker
                }
                stated.append(replace(each, balances=own))
        return tuple(stated)

    async def ledger_lines(self, since: datetime | None) -> tuple[VenueLine, ...]:
        """The ledgers of all venues as one; as `Broker.ledger_lines`."""
        lines = [line for broker in self._brokers for line in await broker.ledger_lines(since)]
        return tuple(sorted(lines, key=lambda line: (line.at, line.line_id)))

    async def aclose(self) -> None:
        """Let go of every venue, also if one of them fails at it."""
        async with AsyncExitStack() as open_yet:
            for broker in self._brokers:
                open_yet.push_async_callback(broker.aclose)

    def _homes(self) -> dict[str, Broker]:
        """Which broker trades an asset; dollars and what nobody trades have no home."""
        return {symbol.partition("-")[0]: broker for symbol, broker in self._venues.items()}

    def _way_of(self, client_id: str) -> Broker | None:
        return self._venues.get(self._instrument_of(client_id))
