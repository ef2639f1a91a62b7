from __future__ import annotations

from bot.ui.risk import risk_card
from bot.ui.risk_words import against, limit_numbers
from engine.desk.words import sentence
from engine.facade import RowState
from engine.model.actors import DESK
from engine.model.events import Halted
from tests.kit import bot_views as views


def test_use_of_a_narrow_limit_can_be_told_from_the_limit() -> None:
    assert limit_numbers(views.limit_use("loss this week", 0.0025, 0.0032)) == "0.25 % of 0.32 %"
    assert limit_numbers(views.limit_use("BTC-USD", 0.1, 0.3)) == "10.0 % of 30.0 %"


def test_loss_limit_in_profit_says_that_nothing_is_lost() -> None:
    assert limit_numbers(views.limit_use("loss today", -0.000004, 0.02)) == "none of 2.0 %"


def test_breaker_that_is_yes_or_no_shows_no_number() -> None:
    assert against("0", "1") == ": 0 of 1"
    closed = views.breaker_row("market closed", state=RowState.BLOCKING, value="1", bound="1")
    view = risk_card(views.risk(breakers=(closed,)), None).view()
    shown = str(view.to_components())  # type: ignore[no-untyped-call]
    assert "**BLOCKING** market closed" in shown
    assert "1 of 1" not in shown


def test_halt_is_told_in_a_whole_sentence() -> None:
    assert sentence(Halted(by=DESK, reason="too wide")) == "The desk halted entries: too wide."
    assert sentence(Halted(by=DESK, reason="too wide.")) == "The desk halted entries: too wide."
