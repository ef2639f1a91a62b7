"""What guests are shown: complete, in words, and never more than was asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from engine.facade import (
    BreakdownView,
    ChartView,
    DecisionNotice,
    FillNotice,
    ProposalNotice,
    ProposalView,
    ScanNotice,
    ScanView,
    Timeframe,
    TradeNotice,
)
from engine.model.orders import Purpose
from tests.kit.desk import BTC, OWNER, DeskAtWork, at_work, desk_settings, refusal, swinging_file


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swinging_file(tmp_path_factory.mktemp("market"), 330, half_life=20.0)


@pytest_asyncio.fixture
async def desk(market: Path) -> AsyncIterator[DeskAtWork]:
    async with at_work(market, desk_settings()) as made:
        await made.bars(2)
        yield made


async def test_a_new_desk_has_a_scan_at_once(market: Path) -> None:
    async with at_work(market, desk_settings()) as made:
        scan = made.desk.scan()
        assert isinstance(scan, ScanView)
        assert [row.instrument for row in scan.rows] == [BTC]


async def test_a_scan_of_what_is_not_watched_says_what_is(desk: DeskAtWork) -> None:
    assert BTC in refusal(desk.desk.scan("XAU-USD")).mend


@pytest.mark.parametrize("reference", [BTC, " btc-usd "])
async def test_a_breakdown_shows_all_twelve_layers(desk: DeskAtWork, reference: str) -> None:
    view = desk.desk.breakdown(reference)
    assert isinstance(view, BreakdownView)
    assert [layer.number for layer in view.layers] == list(range(1, 13))


async def test_a_breakdown_of_a_proposal_adds_up_to_its_odds(desk: DeskAtWork) -> None:
    proposal = await desk.proposal()
    view = desk.desk.breakdown(proposal.terms.id.lower())
    assert isinstance(view, BreakdownView)
    assert view.terms == proposal.terms
    odds = proposal.terms.p_mean / (1 - proposal.terms.p_mean)
    assert sum(step for _, step in view.waterfall) == pytest.approx(float(Decimal(odds).ln()))
    assert "expected value" in view.sentence


async def test_a_chart_holds_the_levels_of_its_proposal(desk: DeskAtWork) -> None:
    proposal = await desk.proposal()
    view = await desk.desk.chart(proposal.terms.id)
    assert isinstance(view, ChartView)
    levels = {level.name: level.price for level in view.levels}
    terms = proposal.terms
    assert levels == {"target": terms.target, "entry": terms.entry, "stop": terms.stop}


async def test_a_chart_of_a_longer_timeframe_holds_whole_bars(desk: DeskAtWork) -> None:
    view = await desk.desk.chart(BTC, Timeframe.H4, 30)
    assert isinstance(view, ChartView)
    assert {bar.close_at - bar.open_at for bar in view.bars} == {timedelta(hours=4)}


async def test_a_chart_of_a_shorter_timeframe_is_refused(desk: DeskAtWork) -> None:
    assert refusal(await desk.desk.chart(BTC, Timeframe.M15)).limit == "timeframe"


async def test_a_chart_marks_fills(desk: DeskAtWork) -> None:
    name = await desk.position()
    view = await desk.desk.chart(BTC)
    assert isinstance(view, ChartView)
    assert [(mark.at, mark.bought) for mark in view.marks] == [
        (desk.ledger.positions[name].opened_at, True)
    ]


async def test_an_approved_proposal_tells_what_followed(desk: DeskAtWork) -> None:
    proposal = await desk.proposal()
    name = proposal.terms.id

    def outcome() -> str:
        view = desk.desk.proposal(name)
        assert isinstance(view, ProposalView)
        return view.outcome

    await desk.desk.approve(OWNER, name, proposal.short_hash)
    assert "its fill is posted below" in outcome()
    await desk.bars()
    assert outcome().startswith("Open: ")
    await desk.desk.close_position(OWNER, name, "")
    await desk.bars(2)
    assert outcome().startswith("Closed because the owner asked")


async def test_a_position_says_who_guards_it(desk: DeskAtWork) -> None:
    name = await desk.position()
    assert "stop rests" in desk.desk.positions()[0].guard
    await desk.desk.close_position(OWNER, name, "")
    assert "being sold" in desk.desk.positions()[0].guard


async def test_the_portfolio_adds_up(desk: DeskAtWork) -> None:
    await desk.position()
    view = desk.desk.portfolio()
    assert view.equity_usd == view.cash_usd + sum(p.value_usd for p in view.positions)
    assert view.total_usd == view.equity_usd - 10_000
    assert any(cap.used_frac > 0 for cap in view.limits)


async def test_profit_has_a_row_for_each_day(desk: DeskAtWork) -> None:
    rows = desk.desk.profit(3)
    assert [row.day for row in rows] == sorted(row.day for row in rows)
    assert rows[-1].day == desk.desk.now().date()


async def test_status_counts_what_is_open(desk: DeskAtWork) -> None:
    await desk.proposal()
    status = desk.desk.status()
    assert (status.open_proposals, status.open_positions, status.restarts) == (1, 0, 0)
    assert status.journal_seq == desk.ledger.seq


async def test_notices_tell_of_a_trade_from_card_to_result(desk: DeskAtWork) -> None:
    name = await desk.position()
    await desk.desk.close_position(OWNER, name, "")
    await desk.bars(2)
    told = []
    async for notice in desk.desk.posts.notices():
        told.append(type(notice))
        await desk.desk.posts.posted(notice.seq, "c", f"m{notice.seq}")
        if isinstance(notice, TradeNotice):
            break
    wanted = [ProposalNotice, DecisionNotice, FillNotice, TradeNotice]
    assert [kind for kind in told if kind in wanted] == wanted
    # Of the scans only the newest is told, after what it followed.
    assert told.count(ScanNotice) <= 1
    post = desk.desk.proposal(name)
    assert isinstance(post, ProposalView)
    assert post.post is not None


async def test_a_lost_entry_is_told(desk: DeskAtWork) -> None:
    proposal = await desk.proposal()
    await desk.desk.approve(OWNER, proposal.terms.id, proposal.short_hash)
    (order,) = desk.desk.orders()
    await desk.desk.cancel_order(OWNER, order.order.client_id)
    kinds = [envelope.kind for envelope in desk.ledger.untold.values()]
    assert kinds[-1] == "order_canceled"
    assert order.order.purpose is Purpose.ENTRY


async def test_reports_are_remembered(desk: DeskAtWork) -> None:
    assert desk.desk.posts.last_report("daily") is None
    await desk.desk.posts.report_posted("daily", desk.desk.now(), "c", "m")
    assert desk.desk.posts.last_report("daily") == desk.desk.now()
