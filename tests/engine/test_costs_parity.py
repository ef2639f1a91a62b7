"""What the card says a round trip costs is what the paper venue takes for it, to the cent."""

from __future__ import annotations

from collections import ChainMap
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.brokers.paper import PaperBroker
from engine.config import Settings
from engine.costs import Conditions, CostModel, FeeTier
from engine.desk.costing import Costing
from engine.desk.policy import cost_model_of
from engine.journal.ledger import Ledger
from engine.model.bars import Bar, BarsClosed, Quote, Timeframe
from engine.model.fees import MOST_FRAC
from engine.model.instruments import Instrument
from engine.model.money import floor_to
from engine.model.orders import Order, OrderType, Purpose, Side
from engine.model.proposals import CostLines
from tests.engine.brokers.trading import HOUR, MONDAY, hour

CENT = Decimal("0.01")
SETTINGS = Settings()
MODEL = cost_model_of(SETTINGS)
PRICES = {"BTC-USD": 64_000.0, "XAU-USD": 2_650.0, "XAG-USD": 31.0, "PAXG-USD": 2_640.0}
symbols = st.sampled_from(sorted(PRICES))


def still(symbol: str, at: float, reach: float, volume: float, price: float) -> Bar:
    """An hour that opens and closes at `price`, and reaches as far up as down."""
    high, low = price * (1 + reach), price / (1 + reach)
    return Bar(symbol, Timeframe.H1, hour(at), hour(at + 1), price, high, low, price, volume)


def order(instrument: Instrument, quantity: Decimal, at: float, side: Side) -> Order:
    entry = side is Side.BUY
    return Order(
        client_id="buy" if entry else "sell",
        proposal_id="P",
        instrument=instrument.symbol,
        side=side,
        type=OrderType.MARKET,
        purpose=Purpose.ENTRY if entry else Purpose.OWNER_CLOSE,
        quantity=quantity,
        created_at=hour(at),
    )


def charged_of(card: CostLines, notional: Decimal) -> Decimal:
    """What the card charges for a trip on which nobody waits."""
    return notional * Decimal(repr(card.total_frac - card.drift_frac))


async def cash_after(broker: PaperBroker) -> Decimal:
    return (await broker.balances())["USD"]


@settings(max_examples=60, deadline=None)
@given(
    symbols,
    st.floats(20.0, 50_000.0),
    st.floats(0.0001, 0.01),
    st.floats(10.0, 1e6),
    st.floats(0.7, 1.4),
)
async def test_a_round_trip_on_bars_costs_what_the_card_says(
    symbol: str, notional: float, reach: float, volume: float, scale: float
) -> None:
    instrument = SETTINGS.instrument(symbol)
    price = float(floor_to(Decimal(repr(PRICES[symbol] * scale)), instrument.tick))
    quantity = floor_to(Decimal(repr(notional / price)), instrument.lot)
    if not quantity:
        return
    seen = Conditions()
    cash = Decimal(10) ** 7
    broker = PaperBroker((instrument,), MODEL, cash_usd=cash, conditions=seen)
    for at in range(250):
        await broker.observe(closed(still(symbol, at, reach, volume, price)))
    costing = Costing(MODEL, {symbol: instrument}, seen, Ledger())
    card = costing.lines(symbol, price, hour(250), quantity)
    assert card.impact_frac > 0.0
    if card.impact_frac >= MOST_FRAC:
        return  # a card names no impact beyond a tenth; nothing of that kind is ever proposed
    await broker.submit(order(instrument, quantity, 250, Side.BUY))
    await broker.observe(closed(still(symbol, 250, reach, volume, price)))
    await broker.submit(order(instrument, quantity, 251, Side.SELL))
    await broker.observe(closed(still(symbol, 251, reach, volume, price)))
    assert len((await broker.report()).fills) == 2
    lost = cash - await cash_after(broker)
    assert abs(lost - charged_of(card, quantity * Decimal(repr(price)))) < CENT


@settings(max_examples=60, deadline=None)
@given(symbols, st.floats(20.0, 50_000.0), st.integers(1, 40), st.floats(10.0, 1e6))
async def test_a_round_trip_on_quotes_pays_the_spread_once(
    symbol: str, notional: float, ticks: int, volume: float
) -> None:
    instrument = SETTINGS.instrument(symbol)
    tick = float(instrument.tick)
    price = PRICES[symbol]
    quantity = floor_to(Decimal(repr(notional / price)), instrument.lot)
    if not quantity:
        return
    seen = Conditions()
    cash = Decimal(10) ** 7
    broker = PaperBroker((instrument,), MODEL, cash_usd=cash, conditions=seen)
    for at in range(30):
        await broker.observe(closed(still(symbol, at, 0.002, volume, price)))
    bid, ask = round(price - ticks * tick, 6), round(price + ticks * tick, 6)

    async def quoted(seconds: int) -> None:
        at = hour(30) + timedelta(seconds=seconds)
        await broker.observe(Quote(symbol, at, bid, ask, 1e9, 1e9))

    await quoted(0)
    costing = Costing(MODEL, {symbol: instrument}, seen, Ledger())
    card = costing.lines(symbol, price, hour(30), quantity)
    assert card.spread_source == "from the book"
    await broker.submit(order(instrument, quantity, 30, Side.BUY))
    await quoted(15)
    await broker.submit(order(instrument, quantity, 30, Side.SELL))
    await quoted(30)
    assert len((await broker.report()).fills) == 2
    lost = cash - await cash_after(broker)
    # The touch is on the tick already; each leg is rounded by itself, a tick at most.
    rounding = 2 * instrument.tick * quantity
    paid = charged_of(card, quantity * Decimal(repr(price)))
    assert -CENT - rounding < lost - paid < CENT + rounding
    half = quantity * Decimal(repr(ticks * tick))
    assert lost - paid < half, "the spread was paid twice"


def closed(bar: Bar) -> BarsClosed:
    return BarsClosed(bar.close_at, (bar,))


# ---------------------------------------------------------------------- where numbers come from


def bouncing(count: int, half: float) -> Conditions:
    """Hours of a price that only bounces between bid and ask."""
    seen = Conditions()
    for at in range(count):
        seen.see(still("BTC-USD", at, half, 50.0, 64_000.0))
    return seen


BTC = SETTINGS.instrument("BTC-USD")


def source(seen: Conditions, at: float, price: float = 64_000.0) -> tuple[float, str]:
    half = MODEL.half_spread(BTC, price, seen.seen("BTC-USD", hour(at)))
    return half.frac, half.source


def test_few_bars_leave_the_configured_spread() -> None:
    assert source(bouncing(100, 0.001), 100) == (0.0001, "as configured")


def test_many_bars_that_bounce_raise_the_spread() -> None:
    frac, said = source(bouncing(300, 0.001), 300)
    assert said == "from 240 pairs of bars"
    assert frac == pytest.approx(0.001, rel=1e-3)


def test_an_estimate_never_goes_below_the_schedule() -> None:
    assert source(bouncing(300, 0.00002), 300) == (0.0001, "as configured")


def test_nothing_goes_below_half_a_tick() -> None:
    frac, said = source(Conditions(), 0, price=100.0)
    assert said == "half a tick"
    assert frac == pytest.approx(0.0005)


@pytest.mark.parametrize(("seconds", "said"), [(60, "from the book"), (61, "as configured")])
def test_a_quote_speaks_for_the_spread_while_it_is_fresh(seconds: int, said: str) -> None:
    seen = Conditions()
    seen.see_quote(Quote("BTC-USD", hour(1), 63_990.0, 64_010.0, 1.0, 1.0))
    at = hour(1) + timedelta(seconds=seconds)
    assert MODEL.half_spread(BTC, 64_000.0, seen.seen("BTC-USD", at)).source == said


def test_a_quote_of_the_future_says_nothing() -> None:
    seen = Conditions()
    seen.see_quote(Quote("BTC-USD", hour(1), 63_990.0, 64_010.0, 1.0, 1.0))
    assert seen.seen("BTC-USD", hour(1) - HOUR).quote is None


@pytest.mark.parametrize("at", [130, 250, 300])
def test_what_was_seen_does_not_change_with_later_bars(at: int) -> None:
    early, late = bouncing(at, 0.001), bouncing(at + 3, 0.001)
    assert early.seen("BTC-USD", hour(at)) == late.seen("BTC-USD", hour(at))


def test_an_account_tier_counts_from_the_moment_it_is_learnt() -> None:
    learnt: dict[str, FeeTier] = {}
    model = CostModel(ChainMap(learnt, dict(MODEL.tiers)))
    before = model.lines(BTC, 64_000.0, Conditions().seen("BTC-USD", MONDAY)).fee_frac
    learnt["kraken"] = FeeTier("kraken", "Kraken account tier", 0.002, 0.0035, date(2026, 11, 2))
    after = model.lines(BTC, 64_000.0, Conditions().seen("BTC-USD", MONDAY)).fee_frac
    assert [before, after] == pytest.approx([0.008, 0.007])
