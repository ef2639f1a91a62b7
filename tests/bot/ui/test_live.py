"""The lock on live and the account on the risk card: what stands in the way comes first."""

from __future__ import annotations

from bot.ui.live import live_card
from bot.ui.risk import risk_card
from engine.facade import AccountView, Requirement
from tests.kit import bot_views as views
from tests.kit.bot_cards import text_of

NEEDS = (
    Requirement("mode", False, "desk.mode is paper", "set it to live"),
    Requirement("jurisdiction", True, "CA-ON"),
    Requirement("review", None, "no look has been held", "wait"),
)


def test_locked_it_tells_each_missing_line_with_its_mend() -> None:
    said = text_of(live_card(NEEDS, views.SIMULATED))
    assert "Live is locked" in said
    assert "2 lines missing" in said
    assert "**mode**: desk.mode is paper. Set it to live." in said
    assert "? **review**" in said
    assert "-# met: jurisdiction" in said
    assert "SIMULATED" in said


def test_with_nothing_missing_it_says_so() -> None:
    said = text_of(live_card(NEEDS[1:2], views.LIVE))
    assert "Live is unlocked" in said


def test_what_differs_at_the_account_stands_on_the_risk_card_line_by_line() -> None:
    account = AccountView(
        at=views.AT,
        compared="kraken: 2 balances, 1 working orders, 3 executions",
        differing=("kraken holds 10 USD, and the record comes to 20",),
        owners=("the owner's own order O1 works at kraken",),
    )
    said = text_of(risk_card(views.risk(account=account), None))
    assert "**DIFFERS** kraken holds 10 USD" in said
    assert "the owner's own order O1" in said
    assert "record and account differ since" in said
