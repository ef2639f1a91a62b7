"""One cost model: who pays what, and always against us."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.costs import (
    CostModel,
    FeeTier,
    Flow,
    HalfSpread,
    Seen,
    corwin_schultz_half_spread,
    flow_of,
)
from engine.errors import ConfigError
from engine.model.bars import Bar, Quote, Timeframe
from engine.model.instruments import Asset, Calendar, Instrument, InstrumentForm
from engine.model.orders import OrderType

AT = datetime(2025, 3, 3, tzinfo=UTC)
BTC = Instrument(
    "BTC-USD",
    Asset.BITCOIN,
    InstrumentForm.CRYPTO_SPOT,
    "kraken",
    Decimal("0.1"),
    Decimal("0.00001"),
    Decimal(5),
    Calendar.CONTINUOUS,
)
TIER = FeeTier("kraken", "Kraken entry tier", 0.0025, 0.004, date(2026, 11, 1))
COSTS = CostModel(
    {"kraken": TIER}, half_spreads={"BTC-USD": 0.0001}, slippages={"BTC-USD": 0.0002}
)


def book(bid: float, ask: float) -> Quote:
    return Quote("BTC-USD", AT, bid, ask, 1.0, 1.0)


def test_round_trip_takes_both_legs_as_taker() -> None:
    lines = COSTS.round_trip(BTC, 0.0001)
    assert (lines.fee_frac, lines.spread_frac, lines.slippage_frac) == (0.008, 0.0002, 0.0004)
    assert lines.total_frac == pytest.approx(0.0086)
    assert lines.fee_tier == "Kraken entry tier, taker 0.40 %, 2026-11-01"


def test_round_trip_with_a_resting_exit_pays_the_maker_fee_once() -> None:
    lines = COSTS.round_trip(BTC, 0.0001, exit=OrderType.LIMIT)
    assert lines.fee_frac == pytest.approx(0.0065)
    assert (lines.spread_frac, lines.slippage_frac) == (0.0001, 0.0002)
    assert "maker 0.25 %" in lines.fee_tier


def test_half_spread_comes_from_the_book_first() -> None:
    assert COSTS.half_spread_frac(BTC, book(99.98, 100.02), 0.01) == pytest.approx(0.0002)


@pytest.mark.parametrize("quote", [book(100.02, 99.98), book(100.0, 100.0), book(math.nan, 1.0)])
def test_half_spread_does_not_believe_a_crossed_book(quote: Quote) -> None:
    assert COSTS.half_spread_frac(BTC, quote, 0.0003) == 0.0003


@pytest.mark.parametrize("quote", [book(100.02, 99.98), book(math.nan, 1.0)])
def test_a_half_spread_is_not_said_to_be_from_a_book_that_is_not_believed(quote: Quote) -> None:
    assert COSTS.half_spread(BTC, 60_000.0, Seen(quote)) == HalfSpread(0.0001, "as configured")


@pytest.mark.parametrize("estimate", [0.0, -1.0, math.nan, math.inf])
def test_half_spread_falls_back_to_the_schedule(estimate: float) -> None:
    assert COSTS.half_spread_frac(BTC, None, estimate) == 0.0001


def test_impact_gives_three_basis_points_of_section_6() -> None:
    assert COSTS.impact_frac(1.0, Flow(1e4, 0.03)) == pytest.approx(0.0003, abs=1e-12)


def test_impact_of_an_unknown_flow_is_left_to_slippage() -> None:
    assert COSTS.impact_frac(1.0, None) == 0.0
    assert COSTS.impact_frac(1.0, Flow(math.nan, 0.03)) == 0.0


def test_flow_of_a_bar_scales_to_a_day() -> None:
    bar = Bar("BTC-USD", Timeframe.H1, AT, AT + timedelta(hours=1), 100, 101, 99, 100, 5.0)
    flow = flow_of(bar)
    assert flow is not None
    assert flow.daily_volume == pytest.approx(120.0)
    parkinson = math.log(101 / 99) / math.sqrt(4 * math.log(2))
    assert flow.daily_volatility == pytest.approx(parkinson * math.sqrt(24))


def test_flow_of_a_bar_without_volume_is_unknown() -> None:
    bar = Bar("BTC-USD", Timeframe.H1, AT, AT + timedelta(hours=1), 100, 101, 99, 100, math.nan)
    assert flow_of(bar) is None


def test_corwin_schultz_finds_a_planted_spread() -> None:
    # With no volatility both bars show nothing but the bounce between bid and ask.
    half = corwin_schultz_half_spread([101.0] * 5, [99.0] * 5)
    assert half == pytest.approx(math.tanh(math.log(101 / 99) / 2), rel=1e-9)


@pytest.mark.parametrize(("high", "low"), [([101.0], [99.0]), ([], [])])
def test_corwin_schultz_of_too_few_bars_is_nothing(high: list[float], low: list[float]) -> None:
    assert corwin_schultz_half_spread(high, low) == 0.0


def test_an_unknown_venue_is_named_with_its_mend() -> None:
    with pytest.raises(ConfigError, match="no fee tier for venue 'kraken' of BTC-USD"):
        CostModel({}).round_trip(BTC, 0.0001)


@pytest.mark.parametrize("value", [-0.001, 0.2, math.nan])
def test_fees_out_of_range_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"taker_frac must be in \[0, 0.1\]"):
        FeeTier("kraken", "tier", 0.001, value, date(2026, 11, 1))


@given(st.decimals(1, 200_000, places=3), st.floats(0.0, 0.01), st.floats(0.0, 0.5))
def test_prices_move_against_us_to_the_tick(
    reference: Decimal, half_spread: float, impact: float
) -> None:
    bought = COSTS.buy_price(BTC, reference, half_spread, impact)
    sold = COSTS.sell_price(BTC, reference, half_spread, impact)
    assert bought >= reference >= sold > 0
    assert bought % BTC.tick == 0 == sold % BTC.tick
    assert bought >= COSTS.buy_price(BTC, reference)
    assert sold <= COSTS.sell_price(BTC, reference)
