"""Every argument of sizing's public names: its range, and the sentence that refuses the rest."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from engine.sizing import (
    Bet,
    ChainSize,
    Holding,
    Room,
    Sizing,
    SizingPolicy,
    Standing,
    alone_frac,
    baker_mchale,
    chance_of_falling_to,
    drawdown_factor,
    grossman_zhou_factor,
    growth_share,
    kelly_outcomes,
    kelly_two_outcome,
    portfolio_weights,
    size_chain,
    size_entry,
    size_exploratory,
    volatility_factor,
)
from engine.sizing.arguments import require

NAN, INF = math.nan, math.inf
CHAIN: dict[str, float] = {
    "equity": 1e4,
    "price": 6e4,
    "p_low": 0.52,
    "target_frac": 0.03,
    "stop_frac": 0.02,
    "cost_frac": 0.003,
    "vol_target": 0.10,
    "vol_forecast": 0.45,
    "drawdown": 0.0,
    "lot": 1e-5,
    "min_notional": 10.0,
    "instrument_cap": 0.30,
    "risk_cap": 0.01,
}
ENTRY: dict[str, Any] = {"equity_usd": Decimal(10_000), "drawdown_frac": 0.0}
BET = Bet(Decimal(2400), Decimal("0.01"), Decimal(10), 0.52, 0.55, 0.03, 0.012, 0.008, 6e-4, 0.15)
ROOM = Room(0.30, 0.60, 0.40, 0.03, 0.01, Decimal(10_000))


def refused(call: Callable[[], object], name: str, span: str, value: object) -> None:
    """The call is refused in exactly the words that name argument, range and value."""
    with pytest.raises(ValueError, match=re.escape(f"{name} must be in {span}, was {value!r}")):
        call()


UNIT, ABOVE, FROM = "[0, 1]", "(0, inf)", "[0, inf)"


@pytest.mark.parametrize(
    ("name", "span", "values"),
    [
        ("equity", ABOVE, (0.0, -0.5, NAN, INF)),
        ("price", ABOVE, (0.0, -0.5, NAN, INF)),
        ("p_low", UNIT, (-0.5, 1.5, NAN)),
        ("target_frac", ABOVE, (0.0, -0.5, NAN)),
        ("stop_frac", "(0, 1]", (0.0, -0.5, 1.5, NAN)),
        ("cost_frac", FROM, (-0.5, NAN, INF)),
        ("vol_target", ABOVE, (0.0, -0.5, NAN)),
        ("vol_forecast", ABOVE, (0.0, -0.5, NAN)),
        ("drawdown", UNIT, (-0.5, 1.5, NAN)),
        ("lot", ABOVE, (0.0, -0.5, NAN)),
        ("min_notional", FROM, (-0.5, NAN, INF)),
        ("instrument_cap", UNIT, (-0.5, 1.5, NAN)),
        ("risk_cap", UNIT, (-0.5, 1.5, NAN)),
    ],
)
def test_size_chain_refuses(name: str, span: str, values: tuple[float, ...]) -> None:
    for value in values:
        refused(lambda value=value: size_chain(**CHAIN | {name: value}), name, span, value)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("equity", 0.5),
        ("price", 0.5),
        ("p_low", 0.0),
        ("p_low", 1.0),
        ("target_frac", 0.5),
        ("stop_frac", 1.0),
        ("cost_frac", 0.0),
        ("vol_target", 0.5),
        ("vol_forecast", 0.5),
        ("drawdown", 1.0),
        ("lot", 0.5),
        ("min_notional", 0.0),
        ("instrument_cap", 0.0),
        ("instrument_cap", 1.0),
        ("risk_cap", 0.0),
        ("risk_cap", 1.0),
    ],
)
def test_size_chain_takes_the_ends_of_its_ranges(name: str, value: float) -> None:
    size = size_chain(**CHAIN | {name: value})
    assert size.quantity >= 0.0
    assert math.isfinite(size.fraction)


def test_size_chain_refuses_more_lots_than_can_be_counted() -> None:
    with pytest.raises(ValueError, match="equity over price and lot must be in"):
        size_chain(**CHAIN | {"lot": 1e-320})


def test_size_chain_of_no_edge_names_kelly() -> None:
    size = size_chain(**CHAIN | {"p_low": 0.4})
    assert (size.fraction, size.quantity, size.set_by) == (0.0, 0.0, "lower-bound Kelly")


def test_size_chain_of_a_target_that_costs_eat_is_nothing() -> None:
    assert size_chain(**CHAIN | {"cost_frac": 0.03, "p_low": 1.0}).quantity == 0.0


def test_size_chain_caps_the_net_loss_at_the_stop() -> None:
    size = size_chain(**CHAIN | {"vol_forecast": 0.10, "risk_cap": 0.005})
    assert size.fraction == pytest.approx(0.005 / 0.023, rel=1e-12)
    assert size.set_by == "risk at the stop"


def test_size_chain_buys_exactly_the_minimum_and_not_less() -> None:
    # 0.1 of 1000 at a price of 1 in lots of 1: exactly 100.
    exact = CHAIN | {"equity": 1e3, "price": 1.0, "lot": 1.0, "instrument_cap": 0.1}
    assert size_chain(**exact | {"min_notional": 100.0}).quantity == 100.0
    assert size_chain(**exact | {"min_notional": 100.5}).quantity == 0.0


def test_size_chain_wants_ten_dollars_at_least() -> None:
    small = {k: v for k, v in CHAIN.items() if k != "min_notional"}
    small |= {"equity": 1e3, "price": 1.0, "lot": 0.5, "instrument_cap": 0.010}
    assert size_chain(**small).quantity == 10.0
    assert size_chain(**small | {"instrument_cap": 0.0095}).quantity == 0.0


def test_size_chain_floors_even_a_hair_below_a_lot() -> None:
    whole = CHAIN | {"equity": 1e3, "price": 1.0, "lot": 1.0, "min_notional": 0.0}
    assert size_chain(**whole | {"instrument_cap": 0.1 - 1e-9}).quantity == 99.0
    assert size_chain(**whole | {"instrument_cap": 0.1 - 1e-15}).quantity == 100.0


BETS = [
    ("price", "price", ABOVE, (Decimal(0), Decimal("-0.5"))),
    ("lot", "lot", ABOVE, (Decimal(0), Decimal("-0.5"))),
    ("min_notional_usd", "min_notional_usd", FROM, (Decimal("-0.5"),)),
    ("p_low", "p_low", UNIT, (-0.5, 1.5, NAN)),
    ("p_mean", "p_mean", UNIT, (-0.5, 1.5, NAN)),
    ("p_sd", "p_sd", FROM, (-0.5, NAN)),
    ("target_frac", "target_frac", ABOVE, (0.0, -0.5, NAN)),
    ("stop_frac", "stop_frac", "(0, 1]", (0.0, -0.5, 1.5, NAN)),
    ("cost_frac", "cost_frac", FROM, (-0.5, NAN)),
    ("volatility", "volatility", ABOVE, (0.0, -0.5, NAN)),
]


@pytest.mark.parametrize(("field", "name", "span", "values"), BETS)
def test_size_entry_refuses_a_bet(
    field: str, name: str, span: str, values: tuple[Any, ...]
) -> None:
    for value in values:
        bet = replace(BET, **{field: value})
        shown = float(value)
        refused(lambda bet=bet: size_entry(bet, ROOM, **ENTRY), name, span, shown)  # type: ignore[misc]
        refused(
            lambda bet=bet: size_exploratory(  # type: ignore[misc]
                bet, ROOM, equity_usd=Decimal(1), week_budget_left_frac=0.02
            ),
            name,
            span,
            shown,
        )


@pytest.mark.parametrize(
    ("field", "span"),
    [
        ("instrument_frac", FROM),
        ("total_frac", FROM),
        ("heat_frac", FROM),
        ("risk_frac", FROM),
        ("pair_frac", "[0, inf]"),
        ("portfolio_frac", "[0, inf]"),
        ("settled_cash_usd", FROM),
    ],
)
def test_size_entry_refuses_a_room(field: str, span: str) -> None:
    for value in (-0.5, NAN):
        given: Any = Decimal(repr(value)) if field == "settled_cash_usd" else value
        room = replace(ROOM, **{field: given})
        refused(lambda room=room: size_entry(BET, room, **ENTRY), field, span, value)  # type: ignore[misc]


def test_size_entry_refuses_an_equity_and_a_drawdown() -> None:
    for equity in (Decimal(0), Decimal("-0.5")):
        asked = ENTRY | {"equity_usd": equity}
        refused(lambda a=asked: size_entry(BET, ROOM, **a), "equity_usd", ABOVE, float(equity))  # type: ignore[misc]
    for drawdown in (-0.5, 1.5, NAN):
        asked = ENTRY | {"drawdown_frac": drawdown}
        refused(lambda a=asked: size_entry(BET, ROOM, **a), "drawdown_frac", UNIT, drawdown)  # type: ignore[misc]


def test_size_entry_takes_the_ends_of_its_ranges() -> None:
    for changed in (
        dict[str, Any](p_low=0.0),
        {"p_low": 1.0, "p_mean": 1.0},
        {"p_mean": 0.0},
        {"p_sd": 0.0},
        {"cost_frac": 0.0},
        {"stop_frac": 1.0},
        {"min_notional_usd": Decimal(0)},
        {"price": Decimal("0.5")},
        {"lot": Decimal("0.5")},
        {"target_frac": 0.5},
        {"volatility": 0.5},
    ):
        assert size_entry(replace(BET, **changed), ROOM, **ENTRY).quantity >= 0
    nothing: Any = 0.0
    for field in ("instrument_frac", "total_frac", "pair_frac", "heat_frac", "risk_frac"):
        assert size_entry(BET, replace(ROOM, **{field: nothing}), **ENTRY).quantity == 0
    whole = {"equity_usd": Decimal("0.5"), "drawdown_frac": 1.0}
    assert size_entry(BET, ROOM, **whole).quantity == 0  # type: ignore[arg-type]


def test_size_exploratory_refuses_an_unknown_budget() -> None:
    def asked(budget: float) -> Sizing:
        return size_exploratory(
            bet=BET, room=ROOM, equity_usd=Decimal(10_000), week_budget_left_frac=budget
        )

    for budget in (-0.5, NAN):
        refused(lambda b=budget: asked(b), "week_budget_left_frac", FROM, budget)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("field", "name", "span", "values"),
    [
        ("kelly_share", "kelly_share", "(0, 1]", (0.0, 1.5, NAN)),
        ("vol_target", "vol_target", ABOVE, (0.0, NAN)),
        ("ramp_from_frac", "ramp_from", UNIT, (-0.5, 1.5, NAN)),
        ("ramp_to_frac", "ramp_to", "(0.05, 1]", (0.05, 1.5, NAN)),
        ("pilot_factor", "pilot_factor", "(0, 1]", (0.0, 1.5, NAN)),
        ("exploratory_risk_frac", "exploratory_risk_frac", "(0, 0.01]", (0.0, 0.02, NAN)),
    ],
)
def test_sizing_policy_refuses(
    field: str, name: str, span: str, values: tuple[float, ...]
) -> None:
    for value in values:
        refused(lambda v=value: SizingPolicy(**{field: v}), name, span, value)  # type: ignore[misc]


def test_sizing_policy_has_the_defaults_of_the_reference() -> None:
    assert dataclasses.astuple(SizingPolicy()) == (0.25, 0.10, 0.05, 0.15, 1.0, 0.0025)
    ends = SizingPolicy(kelly_share=1.0, vol_target=0.5, exploratory_risk_frac=0.01)
    assert ends.kelly_share == 1.0


@pytest.mark.parametrize(
    ("call", "name", "span", "values"),
    [
        (lambda v: kelly_two_outcome(v, 1, 1), "p", UNIT, (-0.5, 1.5, NAN)),
        (lambda v: kelly_two_outcome(0.5, v, 1), "gain", ABOVE, (0.0, -0.5, NAN, INF)),
        (lambda v: kelly_two_outcome(0.5, 1, v), "loss", ABOVE, (0.0, -0.5, NAN, INF)),
        (lambda v: kelly_two_outcome(0.5, 1, 1, v), "cost", FROM, (-0.5, NAN, INF)),
        (lambda v: kelly_outcomes((v, 0.5), (1, -1)), "probabilities", UNIT, (-0.5, 1.5, NAN)),
        (lambda v: kelly_outcomes((0.5, 0.5), (1, v)), "returns", "[-1, inf)", (-1.5, NAN, INF)),
        (lambda v: baker_mchale(v, 1, 0.1), "p", UNIT, (-0.5, 1.5, NAN)),
        (lambda v: baker_mchale(0.5, v, 0.1), "payoff", ABOVE, (0.0, -0.5, NAN)),
        (lambda v: baker_mchale(0.5, 1, v), "sd", FROM, (-0.5, NAN)),
        (lambda v: volatility_factor(v, 1), "target", ABOVE, (0.0, -0.5, NAN)),
        (lambda v: volatility_factor(1, v), "forecast", ABOVE, (0.0, -0.5, NAN)),
        (drawdown_factor, "drawdown", UNIT, (-0.5, 1.5, NAN)),
        (lambda v: drawdown_factor(0.1, v), "ramp_from", UNIT, (-0.5, 1.5, NAN)),
        (lambda v: drawdown_factor(0.1, 0.25, v), "ramp_to", "(0.25, 1]", (0.25, 1.5, NAN)),
        (grossman_zhou_factor, "drawdown", UNIT, (-0.5, 1.5, NAN)),
        (lambda v: grossman_zhou_factor(0.1, v), "halt", "(0, 1]", (0.0, -0.5, 1.5, NAN)),
        (growth_share, "kelly_share", "[0, 2]", (-0.5, 2.5, NAN)),
        (lambda v: chance_of_falling_to(v, 1), "level_frac", "(0, 1]", (0.0, -0.5, 1.5, NAN)),
        (lambda v: chance_of_falling_to(0.5, v), "kelly_share", "(0, 2]", (0.0, -0.5, 2.5, NAN)),
        (
            lambda v: portfolio_weights((0.1,), [[1.0]], kelly_share=v),
            "kelly_share",
            "(0, 1]",
            (0.0, -0.5, 1.5, NAN),
        ),
        (
            lambda v: portfolio_weights((0.1,), [[1.0]], heat_cap=v),
            "heat_cap",
            ABOVE,
            (0.0, -0.5, NAN),
        ),
        (
            lambda v: portfolio_weights((0.1,), [[1.0]], (v,)),
            "stop_fracs",
            ABOVE,
            (0.0, -0.5, NAN),
        ),
    ],
)
def test_arithmetic_refuses(
    call: Callable[[float], object], name: str, span: str, values: tuple[float, ...]
) -> None:
    for value in values:
        refused(lambda v=value: call(v), name, span, value)  # type: ignore[misc]


def test_arithmetic_takes_the_ends_of_its_ranges() -> None:
    assert kelly_two_outcome(0.5, 0.5, 0.5) == 0.0
    assert kelly_outcomes((0.0, 0.5, 0.5), (3.0, 1.0, -1.0)) == pytest.approx(0.0, abs=1e-12)
    assert baker_mchale(1.0, 0.5, 0.5) == pytest.approx(0.25 / (0.25 + 0.5625))
    assert volatility_factor(0.5, 0.5) == 1.0
    assert drawdown_factor(0.5, 0.0, 1.0) == 0.5
    assert drawdown_factor(1.0) == 0.0
    assert grossman_zhou_factor(1.0) == 0.0
    assert grossman_zhou_factor(0.5, 1.0) == 1.0
    assert (growth_share(0.0), growth_share(2.0)) == (0.0, 0.0)
    assert (chance_of_falling_to(1.0, 0.5), chance_of_falling_to(0.5, 2.0)) == (1.0, 1.0)


def test_baker_mchale_of_hopeless_noise_is_nothing() -> None:
    assert baker_mchale(0.5, 1.0 + 1e-15, 1e200) == 0.0


def test_a_stake_beyond_counting_is_refused() -> None:
    with pytest.raises(ValueError, match="gain and loss must leave a finite stake"):
        kelly_two_outcome(0.5, 0.5, 5e-324)


@pytest.mark.parametrize(
    ("total", "told"), [(0.0, "was 0.0"), (-1.0, "was -1.0"), (NAN, "was nan")]
)
def test_portfolio_refuses_a_total(total: float, told: str) -> None:
    with pytest.raises(ValueError, match=f"total_cap must be > 0, {told}"):
        portfolio_weights((0.1,), [[1.0]], total_cap=total)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: portfolio_weights((), [[]]), "mu must hold 1 to 8 values, was 0 long"),
        (lambda: portfolio_weights((0.1,) * 9, [[1.0]]), "mu must hold 1 to 8 values, was 9 long"),
        (lambda: portfolio_weights((0.1,), [[1.0]], (1, 1)), "stop_fracs must be 1 long, was 2"),
        (lambda: portfolio_weights((0.1, 0.1), [[1, 0], [0, 1]], (1,)), "must be 2 long, was 1"),
        (lambda: portfolio_weights((0.1, 0.1), [[1.0]]), r"of shape \(2, 2\), was \(1, 1\)"),
        (lambda: portfolio_weights((NAN,), [[1.0]]), "mu and covariance must be finite"),
        (lambda: portfolio_weights((0.1,), [[INF]]), "mu and covariance must be finite"),
        (lambda: portfolio_weights((0.1, 0.1), [[1, 0.5], [0.1, 1]]), "must be symmetric"),
        (lambda: portfolio_weights((0.1, 0.1), [[1, 2], [2, 1]]), "positive definite"),
        (lambda: portfolio_weights((0.1, 0.1), [[1, 1], [1, 1]]), "positive definite"),
        (lambda: kelly_outcomes((0.5, 0.5), (1,)), r"as long as probabilities \(2\), was 1 long"),
        (lambda: kelly_outcomes((0.5, 0.5), (0.5, 0.25)), "must hold a possible loss"),
        (lambda: kelly_outcomes((0.5, 0.5), (0.5, 0.0)), "must hold a possible loss"),
        (lambda: kelly_outcomes((0.5, 0.6), (1, -1)), "must sum to 1, was 1.1"),
        (lambda: kelly_outcomes((0.5, 0.5 + 1e-6), (1, -1)), "must sum to 1"),
    ],
)
def test_shapes_and_sums_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_portfolio_takes_eight_setups() -> None:
    covariance = [[1.0 if i == k else 0.0 for k in range(8)] for i in range(8)]
    weights = portfolio_weights((0.1,) * 8, covariance, total_cap=INF)
    assert weights == pytest.approx((0.025,) * 8)


def test_require_gives_a_float_back_within_its_range() -> None:
    assert require("x", 1, 1, 2) == 1.0
    assert isinstance(require(name="x", value=2, low=1, high=2), float)
    refused(lambda: require("x", 1, 1, 2, open_low=True), "x", "(1, 2]", 1)
    refused(lambda: require("x", INF, 1), "x", "[1, inf)", INF)
    refused(lambda: require("x", 0.5, 1, open_low=True), "x", "(1, inf)", 0.5)


def test_alone_frac_is_kelly_share_times_volatility_within_its_own_caps() -> None:
    policy = SizingPolicy(kelly_share=0.5)
    wild = replace(BET, volatility=4.0)
    kelly = 0.52 / 0.0086 - 0.48 / 0.0114
    assert alone_frac(wild, ROOM, policy) == pytest.approx(kelly * 0.5 * 0.1 / 4.0, rel=1e-12)
    assert alone_frac(BET, ROOM, policy) == 0.30
    assert alone_frac(BET, replace(ROOM, risk_frac=0.001), policy) == 0.001 / 0.0086
    assert alone_frac(replace(BET, p_low=0.1), ROOM, policy) == 0.0


RECORDS = {
    Bet: BET,
    Room: ROOM,
    SizingPolicy: SizingPolicy(),
    Sizing: size_entry(bet=BET, room=ROOM, **ENTRY),
    ChainSize: size_chain(**CHAIN),
    Standing: Standing("XAU-USD", 0.001, 2.0, 0.01, 0.01, 0.3),
    Holding: Holding("XAU-USD", 0.1, 0.001, 0.01),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_records_cannot_be_changed_or_grown(kind: type) -> None:
    record = RECORDS[kind]
    name = dataclasses.fields(record)[0].name  # type: ignore[arg-type]
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(record, name, 0)
    assert not hasattr(record, "__dict__")
