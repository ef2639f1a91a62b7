"""The desk's own chain: which step sets the size, and in which order."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import pytest

from engine.sizing import Bet, Room, Sizing, SizingPolicy, size_entry, size_exploratory

GOLD = Bet(
    price=Decimal(2400),
    lot=Decimal("0.01"),
    min_notional_usd=Decimal(10),
    p_low=0.52,
    p_mean=0.55,
    p_sd=0.03,
    target_frac=0.012,
    stop_frac=0.008,
    cost_frac=0.0006,
    volatility=0.15,
)
WIDE = Room(0.30, 0.60, 0.40, 0.03, 0.01, Decimal(10_000))
EQUITY = Decimal(10_000)


def entry(bet: Bet = GOLD, room: Room = WIDE, drawdown_frac: float = 0.0) -> Sizing:
    return size_entry(bet, room, equity_usd=EQUITY, drawdown_frac=drawdown_frac)


def test_steps_stand_in_their_fixed_order() -> None:
    assert [step.name for step in entry().steps] == [
        "lower-bound Kelly",
        "Kelly share",
        "volatility target",
        "drawdown ramp",
        "instrument cap",
        "risk at the stop",
        "total exposure",
        "gold and silver together",
        "heat",
        "portfolio share",
        "settled cash",
        "estimation error",
        "live pilot",
        "whole lots",
        "minimum notional",
    ]


@pytest.mark.parametrize(
    ("room", "set_by", "notional"),
    [
        (WIDE, "instrument cap", Decimal(3000)),
        (replace(WIDE, total_frac=0.12), "total exposure", Decimal(1200)),
        (replace(WIDE, pair_frac=0.12), "gold and silver together", Decimal(1200)),
        (replace(WIDE, heat_frac=0.00086), "heat", Decimal(1000)),
        (replace(WIDE, risk_frac=0.00086), "risk at the stop", Decimal(1000)),
        (replace(WIDE, portfolio_frac=0.12), "portfolio share", Decimal(1200)),
        (replace(WIDE, settled_cash_usd=Decimal("1200.72")), "settled cash", Decimal(1200)),
        (replace(WIDE, settled_cash_usd=Decimal(0)), "settled cash", Decimal(0)),
    ],
)
def test_the_tightest_cap_sets_the_size(room: Room, set_by: str, notional: Decimal) -> None:
    size = entry(room=room)
    assert size.set_by == set_by
    assert notional - 24 < size.notional_usd <= notional


def steps(size: Sizing) -> dict[str, float]:
    return {step.name: step.fraction for step in size.steps}


def test_each_step_is_what_its_name_says() -> None:
    """A bet that no cap spares: every fraction by hand."""
    wild = replace(GOLD, volatility=4.0, min_notional_usd=Decimal(400))
    room = Room(0.075, 0.07, 0.065, 0.0005, 0.0006, Decimal(551), 0.0570)
    size = entry(wild, room, drawdown_frac=0.10)
    kelly = 0.52 / 0.0086 - 0.48 / 0.0114
    shrunk = (0.55 / 0.0086 - 0.45 / 0.0114) / 4
    edge, noise = (0.0114 / 0.0086 + 1) * 0.55 - 1, (0.0114 / 0.0086 + 1) * 0.03
    by_hand = {
        "lower-bound Kelly": kelly,
        "Kelly share": kelly / 4,
        "volatility target": kelly / 160,
        "drawdown ramp": kelly / 320,
        "instrument cap": kelly / 320,
        "risk at the stop": kelly / 320,
        "total exposure": kelly / 320,
        "gold and silver together": kelly / 320,
        "heat": kelly / 320,
        "portfolio share": 0.0570,
        "settled cash": 0.0551 / 1.0006,
        "estimation error": min(0.0551 / 1.0006, shrunk * edge**2 / (edge**2 + noise**2)),
        "live pilot": 0.0551 / 1.0006,
        "whole lots": 0.0528,
        "minimum notional": 0.0528,
    }
    assert kelly / 320 > 0.0570
    assert steps(size) == pytest.approx(by_hand, rel=1e-12)
    assert (size.quantity, size.notional_usd) == (Decimal("0.22"), Decimal(528))
    assert size.fraction == 0.0528


def test_the_exploratory_steps_are_what_their_names_say() -> None:
    size = size_exploratory(GOLD, WIDE, equity_usd=EQUITY, week_budget_left_frac=0.002)
    assert steps(size)["exploratory risk"] == 0.0025 / 0.0086
    assert steps(size)["weekly budget"] == 0.002 / 0.0086
    assert size.set_by == "weekly budget"
    assert size.quantity == Decimal("0.96")
    poor = replace(WIDE, settled_cash_usd=Decimal("1200.72"))
    broke = size_exploratory(GOLD, poor, equity_usd=EQUITY, week_budget_left_frac=0.02)
    assert (broke.set_by, broke.quantity) == ("settled cash", Decimal("0.50"))


def test_the_shrunk_stake_on_the_mean_sets_the_size() -> None:
    bet = replace(GOLD, p_mean=0.53, p_sd=0.5)
    payoff = 0.0114 / 0.0086
    edge, noise = (payoff + 1) * 0.53 - 1, (payoff + 1) * 0.5
    stake = (0.53 / 0.0086 - 0.47 / 0.0114) / 4 * edge**2 / (edge**2 + noise**2)
    assert steps(entry(bet))["estimation error"] == pytest.approx(stake, rel=1e-12)


@pytest.mark.parametrize("cost_frac", [0.012, 0.5])
def test_a_target_that_its_cost_eats_is_not_bought(cost_frac: float) -> None:
    size = entry(replace(GOLD, cost_frac=cost_frac, p_low=1.0, p_mean=1.0))
    assert (size.quantity, size.set_by) == (Decimal(0), "lower-bound Kelly")
    assert steps(size)["estimation error"] == 0.0


def test_cash_buys_exactly_what_it_pays_for_to_the_last_digit() -> None:
    """0.50 oz cost 1200.72 with the round trip; a hair less buys 0.49, whatever a float says."""
    enough = replace(WIDE, settled_cash_usd=Decimal("1200.72"))
    hair = replace(WIDE, settled_cash_usd=Decimal("1200.72") - Decimal("1E-20"))
    assert entry(room=enough).quantity == Decimal("0.50")
    assert entry(room=hair).quantity == Decimal("0.49")


def test_the_least_order_is_measured_at_the_stop() -> None:
    # 1.25 oz at 2400 less 0.8 %: 2976 USD.
    assert entry(replace(GOLD, min_notional_usd=Decimal(2976))).quantity == Decimal("1.25")
    refused = entry(replace(GOLD, min_notional_usd=Decimal("2976.01")))
    assert (refused.quantity, refused.fraction) == (Decimal(0), 0.0)


def test_nothing_left_is_said_by_the_lot_only_when_a_lot_is_too_much() -> None:
    coarse = replace(GOLD, lot=Decimal(2))
    assert (entry(coarse).set_by, entry(coarse).quantity) == ("whole lots", Decimal(0))


def test_uncertain_odds_set_the_size_by_baker_mchale() -> None:
    size = entry(replace(GOLD, p_mean=0.53, p_sd=0.5))
    assert size.set_by == "estimation error"


def test_lower_bound_without_edge_sizes_nothing() -> None:
    size = entry(replace(GOLD, p_low=0.40))
    assert (size.quantity, size.set_by) == (Decimal(0), "lower-bound Kelly")


def test_drawdown_beyond_its_ramp_sizes_nothing() -> None:
    size = entry(drawdown_frac=0.15)
    assert (size.quantity, size.set_by) == (Decimal(0), "drawdown ramp")


def test_what_could_not_be_sold_at_the_stop_is_not_bought() -> None:
    bet = replace(GOLD, min_notional_usd=Decimal(2990))
    assert entry(bet).set_by == "minimum notional"
    assert entry(bet).quantity == Decimal(0)


@pytest.mark.parametrize("volatility", [0.15, 1.5], ids=["a cap binds", "no cap binds"])
def test_pilot_takes_a_tenth_of_what_would_be_taken(volatility: float) -> None:
    bet = replace(GOLD, volatility=volatility)
    size = size_entry(
        bet,
        WIDE,
        equity_usd=EQUITY,
        drawdown_frac=0.0,
        policy=SizingPolicy(pilot_factor=0.1),
    )
    whole = entry(bet)
    tenth = size.steps[-3]
    assert tenth.name == "live pilot"
    assert tenth.factor == pytest.approx(0.1)
    assert tenth.fraction == pytest.approx(whole.steps[-4].fraction / 10)
    assert size.notional_usd <= whole.notional_usd / 10 + 24


def test_risk_is_the_net_loss_at_the_stop() -> None:
    size = entry()
    assert size.risk_usd == size.notional_usd * Decimal("0.0086")


def test_exploratory_risks_a_quarter_percent_at_the_stop() -> None:
    size = size_exploratory(GOLD, WIDE, equity_usd=EQUITY, week_budget_left_frac=0.02)
    assert size.set_by == "exploratory risk"
    assert Decimal(24) < size.risk_usd <= Decimal(25)


def test_exploratory_takes_no_notice_of_odds() -> None:
    poor = replace(GOLD, p_low=0.0, p_mean=0.0)
    size = size_exploratory(poor, WIDE, equity_usd=EQUITY, week_budget_left_frac=0.02)
    assert size.quantity > 0


def test_exploratory_stops_at_its_weekly_budget() -> None:
    size = size_exploratory(GOLD, WIDE, equity_usd=EQUITY, week_budget_left_frac=0.0)
    assert (size.quantity, size.set_by) == (Decimal(0), "weekly budget")


@pytest.mark.parametrize(
    ("bet", "room", "message"),
    [
        (replace(GOLD, p_low=math.nan), WIDE, "p_low"),
        (replace(GOLD, volatility=math.nan), WIDE, "volatility"),
        (replace(GOLD, price=Decimal("NaN")), WIDE, "price"),
        (GOLD, replace(WIDE, heat_frac=math.nan), "heat_frac"),
        (GOLD, replace(WIDE, pair_frac=math.nan), "pair_frac"),
        (GOLD, replace(WIDE, settled_cash_usd=Decimal("NaN")), "settled_cash_usd"),
    ],
)
def test_an_unknown_number_is_refused_by_name(bet: Bet, room: Room, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        entry(bet, room)
