"""The picture of a desk on which every latched breaker has tripped for real."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from engine.risk import ClockState, OddsRecord, RiskPicture, Senses, VenueState
from tests.engine.test_risk_entry import NOW, calm_market, calm_picture


def worst_picture() -> RiskPicture:
    """Every measure beyond its bound, none of them unknown."""
    senses = Senses(quote_age_seconds=1e4, spread_frac=0.1, second_gap_frac=0.2, print_sigmas=20.0)
    market = calm_market(
        "XAU-USD",
        bar_age_for=timedelta(days=2),
        volatility_rank_frac=0.999,
        move_sigmas=9.0,
        calm_bars=0,
        senses=senses,
    )
    return calm_picture(
        equity_usd=Decimal(8_000),
        consecutive_losses=9,
        last_loss_at=NOW,
        invariant_attempts=2,
        clock=ClockState(30.0, 30.0),
        venue=VenueState(5.0, 5.0, 2.0, 0.0, 2.0, 9999.0),
        odds=OddsRecord(50.0, 9.0),
        markets=(market,),
    )
