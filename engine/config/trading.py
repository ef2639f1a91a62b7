"""Settings that decide trades: desk, market, size, limits, costs and approval.

Refuses limits that contradict each other; every key here is part of the settings' hash.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from engine.config.fields import Exact, Section, frac, number, setting
from engine.model.bars import Timeframe

Venue = Literal["kraken", "coinbase", "ibkr"]


def _ordered(lower: str, upper: str, section: Section) -> None:
    low, high = getattr(section, lower), getattr(section, upper)
    if not low < high:
        raise ValueError(f"{lower} ({low}) must be below {upper} ({high})")


class DeskSettings(Section):
    """What the desk is and what it watches."""

    mode: Literal["paper", "live"] = setting(
        "paper", "Whether money is real; only B can go live, by /golive", "paper or live"
    )
    cash_usd: Exact = setting(
        Decimal(10000), "Paper cash with which a new journal opens", "US dollars", gt=0
    )
    watch: tuple[str, ...] = setting(
        ("BTC-USD", "XAU-USD", "XAG-USD"),
        "Instruments that are watched, in the order of the cards",
        "symbols that have a table under [instruments]",
    )

    @model_validator(mode="after")
    def _watch_is_a_set(self) -> DeskSettings:
        if not self.watch:
            raise ValueError("watch must name at least one instrument")
        if len(set(self.watch)) < len(self.watch):
            raise ValueError("watch names an instrument twice")
        return self


class MarketSettings(Section):
    """How the market is observed."""

    timeframe: Timeframe = setting(
        Timeframe.H1, "Length of the bars that are assessed", "1m, 5m, 15m, 30m, 1h, 2h, 4h or 1d"
    )
    warmup_bars: int = number(
        2000, "Closed bars that the layers study before the desk opens", "bars", ge=200, le=100_000
    )
    seed: int = number(7, "Seed of the simulated market", "whole number", ge=0, le=2**32 - 1)
    quote_seconds: float = number(
        15.0, "Pause between two quotes of a public market", "seconds", ge=1, le=3600
    )

    second_source: Literal["", "kraken", "coinbase"] = setting(
        "",
        "Second exchange against which prices of a public market are checked; empty for none",
        "kraken, coinbase or empty",
    )
    check_seconds: float = number(
        60.0,
        "Pause between two checks of a public market's time and of the second source",
        "seconds",
        ge=5,
        le=3600,
    )

    @property
    def check_for(self) -> timedelta:
        """Pause between two checks of time and second source."""
        return timedelta(seconds=self.check_seconds)

    @property
    def quote_for(self) -> timedelta:
        """Pause between two quotes."""
        return timedelta(seconds=self.quote_seconds)


class SizingSettings(Section):
    """The size chain (MATH.md section 3)."""

    kelly_fraction: float = number(
        0.25, "Share of full Kelly at the lower-bound odds", "factor", gt=0, le=1
    )
    vol_target_frac: float = number(
        0.10, "Volatility a year that a position is scaled down to", "fraction a year", gt=0, le=1
    )
    drawdown_ramp_start_frac: float = frac(
        0.05, "Drawdown from which size shrinks", "high-water equity"
    )
    drawdown_ramp_end_frac: float = frac(
        0.15, "Drawdown at which size reaches zero", "high-water equity"
    )
    instrument_cap_frac: float = frac(0.30, "Largest holding of one instrument", "equity")
    total_cap_frac: float = frac(0.60, "Largest holding of everything together", "equity")
    pair_cap_frac: float = frac(0.40, "Largest holding of gold and silver together", "equity")
    heat_cap_frac: float = frac(0.03, "Largest loss if every open stop were hit", "equity")
    risk_cap_frac: float = frac(0.01, "Largest loss of one trade at its stop", "equity")

    @model_validator(mode="after")
    def _ramp_rises(self) -> SizingSettings:
        _ordered("drawdown_ramp_start_frac", "drawdown_ramp_end_frac", self)
        return self


class RiskSettings(Section):
    """Circuit breakers (MATH.md section 4); each blocks entries, never exits."""

    daily_loss_frac: float = frac(
        0.02, "Loss of a UTC day that stops entries until the next", "equity at the day's open"
    )
    daily_trips_a_week: int = number(
        2, "Daily-loss trips a week that reset by themselves; one more waits for B", "trips", ge=0
    )
    weekly_loss_frac: float = frac(
        0.04, "Loss of a week that stops entries until Monday", "equity at the week's open"
    )
    drawdown_halt_frac: float = frac(
        0.12, "Drawdown that halts entries until B resumes", "high-water equity"
    )
    drawdown_kill_frac: float = frac(
        0.15, "Drawdown that also sends the desk back to paper", "high-water equity"
    )
    losses_pause: int = number(4, "Losses in a row that pause entries", "trades", ge=1)
    losses_pause_hours: float = number(24.0, "Length of that pause", "hours", gt=0, le=720)
    losses_halt: int = number(
        7, "Losses in a row that halt entries until B resumes", "trades", ge=2
    )
    trades_a_day: int = number(6, "Most entries in a UTC day", "trades", ge=0)
    trades_a_day_per_instrument: int = number(
        3, "Most entries in a UTC day in one instrument", "trades", ge=0
    )
    minutes_between_entries: float = number(
        60.0, "Least time between two entries in one instrument", "minutes", ge=0, le=10_080
    )
    volatility_halt_quantile: float = number(
        0.99,
        "Quantile of its own past above which volatility blocks entries",
        "quantile",
        gt=0.5,
        lt=1,
    )
    bar_move_sigmas: float = number(
        6.0, "Move of one bar that blocks entries", "forecast standard deviations", gt=0
    )
    stale_bars: float = number(
        2.0, "Age of the newest bar that blocks entries", "bar lengths", ge=1
    )
    stale_quote_seconds: float = number(
        60.0,
        "Age of the newest quote of a public market that blocks entries",
        "seconds",
        ge=5,
        le=86_400,
    )
    spread_bps: float = number(
        30.0, "Quoted spread that is never too wide", "basis points of price", gt=0, le=1000
    )
    spread_medians: float = number(
        3.0, "Beyond it, multiple of its trailing median that blocks entries", "factor", ge=1
    )
    second_price_frac: float = frac(
        0.01, "Difference to the second source that blocks bitcoin", "price"
    )
    second_price_metals_frac: float = frac(
        0.005, "Difference to the second source that blocks gold and silver", "price"
    )
    single_print_sigmas: float = number(
        8.0, "Jump between two prices that blocks entries", "deviations of a bar", gt=0
    )
    agreeing_looks: int = number(
        3, "Agreeing prices in a row that end either block", "prices", ge=1
    )
    clock_offset_seconds: float = number(
        2.0, "Difference of the clock to the venue's that blocks entries", "seconds", gt=0, le=60
    )
    slippage_ratio: float = number(
        2.0, "Realised over modelled execution cost of 20 trades that halts", "factor", gt=0
    )
    overconfidence_ratio: float = number(
        20.0, "Evidence that the odds promise too much that halts", "to 1", gt=1
    )
    brier_cusum_sds: float = number(
        5.0, "CUSUM of Brier losses that halts", "standard deviations", gt=0
    )
    rejects: int = number(3, "Refused orders within rejects_minutes that halt", "orders", ge=1)
    rejects_minutes: float = number(
        10.0, "Time in which refused orders are counted together", "minutes", gt=0, le=1440
    )

    ledger_unread_minutes: float = number(
        30.0,
        "Time for which a live venue's ledger may stay unread before entries are blocked",
        "minutes",
        gt=0,
        le=1440,
    )
    reconcile_minutes: float = number(
        15.0,
        "Pause between two comparisons of a live account with the record, beside each bar's",
        "minutes",
        ge=1,
        le=1440,
    )

    @property
    def unread_for(self) -> timedelta:
        """Time for which a live venue's ledger may stay unread."""
        return timedelta(minutes=self.ledger_unread_minutes)

    @property
    def reconcile_every(self) -> timedelta:
        """Pause between two comparisons of a live account with the record."""
        return timedelta(minutes=self.reconcile_minutes)

    @property
    def stale_quotes_for(self) -> timedelta:
        """Age of the newest quote that blocks entries."""
        return timedelta(seconds=self.stale_quote_seconds)

    @property
    def clock_offset_for(self) -> timedelta:
        """Difference of the clock to the venue's that blocks entries."""
        return timedelta(seconds=self.clock_offset_seconds)

    @property
    def rejects_for(self) -> timedelta:
        """Time in which refused orders are counted together."""
        return timedelta(minutes=self.rejects_minutes)

    @property
    def losses_pause_for(self) -> timedelta:
        """Length of the pause after `losses_pause` losses in a row."""
        return timedelta(hours=self.losses_pause_hours)

    @property
    def between_entries_for(self) -> timedelta:
        """Least time between two entries in one instrument."""
        return timedelta(minutes=self.minutes_between_entries)

    @model_validator(mode="after")
    def _limits_rise(self) -> RiskSettings:
        _ordered("daily_loss_frac", "weekly_loss_frac", self)
        _ordered("drawdown_halt_frac", "drawdown_kill_frac", self)
        _ordered("losses_pause", "losses_halt", self)
        return self


class VenueFees(Section):
    """What one venue takes of a trade's value, each side."""

    maker_frac: float = number(
        ..., "Fee of a resting order, each side", "fraction of notional", ge=0, le=0.05
    )
    taker_frac: float = number(
        ...,
        "Fee of an order that takes liquidity, each side",
        "fraction of notional",
        ge=0,
        le=0.05,
    )
    tier: str = setting(..., "Name of the fee tier, shown on every card", "words")
    as_of: date = setting(..., "Day on which the fees were read", "date, YYYY-MM-DD")


_READ_ON = date(2026, 11, 1)


class CostSettings(Section):
    """Fees by venue; the configured spread and slippage stand with each instrument."""

    quote_seconds: float = number(
        60.0, "Age up to which a quote's spread is charged", "seconds", gt=0, le=3600
    )
    approval_drift_bps: float = number(
        1.0,
        "Move against B while a yes is awaited, until 20 approvals have measured it",
        "basis points of price",
        ge=0,
        le=1000,
    )

    kraken: VenueFees = Field(
        VenueFees(maker_frac=0.0025, taker_frac=0.004, tier="Kraken entry tier", as_of=_READ_ON)
    )
    coinbase: VenueFees = Field(
        VenueFees(maker_frac=0.006, taker_frac=0.012, tier="Coinbase entry tier", as_of=_READ_ON)
    )
    ibkr: VenueFees = Field(
        VenueFees(
            maker_frac=0.00015,
            taker_frac=0.0003,
            tier="IBKR spot metals, least commission spread over the trade",
            as_of=_READ_ON,
        )
    )

    def of(self, venue: Venue) -> VenueFees:
        """Fees of `venue`."""
        return {"kraken": self.kraken, "coinbase": self.coinbase, "ibkr": self.ibkr}[venue]


class ApprovalSettings(Section):
    """When B is asked, and how long a yes can be given."""

    paper_auto_below_usd: Exact = setting(
        Decimal(250), "Paper proposals below this are taken without asking", "US dollars", ge=0
    )
    live_auto_below_usd: Exact = setting(
        Decimal(0), "Live proposals below this are taken without asking", "US dollars", ge=0
    )
    expires_minutes: float = number(
        30.0, "Time in which a proposal can be approved", "minutes", gt=0
    )
    max_adverse_move_frac_of_stop: float = frac(
        0.15, "Move against B since the proposal past which a yes is refused", "the stop distance"
    )

    @property
    def expires_for(self) -> timedelta:
        """Time in which a proposal can be approved."""
        return timedelta(minutes=self.expires_minutes)


class PaperSettings(Section):
    """How the paper venue behaves where nobody can measure it."""

    latency_median_seconds: float = number(
        0.3, "How long an order is on its way", "seconds, median", ge=0, le=60
    )
    latency_tail_seconds: float = number(
        1.5, "Wait that one order in twenty exceeds", "seconds", ge=0, le=300
    )
    queue_ahead_frac: float = number(
        0.5,
        "Share of what trades through a resting order's price that goes to others, where its "
        "queue is not known",
        "fraction",
        ge=0,
        le=0.95,
    )

    @model_validator(mode="after")
    def _tail_is_longer(self) -> PaperSettings:
        if self.latency_tail_seconds < self.latency_median_seconds:
            raise ValueError(
                f"latency_tail_seconds ({self.latency_tail_seconds}) must not be below "
                f"latency_median_seconds ({self.latency_median_seconds})"
            )
        return self


class ExploratorySettings(Section):
    """Small paper trades that learn the odds; never live, marked so in the record."""

    enabled: bool = number(True, "Whether exploratory cards are raised on paper", "true or false")
    risk_frac: float = frac(0.0025, "Loss of one of them at its stop", "equity")
    weekly_budget_frac: float = frac(0.01, "Sum of their risk in a week", "equity")
