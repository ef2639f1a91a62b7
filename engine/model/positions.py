"""What is owned, and what a finished trade was worth.

Refuses shorts and leverage by having no way to write them down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from engine.model.orders import Purpose
from engine.model.proposals import CardKind


class LotState(StrEnum):
    """A lot may be sold only once it is ours: bought, settled, sellable (MATH.md section 7)."""

    BOUGHT = "bought"
    SETTLED = "settled"
    SELLABLE = "sellable"


class Origin(StrEnum):
    """What kind of card a trade came from; their results are told apart."""

    PROPOSAL = "proposal"
    EXPLORATORY = "exploratory"
    BY_HAND = "by hand"


def origin_of(kind: CardKind, *, requested: bool) -> Origin:
    """Where a trade came from: the gate, the learning budget, or the owner's own request."""
    if requested:
        return Origin.BY_HAND
    return Origin.PROPOSAL if kind is CardKind.PROPOSAL else Origin.EXPLORATORY


@dataclass(frozen=True, slots=True)
class Position:
    """An open long position that one approved proposal opened.

    Attributes
    ----------
    id : str
        The id of the proposal that opened it.
    quantity : Decimal, base units, > 0
        Still held.
    entry_price : Decimal, quote currency
        Average over the entry fills.
    cost_usd : Decimal, US dollars
        Notional and fees paid for `quantity`.
    target, stop : Decimal, quote currency
    time_limit_at : datetime, aware UTC
    worst_price, best_price : Decimal, quote currency
        Extremes since entry, from which MAE and MFE are measured.
    realised_usd : Decimal, US dollars
        Proceeds less fees of what has been sold already.
    bought : Decimal, base units
        All that was ever bought for it.
    """

    id: str
    kind: CardKind
    instrument: str
    quantity: Decimal
    bought: Decimal
    entry_price: Decimal
    cost_usd: Decimal
    fees_usd: Decimal
    realised_usd: Decimal
    target: Decimal
    stop: Decimal
    opened_at: datetime
    time_limit_at: datetime
    lot: LotState
    worst_price: Decimal
    best_price: Decimal


@dataclass(frozen=True, slots=True)
class Trade:
    """A closed position.

    Attributes
    ----------
    closed_by : Purpose
        Target, stop, time limit, or the owner.
    pnl_usd : Decimal, US dollars, after all fees
    r_multiple : float
        `pnl_usd` over the money that stood at risk at the stop.
    mae_frac, mfe_frac : float, fraction of entry
        Worst and best excursion while it was open; `mae_frac` <= 0 <= `mfe_frac`.
    requested : bool
        Whether the owner asked for it by hand.
    """

    id: str
    kind: CardKind
    instrument: str
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    fees_usd: Decimal
    pnl_usd: Decimal
    r_multiple: float
    opened_at: datetime
    closed_at: datetime
    closed_by: Purpose
    mae_frac: float
    mfe_frac: float
    p_mean: float
    requested: bool = False

    @property
    def origin(self) -> Origin:
        """What kind of card it came from."""
        return origin_of(self.kind, requested=self.requested)
