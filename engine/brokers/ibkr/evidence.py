"""What the gateway knows of our orders at one moment, and what that proves.

Refuses absence as proof unless every list was asked for over one undisturbed connection, open
orders first: an order only ever moves from open to completed, so it cannot slip between.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.brokers.ibkr.facts import VenueExecution, VenueOrder
from engine.brokers.ibkr.wire import Wire
from engine.errors import BrokerUnavailable
from engine.ports import Accepted, Rejected

_NOTHING = Decimal(0)
_REFUSED_WORDS = ("reject", "inactive")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Orders that work, orders that ended today, and today's executions.

    Attributes
    ----------
    stirred : int
        Count of the wire's news when it was gathered.
    """

    open: tuple[VenueOrder, ...]
    completed: tuple[VenueOrder, ...]
    executions: tuple[VenueExecution, ...]
    stirred: int

    def answer(self, client_id: str) -> Accepted | Rejected | None:
        """What the gateway knows of `client_id`: open, executed or completed; None if nothing."""
        known = [each.perm_id for each in self.open_under(client_id)]
        known += [each.perm_id for each in self._executed_under(client_id)]
        if known:
            return Accepted(client_id, str(known[0]))
        ended = self.completed_under(client_id)
        if ended is None:
            return None
        if was_refused(ended):
            return Rejected(client_id, ended.reason or f"IBKR ended it as {ended.status}")
        return Accepted(client_id, str(ended.perm_id))

    def open_under(self, client_id: str) -> tuple[VenueOrder, ...]:
        """Working orders with that ``orderRef``; more than one would be an order sent twice."""
        return tuple(each for each in self.open if each.client_id == client_id)

    def completed_under(self, client_id: str) -> VenueOrder | None:
        """The order with that ``orderRef`` that ended today."""
        return next((each for each in self.completed if each.client_id == client_id), None)

    def filled(self, client_id: str) -> Decimal:
        """Base units executed today under `client_id`, each execution in its last revision."""
        latest = {each.base_id: each for each in sorted(self._executed_under(client_id), key=_age)}
        return sum((each.quantity for each in latest.values()), _NOTHING)

    def _executed_under(self, client_id: str) -> tuple[VenueExecution, ...]:
        return tuple(each for each in self.executions if each.client_id == client_id)


def _age(execution: VenueExecution) -> int:
    return execution.revision


def was_refused(ended: VenueOrder) -> bool:
    """Whether a completed order was refused, rather than taken and then ended."""
    words = f"{ended.status} {ended.reason}".lower()
    return any(word in words for word in _REFUSED_WORDS)


async def gather(wire: Wire) -> Evidence:
    """Ask for every list anew.

    Raises
    ------
    BrokerUnavailable
        If the gateway does not answer, or lost or regained IB's servers meanwhile.
    """
    before, stirred = wire.upheavals, wire.stirred
    evidence = Evidence(
        open=await wire.open_orders(),
        completed=await wire.completed_orders(),
        executions=await wire.ask_executions(),
        stirred=stirred,
    )
    if wire.upheavals != before or not wire.linked:
        raise BrokerUnavailable(
            "IBKR's servers went away, or a message could not be read, while orders were being "
            "looked up: that proves nothing"
        )
    return evidence
