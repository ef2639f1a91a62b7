"""The whole desk chain, from a set of assessments to the terms of a card, under any market.

Risk in the widest sense (volatility, drawdown, cost, spread, stop distance) never makes a size
grow, and a better lower bound never makes it shrink, whatever is held and whatever else stands.
Domain: a setup on an instrument that is not held already, which is all that may be bought.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

import engine
from engine.config import Settings
from engine.costs import Conditions, CostModel
from engine.desk.costing import Costing
from engine.desk.policy import policy_of
from engine.desk.proposing import card_of
from engine.desk.standing import shares_of
from engine.journal.ledger import Ledger
from engine.model.bars import Bar, Timeframe
from engine.model.fees import FeeTier
from engine.model.money import exact
from engine.model.proposals import CardKind, ProposalTerms
from engine.model.setups import Assessment, Odds, Setup, SetupKind
from engine.probability.worth import Miss, gate_refusal, value_odds
from engine.risk import RiskPicture
from tests.engine.test_risk_entry import NOW, calm_market, calm_picture, exposure

OWN, OTHERS = "XAU-USD", ("XAG-USD", "BTC-USD")
POLICY = policy_of(Settings(), (OWN, *OTHERS))
PRICES = {OWN: 2400.0, "XAG-USD": 28.0, "BTC-USD": 60_000.0}
EQUITY = Decimal(100_000)
PAIRS = ((OWN, "XAG-USD"), ("BTC-USD", OWN), ("XAG-USD", "BTC-USD"))


@dataclass(frozen=True)
class Shape:
    """One setup in numbers; the cost is made of fees and spread."""

    p_low: float
    p_mean: float
    target_frac: float
    stop_frac: float
    fee_frac: float
    spread_frac: float
    volatility: float

    def assessment(self, instrument: str) -> Assessment:
        price = PRICES[instrument]
        cost = self.fee_frac + self.spread_frac
        setup = Setup(
            instrument=instrument,
            kind=SetupKind.REVERSION,
            at=NOW,
            entry=price,
            target=price * (1 + self.target_frac),
            stop=price * (1 - self.stop_frac),
            target_frac=self.target_frac,
            stop_frac=self.stop_frac,
            horizon_days=2.0,
            volatility=self.volatility,
            anchor=price,
        )
        odds = value_odds(
            self.p_low,
            self.p_mean,
            self.p_low,
            self.target_frac,
            self.stop_frac,
            Miss(1.0, 0.0),
            cost,
        )
        return Assessment(instrument, NOW, price, (), setup, odds, (), {})


@dataclass(frozen=True)
class World:
    """A setup on gold, and everything that stands beside it.

    `daily_turnover` is what trades of gold in a day over the desk's equity; None is unknown.
    """

    own: Shape
    beside: dict[str, Shape]
    held: dict[str, tuple[float, float, float]]
    correlations: dict[tuple[str, str], float]
    drawdown_frac: float
    daily_turnover: float | None = None

    @property
    def costing(self) -> Costing:
        """Costs that agree with the assessments', and the impact of an order on gold's flow."""
        shapes = {OWN: self.own, **self.beside}
        seen = Conditions()
        if self.daily_turnover is not None:
            volume = self.daily_turnover * float(EQUITY) / PRICES[OWN] / 24
            at, price = NOW - timedelta(hours=1), PRICES[OWN]
            seen.see(Bar(OWN, Timeframe.H1, at, NOW, price, price * 1.002, price, price, volume))
        model = CostModel(
            {v: FeeTier(v, "none", 0.0, 0.0, NOW.date()) for v in ("kraken", "ibkr")},
            half_spreads={name: shape.spread_frac / 2 for name, shape in shapes.items()},
            slippages={name: shape.fee_frac / 2 for name, shape in shapes.items()},
        )
        return Costing(model, POLICY.instruments, seen, Ledger())

    @property
    def picture(self) -> RiskPicture:
        held = tuple(
            replace(exposure("0"), instrument=name, asset=POLICY.instruments[name].asset)
            for name in self.held
        )
        return calm_picture(
            equity_usd=EQUITY,
            settled_cash_usd=EQUITY,
            day_open_equity_usd=EQUITY,
            week_open_equity_usd=EQUITY,
            high_water_usd=EQUITY / (1 - exact(self.drawdown_frac)),
            kill_high_water_usd=EQUITY / (1 - exact(self.drawdown_frac)),
            halt_high_water_usd=EQUITY,
            positions=tuple(
                replace(
                    position,
                    notional_usd=EQUITY * exact(self.held[position.instrument][0]),
                    risk_usd=EQUITY * exact(self.held[position.instrument][1]),
                )
                for position in held
            ),
            markets=tuple(calm_market(name) for name in PRICES),
        )


def terms(world: World) -> ProposalTerms | None:
    """What the desk would ask the owner, exactly as it works it out on a bar."""
    shapes = {OWN: world.own, **world.beside}
    assessments = {name: shape.assessment(name) for name, shape in shapes.items()}
    for name, (_, _, volatility) in world.held.items():
        quiet = replace(world.own, volatility=volatility).assessment(name)
        assessments.setdefault(name, quiet)
    passed = [
        assessments[name] for name, shape in shapes.items() if not gate_of(shape)(odds_of(shape))
    ]
    ledger, picture, costing = Ledger(), world.picture, world.costing
    ties = world.correlations
    shares = shares_of(passed, ledger, POLICY, picture, costing, assessments, ties)
    gate = gate_of(world.own)
    return card_of(assessments[OWN], gate, ledger, POLICY, picture, costing, shares).terms


def odds_of(shape: Shape) -> Odds:
    odds = shape.assessment(OWN).odds
    assert odds is not None
    return odds


def gate_of(shape: Shape) -> Callable[[Odds], str]:
    return lambda odds: gate_refusal(odds, shape.target_frac, shape.stop_frac, 0.1, 0.5)


def size(world: World) -> Decimal:
    """Size of a proposal; an exploratory card is sized by another chain, from a fixed risk."""
    found = terms(world)
    proposed = found is not None and found.kind is CardKind.PROPOSAL
    return found.quantity if found is not None and proposed else Decimal(0)


shapes = st.builds(
    Shape,
    p_low=st.floats(0.35, 0.95),
    p_mean=st.floats(0.9, 1.0),
    target_frac=st.floats(0.004, 0.06),
    stop_frac=st.floats(0.002, 0.05),
    fee_frac=st.floats(0.0001, 0.004),
    spread_frac=st.floats(0.0, 0.002),
    volatility=st.floats(0.002, 0.08),
)
holdings = st.tuples(st.floats(0.0, 0.3), st.floats(0.0, 0.012), st.floats(0.002, 0.08))
worlds = st.builds(
    World,
    own=shapes,
    beside=st.dictionaries(st.sampled_from(OTHERS), shapes),
    held=st.dictionaries(st.sampled_from(OTHERS), holdings),
    correlations=st.dictionaries(st.sampled_from(PAIRS), st.floats(-1.0, 1.0)),
    drawdown_frac=st.floats(0.0, 0.2),
    daily_turnover=st.one_of(st.none(), st.floats(0.01, 1000.0)),
)
MORE = st.floats(1.0, 3.0)
chain = settings(max_examples=150, deadline=timedelta(seconds=2))


@pytest.mark.parametrize("name", ["volatility", "stop_frac", "fee_frac", "spread_frac"])
@chain
@given(world=worlds, more=MORE)
def test_no_size_grows_with(name: str, world: World, more: float) -> None:
    riskier = replace(world.own, **{name: getattr(world.own, name) * more})
    assert size(replace(world, own=riskier)) <= size(world)


@chain
@given(worlds, st.floats(0.0, 0.2))
def test_no_size_grows_in_a_deeper_drawdown(world: World, drawdown: float) -> None:
    shallow, deep = sorted((world.drawdown_frac, drawdown))
    smaller = size(replace(world, drawdown_frac=deep))
    assert smaller <= size(replace(world, drawdown_frac=shallow))


@chain
@given(worlds, st.floats(0.35, 0.9))
def test_no_size_falls_with_a_better_lower_bound(world: World, p_low: float) -> None:
    low, high = sorted((world.own.p_low, p_low))
    better = replace(world, own=replace(world.own, p_low=high))
    assert size(replace(world, own=replace(world.own, p_low=low))) <= size(better)


@chain
@given(worlds)
def test_terms_keep_to_every_cap_beside_all_that_is_held(world: World) -> None:
    found = terms(world)
    if found is None:
        return
    limits, hair = POLICY.limits, Decimal("1e-9")
    held = sum(notional for notional, _, _ in world.held.values())
    at_risk = sum(risk for _, risk, _ in world.held.values())
    lot = POLICY.instruments[OWN].lot
    assert found.quantity > 0
    assert found.quantity % lot == 0
    assert found.notional_usd == found.quantity * found.entry
    assert found.notional_usd <= EQUITY * exact(limits.instrument_frac)
    assert found.notional_usd <= EQUITY * (exact(limits.total_frac) - exact(held)) + hair
    assert found.risk_usd <= EQUITY * exact(limits.risk_frac) + hair
    assert found.risk_usd <= EQUITY * (exact(limits.heat_frac) - exact(at_risk)) + hair
    assert found.notional_usd >= POLICY.instruments[OWN].min_notional_usd


@chain
@given(worlds)
def test_steps_only_cut_and_multiply_to_what_is_bought(world: World) -> None:
    found = terms(world)
    if found is None:
        return
    assert all(0.0 <= step.factor <= 1.0 for step in found.size_steps[1:])
    assert all(b.fraction <= a.fraction for a, b in pairwise(found.size_steps))
    product = math.prod(step.factor for step in found.size_steps)
    assert product == pytest.approx(found.size_frac, rel=1e-9)
    assert found.size_frac == pytest.approx(float(found.notional_usd / EQUITY), rel=1e-9)
    assert found.size_set_by in [step.name for step in found.size_steps]


@chain
@given(worlds)
def test_company_never_makes_a_size_grow(world: World) -> None:
    alone = replace(world, beside={}, held={})
    assert size(world) <= size(alone)


@chain
@given(worlds, st.floats(1.0, 100.0))
def test_no_size_grows_in_a_thinner_market(world: World, thinner: float) -> None:
    turnover = world.daily_turnover or 1.0
    deep, thin = replace(world, daily_turnover=turnover), turnover / thinner
    assert size(replace(world, daily_turnover=thin)) <= size(deep)


def identifiers(file: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(file.read_text())))
    return {str(getattr(node, field, "")) for node in nodes for field in FIELDS}


FIELDS = ("id", "attr", "arg", "name", "module")
HOME = Path(engine.__path__[0])
# Whatever stands between a bar and an order, but for the views: those may show the goal.
DECIDING = ("sizing", "risk", "compliance", "costs", "probability", "desk/[!v]*")


@pytest.mark.parametrize("room", DECIDING)
def test_nothing_that_decides_a_trade_can_know_the_goal(room: str) -> None:
    """The 1-2 % a day goal: no name, argument, attribute or import of these rooms speaks of it."""
    files = [*HOME.glob(f"{room}.py"), *HOME.glob(f"{room}/*.py")]
    assert files
    for file in files:
        assert not [word for word in identifiers(file) if "goal" in word.lower()], file


def test_no_setting_of_the_goal_changes_the_policy() -> None:
    """Settings whose name speaks of the goal, today none, may not change what the desk decides."""
    usual = Settings()
    for section, part in usual:
        for key, value in part if isinstance(part, BaseModel) else ():
            if "goal" in f"{section}.{key}" and isinstance(value, float):
                other = Settings.model_validate({section: {key: value / 2}})
                policy = policy_of(other, (OWN, *OTHERS))
                assert replace(policy, config_hash=POLICY.config_hash) == POLICY
    # And what the policy takes over is sizing's own, so that a change there does show.
    cut = Settings.model_validate({"sizing": {"kelly_fraction": 0.1}})
    assert policy_of(cut, (OWN, *OTHERS)).sizing != POLICY.sizing
