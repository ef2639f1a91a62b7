"""The cards of scouts: what they must say, and that a model's words stay words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.ui.desk import audit_card
from bot.ui.proposal import proposal_card
from bot.ui.scan import scan_card
from bot.ui.scouts import opinion_card, scouts_card
from engine.facade import (
    AuditLine,
    ConfidenceView,
    Opinion,
    OpinionNotice,
    Place,
    ScoutsView,
    ScoutView,
    Stance,
    Standing,
    WordView,
)
from engine.model.witnesses import Pattern, Voter
from tests.kit import bot_views as views
from tests.kit.bot_cards import components, text_of

VOTER = Voter("alpha", "1", "qwen2.5-vl-3b-instruct")
SAID = Opinion(
    VOTER,
    "BTC-USD",
    views.AT,
    Stance.LONG,
    0.72,
    Pattern.EXHAUSTION,
    "Selling dries up near the low.",
    ("Long lower wicks in the last four candles.", "Bodies shrink."),
)
ALPHA = ScoutView(
    name="alpha",
    voter=VOTER.key,
    every_minutes=15,
    valid_minutes=90,
    silent="",
    words=(WordView(SAID, views.AT - timedelta(minutes=20), stands=True),),
    opinions=212,
    abstentions=(("false claim", 31), ("timeout", 4), ("unparsable", 2)),
    mean_seconds=3.4,
    calls=249,
    tokens=311_000,
    cost_usd=Decimal(0),
    standings=(Standing("reversion", 30.0, 20.0, 20.0, 30.0, 0.1606, -0.1606),),
    confidence=(
        ConfidenceView(0.6, 0.8, 41, 0.71, 0.56),
        ConfidenceView(0.8, 1.0, 9, 0.88, 0.44),
    ),
)
GAMMA = replace(
    ALPHA,
    name="gamma",
    voter="",
    every_minutes=240,
    silent="unreachable: All connection attempts failed",
    words=(),
    opinions=0,
    abstentions=(("unreachable", 12),),
    mean_seconds=0.1,
    calls=0,
    tokens=0,
    standings=(),
    confidence=(),
)
VIEW = ScoutsView((ALPHA, GAMMA), True, True, 91_000, 500_000, views.LIVE)


def test_the_card_tells_words_silences_record_and_what_it_took() -> None:
    said = text_of(scouts_card(VIEW))
    for told in (
        "1 standing opinion",
        "**long**, confidence 72 %, sees exhaustion",
        "false claim 31",
        "silent: unreachable",
        "60.0 of 100.0 votes right",
        "no closed vote yet: weighs nothing",
        "91,000 of 500,000 tokens today",
        "3.4 s an answer",
        "56 %",
    ):
        assert told in said, told
    assert len(list(components(scouts_card(VIEW)))) <= 40


def test_without_a_server_the_card_says_how_to_get_one() -> None:
    said = text_of(scouts_card(replace(VIEW, asked=False)))
    assert "scouts.base_url" in said


def test_in_a_replay_the_card_says_that_nothing_counts() -> None:
    said = text_of(scouts_card(replace(VIEW, counts=False, market=views.REPLAY)))
    assert "never become votes" in said


@pytest.mark.parametrize("counts", [True, False])
def test_a_posted_opinion_says_who_why_and_that_it_decides_nothing(counts: bool) -> None:
    notice = OpinionNotice(7, views.AT, Place.RESEARCH, SAID, counts)
    said = text_of(opinion_card(notice, views.LIVE))
    assert "Alpha on BTC-USD: **long**" in said
    assert "Bodies shrink." in said
    assert "not a judge" in said
    assert ("never becomes a vote" in said) is not counts


def test_a_models_words_cannot_mention_link_or_format() -> None:
    loud = replace(SAID, reason="@everyone **[win](http://evil)** `x`", evidence=("# <@1>",))
    notice = OpinionNotice(7, views.AT, Place.RESEARCH, loud, counts=True)
    talking = replace(ALPHA, words=(WordView(loud, views.AT, stands=True),))
    shown = opinion_card(notice, views.LIVE), scouts_card(replace(VIEW, scouts=(talking,)))
    for card in shown:
        said = text_of(card)
        assert "@everyone" not in said
        assert "[win](" not in said
        assert "<@1>" not in said


def test_a_proposal_has_the_scouts_in_one_line() -> None:
    said = text_of(proposal_card(views.proposal(scouts=(SAID,))))
    assert "**Scouts** Alpha long (72 %)" in said
    assert "**Scouts**" not in text_of(proposal_card(views.proposal()))


def test_a_servers_words_in_the_scan_are_only_words() -> None:
    silent = ("Gamma (refused: HTTP 400 **@here** [x](http://y))",)
    said = text_of(scan_card(replace(views.scan(), silent=silent)))
    assert "@here" not in said
    assert "[x](" not in said


def test_a_models_words_in_the_audit_are_only_words() -> None:
    line = AuditLine(1, views.AT, "opinion_given", "Alpha: [win](http://evil) @everyone", "ab12")
    said = text_of(audit_card([line]))
    assert "[win](" not in said
    assert "@everyone" not in said
