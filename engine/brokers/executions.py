"""What every matching rule of the paper venue answers with.

Refuses to call a fill a maker's by default: only the rule that saw it rest says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill to be.

    Attributes
    ----------
    price, reference : Decimal, quote currency
        With and without spread, slippage and impact.
    quantity : Decimal, base units, > 0
    at_open : bool
        Whether it happened at the open of its bar, before anything else in it.
    maker : bool
        Whether it made liquidity for certain: only a post-only order that rested does.
    """

    at: datetime
    price: Decimal
    reference: Decimal
    quantity: Decimal
    at_open: bool = False
    maker: bool = False
