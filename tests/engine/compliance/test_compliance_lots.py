"""Bought, settled, sellable: by the table alone, and on a desk whose venue settles later."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest

from engine.compliance import LOT_TRANSITIONS, LotChange, next_lot, settles_at
from engine.errors import InvariantBroken
from engine.model.orders import Side
from engine.model.positions import LotState
from tests.engine.brokers.trading import BTC, COSTS, bar, buy, closed, sell
from tests.kit.desk import BTC as BTC_USD
from tests.kit.desk import OWNER, at_work, desk_settings, start, swinging_file


@pytest.mark.parametrize(("state", "change"), [*product(LotState, LotChange)])
def test_a_lot_goes_only_where_the_table_says(state: LotState, change: LotChange) -> None:
    if (state, change) in LOT_TRANSITIONS:
        assert next_lot(state, change) is LOT_TRANSITIONS[state, change]
    else:
        with pytest.raises(InvariantBroken, match=f"{state} cannot {change}"):
            next_lot(state, change)


def test_nothing_becomes_sellable_but_by_release_of_what_is_settled() -> None:
    ways = {way for way, to in LOT_TRANSITIONS.items() if to is LotState.SELLABLE}
    assert ways == {(LotState.SETTLED, LotChange.RELEASE)}


@pytest.mark.parametrize(
    ("traded", "days", "settles"),
    [
        ("2025-03-03T10:00", 0, None),
        ("2025-03-03T10:00", 1, "2025-03-05T00:00"),
        ("2025-03-06T23:59", 1, "2025-03-08T00:00"),
        ("2025-03-07T10:00", 1, "2025-03-11T00:00"),
        ("2025-03-08T10:00", 1, "2025-03-11T00:00"),
        ("2025-03-07T10:00", 2, "2025-03-12T00:00"),
    ],
)
def test_business_days_are_counted_to_their_end(
    traded: str, days: int, settles: str | None
) -> None:
    at = datetime.fromisoformat(traded).replace(tzinfo=UTC)
    expected = datetime.fromisoformat(settles).replace(tzinfo=UTC) if settles else None
    assert settles_at(at, days) == expected


async def test_paper_neither_sells_nor_spends_what_is_not_settled() -> None:
    from dataclasses import replace

    from engine.brokers.paper import PaperBroker

    trust = replace(BTC, settles_after_days=1)
    broker = PaperBroker((trust,), COSTS, cash_usd=Decimal(10_000))
    await broker.submit(buy())
    await broker.observe(closed(bar(0)))
    (fill,) = (await broker.report()).fills
    assert fill.settles_at == datetime(2025, 3, 5, tzinfo=UTC)
    assert "0 held and free" in getattr(await broker.submit(sell()), "reason", "")
    assert (await broker.balances())["BTC"] == 0
    await broker.observe(closed(bar(47)))
    assert (await broker.report()).settled == ("entry",)
    await broker.submit(sell(48, client_id="later"))
    await broker.observe(closed(bar(48)))
    (sale,) = (await broker.report()).fills
    settled = (await broker.balances())["USD"]
    assert settled == Decimal(10_000) - fill.price * fill.quantity - fill.fee_usd
    assert sale.settles_at == datetime(2025, 3, 7, tzinfo=UTC)


async def test_an_unsettled_lot_waits_without_a_stop_also_over_a_restart(tmp_path: Path) -> None:
    file = swinging_file(tmp_path, 390, half_life=20.0)
    trust = {"form": "allocated_metal", "settles_after_days": 1}
    settings = desk_settings(instruments={BTC_USD: trust})
    async with at_work(file, settings) as desk:
        await desk.bars(2)
        name = await desk.position()
        (view,) = desk.desk.positions()
        assert view.position.lot is LotState.BOUGHT
        assert "may not be sold before" in view.guard
        await desk.desk.close_position(OWNER, name, "changed my mind")
        assert desk.ledger.orders_of(name, Side.SELL) == []
        again = await start(file, settings, desk.journal)
        due = view.position.settles_at
        assert due is not None
        while name in again.ledger.positions:
            assert await again.bars()
            if again.ledger.orders_of(name, Side.SELL):
                assert again.ledger.at is not None
                assert again.ledger.at >= due
        assert again.ledger.trades[-1].closed_at >= due
