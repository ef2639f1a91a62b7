"""Fees: what a venue takes of a trade.

Refuses rebates and fees beyond a tenth: a rebate is not counted on, and more is a wrong unit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from engine.model.orders import OrderType

MOST_FRAC = 0.1
"""Beyond a tenth of the price the unit of a cost is wrong."""


@dataclass(frozen=True, slots=True)
class FeeTier:
    """What a venue charges one account.

    Attributes
    ----------
    venue, name : str
        For example ``kraken`` and ``Kraken entry tier``.
    maker_frac, taker_frac : float, fraction of notional, in [0, 0.1]
    as_of : date
        When the numbers were read.

    Raises
    ------
    ValueError
        If a fee is out of its range.
    """

    venue: str
    name: str
    maker_frac: float
    taker_frac: float
    as_of: date

    def __post_init__(self) -> None:
        for name in ("maker_frac", "taker_frac"):
            value = getattr(self, name)
            if not 0.0 <= value <= MOST_FRAC:
                raise ValueError(f"{name} must be in [0, {MOST_FRAC}], was {value!r}")

    def times(self, factor: float) -> FeeTier:
        """The tier with its fees multiplied, a tenth of the price at most."""
        maker, taker = (min(factor * f, MOST_FRAC) for f in (self.maker_frac, self.taker_frac))
        return replace(self, name=f"{factor:g} x {self.name}", maker_frac=maker, taker_frac=taker)

    def words(self, *legs: OrderType) -> str:
        """The tier in words for the card.

        Examples
        --------
        >>> FeeTier("kraken", "Kraken entry tier", 0.0025, 0.004, date(2026, 11, 1)).words()
        'Kraken entry tier, taker 0.40 %, 2026-11-01'
        """
        fees = [f"taker {self.taker_frac:.2%}"]
        if OrderType.LIMIT in legs:
            fees.append(f"maker {self.maker_frac:.2%}")
        shown = ", ".join(fees).replace("%", " %")
        return f"{self.name}, {shown}, {self.as_of}"
