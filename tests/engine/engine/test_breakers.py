"""The breakers of a desk at work: when they are looked at, what is journaled, who resets them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from engine.clock import VirtualClock
from engine.desk.picture import picture_of
from engine.engine.deadlines import Deadlines
from engine.errors import ConfigError
from engine.facade import ProposalStatus, ProposalView, StatusView
from engine.journal.memory import MemoryJournal
from engine.model import events as happened
from engine.model.actors import DESK, Actor, Permission
from engine.opening import MarketChoice, open_on
from engine.risk import BreakerState
from tests.engine.engine.test_venue import Venue, venue_desk
from tests.kit.desk import (
    BTC,
    OVERSEER,
    OWNER,
    STRANGER,
    DeskAtWork,
    at_work,
    desk_settings,
    refusal,
    sqlite,
)
from tests.kit.events import assessed
from tests.kit.market import HOUR, driven

STALE = f"stale data {BTC}"


def _clock(desk: DeskAtWork) -> VirtualClock:
    clock = desk.engine.clock
    assert isinstance(clock, VirtualClock)
    return clock


async def _fall_silent(desk: DeskAtWork) -> None:
    _clock(desk).jump_to(_clock(desk).now() + 3 * HOUR)


async def _post(desk: DeskAtWork, name: str) -> happened.BreakerTripped:
    trips = [e.event for e in await desk.record() if isinstance(e.event, happened.BreakerTripped)]
    return next(trip for trip in trips if trip.name == name)


# ---- when they are looked at -----------------------------------------------------------------


async def test_a_trip_found_at_a_request_is_journaled(desk: DeskAtWork) -> None:
    await _fall_silent(desk)
    assert refusal(await desk.desk.propose(OWNER, BTC)).limit == STALE
    assert list(desk.ledger.trips) == [STALE]


async def test_a_trip_found_at_the_click_is_journaled_before_the_refusal(market: Path) -> None:
    patient = desk_settings(approval={"expires_minutes": 600})
    async with at_work(market, patient) as desk:
        await desk.bars(2)
        view = await desk.proposal()
        await _fall_silent(desk)
        answer = refusal(await desk.desk.approve(OWNER, view.terms.id, view.short_hash))
        assert answer.limit == STALE
        assert (await desk.kinds())[-2:] == ["breaker_tripped", "approval_refused"]


async def test_what_is_taken_without_asking_is_looked_at_like_the_rest(market: Path) -> None:
    patient = desk_settings(approval={"expires_minutes": 600})
    async with at_work(market, patient) as desk:
        await desk.bars(2)
        view = await desk.proposal()
        await _fall_silent(desk)
        await desk.engine.deciding.take_at_once(view.terms)
        assert (await desk.kinds())[-2:] == ["breaker_tripped", "proposal_withdrawn"]


async def test_a_dead_feed_trips_without_a_bar_and_the_next_bar_arms_it(desk: DeskAtWork) -> None:
    clock, engine = _clock(desk), desk.engine
    clock.speed = 1e9
    deadlines = Deadlines(
        engine._recorder, clock, HOUR, engine._time_is_up, engine._watch.stale_at
    )
    watch = asyncio.create_task(deadlines.run())
    bars_at = desk.ledger.bars_at
    async with driven(clock):
        async with asyncio.timeout(5):
            while STALE not in desk.ledger.trips:
                await engine._recorder.changed_since(desk.ledger.seq)
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
    assert bars_at is not None
    assert bars_at + 2 * HOUR < desk.ledger.trips[STALE].at < bars_at + 3 * HOUR
    untold = [e.event for e in desk.ledger.untold.values()]
    assert any(isinstance(e, happened.BreakerTripped) and e.name == STALE for e in untold)


async def test_a_post_says_what_why_the_numbers_and_what_resets_it(desk: DeskAtWork) -> None:
    await _fall_silent(desk)
    await desk.desk.propose(OWNER, BTC)
    trip = await _post(desk, STALE)
    assert (trip.value, trip.bound) == ("3.0 bars", "2.0 bars")
    assert trip.why == "Its newest bar is too old to act on."
    assert trip.resets == "It resets with the next bar in time."


# ---- drawdown kill ---------------------------------------------------------------------------


async def _killed(desk: DeskAtWork) -> None:
    """The desk has once been worth 12,000 dollars: now it is a sixth below that."""
    await desk.engine._recorder.record(assessed(desk.engine.clock.now(), 12_000, calm=()))
    await desk.bars()
    assert {"drawdown kill", "drawdown halt"} <= set(desk.ledger.trips)


async def test_a_kill_that_the_owner_reset_does_not_trip_again_and_sizes_begin_anew(
    desk: DeskAtWork,
) -> None:
    await _killed(desk)
    for name in ("drawdown kill", "drawdown halt"):
        answer = await desk.desk.reset_breaker(OWNER, name, "begin anew with half the cash")
        assert isinstance(answer, StatusView)
    await desk.bars(3)
    assert not {"drawdown kill", "drawdown halt"} & set(desk.ledger.trips)
    engine = desk.engine
    now = engine._watch.moment(engine.clock.now())
    picture = picture_of(desk.ledger, engine._parts.policy, now)
    assert picture.kill_high_water_usd == picture.equity_usd == Decimal(10_000)
    assert picture.high_water_usd == Decimal(12_000)
    kill = next(b for b in desk.desk.status().breakers if b.name == "drawdown kill")
    assert (kill.value, kill.note) == ("0.00 %", "16.67 % below the highest equity ever")


async def test_after_a_kill_no_live_desk_opens_on_that_record(desk: DeskAtWork) -> None:
    await _killed(desk)
    journal = MemoryJournal(desk_settings().hash)
    for envelope in await desk.record():
        await journal.append([envelope.event], envelope.at)
    files = desk.engine._parts.feed._files  # type: ignore[attr-defined]
    live = desk_settings(desk={"mode": "live"})
    with pytest.raises(ConfigError, match="drawdown kill: it sent this desk back to paper on 20"):
        await open_on(journal, live, MarketChoice(files=files, speed=float("inf")))


# ---- limits ----------------------------------------------------------------------------------


async def test_a_looser_limit_waits_until_nothing_is_open(market: Path, tmp_path: Path) -> None:
    db, first = tmp_path / "executor.sqlite", desk_settings()
    bold = desk_settings(
        risk={"daily_loss_frac": 0.03, "losses_pause": 3}, sizing={"kelly_fraction": 1.0}
    )
    async with at_work(market, first, await sqlite(db, first)) as desk:
        await desk.position()
    async with at_work(market, bold, await sqlite(db, bold)) as desk:
        policy = desk.engine._parts.policy
        assert policy.limits.daily_loss_frac == 0.02
        assert policy.sizing.kelly_share == 0.25
        assert policy.limits.losses_pause_count == 3  # tighter: at once
        posts = [n.event for n in desk.ledger.untold.values()]
        (told,) = [e for e in posts if isinstance(e, happened.LimitsSet)]
        assert ("daily_loss_frac", 0.03, 0.02) in told.held_back
        await desk.desk.flatten(OWNER, "to change the limits")
        while desk.ledger.positions:
            await desk.bars()
    async with at_work(market, bold, await sqlite(db, bold)) as desk:
        assert desk.engine._parts.policy.limits.daily_loss_frac == 0.03
        assert desk.ledger.limits["daily_loss_frac"] == 0.03
        assert desk.ledger.limits_held_back == ()


async def test_the_same_limits_are_not_written_twice(market: Path, tmp_path: Path) -> None:
    db, settings = tmp_path / "executor.sqlite", desk_settings()
    for _ in range(2):
        async with at_work(market, settings, await sqlite(db, settings)) as desk:
            assert (await desk.kinds()).count("limits_set") == 1


# ---- the venue -------------------------------------------------------------------------------


@pytest.fixture
def venue() -> Venue:
    return Venue()


@pytest_asyncio.fixture
async def trading(market: Path, venue: Venue) -> AsyncIterator[DeskAtWork]:
    async with venue_desk(market, venue) as made:
        yield made


async def test_three_refused_orders_halt_entries_until_the_owner_resets(
    trading: DeskAtWork, venue: Venue
) -> None:
    venue.unreachable = True
    for _ in range(3):
        assert "order rejects" not in trading.ledger.trips
        view = await trading.proposal()
        await trading.desk.approve(OWNER, view.terms.id, view.short_hash)
    assert "order rejects" in trading.ledger.trips
    venue.unreachable = False
    await trading.bars(3)
    assert refusal(await trading.desk.propose(OWNER, BTC)).limit == "order rejects"
    await trading.desk.reset_breaker(OWNER, "order rejects", "the venue was down")
    await trading.bars(2)
    assert "order rejects" not in trading.ledger.trips


async def test_a_fill_of_an_unknown_order_halts_entries(trading: DeskAtWork, venue: Venue) -> None:
    venue.fills("somebody-else", Decimal(1), Decimal(1), trading.engine.clock.now())
    await trading.bars()
    assert list(trading.ledger.trips) == ["unknown orders"]
    assert trading.desk.positions() == ()


async def test_balances_that_differ_halt_entries_until_they_agree_and_the_owner_says_why(
    trading: DeskAtWork, venue: Venue
) -> None:
    venue.owned["USD"] -= 100
    await trading.bars()
    assert list(trading.ledger.trips) == ["balances"]
    answer = refusal(await trading.desk.reset_breaker(OWNER, "balances", "I took it out"))
    assert "trip again at once" in answer.mend
    venue.owned["USD"] += 100
    await trading.bars()
    (view,) = [b for b in trading.desk.status().breakers if b.tripped]
    assert view.state is BreakerState.COOLING
    await trading.desk.reset_breaker(OWNER, "balances", "I have put it back")
    assert trading.ledger.trips == {}


async def test_balances_that_nobody_tells_trip_and_come_back_by_themselves(
    trading: DeskAtWork, venue: Venue
) -> None:
    venue.unreachable = True
    await trading.bars()
    assert trading.ledger.trips["balances"].value == "unknown"
    venue.unreachable = False
    await trading.bars()
    assert trading.ledger.trips == {}


async def test_an_order_without_an_answer_blocks_further_entries(
    trading: DeskAtWork, venue: Venue
) -> None:
    venue.lose_answers = True
    view = await trading.proposal()
    await trading.desk.approve(OWNER, view.terms.id, view.short_hash)
    assert trading.ledger.proposals[view.terms.id].status is ProposalStatus.APPROVED
    assert refusal(await trading.desk.propose(OWNER, BTC)).limit == "orders without an answer"


# ---- who may what ----------------------------------------------------------------------------


async def test_a_review_note_takes_the_owner_and_some_words(desk: DeskAtWork) -> None:
    note = "Too many entries after losses; I lower the count."
    for actor in (OVERSEER, STRANGER, DESK):
        assert refusal(await desk.desk.note_review(actor, note)).limit == "permission"
    assert refusal(await desk.desk.note_review(OWNER, "sorry")).limit == "review note"
    assert desk.ledger.review_note_at is None
    assert isinstance(await desk.desk.note_review(OWNER, note), StatusView)
    assert desk.ledger.review_note_at == desk.engine.clock.now()


BOTS = (OVERSEER, STRANGER, DESK, Actor("9", "Analyzer", OVERSEER.role))


@pytest.mark.parametrize("actor", BOTS, ids=lambda actor: actor.name)
async def test_nothing_that_is_not_the_owner_loosens_anything(
    desk: DeskAtWork, actor: Actor
) -> None:
    """Every command of the desk, in the name of an overseer, a stranger, a bot and the desk."""
    view = await desk.proposal()
    name, digits = view.terms.id, view.short_hash
    await _killed(desk)
    bounds, trips = desk.engine._parts.policy.bounds, set(desk.ledger.trips)
    await desk.desk.halt(OWNER, "to see whether it stays")
    commands: dict[str, tuple[Any, ...]] = {
        "approve": (name, digits),
        "reject": (name, "no thanks"),
        "propose": (BTC,),
        "close_position": (name,),
        "cancel_order": ("any",),
        "halt": ("again",),
        "resume": ("all is well, trust me",),
        "flatten": ("now",),
        "note_review": ("A long and thoughtful note by somebody else.",),
    }
    for command, arguments in commands.items():
        answer = await getattr(desk.desk, command)(actor, *arguments)
        if command == "halt" and actor.may(Permission.HALT):
            assert isinstance(answer, StatusView)  # it narrows
        else:
            assert refusal(answer).limit == "permission", command
    for row in trips:
        answer = refusal(await desk.desk.reset_breaker(actor, row, "trust me, it is fine"))
        assert answer.limit == "permission"
    assert trips <= set(desk.ledger.trips)
    assert desk.ledger.halt is not None
    assert desk.ledger.paper_only_since is not None
    assert desk.ledger.review_note_at is None
    assert desk.engine._parts.policy.bounds == bounds
    assert desk.ledger.limits == bounds.values()


async def test_an_exit_is_made_whatever_is_tripped(desk: DeskAtWork) -> None:
    name = await desk.position()
    await _killed(desk)
    await desk.desk.close_position(OWNER, name, "enough")
    while name in desk.ledger.positions:
        await desk.bars()
    assert isinstance(desk.desk.proposal(name), ProposalView)
