"""Every number that bounds the desk, with the defaults of MATH.md section 4.

Refuses values outside their range; loosening one takes a config change with no open position.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import timedelta

from engine.model.instruments import Asset

_ABOVE_ZERO = (
    "move_sigmas",
    "stale_bars",
    "print_sigmas",
    "spread_medians",
    "slippage_ratio",
    "e_process",
    "brier_cusum",
)
_MAY_BE_NONE = ("daily_trips_count", "day_entries_count", "instrument_entries_count")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the desk may do at most.

    Attributes
    ----------
    instrument_frac, total_frac, pair_frac : float, notional over equity, in (0, 1]
        `pair_frac` holds for gold and silver together while they move as one.
    pair_correlation : float in (0, 1]
        Above it gold and silver count as one.
    risk_frac, heat_frac : float, loss at the stop over equity, in (0, 1]
        Of one position, and of all together.
    daily_loss_frac, weekly_loss_frac : float, fraction of equity at the open, in (0, 1]
    daily_trips_count : int, >= 0
        Trips of the daily loss in a week that still reset by themselves.
    drawdown_halt_frac, drawdown_kill_frac : float, fraction of the high-water mark, in (0, 1]
    losses_pause_count, losses_halt_count : int, >= 1
        Losses in a row that pause entries, and that halt them.
    losses_pause_for : timedelta, > 0
    day_entries_count, instrument_entries_count : int, >= 0
        Entries a UTC day, in all and in one instrument; 0 allows none.
    entry_spacing_for : timedelta, >= 0
        Least time between two entries in one instrument.
    volatility_rank_frac : float in (0, 1]
        Percentile of the forecast within its trailing year that halts an instrument.
    move_sigmas : float, > 0
        One-bar move over its forecast that halts an instrument.
    calm_bars : int, >= 1
        Quiet bars in a row that end either volatility halt.
    stale_bars : float, bar lengths, > 0
        Age at which data is too old to act on.
    stale_quotes_for : timedelta, > 0
        Age at which the newest quote is too old, where a market streams quotes.
    second_gap_frac, second_gap_metals_frac : float, fraction of price, in (0, 1]
        Difference to the second source: of bitcoin, and of gold or silver.
    print_sigmas : float, > 0
        Single print against the one before, over a bar's forecast deviation.
    agreeing_count : int, >= 1
        Looks in a row that end either of these two.
    spread_frac : float, fraction of the mid, in (0, 1]
        Quoted spread that is never too wide.
    spread_medians : float, > 0
        Beyond it, quoted spread over its trailing median.
    clock_offset_for : timedelta, > 0
        Difference of the clock to the venue's.
    slippage_ratio : float, > 0
        Realised over modelled cost of execution.
    e_process, brier_cusum : float, > 0
        Evidence of overconfidence, and of odds that miss (MATH.md section 4).
    rejects_count : int, >= 1
    rejects_for : timedelta, > 0
        Orders refused within that time that halt entries.
    unread_for : timedelta, > 0
        Time for which a venue's ledger may stay unread.
    exploratory_week_frac : float, loss at the stop over equity, in (0, 1]
        What exploratory positions may put at risk in a week.

    Raises
    ------
    ValueError
        If a value is out of its range, or a halt lies below its pause.
    """

    instrument_frac: float = 0.30
    total_frac: float = 0.60
    pair_frac: float = 0.40
    pair_correlation: float = 0.70
    risk_frac: float = 0.01
    heat_frac: float = 0.03
    daily_loss_frac: float = 0.02
    weekly_loss_frac: float = 0.04
    daily_trips_count: int = 2
    drawdown_halt_frac: float = 0.12
    drawdown_kill_frac: float = 0.15
    losses_pause_count: int = 4
    losses_halt_count: int = 7
    losses_pause_for: timedelta = timedelta(hours=24)
    day_entries_count: int = 6
    instrument_entries_count: int = 3
    entry_spacing_for: timedelta = timedelta(minutes=60)
    volatility_rank_frac: float = 0.99
    move_sigmas: float = 6.0
    calm_bars: int = 24
    stale_bars: float = 2.0
    stale_quotes_for: timedelta = timedelta(seconds=60)
    second_gap_frac: float = 0.01
    second_gap_metals_frac: float = 0.005
    print_sigmas: float = 8.0
    agreeing_count: int = 3
    spread_frac: float = 0.0030
    spread_medians: float = 3.0
    clock_offset_for: timedelta = timedelta(seconds=2)
    slippage_ratio: float = 2.0
    e_process: float = 20.0
    brier_cusum: float = 5.0
    rejects_count: int = 3
    rejects_for: timedelta = timedelta(minutes=10)
    unread_for: timedelta = timedelta(minutes=30)
    exploratory_week_frac: float = 0.02

    def second_bound_frac(self, asset: Asset) -> float:
        """Largest difference to the second source's price, fraction of it."""
        return self.second_gap_frac if asset is Asset.BITCOIN else self.second_gap_metals_frac

    def __post_init__(self) -> None:
        for field in fields(self):
            _check(field.name, getattr(self, field.name))
        if self.drawdown_kill_frac < self.drawdown_halt_frac:
            raise ValueError(
                f"drawdown_kill_frac must be >= drawdown_halt_frac ({self.drawdown_halt_frac}), "
                f"was {self.drawdown_kill_frac}"
            )
        if self.losses_halt_count < self.losses_pause_count:
            raise ValueError(
                f"losses_halt_count must be >= losses_pause_count ({self.losses_pause_count}), "
                f"was {self.losses_halt_count}"
            )


def _check(name: str, value: float | timedelta) -> None:
    if isinstance(value, timedelta):
        if name == "entry_spacing_for":
            if value < timedelta(0):
                raise ValueError(f"{name} must be >= 0, was {value}")
        elif value <= timedelta(0):
            raise ValueError(f"{name} must be > 0, was {value}")
    elif name.endswith("_count") or name == "calm_bars":
        least = 0 if name in _MAY_BE_NONE else 1
        if not value >= least:
            raise ValueError(f"{name} must be >= {least}, was {value!r}")
    elif name in _ABOVE_ZERO:
        if not 0.0 < value < math.inf:
            raise ValueError(f"{name} must be > 0 and finite, was {value!r}")
    elif not 0.0 < value <= 1.0:
        raise ValueError(f"{name} must be in (0, 1], was {value!r}")
