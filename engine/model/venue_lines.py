"""One line of a venue's own ledger: what it booked on our account, and why it says it did.

Refuses to interpret: ``engine.compliance.lines`` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Meaning(StrEnum):
    """What a ledger line means to the desk.

    ``ORDINARY`` is trade, fee, deposit, withdrawal, settlement of a spot trade. ``INTEREST`` is
    received for money or coins that were lent in some form; ``FINANCING`` is paid or owed for
    credit. Both halt the desk. ``UNKNOWN`` blocks entries.
    """

    ORDINARY = "ordinary"
    INTEREST = "interest"
    FINANCING = "financing"
    UNKNOWN = "unknown"

    @property
    def forbidden(self) -> bool:
        """Whether such a line halts the desk."""
        return self in (Meaning.INTEREST, Meaning.FINANCING)


@dataclass(frozen=True, slots=True)
class VenueLine:
    """A booking as the venue reports it.

    Attributes
    ----------
    line_id : str
        The venue's id of it; a second report of it is ignored.
    kind : str
        The venue's own word: ``trade``, ``rollover``, ``staking``.
    asset : str
        Currency or coin of `amount`.
    amount : Decimal, units of `asset`
        Positive where it was received.
    usd_value : Decimal or None, US dollars
        What it was worth; None where the source does not say and `asset` is not the dollar.
    """

    line_id: str
    venue: str
    at: datetime
    kind: str
    asset: str
    amount: Decimal
    usd_value: Decimal | None = None

    @property
    def worth_usd(self) -> Decimal | None:
        """Worth in US dollars as far as the line says; None where it is not known."""
        return self.amount if self.asset.upper() in ("USD", "ZUSD") else self.usd_value
