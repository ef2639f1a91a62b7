"""The desk's costs: measured drift, costs of candidates after a restart, kinds told apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.config import Settings
from engine.costs import Conditions
from engine.desk.costing import FEWEST_APPROVALS, Costing, adverse_move, drift_of
from engine.desk.policy import cost_model_of
from engine.desk.present.holdings import results_of
from engine.model.bars import Bar, BarsClosed, Timeframe
from engine.model.events import Event, OrderRejected
from engine.model.orders import Purpose
from engine.model.positions import Origin
from engine.probability.worth import Miss, at_cost, value_odds
from tests.kit.events import BOUGHT, NOON, OPENED, approved, filled, intended, ledger_of, raised
from tests.kit.market import HOUR

SETTINGS = Settings()


def approvals(count: int, price: int | str) -> list[Event]:
    """Proposals raised at 100 and approved at 100, bought at `price`."""
    events: list[Event] = [OPENED]
    for number in range(count):
        name, buy = f"P-{number:04}", f"buy {number}"
        events += [
            raised(name),
            approved(name, 1),
            intended(buy, quantity=1, proposal_id=name),
            filled(buy, 1, price),
        ]
    return events


def test_too_few_approvals_measure_no_drift() -> None:
    assert drift_of(ledger_of(*approvals(FEWEST_APPROVALS - 1, 101))) is None


def test_the_drift_is_the_mean_move_from_raising_to_filling() -> None:
    drift = drift_of(ledger_of(*approvals(FEWEST_APPROVALS, 101)))
    assert drift is not None
    assert drift.mean_frac == pytest.approx(0.01)
    assert drift.source == f"mean of {FEWEST_APPROVALS} approvals"


def test_a_move_in_our_favour_is_not_counted_on() -> None:
    drift = drift_of(ledger_of(*approvals(FEWEST_APPROVALS, 99)))
    assert drift is not None
    assert drift.mean_frac == 0.0


def test_spread_and_slippage_of_the_fill_are_no_drift() -> None:
    dear = filled("buy", 2, 103)
    at_reference = replace(dear, fill=replace(dear.fill, reference_price=Decimal(101)))
    ledger = ledger_of(OPENED, raised(), approved(), intended(), at_reference)
    assert adverse_move(ledger.proposals["P-AAAA"], ledger) == pytest.approx(0.01)


def test_an_approval_that_never_filled_counts_at_its_click() -> None:
    ledger = ledger_of(OPENED, raised(), approved(), intended(), OrderRejected("buy", "no"))
    assert adverse_move(ledger.proposals["P-AAAA"], ledger) == 0.0


def test_a_journaled_candidate_keeps_the_cost_that_judged_it() -> None:
    ledger = ledger_of(OPENED)
    btc = {"BTC-USD": SETTINGS.instrument("BTC-USD")}
    costing = Costing(cost_model_of(SETTINGS), btc, Conditions(), ledger)
    bar = Bar("BTC-USD", Timeframe.H1, NOON - HOUR, NOON, 100, 101, 99, 100, 1.0)
    fresh = costing.of_history(BarsClosed(NOON, (bar,)))["BTC-USD"]
    ledger.candidate_costs["BTC-USD", NOON] = 0.0123
    assert costing.of_history(BarsClosed(NOON, (bar,))) == {"BTC-USD": 0.0123}
    assert fresh != 0.0123


def test_costs_shift_expected_values_and_the_break_even_as_if_they_had_been_there_before() -> None:
    miss = Miss(0.7, -0.004)
    cheap = value_odds(0.4, 0.5, 0.42, 0.03, 0.02, miss, 0.003, 0.001)
    dear = value_odds(0.4, 0.5, 0.42, 0.03, 0.02, miss, 0.0047, 0.001)
    moved = at_cost(cheap, 0.03, 0.0047)
    for name in ("break_even", "ev_mean_frac", "ev_low_frac", "cost_frac", "gap_frac"):
        assert getattr(moved, name) == pytest.approx(getattr(dear, name), abs=1e-12)
    assert cheap.gap_frac == pytest.approx(0.5 * 0.7 * 0.001)


def test_results_are_told_apart_by_kind_of_card() -> None:
    sold = (
        intended("sell", Purpose.STOP),
        filled("sell", 2, 90, at=NOON + timedelta(hours=1)),
    )
    learnt = ledger_of(*BOUGHT, *sold).trades[0]
    by_hand = [replace(e, requested=True) if e == raised() else e for e in BOUGHT]
    asked = ledger_of(*by_hand, *sold).trades[0]
    assert (learnt.origin, asked.origin) == (Origin.EXPLORATORY, Origin.BY_HAND)
    told = results_of((learnt, asked, asked))
    assert [(r.origin, r.trades, r.wins) for r in told] == [
        (Origin.EXPLORATORY, 1, 0),
        (Origin.BY_HAND, 2, 0),
    ]
    assert sum(r.pnl_usd for r in told) == learnt.pnl_usd * 3
