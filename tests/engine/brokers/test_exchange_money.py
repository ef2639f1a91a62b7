"""Exact money between the venue and the books: steps, ids, fees."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.brokers.exchange.dialect import Steps, VenueTrade
from engine.brokers.exchange.fills import fill_of, ticket_of, too_small
from engine.brokers.exchange.wire_id import LONGEST, from_wire, to_wire
from engine.model.orders import OrderType, Purpose, Side
from tests.engine.brokers.trading import buy, stop, target
from tests.kit.broker_desks import ExchangeDesk

D = Decimal
COARSE = Steps(tick=D(5), lot=D("0.01"), min_quantity=D("0.02"), min_notional_usd=D(20))

prices = st.decimals("1", "100000", places=1)
sizes = st.decimals("0.001", "100", places=3)
steps = st.builds(
    Steps,
    tick=st.sampled_from([D("0.1"), D("0.25"), D(5)]),
    lot=st.sampled_from([D("0.00001"), D("0.01"), D("0.3")]),
    min_quantity=st.just(D(0)),
    min_notional_usd=st.just(D(0)),
)


@given(price=prices, size=sizes, of=steps)
def test_nothing_is_ever_rounded_in_our_favour(price: Decimal, size: Decimal, of: Steps) -> None:
    entry = buy(type=OrderType.LIMIT, limit_price=price, quantity=str(size))
    for order in (entry, target(str(price)), stop(str(price))):
        ticket = ticket_of(order, "BTC/USD", of)
        assert ticket.quantity <= order.quantity
        assert ticket.quantity % of.lot == 0
        if ticket.limit_price is not None:
            assert ticket.limit_price % of.tick == 0
            past = ticket.limit_price - price
            assert past <= 0 if order.side is Side.BUY else past >= 0
        if ticket.stop_price is not None:
            assert ticket.stop_price >= price


@pytest.mark.parametrize("post_only", [True, False])
def test_a_ticket_is_post_only_where_its_order_is(post_only: bool) -> None:
    entry = buy(type=OrderType.LIMIT, limit_price=D(980), post_only=post_only)
    assert ticket_of(entry, "BTC/USD", COARSE).post_only is post_only


@pytest.mark.parametrize(
    ("quantity", "words"), [("0.005", "0.02"), ("0.02", "20 USD|minimum of 20"), ("1", "")]
)
def test_dust_is_refused_before_the_wire(quantity: str, words: str) -> None:
    order = buy(type=OrderType.LIMIT, limit_price=D(900), quantity=quantity)
    told = too_small(ticket_of(order, "BTC/USD", COARSE))
    assert bool(told) == bool(words)
    assert any(word in told for word in words.split("|"))


@given(
    proposal=st.from_regex(r"[0-9a-f]{12}", fullmatch=True),
    purpose=st.sampled_from(list(Purpose)),
    attempt=st.integers(1, 99_999),
)
def test_our_ids_fit_on_the_wire_and_come_back(
    proposal: str, purpose: Purpose, attempt: int
) -> None:
    ours = f"{proposal}-{purpose.value.replace('_', '')}-{attempt}"
    assert 0 < len(to_wire(ours)) <= LONGEST
    assert from_wire(to_wire(ours)) == ours


@given(st.text(max_size=40))
def test_any_id_either_comes_back_or_is_refused(text: str) -> None:
    assert to_wire(text) == "" or from_wire(to_wire(text)) == text


@given(price=prices, size=sizes, fee=st.decimals("0", "0.0009", places=6))
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("in_base", [True, False])
def test_cash_and_holding_move_as_the_venue_moved_them(
    side: Side, in_base: bool, price: Decimal, size: Decimal, fee: Decimal
) -> None:
    at = datetime(2025, 3, 3, tzinfo=UTC)
    trade = VenueTrade("T", "O", at, side, price, size, fee)
    fill = fill_of(trade, "entry", "kraken", fee_in_base=in_base, reference=price)
    sign = 1 if side is Side.BUY else -1
    cash = -sign * fill.price * fill.quantity - fill.fee_usd
    held = sign * fill.quantity
    assert cash == -sign * price * size - (0 if in_base else fee)
    assert held == sign * size - (fee if in_base else 0)


async def test_a_venue_with_coarser_steps_gets_what_it_takes(live: ExchangeDesk) -> None:
    """Eight digits of a size and one of a price arrive as they were written, never as floats."""
    order = replace(
        buy(type=OrderType.LIMIT, limit_price=D("979.9")), quantity=D("0.123").normalize()
    )
    await live.broker.submit(order)
    placed = live.account.named("entry")[0]
    assert (placed.quantity, placed.limit) == (D("0.123"), D("979.9"))
