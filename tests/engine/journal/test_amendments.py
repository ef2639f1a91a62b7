"""A fill that the venue corrects: the ledger comes out as if it had been told rightly at once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.desk.words import sentence
from engine.errors import CorruptJournal, InvariantBroken
from engine.journal.fold import apply
from engine.journal.ledger import Ledger
from engine.model import events as happened
from engine.model.events import Event
from engine.model.orders import Purpose
from tests.kit.events import (
    BOUGHT,
    NOON,
    OPENED,
    B,
    approved,
    envelopes,
    filled,
    intended,
    ledger_of,
    raised,
)
from tests.kit.market import HOUR

D = Decimal
SELL = intended("sell", Purpose.OWNER_CLOSE)
OURS = (happened.LotSettled("P-AAAA"), happened.LotReleased("P-AAAA"))
TOMORROW = NOON + 24 * HOUR
LATE = "the commission is known now"


def amended(
    told: happened.OrderFilled, price: str = "", fee: str = "", **more: Any
) -> happened.FillAmended:
    fill = replace(
        told.fill,
        price=D(price or told.fill.price),
        fee_usd=D(fee or told.fill.fee_usd),
        **more,
    )
    return happened.FillAmended(fill, told.fill, LATE)


def bought(entry: happened.OrderFilled, *after: Event) -> tuple[Event, ...]:
    return (OPENED, raised(), approved(), intended(), entry, *OURS, *after)


def sold(price: str, fee: str = "1", quantity: str = "2") -> happened.OrderFilled:
    return filled(
        "sell", quantity, price, fill_id="sale", fee_usd=D(fee), at=NOON + HOUR,
        reference_price=D(100), settles_at=TOMORROW,
    )  # fmt: skip


def entered(price: str, fee: str = "1") -> happened.OrderFilled:
    return filled(
        "buy", 2, price, fill_id="entry", fee_usd=D(fee), reference_price=D(100),
        settles_at=None,
    )  # fmt: skip


def books(ledger: Ledger) -> tuple[Any, ...]:
    """Everything that hangs on money; extremes keep what was told and are looked at elsewhere."""
    flat: dict[str, Any] = {"worst_price": D(0), "best_price": D(0)}
    level: dict[str, Any] = {"mae_frac": 0.0, "mfe_frac": 0.0}
    return (
        ledger.cash_usd,
        ledger.equity_usd,
        ledger.fees_usd,
        ledger.fills,
        ledger.orders,
        ledger.dealings,
        ledger.unsettled,
        ledger.executions,
        (ledger.losses_in_a_row, ledger.last_loss_at),
        {name: replace(held, **flat) for name, held in ledger.positions.items()},
        [replace(trade, **level) for trade in ledger.trades],
    )


def _differ(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return [D(number) for number in one] != [D(number) for number in other]


prices = st.integers(80, 120).map(str)
fees = st.decimals("0", "5", places=2).map(str)


@given(
    entry=st.tuples(prices, fees), entry_told=st.tuples(prices, fees),
    sale=st.tuples(prices, fees), sale_told=st.tuples(prices, fees),
    quantity=st.sampled_from(["0", "1", "2"]), entry_first=st.booleans(),
)  # fmt: skip
def test_an_amended_record_is_the_record_of_what_was_true(
    entry: tuple[str, str], entry_told: tuple[str, str], sale: tuple[str, str],
    sale_told: tuple[str, str], quantity: str, *, entry_first: bool,
) -> None:  # fmt: skip
    right: list[Event] = []
    wrong: list[Event] = []
    corrections: list[Event] = []
    if quantity != "0":
        right = [SELL, sold(*sale, quantity)]
        wrong = [SELL, sold(*sale_told, quantity)]
        if _differ(sale, sale_told):
            corrections.append(amended(sold(*sale_told, quantity), *sale))
    if _differ(entry, entry_told):
        corrections.insert(0 if entry_first else 1, amended(entered(*entry_told), *entry))
    # Before any bar the first price that was told stands as the mark of both.
    after = ledger_of(*bought(entered(*entry_told), *wrong, *corrections))
    truth = ledger_of(*bought(entered(*entry), *right))
    after.prices, truth.prices = {}, {}
    after.equity_usd, truth.equity_usd = after.marked_equity_usd(), truth.marked_equity_usd()
    assert books(after) == books(truth)


def test_a_late_commission_costs_cash_and_raises_the_cost() -> None:
    late = amended(entered("100"), fee="3.50")
    ledger = ledger_of(*bought(entered("100"), late))
    held = ledger.positions["P-AAAA"]
    assert (ledger.cash_usd, held.cost_usd, held.fees_usd) == (D("9796.50"), D("203.50"), D("3.5"))
    assert (held.entry_price, ledger.fees_usd) == (D(100), {"2025-03": D("3.50")})


def test_a_win_that_was_none_counts_as_a_loss_since_the_last_reset() -> None:
    reset = happened.BreakerReset("losses in a row, halt", B, "reviewed")
    events = bought(entered("100"), SELL, sold("101.50"))
    late = amended(sold("101.50"), fee="4")
    assert ledger_of(*events).losses_in_a_row == 0
    after = ledger_of(*events, late)
    assert (after.losses_in_a_row, after.last_loss_at) == (1, NOON + HOUR)
    assert (after.trades[0].pnl_usd, after.trades[0].r_multiple) == (D(-2), -0.2)
    assert ledger_of(*events, reset, late).losses_in_a_row == 0


def test_extremes_keep_what_was_told_and_reach_what_was_true() -> None:
    held = ledger_of(*bought(entered("100"), amended(entered("100"), "99"))).positions["P-AAAA"]
    assert (held.worst_price, held.best_price, held.entry_price) == (D(99), D(100), D(99))
    closed = bought(entered("100"), SELL, sold("110"), amended(entered("100"), "88"))
    (trade,) = ledger_of(*closed).trades
    assert trade.mae_frac == 0.0
    assert trade.mfe_frac == pytest.approx(110 / 88 - 1)


def test_amendments_are_a_chain_and_none_counts_twice() -> None:
    first, second = entered("100"), amended(entered("100"), "99")
    third = happened.FillAmended(replace(second.fill, fee_usd=D(2)), second.fill, LATE)
    assert ledger_of(*bought(first, second, third)).cash_usd == D(10_000 - 2 * 99 - 2)
    for again in ((second, second), (second, third, third), (third,), (second, third, second)):
        with pytest.raises(InvariantBroken, match="does not start from what is booked"):
            ledger_of(*bought(first, *again))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (amended(entered("100")), "and nothing else"),
        (amended(entered("100"), "99", quantity=D(1)), "and nothing else"),
        (amended(entered("100"), "99", at=TOMORROW), "and nothing else"),
        (amended(entered("100"), "0"), "below zero"),
        (amended(entered("100"), fee="-0.01"), "below zero"),
        (amended(entered("100"), "5000"), "would leave cash at -1 USD"),
        (amended(filled("buy", fill_id="never")), "no fill never"),
        (amended(filled("nobody", fill_id="entry")), "no order nobody"),
    ],
)
def test_an_unlawful_amendment_changes_nothing(change: Event, words: str) -> None:
    before = ledger_of(*bought(entered("100")))
    after = ledger_of(*bought(entered("100")))
    with pytest.raises(InvariantBroken, match=words):
        apply(after, envelopes(bought(entered("100"), change))[-1])
    assert books(before) == books(after)


@pytest.mark.parametrize("number", ["NaN", "Infinity"])
def test_what_is_no_number_is_not_even_written(number: str) -> None:
    with pytest.raises(CorruptJournal, match="finite"):
        ledger_of(*bought(entered("100"), amended(entered("100"), fee=number)))


def test_an_amendment_is_told_in_numbers() -> None:
    ledger = ledger_of(*BOUGHT, amended(filled(), fee="2"))
    assert [type(e.event) for e in ledger.untold.values()][-1] is happened.FillAmended
    assert sentence(amended(filled(), fee="2")) == (
        "buy filled 2 at 100; fee $2.00, not $1.00: the commission is known now. "
        "Cash, cost and result are corrected."
    )
    assert "at 99, not 100; fee $1.00:" in sentence(amended(filled(), "99"))
