"""What no input may break: caps, monotony, and never a rounding up."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.money import exact
from engine.sizing import Bet, Room, Sizing, portfolio_weights, size_chain, size_entry

fracs = st.floats(0.0, 1.0)
bets = st.builds(
    Bet,
    price=st.decimals(1, 100_000, places=2),
    lot=st.sampled_from([Decimal("0.00001"), Decimal("0.01"), Decimal(1)]),
    min_notional_usd=st.just(Decimal(10)),
    p_low=fracs,
    p_mean=fracs,
    p_sd=st.floats(0.0, 0.3),
    target_frac=st.floats(0.002, 0.2),
    stop_frac=st.floats(0.002, 0.2),
    cost_frac=st.floats(0.0, 0.03),
    volatility=st.floats(0.01, 3.0),
)
rooms = st.builds(
    Room,
    instrument_frac=st.floats(0.0, 0.30),
    total_frac=st.floats(0.0, 0.60),
    pair_frac=st.one_of(st.just(float("inf")), st.floats(0.0, 0.40)),
    heat_frac=st.floats(0.0, 0.03),
    risk_frac=st.just(0.01),
    settled_cash_usd=st.decimals(0, 20_000, places=2),
)
equities = st.decimals(100, 1_000_000, places=2)
drawdowns = st.floats(0.0, 0.2)
MORE = st.floats(1.0, 3.0)


def sized(bet: Bet, room: Room, equity: Decimal, drawdown: float) -> Sizing:
    return size_entry(bet, room, equity_usd=equity, drawdown_frac=drawdown)


@given(bets, rooms, equities, drawdowns)
def test_size_is_never_above_any_cap(
    bet: Bet, room: Room, equity: Decimal, drawdown: float
) -> None:
    size = sized(bet, room, equity, drawdown)
    notional = size.quantity * bet.price
    for cap in (room.instrument_frac, room.total_frac, min(room.pair_frac, 1.0)):
        assert notional <= exact(cap) * equity
    assert float(size.risk_usd / equity) <= min(room.heat_frac, room.risk_frac) * (1 + 1e-12)
    assert notional * (1 + exact(bet.cost_frac)) <= room.settled_cash_usd
    assert notional == 0 or notional >= bet.min_notional_usd


@given(bets, rooms, equities, drawdowns)
def test_size_is_a_whole_number_of_lots_not_above_the_chain(
    bet: Bet, room: Room, equity: Decimal, drawdown: float
) -> None:
    size = sized(bet, room, equity, drawdown)
    before_lot = size.steps[-3].fraction
    assert size.quantity % bet.lot == 0
    assert size.quantity * bet.price <= exact(before_lot) * equity


@given(bets, rooms, equities, drawdowns)
def test_steps_only_cut(bet: Bet, room: Room, equity: Decimal, drawdown: float) -> None:
    steps = sized(bet, room, equity, drawdown).steps
    assert all(0.0 <= step.factor <= 1.0 for step in steps[1:])
    for before, after in pairwise(steps):
        assert after.fraction <= before.fraction


@pytest.mark.parametrize("name", ["volatility", "cost_frac", "stop_frac", "p_sd"])
@given(bet=bets, room=rooms, equity=equities, drawdown=drawdowns, more=MORE)
def test_size_does_not_grow_with(
    name: str, bet: Bet, room: Room, equity: Decimal, drawdown: float, more: float
) -> None:
    worse = replace(bet, **{name: getattr(bet, name) * more})
    size = sized(bet, room, equity, drawdown)
    assert sized(worse, room, equity, drawdown).quantity <= size.quantity


@given(bets, rooms, equities, drawdowns, drawdowns)
def test_size_does_not_grow_in_drawdown(
    bet: Bet, room: Room, equity: Decimal, one: float, other: float
) -> None:
    deeper = sized(bet, room, equity, max(one, other))
    assert deeper.quantity <= sized(bet, room, equity, min(one, other)).quantity


@given(bets, rooms, equities, drawdowns, fracs)
def test_size_does_not_fall_as_the_lower_bound_rises(
    bet: Bet, room: Room, equity: Decimal, drawdown: float, p: float
) -> None:
    low, high = sorted((bet.p_low, p))
    small = sized(replace(bet, p_low=low), room, equity, drawdown)
    assert small.quantity <= sized(replace(bet, p_low=high), room, equity, drawdown).quantity


@given(bets, equities, drawdowns)
def test_arithmetic_chain_keeps_its_caps(bet: Bet, equity: Decimal, drawdown: float) -> None:
    size = size_chain(
        float(equity),
        float(bet.price),
        bet.p_low,
        bet.target_frac,
        bet.stop_frac,
        bet.cost_frac,
        0.10,
        bet.volatility,
        drawdown,
        float(bet.lot),
    )
    assert size.fraction <= 0.30
    assert size.fraction * (bet.stop_frac + bet.cost_frac) <= 0.01 * (1 + 1e-12)
    slack = 2e-9 * float(bet.lot)
    assert size.quantity <= size.fraction * float(equity) / float(bet.price) * (1 + 1e-12) + slack


@given(
    st.lists(st.floats(-0.01, 0.01), min_size=3, max_size=3),
    st.lists(st.floats(0.005, 0.05), min_size=3, max_size=3),
    st.floats(-0.4, 0.9),
)
def test_portfolio_keeps_to_total_and_heat_and_never_shorts(
    mu: list[float], sd: list[float], rho: float
) -> None:
    covariance = [[sd[i] * sd[j] * (1.0 if i == j else rho) for j in range(3)] for i in range(3)]
    weights = portfolio_weights(mu, covariance, stop_fracs=sd)
    assert min(weights) >= 0.0
    assert sum(weights) <= 0.60 * (1 + 1e-12)
    assert sum(f * loss for f, loss in zip(weights, sd, strict=True)) <= 0.03 * (1 + 1e-12)
