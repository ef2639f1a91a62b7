"""The one ordered table of breakers: what each measures, where it trips, what resets it.

Refuses entries and nothing else: no row can stop an exit. To add a breaker, add its number to
``RiskPicture``, a function to ``measures.py`` and a row here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from engine.risk import measures
from engine.risk.limits import Limits
from engine.risk.picture import Look, TrippedBreaker

UNKNOWN = "unknown"
_FRAC, _COUNT = "{:.2%}", "{:.0f}"

Measure = Callable[[Look], float | None]
ResetRule = Callable[[Look, TrippedBreaker], bool]


class Scope(StrEnum):
    """Whom a tripped breaker stops."""

    DESK = "desk"
    INSTRUMENT = "instrument"


@dataclass(frozen=True, slots=True)
class Breaker:
    """One row of the table.

    Attributes
    ----------
    measure : callable (look) -> float or None
        Grows with danger; None is unknown, and unknown trips.
    bound : callable (limits) -> float
    at_bound : bool
        Whether the bound itself already trips.
    shown : str
        Format of value and bound.
    resets : str
        What it takes to reset, one sentence.
    may_reset : callable (look, tripped) -> bool, or None
        The rule by which it resets itself once its measure is within the bound; None for rows
        that only the owner resets.
    words : str
        What a row that is a yes or a no says when it blocks; empty where a number says it.
    latched : bool
        Whether a trip is journaled and stays until reset; other rows are measured anew each time.
    to_paper : bool
        Whether a trip sends the desk back to paper.
    """

    name: str
    scope: Scope
    measure: Measure
    bound: Callable[[Limits], float]
    resets: str
    shown: str = _FRAC
    at_bound: bool = True
    words: str = ""
    latched: bool = True
    may_reset: ResetRule | None = None
    to_paper: bool = False

    def title(self, instrument: str) -> str:
        """Name of the breaker in events; rows of an instrument carry its symbol."""
        return f"{self.name} {instrument}" if self.scope is Scope.INSTRUMENT else self.name

    def trips(self, value: float | None, limits: Limits) -> bool:
        """Whether a measured value is beyond the bound; unknown is."""
        if value is None:
            return True
        bound = self.bound(limits)
        return value >= bound if self.at_bound else value > bound

    def show(self, value: float | None) -> str:
        """A value or a bound with its unit."""
        return UNKNOWN if value is None else self.shown.format(value).replace("%", " %")


def _next_day(look: Look, tripped: TrippedBreaker) -> bool:
    trips = look.picture.daily_loss_trips
    later = look.picture.now.date() > tripped.at.date()
    return later and trips is not None and trips <= look.limits.daily_trips_count


def _next_week(look: Look, tripped: TrippedBreaker) -> bool:
    now, noted = look.picture.now, look.picture.review_note_at
    monday = tripped.at.date() - timedelta(days=tripped.at.weekday())
    later = now.date() >= monday + timedelta(days=7)
    return later and noted is not None and tripped.at <= noted <= now


def _calm(look: Look, _tripped: TrippedBreaker) -> bool:
    calm = look.market.calm_bars if look.market else None
    return calm is not None and calm >= look.limits.calm_bars


def _at_once(_look: Look, _tripped: TrippedBreaker) -> bool:
    return True


BREAKERS: tuple[Breaker, ...] = (
    Breaker(
        "halt",
        Scope.DESK,
        measures.halted,
        lambda _limits: 1.0,
        "The owner resumes with /resume and a reason.",
        shown=_COUNT,
        latched=False,
    ),
    Breaker(
        "invariant",
        Scope.DESK,
        measures.invariant_attempts,
        lambda _limits: 1.0,
        "The owner finds out what tried it, and resets it with a reason.",
        shown=_COUNT,
    ),
    Breaker(
        "drawdown kill",
        Scope.DESK,
        measures.drawdown,
        lambda limits: limits.drawdown_kill_frac,
        "The owner resets it with a reason; the desk goes back to paper.",
        to_paper=True,
    ),
    Breaker(
        "drawdown halt",
        Scope.DESK,
        measures.drawdown_since_reset,
        lambda limits: limits.drawdown_halt_frac,
        "The owner resets it with a reason.",
    ),
    Breaker(
        "weekly loss",
        Scope.DESK,
        measures.weekly_loss,
        lambda limits: limits.weekly_loss_frac,
        "It resets next Monday 00:00 UTC once the owner has written a review note.",
        may_reset=_next_week,
    ),
    Breaker(
        "daily loss",
        Scope.DESK,
        measures.daily_loss,
        lambda limits: limits.daily_loss_frac,
        "It resets at the next 00:00 UTC; after more than two trips a week the owner resets it.",
        may_reset=_next_day,
    ),
    Breaker(
        "losses in a row, halt",
        Scope.DESK,
        measures.losses_in_a_row,
        lambda limits: limits.losses_halt_count,
        "The owner resets it with a reason.",
        shown=_COUNT,
    ),
    Breaker(
        "losses in a row, pause",
        Scope.DESK,
        measures.recent_losses_in_a_row,
        lambda limits: limits.losses_pause_count,
        "It resets a day after the last loss.",
        shown=_COUNT,
        may_reset=_at_once,
    ),
    Breaker(
        "stale data",
        Scope.INSTRUMENT,
        measures.bar_age,
        lambda limits: limits.stale_bars,
        "It resets with the next bar in time.",
        shown="{:.1f} bars",
        at_bound=False,
        may_reset=_at_once,
    ),
    Breaker(
        "volatility",
        Scope.INSTRUMENT,
        measures.volatility_rank,
        lambda limits: limits.volatility_rank_frac,
        "It resets after 24 quiet bars.",
        at_bound=False,
        may_reset=_calm,
    ),
    Breaker(
        "price jump",
        Scope.INSTRUMENT,
        measures.last_move,
        lambda limits: limits.move_sigmas,
        "It resets after 24 quiet bars.",
        shown="{:.1f} sigma",
        at_bound=False,
        may_reset=_calm,
    ),
    Breaker(
        "market closed",
        Scope.INSTRUMENT,
        measures.market_closed,
        lambda _limits: 1.0,
        "Entries resume when the market opens.",
        shown=_COUNT,
        words="its calendar has it closed now",
        latched=False,
    ),
    Breaker(
        "entries today",
        Scope.DESK,
        measures.entries_today,
        lambda limits: limits.day_entries_count,
        "Entries resume at 00:00 UTC.",
        shown=_COUNT,
        latched=False,
    ),
    Breaker(
        "entries today in",
        Scope.INSTRUMENT,
        measures.instrument_entries_today,
        lambda limits: limits.instrument_entries_count,
        "Entries resume at 00:00 UTC.",
        shown=_COUNT,
        latched=False,
    ),
    Breaker(
        "time since the last entry in",
        Scope.INSTRUMENT,
        measures.spacing_missing,
        lambda _limits: 0.0,
        "Wait until the spacing has passed.",
        shown="{:.0f} min missing",
        at_bound=False,
        latched=False,
    ),
    Breaker(
        "one position in",
        Scope.INSTRUMENT,
        measures.positions_held,
        lambda _limits: 1.0,
        "Close the position, or cancel the buy, first.",
        shown=_COUNT,
        words="one is held or being bought already",
        latched=False,
    ),
)
