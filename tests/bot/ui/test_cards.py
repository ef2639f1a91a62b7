"""Every other card: what it must say, and that extremes fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.channels import SetupReport
from bot.ui import books, desk, notices, risk
from bot.ui.breakdown import breakdown_card
from bot.ui.card import Card
from bot.ui.scan import most_interesting, scan_card
from engine.facade import (
    CardKind,
    DeskNotice,
    DeskState,
    Fill,
    FillNotice,
    KillSwitchView,
    OrderNotice,
    OrderState,
    Place,
    ProposalStatus,
    Purpose,
    Side,
    SizeStep,
    TradeNotice,
    VerifyView,
)
from tests.kit import bot_views as views
from tests.kit.bot_cards import components, text_of

PHONE_COLUMNS = 35
LONG = "a very long reason " * 60


def _fits(card: Card) -> str:
    said = text_of(card)
    assert len(said) <= 4000
    assert len(list(components(card))) <= 40
    return said


def test_scan_card_tells_price_change_verdict_and_silent_witnesses() -> None:
    row = views.scan_row(card=CardKind.WATCH)
    said = _fits(scan_card(views.scan(row)))
    for expected in ("BTC-USD", "64,123.40", "+1.23 %", "WATCH", "−0.21 % after 0.52 %", "Alpha"):
        assert expected in said


def test_scan_card_without_bars_says_when_to_expect_them() -> None:
    said = _fits(scan_card(replace(views.scan(), rows=(), at=None)))
    assert "No bar has closed yet" in said


def test_scan_card_marks_a_simulated_market() -> None:
    assert "SIMULATED" in text_of(scan_card(views.scan(market=views.SIMULATED)))


def test_scan_card_of_many_instruments_fits() -> None:
    rows = [views.scan_row(f"X{i}-USD", CardKind.WATCH, sentence=LONG) for i in range(30)]
    _fits(scan_card(views.scan(*rows)))


def test_scan_picture_shows_a_setup_first_and_else_rotates() -> None:
    quiet = views.scan()
    assert most_interesting(quiet) is quiet.rows[41 % 3]
    raised = views.scan_row("XAG-USD", CardKind.PROPOSAL)
    assert most_interesting(views.scan(*quiet.rows[:2], raised)) is raised


def test_breakdown_card_shows_all_twelve_layers_and_the_size_chain() -> None:
    said = _fits(breakdown_card(views.breakdown()))
    assert all(f"`L{number:<2}`" in said for number in range(1, 13))
    assert said.count("neutral") == 9
    assert "quarter Kelly" in said
    assert "prior" in said


def test_size_chain_fits_a_phone() -> None:
    names = ("exploratory risk", "gold and silver together", "a step with quite a long name")
    steps = tuple(SizeStep(name, 0.992, 0.1768) for name in names)
    terms = replace(views.terms(), size_steps=steps)
    said = _fits(breakdown_card(views.breakdown(terms=terms)))
    chain = said[said.index("size chain") :].split("```")[0]
    assert max(map(len, chain.splitlines())) <= PHONE_COLUMNS
    assert "gold and silver " in chain
    assert "together" not in chain


def test_breakdown_card_with_long_reasons_keeps_every_layer() -> None:
    said = _fits(breakdown_card(views.breakdown(layers=tuple(views.layers(LONG)), terms=None)))
    assert all(f"`L{number:<2}`" in said for number in range(1, 13))


def test_breakdown_card_without_setup_has_no_waterfall() -> None:
    quiet = views.assessment(setup=None, odds=None, log_odds=())
    view = views.breakdown(assessment=quiet, waterfall=(), card=None, terms=None)
    assert "```" not in _fits(breakdown_card(view))


def test_positions_card_tells_result_and_guard() -> None:
    said = _fits(books.positions_card([views.position_view()], views.LIVE))
    assert "+$4.31" in said
    assert "+0.30 R" in said
    assert "Its stop rests." in said


def test_empty_books_say_so() -> None:
    assert "Nothing is held" in text_of(books.positions_card([], views.LIVE))
    assert "No order" in text_of(books.orders_card([], views.LIVE))
    assert "Nothing waits" in text_of(books.proposals_card([], views.LIVE))
    assert "No position has been closed" in text_of(books.trades_card([], views.LIVE))
    assert "No day" in text_of(books.profit_card([], views.LIVE))


def test_long_books_fit() -> None:
    _fits(books.positions_card([views.position_view()] * 40, views.LIVE))
    _fits(books.orders_card([views.order_view(reason=LONG)] * 40, views.LIVE))
    _fits(books.proposals_card([views.proposal()] * 40, views.LIVE))
    _fits(books.trades_card([views.trade()] * 50, views.LIVE))
    _fits(books.profit_card(views.profit_rows() * 8, views.LIVE))


def test_portfolio_card_shows_the_caps() -> None:
    said = _fits(books.portfolio_card(views.portfolio()))
    assert "$10,074.31" in said
    assert "gross exposure" in said
    assert "50.0 %" in said


def test_status_card_of_a_halted_desk_says_by_whom_and_why() -> None:
    halted = views.status(
        state=DeskState.HALTED, halted_by=views.OVERSEER, halted_reason="odd prices",
        halted_at=views.AT,
    )  # fmt: skip
    said = _fits(desk.status_card(halted))
    assert said.startswith("## HALTED")
    assert "Arki" in said
    assert "odd prices" in said
    assert "/resume" in said


def test_verify_card_of_a_broken_chain_says_what_to_do() -> None:
    said = _fits(desk.verify_card(VerifyView(9, 9, "a" * 64, ("#4 was changed",))))
    assert "NOT" in said
    assert "#4 was changed" in said
    assert "/halt" in said


def test_audit_card_of_long_sentences_fits() -> None:
    line = replace(views.audit_line(), sentence=LONG)
    _fits(desk.audit_card([line] * 25))


def test_setup_card_names_a_missing_right_with_its_mend() -> None:
    report = SetupReport(missing=["Manage Channels: give it to the bot's role"])
    assert "Manage Channels" in _fits(desk.setup_card(report))


def test_fill_card_of_an_entry_shows_the_position() -> None:
    order = views.order(side=Side.BUY, purpose=Purpose.ENTRY)
    fill = Fill(
        "f1", order.client_id, views.AT, Decimal("64150.2"), Decimal("0.0123"), Decimal("3.16"),
        Decimal(64140),
    )  # fmt: skip
    notice = FillNotice(50, views.AT, Place.EXECUTION, order, fill, views.position_view())
    said = _fits(notices.fill_card(notice, views.LIVE))
    assert "Bought 0.0123 BTC at 64,150.20" in said
    assert "$3.16" in said
    assert "stop 63,000.00" in said


@pytest.mark.parametrize(("pnl", "shown"), [("18.32", "+$18.32"), ("-9.5", "−$9.50")])
def test_trade_card_tells_profit_and_risk_multiple(pnl: str, shown: str) -> None:
    trade = views.trade(pnl_usd=Decimal(pnl))
    notice = TradeNotice(
        60, views.AT + timedelta(hours=30), Place.EXECUTION, trade, Purpose.TARGET, Decimal(10018)
    )
    said = _fits(notices.trade_card(notice, views.LIVE))
    assert shown in said
    assert "+1.01 R" in said
    assert "target was reached" in said
    assert "1 d 6 h" in said


def test_order_card_of_a_lost_answer_says_it_may_be_live() -> None:
    view = views.order_view(OrderState.UNKNOWN, "no answer in 10 s")
    notice = OrderNotice(70, views.AT, Place.EXECUTION, view)
    assert "may be live" in _fits(notices.order_card(notice, views.LIVE))


def test_desk_card_names_who_acted() -> None:
    notice = DeskNotice(
        80, views.AT, Place.EXECUTION, "Entries are halted", LONG, views.OVERSEER, good=False
    )
    assert "by Arki" in _fits(notices.desk_card(notice, views.LIVE))


def test_daily_card_carries_the_journals_head() -> None:
    card = notices.daily_card(
        "2024-05-03 00:05 UTC", views.portfolio(), views.profit_rows(), views.status()
    )
    assert "a" * 64 in _fits(card)


def test_plain_card_still_tells_of_a_halt() -> None:
    notice = DeskNotice(
        80, views.AT, Place.EXECUTION, "Halted", "B halted: test", None, good=False
    )
    assert "B halted: test" in _fits(notices.plain_card(notice, views.LIVE))


@pytest.mark.parametrize("status", list(ProposalStatus))
def test_proposals_card_lists_any_state(status: ProposalStatus) -> None:
    assert "P-7K3Q" in _fits(books.proposals_card([views.proposal(status)], views.REPLAY))


def test_risk_card_puts_what_tripped_first_with_what_resets_it() -> None:
    said = _fits(risk.risk_card(views.risk(), None))
    for expected in ("REDUCING", "**TRIPPED** daily loss: 2.41 %", "resets at the next 00:00",
                     "REACHED** loss today 2.4 % of 2.0 %", "1 not measured"):  # fmt: skip
        assert expected in said


def test_risk_card_names_the_kill_file_and_how_to_release_it() -> None:
    thrown = KillSwitchView(("/d.halt",), True, LONG, None, "remove the file /d.halt")
    said = _fits(risk.risk_card(views.risk(kill_switch=thrown), None))
    assert "kill file is there" in said
    assert "remove the file /d.halt" in said


def test_long_risk_history_fits_and_an_empty_one_says_so() -> None:
    many = [views.risk_event(n, reason=LONG) for n in range(300)]
    assert "newest 25 of 300 events" in _fits(risk.history_card(many))
    assert "Nothing has tripped" in _fits(risk.history_card([]))
