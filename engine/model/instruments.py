"""What may be watched and traded: a symbol, its form of ownership, its steps and its calendar.

Refuses forms that are not spot ownership: there is no value here for a CFD, a future or a loan.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Asset(StrEnum):
    """The three things Executor watches."""

    BITCOIN = "bitcoin"
    GOLD = "gold"
    SILVER = "silver"


class InstrumentForm(StrEnum):
    """How ownership is held; only these three can ever be bought (MATH.md section 7)."""

    CRYPTO_SPOT = "crypto_spot"
    ALLOCATED_METAL = "allocated_metal"
    TOKENISED_ALLOCATED_METAL = "tokenised_allocated_metal"


class Calendar(StrEnum):
    """When bars exist.

    ``CONTINUOUS`` trades 24/7. ``METALS`` rests at the weekend and for an hour after the
    17:00 New York break, so a silent feed there is a closed market and not a fault. ``NYSE`` is
    the regular session of New York's exchanges, NYSE Arca among them, with holidays and half days.
    """

    CONTINUOUS = "continuous"
    METALS = "metals"
    NYSE = "nyse"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One spot instrument at one venue.

    Attributes
    ----------
    symbol : str
        ``BASE-QUOTE`` as used everywhere inside, for example ``BTC-USD``.
    tick : Decimal, quote currency, > 0
        Smallest price step.
    lot : Decimal, base units, > 0
        Smallest quantity step.
    min_notional_usd : Decimal, US dollars, > 0
        Smallest order value the venue takes.
    attested_by : str or None
        Who attested the form; None means watch and paper only, never live.
    settles_after_days : int, business days, >= 0
        How long after a purchase it is ours; 0 is in the trade itself.
    """

    symbol: str
    asset: Asset
    form: InstrumentForm
    venue: str
    tick: Decimal
    lot: Decimal
    min_notional_usd: Decimal
    calendar: Calendar
    attested_by: str | None = None
    settles_after_days: int = 0

    @property
    def base(self) -> str:
        """The thing owned: ``BTC`` of ``BTC-USD``."""
        return self.symbol.partition("-")[0]

    @property
    def quote(self) -> str:
        """The thing paid: ``USD`` of ``BTC-USD``."""
        return self.symbol.partition("-")[2]
