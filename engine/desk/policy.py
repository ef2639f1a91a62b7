"""From the owner's settings to the values that the pure rules take.

Refuses to invent a number: everything here is read from the settings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from statistics import NormalDist

from engine.compliance.jurisdiction import Jurisdiction
from engine.config import Settings
from engine.costs import CostModel, FeeTier
from engine.model.instruments import Instrument
from engine.model.orders import OrderType
from engine.risk import Bounds, Limits
from engine.sizing import SizingPolicy

_BPS = 1e-4


@dataclass(frozen=True, slots=True)
class Policy:
    """What the owner has decided beforehand.

    Attributes
    ----------
    auto_below_usd : Decimal, US dollars
        Notional below which the desk does not ask.
    expires_for : timedelta
        How long a proposal can be approved.
    adverse_frac : float, fraction of the stop distance
        How far the price may have risen before a yes is refused.
    lower_bound_sds : float, standard deviations, > 0
        How far the lower bound lies below the mean.
    statement_for : timedelta
        How old the newest statement of a venue that tells no ledger may be.
    law : Jurisdiction or None
        Rules of the place where the owner lives; None keeps to no place's.
    post_only_venues : frozenset of str
        Where an entry rests at the bid instead of buying at the market.
    """

    mode: str
    limits: Limits
    sizing: SizingPolicy
    costs: CostModel
    instruments: dict[str, Instrument]
    auto_below_usd: Decimal
    expires_for: timedelta
    adverse_frac: float
    exploratory: bool
    lower_bound_sds: float
    config_hash: str
    law: Jurisdiction | None = None
    statement_for: timedelta = timedelta(days=35)
    post_only_venues: frozenset[str] = frozenset()

    def entry_type(self, instrument: Instrument) -> OrderType:
        """How an entry meets the market: at the market, or resting at the bid."""
        rests = instrument.venue in self.post_only_venues
        return OrderType.LIMIT if rests else OrderType.MARKET

    @property
    def bounds(self) -> Bounds:
        """Everything in here that bounds the desk."""
        return Bounds(self.limits, self.sizing, self.auto_below_usd, self.adverse_frac)

    def within(self, bounds: Bounds) -> Policy:
        """The same policy under other bounds."""
        return replace(
            self,
            limits=bounds.limits,
            sizing=bounds.sizing,
            auto_below_usd=bounds.auto_below_usd,
            adverse_frac=bounds.adverse_frac,
        )

    def cost_fracs(self) -> dict[str, float]:
        """Round-trip cost of each instrument by the schedule alone, as a fraction of entry.

        For studies over years, which have no book and judge no single trade.
        """
        return {
            symbol: self.costs.round_trip(
                instrument, self.costs.half_spread_frac(instrument)
            ).total_frac
            + self.costs.drift_frac
            for symbol, instrument in self.instruments.items()
        }


def policy_of(settings: Settings, instruments: tuple[str, ...]) -> Policy:
    """The policy of `settings` for the instruments that are watched now."""
    live = settings.desk.mode == "live"
    approval = settings.approval
    return Policy(
        mode=settings.desk.mode,
        limits=limits_of(settings),
        sizing=SizingPolicy(
            kelly_share=settings.sizing.kelly_fraction,
            vol_target=settings.sizing.vol_target_frac,
            ramp_from_frac=settings.sizing.drawdown_ramp_start_frac,
            ramp_to_frac=settings.sizing.drawdown_ramp_end_frac,
            exploratory_risk_frac=settings.exploratory.risk_frac,
        ),
        costs=cost_model_of(settings),
        instruments={symbol: settings.instrument(symbol) for symbol in instruments},
        auto_below_usd=approval.live_auto_below_usd if live else approval.paper_auto_below_usd,
        expires_for=approval.expires_for,
        adverse_frac=approval.max_adverse_move_frac_of_stop,
        exploratory=settings.exploratory.enabled and not live,
        lower_bound_sds=NormalDist().inv_cdf(1.0 - settings.pipeline.lower_bound_level),
        config_hash=settings.hash,
        law=settings.law,
        statement_for=timedelta(days=settings.compliance.statement_days),
        post_only_venues=frozenset(
            venue
            for venue, table in (
                ("kraken", settings.brokers.kraken),
                ("coinbase", settings.brokers.coinbase),
            )
            if table.post_only_entries
        ),
    )


def limits_of(settings: Settings) -> Limits:
    """Every bound of the desk."""
    sizing, risk = settings.sizing, settings.risk
    return Limits(
        instrument_frac=sizing.instrument_cap_frac,
        total_frac=sizing.total_cap_frac,
        pair_frac=sizing.pair_cap_frac,
        risk_frac=sizing.risk_cap_frac,
        heat_frac=sizing.heat_cap_frac,
        daily_loss_frac=risk.daily_loss_frac,
        weekly_loss_frac=risk.weekly_loss_frac,
        daily_trips_count=risk.daily_trips_a_week,
        drawdown_halt_frac=risk.drawdown_halt_frac,
        drawdown_kill_frac=risk.drawdown_kill_frac,
        losses_pause_count=risk.losses_pause,
        losses_halt_count=risk.losses_halt,
        losses_pause_for=risk.losses_pause_for,
        day_entries_count=risk.trades_a_day,
        instrument_entries_count=risk.trades_a_day_per_instrument,
        entry_spacing_for=risk.between_entries_for,
        volatility_rank_frac=risk.volatility_halt_quantile,
        move_sigmas=risk.bar_move_sigmas,
        stale_bars=risk.stale_bars,
        stale_quotes_for=risk.stale_quotes_for,
        second_gap_frac=risk.second_price_frac,
        second_gap_metals_frac=risk.second_price_metals_frac,
        print_sigmas=risk.single_print_sigmas,
        agreeing_count=risk.agreeing_looks,
        spread_frac=risk.spread_bps * _BPS,
        spread_medians=risk.spread_medians,
        clock_offset_for=risk.clock_offset_for,
        slippage_ratio=risk.slippage_ratio,
        e_process=risk.overconfidence_ratio,
        brier_cusum=risk.brier_cusum_sds,
        rejects_count=risk.rejects,
        rejects_for=risk.rejects_for,
        unread_for=risk.unread_for,
        exploratory_week_frac=settings.exploratory.weekly_budget_frac,
    )


def cost_model_of(settings: Settings) -> CostModel:
    """Fees, spreads and slippage of the configured instruments and venues."""
    tiers = {
        venue: FeeTier(venue, fees.tier, fees.maker_frac, fees.taker_frac, fees.as_of)
        for venue, fees in (
            ("kraken", settings.costs.kraken),
            ("coinbase", settings.costs.coinbase),
            ("ibkr", settings.costs.ibkr),
        )
    }
    tables = settings.instruments
    return CostModel(
        tiers=tiers,
        half_spreads={name: table.half_spread_bps * _BPS for name, table in tables.items()},
        slippages={name: table.slippage_bps * _BPS for name, table in tables.items()},
        drift_frac=settings.costs.approval_drift_bps * _BPS,
    )
