"""What the IBKR adapter must be told of the world: instruments, costs, hours and business days.

Refuses nothing: it only carries what the composition root has decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from engine.brokers.ibkr.settlement import weekday
from engine.costs import CostModel
from engine.model.instruments import Calendar, Instrument


@dataclass(frozen=True, slots=True)
class Street:
    """What the broker must know of the world and may not find out for itself.

    Attributes
    ----------
    venue_symbols : mapping of str to str
        IB's symbol of each instrument, such as ``PHYS`` of ``PHYS-USD``.
    is_open : callable of (Calendar, datetime)
        Whether a market trades.
    is_business_day : callable of date
        Days that count towards settlement.
    """

    instruments: Mapping[str, Instrument]
    venue_symbols: Mapping[str, str]
    costs: CostModel
    is_open: Callable[[Calendar, datetime], bool]
    is_business_day: Callable[[date], bool] = weekday
