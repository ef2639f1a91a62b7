"""An order pays for the impact of its own size: no more, no less, and a lot more would not fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.costs import Conditions
from engine.desk.casework import Case, bet_of, case_of
from engine.desk.costing import Costing
from engine.desk.own_impact import STEP, largest_paying
from engine.model.bars import Bar, Timeframe
from engine.model.setups import Odds
from engine.model.verdicts import Refused
from engine.sizing import Room, Sizing, SizingPolicy, size_entry
from tests.engine.desk.test_standing import COSTING, GOLD, POLICY, PRICES, seen
from tests.engine.test_risk_entry import NOW
from tests.properties.test_sizing_desk import Shape, World, size

ROOM = Room(0.30, 0.60, 0.40, 0.03, 0.01, Decimal(10_000), 0.60)


def case(ounces_a_day: float | None, p_low: float = 0.60) -> Case:
    conditions = Conditions()
    if ounces_a_day is not None:
        at, price = NOW - timedelta(hours=1), PRICES[GOLD]
        conditions.see(
            Bar(GOLD, Timeframe.H1, at, NOW, price, price * 1.004, price, price, ounces_a_day / 24)
        )
    costing = Costing(COSTING.model, COSTING.instruments, conditions, COSTING.ledger)
    return case_of(seen(p_low=p_low, volatility=0.05), costing, NOW)


def chain(of: Case) -> Sizing:
    return size_entry(
        bet_of(of, POLICY),
        ROOM,
        equity_usd=Decimal(10_000),
        drawdown_frac=0.0,
        policy=SizingPolicy(vol_target=0.02),
    )


def always(odds: Odds) -> bool:
    return odds.cost_frac > 0.0


def test_without_a_flow_nothing_is_cut() -> None:
    answer = largest_paying(case(None), chain, always)
    assert isinstance(answer, tuple)
    assert answer[1] == chain(case(None).sized(answer[1].quantity))
    assert STEP not in [step.name for step in answer[1].steps]


@pytest.mark.parametrize("ounces_a_day", [1.0, 10.0, 100.0])
def test_it_is_the_largest_that_fits_after_its_own_impact(ounces_a_day: float) -> None:
    given = case(ounces_a_day)
    answer = largest_paying(given, chain, always)
    assert isinstance(answer, tuple)
    paid, sizing = answer
    lot, quantity = given.instrument.lot, sizing.quantity
    assert paid == given.sized(quantity)
    assert 0 < quantity < chain(given).quantity
    assert chain(given.sized(quantity)).quantity >= quantity
    assert chain(given.sized(quantity + lot)).quantity < quantity + lot


def test_the_cut_is_the_last_step_and_keeps_the_sums() -> None:
    answer = largest_paying(case(1.0), chain, always)
    assert isinstance(answer, tuple)
    paid, sizing = answer
    assert sizing.set_by == sizing.steps[-1].name == STEP
    assert sizing.notional_usd == sizing.quantity * Decimal(2400)
    assert sizing.fraction == pytest.approx(float(sizing.notional_usd) / 10_000)
    assert sizing.steps[-1].fraction == sizing.fraction
    assert 0.0 < sizing.steps[-1].factor < 1.0
    loss = paid.setup.stop_frac + paid.odds.cost_frac
    assert float(sizing.risk_usd) == pytest.approx(float(sizing.notional_usd) * loss)


def test_a_gate_that_closes_with_cost_bounds_the_order() -> None:
    given = case(10.0)
    free = largest_paying(given, chain, always)
    assert isinstance(free, tuple)
    most = given.sized(free[1].quantity / 2).odds.cost_frac
    bounded = largest_paying(given, chain, lambda odds: odds.cost_frac <= most)
    assert isinstance(bounded, tuple)
    assert bounded[0].odds.cost_frac <= most
    assert 0 < bounded[1].quantity < free[1].quantity


def test_a_gate_that_no_order_passes_is_refused() -> None:
    answer = largest_paying(case(10.0), chain, lambda odds: odds.cost_frac < 0.0)
    assert isinstance(answer, Refused)
    assert answer.limit == "impact"


def test_what_has_no_size_before_impact_is_given_back() -> None:
    poor = case(10.0, p_low=0.2)
    assert largest_paying(poor, chain, always) == (poor, chain(poor))
    refusal = Refused("equity", "unknown", "")
    assert largest_paying(poor, lambda _: refusal, always) is refusal


def test_a_deeper_drawdown_does_not_buy_what_a_shallow_one_refused() -> None:
    """Charged with the impact of its first guess, the first order was nothing, the second 4.45."""
    shape = Shape(0.6246, 0.97, 0.02847, 0.02733, 0.001125, 0.0009036, 0.04793)
    shallow = World(shape, {}, {}, {}, 0.0432, 5.0)
    deep = replace(shallow, drawdown_frac=0.0743)
    assert 0 < size(deep) <= size(shallow)
