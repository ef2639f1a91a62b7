"""Outside voices: each call with its end, and each caller's record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.model.signals import Signal, SignalResult
from engine.probability.scouts import Standing
from engine.views.market import MarketView


@dataclass(frozen=True, slots=True)
class SignalView:
    """One outside call.

    Attributes
    ----------
    entry : Decimal or None, quote currency
        From where it is held to its word; None before the first close after it was heard.
    price_now : Decimal or None, quote currency
    """

    signal: Signal
    entry: Decimal | None
    result: SignalResult | None
    closed_at: datetime | None
    price_now: Decimal | None


@dataclass(frozen=True, slots=True)
class SourceView:
    """One caller and the record.

    Attributes
    ----------
    heard, open, right, wrong, void : int, calls
        All ever, still open, and how the closed ones ended.
    net_frac : float or None, fraction of entry
        Mean worth of a closed call after costs; None before the first.
    standings : tuple of Standing
        Votes on closed candidates, one a kind of setup; empty means no record and no weight.
    """

    who: str
    heard: int
    open: int
    right: int
    wrong: int
    void: int
    net_frac: float | None
    last_at: datetime
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class SignalsView:
    """Calls, newest first; of the closed ones only the newest."""

    signals: tuple[SignalView, ...]
    market: MarketView


@dataclass(frozen=True, slots=True)
class SourcesView:
    """Callers, the one with most closed calls first."""

    sources: tuple[SourceView, ...]
    market: MarketView
