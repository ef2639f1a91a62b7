"""The orders that one adapter looks after: what was asked, and what the venue has told of each.

Refuses to forget an order while it may still fill: a fill can come after its cancellation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from engine.model.orders import Order

_NOTHING = Decimal(0)


@dataclass(slots=True)
class Tracked:
    """One order at the venue, or held here until its moment comes.

    Attributes
    ----------
    venue_id : str
        Empty until the venue's id is known.
    order : Order or None
        None where only its id is known, after a restart.
    executed : Decimal, base units
        Sum of the venue's executions that were seen.
    told : Decimal, base units
        Sum of the fills that were made of them, fees in base taken out.
    fee_in_base : bool or None
        Whether fees come out of what is bought; None until the venue has been asked.
    held : bool
        Accepted here and not at the venue: the target of a pair whose stop rests there.
    doubtful : bool
        Restored after a restart, and not yet looked up at the venue.
    gone : Decimal, base units
        What the venue had executed when it confirmed the cancellation.
    asked_off : bool
        Whether its cancellation was asked for and has been answered.
    """

    client_id: str
    venue_id: str = ""
    order: Order | None = None
    executed: Decimal = _NOTHING
    told: Decimal = _NOTHING
    fee_in_base: bool | None = None
    working: bool = True
    held: bool = False
    asked_off: bool = False
    doubtful: bool = False
    gone: Decimal = _NOTHING


class TrackedOrders:
    """Tracked orders by our id and by the venue's."""

    def __init__(self) -> None:
        self._orders: dict[str, Tracked] = {}
        self._by_venue: dict[str, Tracked] = {}

    def add(self, tracked: Tracked) -> Tracked:
        """Look after `tracked`."""
        self._orders[tracked.client_id] = tracked
        return self.name(tracked, tracked.venue_id)

    def name(self, tracked: Tracked, venue_id: str) -> Tracked:
        """Learn the venue's id of an order."""
        tracked.venue_id = venue_id
        if venue_id:
            self._by_venue[venue_id] = tracked
        return tracked

    def get(self, client_id: str) -> Tracked | None:
        """The order that we call `client_id`."""
        return self._orders.get(client_id)

    def at_venue(self, venue_id: str) -> Tracked | None:
        """The order that the venue calls `venue_id`."""
        return self._by_venue.get(venue_id)

    def working(self) -> Iterator[Tracked]:
        """Orders that may still fill, held ones too."""
        return (tracked for tracked in list(self._orders.values()) if tracked.working)

    def resting(self) -> list[Tracked]:
        """Working orders that are at the venue."""
        return [tracked for tracked in self.working() if not tracked.held]

    def held(self) -> list[Tracked]:
        """Working orders that are kept here."""
        return [tracked for tracked in self.working() if tracked.held]
