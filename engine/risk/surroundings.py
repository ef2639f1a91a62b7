"""What surrounds the desk's own money: markets, clock, venue, and the record of its odds.

Refuses to fill gaps: a reading is a number, ``NotMeasured`` with its reason, or None for unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from engine.model.instruments import Asset
from engine.risk.readings import NotMeasured, Reading

_NO_QUOTES = NotMeasured("this market gives no quotes")
_NO_SECOND = NotMeasured("no second price source is configured")
_NO_LEDGER = NotMeasured("no venue keeps a ledger of its own here")
_NO_PRINTS = NotMeasured("no price came before it")


@dataclass(frozen=True, slots=True)
class Senses:
    """What is sensed of one instrument between its bars.

    Attributes
    ----------
    quote_age_seconds : Reading, seconds, >= 0
        Since the newest quote.
    spread_frac : Reading, fraction of the mid, > 0
        Quoted spread now.
    spread_median_frac : float, fraction of the mid, >= 0
        Median of the quoted spreads before; 0 while there are too few.
    second_gap_frac : Reading, fraction of the second price
        First price against the second source's.
    second_agreeing_count, print_agreeing_count : int, >= 0
        Looks in a row, up to the last, that were within their bound.
    print_sigmas : Reading, >= 0
        Newest print against the one before, over a bar's forecast deviation.
    """

    quote_age_seconds: Reading = _NO_QUOTES
    spread_frac: Reading = _NO_QUOTES
    spread_median_frac: float = 0.0
    second_gap_frac: Reading = _NO_SECOND
    second_agreeing_count: int = 0
    print_sigmas: Reading = _NO_PRINTS
    print_agreeing_count: int = 0


@dataclass(frozen=True, slots=True)
class MarketState:
    """What is known of one instrument's market.

    Attributes
    ----------
    open : bool or None
        Whether its calendar has it trading now.
    bar_age_for : timedelta or None
        Trading time since its newest bar closed.
    bar_length_for : timedelta, > 0
    volatility_rank_frac : float in [0, 1] or None
        Mid-rank of the forecast within its trailing year.
    move_sigmas : float, >= 0, or None
        Absolute return of the last bar over its forecast.
    calm_bars : int or None
        Bars in a row, up to the last, with a rank below 95 % and no halting move.
    """

    instrument: str
    asset: Asset
    open: bool | None
    bar_age_for: timedelta | None
    bar_length_for: timedelta
    volatility_rank_frac: float | None
    move_sigmas: float | None
    calm_bars: int | None
    senses: Senses = Senses()


@dataclass(frozen=True, slots=True)
class ClockState:
    """Whether the desk's time can be believed.

    Attributes
    ----------
    offset_seconds : Reading, seconds
        Least difference to the venue's time that its answer proves; positive runs ahead.
    back_seconds : Reading, seconds, >= 0
        How far the clock stands before the newest entry of the record.
    """

    offset_seconds: Reading
    back_seconds: Reading


@dataclass(frozen=True, slots=True)
class VenueState:
    """How orders fare, and whether venue and record agree.

    Attributes
    ----------
    slippage_ratio : Reading, >= 0
        Realised over modelled costs of execution, mean over the newest trades.
    rejects_count : Reading
        Most orders refused within the window, since the owner last reset their breaker.
    strange_fills_count : Reading
        Fills of orders that the desk never sent, since the owner last reset their breaker.
    unanswered_count : Reading
        Orders of the desk whose fate is unknown now.
    mismatches_count : Reading
        Balances, orders and executions in which venue and record differ.
    unread_seconds : Reading, seconds
        Since when the venue's own ledger could not be read; 0 once it is read.
    """

    slippage_ratio: Reading
    rejects_count: Reading
    strange_fills_count: Reading
    unanswered_count: Reading
    mismatches_count: Reading
    unread_seconds: Reading = _NO_LEDGER


@dataclass(frozen=True, slots=True)
class OddsRecord:
    """How the odds given at entry have fared, on labels that do not overlap.

    Attributes
    ----------
    e_process : Reading, >= 0
        Evidence of overconfidence: its highest value since the monitors began.
    brier_cusum : Reading, >= 0
        Highest value of the CUSUM of standardised Brier losses since the monitors began.
    """

    e_process: Reading
    brier_cusum: Reading
