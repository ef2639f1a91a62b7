"""Under random orders, bars, books and prints, money conserves and nothing fills too well."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.brokers.latency import Latency
from engine.model.bars import Bar, Depth
from engine.model.orders import Fill, Order, OrderType, Purpose, Side
from tests.engine.brokers.trading import (
    BTC,
    bar,
    book,
    buy,
    closed,
    hour,
    paper,
    printed,
    quote,
    rest,
    sell,
    stop,
    target,
)

D = Decimal
START = D(5000)
prices = st.integers(800, 1200)


@st.composite
def bars(draw: st.DrawFn, opens: int) -> Bar:
    low, o, c, high = sorted(draw(st.tuples(prices, prices, prices, prices)))
    return bar(opens, o=o, h=high, l=low, c=c, volume=draw(st.floats(0.1, 1e4)))


sizes = st.integers(1, 1500).map(lambda lots: lots / 1000)


@st.composite
def books(draw: st.DrawFn, at: float) -> Depth:
    """Up to four levels a side around a middle."""
    middle = draw(prices)
    sides = []
    for sign in (-1, 1):
        steps = draw(st.lists(st.integers(1, 40), min_size=1, max_size=4, unique=True))
        sides.append([(float(middle + sign * step), draw(sizes)) for step in sorted(steps)])
    return book(at, *sides)


@st.composite
def histories(draw: st.DrawFn) -> list[Any]:
    """Orders, cancellations, bars, quotes, books and prints over six hours."""
    steps: list[Any] = []
    for at in range(6):
        count = draw(st.integers(0, 3))
        steps.extend(draw(orders(at, f"{at}-{number}")) for number in range(count))
        if draw(st.booleans()):
            bid, ask = sorted(draw(st.tuples(prices, prices)))
            steps.append(quote(at + 0.5, bid, ask, 0.7))
        for part in range(draw(st.integers(0, 2))):
            steps.append(draw(books(at + 0.6 + part / 10)))
            if draw(st.booleans()):
                price, size, sold = draw(prices), draw(sizes), draw(st.booleans())
                steps.append(printed(at + 0.65 + part / 10, price, size, sold=sold))
        if draw(st.integers(0, 5)) == 0:
            steps.append(f"{draw(st.integers(0, at))}-0")
        steps.append(closed(draw(bars(at)), caught_up=draw(st.integers(0, 5)) == 0))
    return steps


@st.composite
def orders(draw: st.DrawFn, at: int, name: str) -> Order:
    quantity = str(draw(st.integers(1, 3000)) * BTC.lot)
    kind = draw(st.integers(0, 5))
    ends = draw(st.sampled_from([None, hour(at + 0.65), hour(at + 2)]))
    if kind == 0:
        return buy(at, quantity, client_id=name, expires_at=ends)
    if kind == 5:
        return rest(str(draw(prices)), at, quantity, client_id=name, expires_at=ends)
    if kind == 1:
        limit = D(draw(prices))
        return buy(at, quantity, client_id=name, type=OrderType.LIMIT, limit_price=limit)
    if kind == 2:
        return sell(at, quantity, client_id=name)
    pair = {"linked_to": f"{at}-{draw(st.integers(0, 2))}", "client_id": name}
    make = stop if kind == 3 else target
    return make(str(draw(prices)), at, quantity, **pair)


async def run(steps: list[Any]) -> tuple[list[Fill], dict[str, Order], list[dict[str, Decimal]]]:
    broker = paper(str(START), ahead_frac=0.5, latency=Latency(10.0, 300.0))
    sent: dict[str, Order] = {}
    fills: list[Fill] = []
    balances: list[dict[str, Decimal]] = []
    for step in steps:
        if isinstance(step, Order):
            sent[step.client_id] = step
            await broker.submit(step)
        elif isinstance(step, str):
            await broker.cancel(step)
        else:
            await broker.observe(step)
        fills += (await broker.report()).fills
        balances.append(await broker.balances())
    return fills, sent, balances


@settings(max_examples=60, deadline=None)
@given(histories())
def test_cash_and_units_conserve(steps: list[Any]) -> None:
    fills, sent, balances = asyncio.run(run(steps))
    cash, units = START, D(0)
    for fill in fills:
        sign = 1 if sent[fill.client_id].side is Side.BUY else -1
        cash -= sign * fill.price * fill.quantity + fill.fee_usd
        units += sign * fill.quantity
        assert units >= 0
        assert cash >= 0
    assert balances[-1]["USD"] == cash
    assert balances[-1].get("BTC", D(0)) == units
    assert all(amount >= 0 for held in balances for amount in held.values())


@settings(max_examples=60, deadline=None)
@given(histories())
def test_no_order_fills_more_or_better_than_it_may(steps: list[Any]) -> None:
    fills, sent, _ = asyncio.run(run(steps))
    filled: dict[str, Decimal] = {}
    for fill in fills:
        order = sent[fill.client_id]
        filled[order.client_id] = filled.get(order.client_id, D(0)) + fill.quantity
        assert filled[order.client_id] <= order.quantity
        assert fill.at >= order.created_at
        assert fill.price % BTC.tick == 0
        fee = D("0.0025") if order.post_only else D("0.004")
        assert fill.fee_usd == fill.price * fill.quantity * fee
        assert order.expires_at is None or fill.at <= order.expires_at
        if order.post_only:
            assert fill.price == order.limit_price
        if order.limit_price is not None and order.side is Side.BUY:
            assert fill.price <= order.limit_price
        if order.purpose is Purpose.TARGET and order.limit_price is not None:
            assert fill.price >= order.limit_price
    assert len({fill.fill_id for fill in fills}) == len(fills)


@settings(max_examples=30, deadline=None)
@given(histories())
def test_the_same_history_gives_the_same_fills(steps: list[Any]) -> None:
    assert asyncio.run(run(steps))[0] == asyncio.run(run(steps))[0]
