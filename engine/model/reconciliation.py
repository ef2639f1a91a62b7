"""What a venue says of the account, and each thing in which the record says otherwise.

Refuses to hold a judgement: which difference stops entries follows from its kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from engine.model.orders import Side


@dataclass(frozen=True, slots=True)
class StatedOrder:
    """One order that works, as the venue lists it.

    Attributes
    ----------
    client_id : str
        Ours; empty where somebody else made it.
    market : str
        The venue's name of what is traded.
    left : Decimal, base units, >= 0
        What is not yet executed.
    """

    venue_id: str
    client_id: str
    market: str
    side: Side | None
    left: Decimal


@dataclass(frozen=True, slots=True)
class StatedFill:
    """One execution, as the venue lists it.

    Attributes
    ----------
    client_id : str
        Of its order; empty where somebody else made that.
    price : Decimal, quote currency
    quantity : Decimal, base units
    """

    fill_id: str
    client_id: str
    at: datetime
    market: str
    side: Side
    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class VenueStatement:
    """An account as its venue shows it now.

    Attributes
    ----------
    balances : mapping of str to Decimal, US dollars or base units
        Settled own balances by currency or asset.
    orders : tuple of StatedOrder
        Every order that works, whoever made it.
    fills : tuple of StatedFill or None
        Executions since the instant that was asked for; None where the venue keeps no list.
    """

    venue: str
    balances: Mapping[str, Decimal]
    orders: tuple[StatedOrder, ...]
    fills: tuple[StatedFill, ...] | None


class DifferenceKind(StrEnum):
    """In what record and venue differ; the last three are the owner's own affairs."""

    BALANCE = "balance"
    ORDER_GONE = "order gone"
    ORDER_UNKNOWN = "order unknown"
    FILL_UNBOOKED = "fill not booked"
    OWNERS_ORDER = "owner's order"
    OWNERS_TRADE = "owner's trade"
    OWNERS_ASSET = "owner's asset"

    @property
    def halts(self) -> bool:
        """Whether entries wait until it is put right."""
        return self not in _OWNERS


_OWNERS = frozenset(
    {DifferenceKind.OWNERS_ORDER, DifferenceKind.OWNERS_TRADE, DifferenceKind.OWNERS_ASSET}
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which the venue and the record differ.

    Attributes
    ----------
    thing : str
        The asset, or the id of the order or execution.
    here, there : str
        What the record and what the venue says, with units; empty where it says nothing.
    sentence : str
        The line for people.
    """

    kind: DifferenceKind
    venue: str
    thing: str
    here: str
    there: str
    sentence: str

    @property
    def halts(self) -> bool:
        """Whether entries wait until it is put right."""
        return self.kind.halts
