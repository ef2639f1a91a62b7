from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.ui.proposal import proposal_card
from engine.facade import DESK, CardKind, OrderType, ProposalStatus
from tests.kit import bot_views as views
from tests.kit.bot_cards import button_ids, components, text_of

FINAL = [status for status in ProposalStatus if status is not ProposalStatus.OPEN]


def test_proposal_card_shows_everything_that_is_approved() -> None:
    said = text_of(proposal_card(views.proposal()))
    for expected in (
        "BTC-USD", "kraken", "market order", "64,123.40", "65,900.00", "63,000.00", "+2.77 %",
        "0.0123 BTC", "$788.72", "7.9 % of equity", "$18.10", "41.2 %", "37.1 %", "38.9 %",
        "+0.12 %", "0.52 %", "taker 0.40 %", "Mean reversion", "Calibration", "Alpha",
        "P-7K3Q", views.terms().short_hash, "<t:",
    ):  # fmt: skip
        assert expected in said


def test_proposal_card_says_that_a_post_only_entry_may_never_fill() -> None:
    resting = views.terms(order_type=OrderType.LIMIT)
    said = text_of(proposal_card(views.proposal(terms=resting)))
    assert "rests at the bid, post-only: it may never fill" in said


def test_proposal_card_buttons_carry_id_and_hash() -> None:
    short_hash = views.terms().short_hash
    assert button_ids(proposal_card(views.proposal())) == [
        f"proposal:{action}:P-7K3Q:{short_hash}"
        for action in ("approve", "halve", "reject", "breakdown")
    ]


@pytest.mark.parametrize("status", FINAL)
def test_proposal_card_loses_its_buttons_with_the_decision(status: ProposalStatus) -> None:
    card = proposal_card(views.proposal(status))
    assert button_ids(card) == []
    assert status.value in text_of(card)


def test_proposal_card_tells_who_decided_when_and_at_what_price() -> None:
    said = text_of(proposal_card(views.proposal(ProposalStatus.APPROVED)))
    assert "by B" in said
    assert "64,150.00" in said
    assert "<t:1714745040:f>" in said


def test_proposal_card_tells_a_halved_quantity() -> None:
    view = views.proposal(ProposalStatus.APPROVED, decided_quantity=Decimal("0.006"))
    assert "0.006 BTC of the proposed 0.0123 BTC" in text_of(proposal_card(view))


def test_proposal_card_disarms_markup_in_a_reason() -> None:
    view = views.proposal(ProposalStatus.REJECTED, reason="@everyone **no** <@1>")
    said = text_of(proposal_card(view))
    assert "@everyone" not in said
    assert "<@1>" not in said


def test_exploratory_card_says_so() -> None:
    view = views.proposal(terms=views.terms(kind=CardKind.EXPLORATORY))
    assert "EXPLORATORY" in text_of(proposal_card(view))


def test_small_paper_proposal_has_no_buttons_and_names_the_rule() -> None:
    view = views.proposal(ProposalStatus.APPROVED, asked=False, decided_by=DESK)
    card = proposal_card(view)
    assert button_ids(card) == []
    assert "the desk's own rule" in text_of(card)


@pytest.mark.parametrize(
    ("market", "word"), [(views.SIMULATED, "SIMULATED"), (views.REPLAY, "REPLAY")]
)
def test_proposal_card_marks_a_market_that_is_not_live(market: object, word: str) -> None:
    assert word in text_of(proposal_card(views.proposal(market=market)))


def test_proposal_card_in_replay_shows_virtual_dates_only() -> None:
    said = text_of(proposal_card(views.proposal(market=views.REPLAY)))
    assert "<t:" not in said
    assert "2024-05-03 14:30 UTC (replay)" in said


def test_proposal_card_survives_extremes() -> None:
    view = replace(
        views.proposal(),
        layers_for=tuple("for " * 200 for _ in range(12)),
        layers_against=tuple("against " * 200 for _ in range(12)),
        witnesses=tuple("witness " * 200 for _ in range(6)),
    )
    card = proposal_card(view)
    assert len(text_of(card)) <= 4000
    assert len(list(components(card))) <= 40
    assert "At risk at the stop" in text_of(card)
    assert len(button_ids(card)) == 4
