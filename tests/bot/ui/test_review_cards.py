"""The cards of the review: what they must say, and that they fit a message and a phone."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from bench.desks import START, Scribe
from bench.verdict import beside, planted
from bot.charts import render_performance, render_reliability
from bot.ui.card import TEXT_LIMIT, Card
from bot.ui.review import goal_card, odds_card, performance_card, review_card
from engine.facade import ReviewView
from engine.model.reviews import Verdict
from engine.review.goal_report import goal_report
from engine.review.measuring import Beside, review_of
from engine.review.record import Record, record_of
from engine.review.viewing import odds_view, performance_view, review_view
from engine.views.review import GoalReportView, PerformanceView
from tests.kit.bot_cards import text_of

PHONE_COLUMNS = 38


@pytest.fixture(scope="module")
def scribe() -> Scribe:
    """Eight weeks of 60 trades with an edge of 0.3 R."""
    return planted(0.3, 60, np.random.default_rng(2))


@pytest.fixture(scope="module")
def record(scribe: Scribe) -> Record:
    found = record_of(scribe.ledger, START + timedelta(weeks=8))
    assert found is not None
    return found


def reviewed(scribe: Scribe, record: Record, what: Beside) -> ReviewView:
    return review_view(scribe.ledger, record, review_of(record, what, scheduled=True), None)


def tables(card: Card) -> list[str]:
    """Lines of the code blocks."""
    blocks = text_of(card).split("```")[1::2]
    return [line for block in blocks for line in block.strip("\n").split("\n")]


@pytest.mark.parametrize("known", [True, False])
def test_review_card_names_every_gate_and_fits(
    scribe: Scribe, record: Record, *, known: bool
) -> None:
    view = reviewed(scribe, record, beside() if known else Beside(draws=50))
    said = text_of(review_card(view))
    assert len(said) <= TEXT_LIMIT
    decision = view.review.decision
    assert said.startswith(f"## Review · {decision.verdict}")
    for gate in decision.gates:
        assert f"{gate.name}: **{gate.value}** ({gate.bound})" in said
    assert ("not measured: no trial log" in said) is not known


def test_a_go_says_what_is_left_for_full_size(scribe: Scribe, record: Record) -> None:
    view = reviewed(scribe, record, beside())
    assert view.review.decision.verdict in (Verdict.GO_PILOT, Verdict.KEEP_PAPER)
    assert "What it would take" in text_of(review_card(view))


def test_tables_fit_a_phone(scribe: Scribe, record: Record) -> None:
    performance = performance_view(record, None, None)
    assert isinstance(performance, PerformanceView)
    cards = (
        performance_card(performance, None),
        goal_card(GoalReportView(None, goal_report(record, 0.01, 0.02))),
        odds_card(odds_view(scribe.ledger, record, 20.0, None), None),
    )
    for card in cards:
        assert len(text_of(card)) <= TEXT_LIMIT
        assert max(map(len, tables(card))) <= PHONE_COLUMNS


def test_goal_card_shows_what_it_implies_and_its_odds(record: Record) -> None:
    said = text_of(goal_card(GoalReportView(None, goal_report(record, 0.01, 0.02))))
    for number in ("12.3", "147.0", "37.8", "1,377.4", "4.1", "5.7"):
        assert number in said, "MATH.md section 8"
    assert "next 90 days" in said
    assert "Tracked, not targeted" in said


def test_pictures_are_drawn_of_a_record(scribe: Scribe, record: Record) -> None:
    performance = performance_view(record, None, None)
    assert isinstance(performance, PerformanceView)
    assert render_performance(performance).startswith(b"\x89PNG")
    odds = odds_view(scribe.ledger, record, 20.0, None).odds
    bins = {"pipeline": odds.bins, "martingale": odds.bins_driftless}
    assert render_reliability("Live odds", bins).startswith(b"\x89PNG")


def test_a_day_is_the_least_that_performance_is_told_of(record: Record) -> None:
    assert not isinstance(performance_view(record, 0, None), PerformanceView)
