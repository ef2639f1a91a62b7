"""Cards of one set of bars: one question at a time, sized beside everything that stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.config import Settings
from engine.engine.judging import Judge
from engine.journal.ledger import Ledger
from engine.model.bars import Timeframe
from engine.model.proposals import CardKind
from engine.opening import pipeline_of
from tests.engine.desk.test_standing import (
    COSTING,
    GOLD,
    PICTURE,
    POLICY,
    SILVER,
    offering,
    quiet,
    seen,
)
from tests.engine.test_risk_entry import exposure


def judge(ledger: Ledger) -> Judge:
    return Judge(ledger, POLICY, pipeline_of(Settings(), POLICY, Timeframe.H1))


def portfolio_share(judged: Judge, *names: str) -> float:
    """Fraction after the portfolio's step on gold's card, with setups on `names`."""
    wild = tuple(seen(name, volatility=0.05) for name in names)
    first = judged.cards(wild, PICTURE, COSTING, caught_up=False)[0]
    assert first.terms is not None, first.sentence
    step = next(s for s in first.terms.size_steps if s.name == "portfolio share")
    return step.fraction


def test_one_set_of_bars_asks_one_question() -> None:
    both = seen(GOLD), seen(SILVER)
    cards = judge(Ledger()).cards(both, PICTURE, COSTING, caught_up=False)
    assert [card.kind for card in cards] == [CardKind.PROPOSAL, CardKind.WATCH]
    late = judge(Ledger()).cards(both, PICTURE, COSTING, caught_up=True)
    assert [card.kind for card in late] == [CardKind.WATCH, CardKind.WATCH]


def test_an_equal_twin_at_the_same_bar_halves_the_share() -> None:
    # Never seen together, so they count as one; equal in everything, they share alike.
    alone = portfolio_share(judge(Ledger()), GOLD)
    beside = portfolio_share(judge(Ledger()), GOLD, SILVER)
    assert alone == pytest.approx(0.25)
    assert beside == pytest.approx(0.125, rel=1e-4)


def test_what_the_gate_refuses_takes_no_share() -> None:
    poor = seen(SILVER, p_low=0.1)
    cards = judge(Ledger()).cards((seen(volatility=0.05), poor), PICTURE, COSTING, caught_up=False)
    assert cards[0].terms is not None
    assert cards[0].terms.size_frac == pytest.approx(0.25, abs=0.003)


def test_an_offer_of_an_earlier_bar_takes_its_share() -> None:
    ledger = offering(seen(SILVER, volatility=0.05))
    ledger.assessed[SILVER] = (1, quiet(SILVER, 0.05))
    cards = judge(ledger).cards((seen(volatility=0.05),), PICTURE, COSTING, caught_up=False)
    # Silver's offer is its whole optimum; gold moves as one with it as far as anybody knows.
    assert cards[0].terms is None or cards[0].terms.size_frac < 0.01


def test_a_forecast_of_an_earlier_bar_serves_for_what_is_held() -> None:
    held = replace(PICTURE, positions=(exposure("1000", "15"),))
    setup = (seen(volatility=0.05),)
    blind = judge(Ledger()).cards(setup, held, COSTING, caught_up=False)[0]
    assert blind.terms is None
    assert "no forecast for XAG-USD" in blind.sentence
    ledger = Ledger(assessed={SILVER: (1, quiet(SILVER, 0.05))})
    told = judge(ledger).cards(setup, held, COSTING, caught_up=False)[0]
    assert told.terms is not None
    assert told.terms.size_set_by == "portfolio share"
    assert told.terms.size_frac == pytest.approx(0.15, abs=0.003)
