"""What risk looks at: one frozen picture of the desk, drawn from the journal and the market.

Refuses to fill gaps: None and NaN mean "unknown", and unknown blocks entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.model.instruments import Asset
from engine.risk.limits import Limits
from engine.risk.readings import Reading, known
from engine.risk.surroundings import ClockState, MarketState, OddsRecord, Senses, VenueState


@dataclass(frozen=True, slots=True)
class Exposure:
    """An open position, or the part of a working buy that has not filled.

    Attributes
    ----------
    notional_usd : Decimal, US dollars, >= 0
        Marked to market; for a working buy, what it has reserved.
    risk_usd : Decimal, US dollars, >= 0
        Loss at the stop with costs.
    """

    instrument: str
    asset: Asset
    notional_usd: Decimal
    risk_usd: Decimal


@dataclass(frozen=True, slots=True)
class PastEntry:
    """An entry that has filled, at least in part."""

    instrument: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TrippedBreaker:
    """A breaker that has tripped and not been reset.

    Attributes
    ----------
    name : str
        As in the event, scope included: ``stale data BTC-USD``.
    value : str
        As in the event; ``unknown`` where a missing number tripped it.
    """

    name: str
    at: datetime
    value: str = ""


@dataclass(frozen=True, slots=True)
class RiskPicture:
    """Everything that limits and breakers are measured on.

    Attributes
    ----------
    now : datetime, aware UTC
    equity_usd : Decimal or None, US dollars
        Cash and open positions, realised and open, marked to market.
    settled_cash_usd : Decimal or None, US dollars
        Own and settled, less what working buys have reserved.
    day_open_equity_usd, week_open_equity_usd : Decimal or None, US dollars
        Equity at the last 00:00 UTC, and at the last Monday's.
    high_water_usd : Decimal or None, US dollars
        Highest equity ever; shown, and bounding nothing by itself.
    kill_high_water_usd : Decimal or None, US dollars
        Highest since the owner last reset the drawdown kill, else `high_water_usd`: the mark of
        the kill and of the ramp that shrinks sizes.
    halt_high_water_usd : Decimal or None, US dollars
        Highest since the owner last reset the drawdown halt; else `high_water_usd`.
    positions, pending : tuple of Exposure or None
        Open positions, and working buys.
    entries : tuple of PastEntry or None
        At least those of the last 24 hours and of the present UTC day.
    consecutive_losses : int or None
        Since the last win, or since the owner last reset their halt.
    last_loss_at : datetime or None
        Close of the newest losing trade; may be None only when `consecutive_losses` is 0.
    pause_ended_at : datetime or None
        When the owner last reset their pause; None means never.
    daily_loss_trips : int or None
        Trips of the daily loss since the Monday of its standing trip, else of the present week.
    exploratory_week_usd : Decimal or None, US dollars
        Risk at the stop of the exploratory positions opened in the present week.
    review_note_at : datetime or None
        When the owner last wrote a review note; None means never.
    halted : str or None
        Why the owner or the desk halted; empty if it is not halted.
    live_after_kill : bool or None
        Whether the desk is live though a drawdown kill has sent it back to paper.
    tripped : tuple of TrippedBreaker or None
    invariant_attempts : int or None
        Attempts at what may never happen since the owner last reset their breaker.
    metals_correlation : float in [-1, 1] or None
        Of gold with silver; unknown counts as one.
    clock : ClockState or None
    venue : VenueState or None
    odds : OddsRecord or None
    markets : tuple of MarketState
        One for each configured instrument.
    """

    now: datetime
    equity_usd: Decimal | None
    settled_cash_usd: Decimal | None
    day_open_equity_usd: Decimal | None
    week_open_equity_usd: Decimal | None
    high_water_usd: Decimal | None
    kill_high_water_usd: Decimal | None
    halt_high_water_usd: Decimal | None
    positions: tuple[Exposure, ...] | None
    pending: tuple[Exposure, ...] | None
    entries: tuple[PastEntry, ...] | None
    consecutive_losses: int | None
    last_loss_at: datetime | None
    pause_ended_at: datetime | None
    daily_loss_trips: int | None
    exploratory_week_usd: Decimal | None
    review_note_at: datetime | None
    halted: str | None
    live_after_kill: bool | None
    tripped: tuple[TrippedBreaker, ...] | None
    invariant_attempts: int | None
    metals_correlation: float | None
    clock: ClockState | None
    venue: VenueState | None
    odds: OddsRecord | None
    markets: tuple[MarketState, ...]

    def market(self, instrument: str) -> MarketState | None:
        """State of one instrument's market, or None if nothing is known of it."""
        return next((m for m in self.markets if m.instrument == instrument), None)

    @property
    def exposures(self) -> tuple[Exposure, ...] | None:
        """Open positions and working buys together; None if either is unknown."""
        if self.positions is None or self.pending is None:
            return None
        return self.positions + self.pending


@dataclass(frozen=True, slots=True)
class Look:
    """What one row of the table looks at.

    Attributes
    ----------
    instrument : str
        Symbol; empty for rows of the whole desk.
    """

    picture: RiskPicture
    limits: Limits
    instrument: str = ""

    @property
    def market(self) -> MarketState | None:
        """The instrument's market, or None if nothing is known of it."""
        return self.picture.market(self.instrument)

    @property
    def senses(self) -> Senses | None:
        """What is sensed of the instrument between bars, or None if nothing is known of it."""
        return self.market.senses if self.market else None


def fall(start: Decimal | None, present: Decimal | None) -> Reading:
    """Fraction by which `present` is below a positive `start`; negative above it."""
    before, after = known(start), known(present)
    if before is None or after is None or before <= 0.0:
        return None
    return (before - after) / before
