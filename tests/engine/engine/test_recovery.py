"""What a crash may leave, and what the next boot makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from engine.errors import JournalError
from engine.facade import ProposalStatus
from engine.journal.memory import MemoryJournal
from engine.model import events as happened
from engine.model.bars import BarsClosed
from engine.model.events import Event
from engine.model.orders import OrderState, Purpose
from engine.ports import Envelope
from tests.kit.desk import (
    BTC,
    OWNER,
    DeskAtWork,
    at_work,
    desk_settings,
    start,
    swinging_file,
)

SETTINGS = desk_settings()
AT_ONCE = desk_settings(auto_below=10**6)


def _file(desk: DeskAtWork) -> Path:
    files: dict[str, Path] = desk.engine._parts.feed._files  # type: ignore[attr-defined]
    return files[BTC]


async def reopened(
    desk: DeskAtWork, upto: str, occurrence: int = 1, *more: Event, at: datetime | None = None
) -> DeskAtWork:
    """The same desk, had it died just after its n-th entry of a kind."""
    record = MemoryJournal(SETTINGS.hash)
    for envelope in _until(await desk.record(), upto, occurrence):
        await record.append([envelope.event], envelope.at, min(envelope.cause, 0))
    if more:
        last = [e async for e in record.read()][-1]
        await record.append(more, at or last.at)
    return await start(_file(desk), SETTINGS, record)


def _until(envelopes: Sequence[Envelope], kind: str, occurrence: int) -> Sequence[Envelope]:
    for place, envelope in enumerate(envelopes):
        occurrence -= envelope.kind == kind
        if occurrence == 0:
            return envelopes[: place + 1]
    raise AssertionError(f"there is no such {kind}")


async def test_an_intent_without_an_answer_is_sent_once(desk: DeskAtWork) -> None:
    name = await desk.position()
    again = await reopened(desk, "order_intended")
    await again.bars()
    entries = [o for o in again.ledger.orders.values() if o.order.purpose is Purpose.ENTRY]
    assert [entry.state for entry in entries] == [OrderState.FILLED]
    assert again.ledger.positions[name] == desk.ledger.positions[name]
    await again.desk.close()


async def test_an_intent_of_long_ago_is_not_sent(desk: DeskAtWork) -> None:
    name = await desk.position()
    expires = desk.ledger.proposals[name].terms.expires_at
    note = happened.AccessRefused(OWNER, "only to let time pass")
    again = await reopened(desk, "order_intended", 1, note, at=expires)
    (entry,) = again.ledger.orders.values()
    assert entry.state is OrderState.CANCELED
    assert "expired" in entry.reason
    await again.desk.close()


async def test_an_intent_is_not_sent_by_a_halted_desk(desk: DeskAtWork) -> None:
    await desk.position()
    again = await reopened(desk, "order_intended", 1, happened.Halted(OWNER, "odd"))
    (entry,) = again.ledger.orders.values()
    assert entry.state is OrderState.CANCELED
    await again.desk.close()


async def test_a_working_entry_is_taken_off_by_a_halted_desk(desk: DeskAtWork) -> None:
    await desk.position()
    again = await reopened(desk, "order_accepted", 1, happened.Halted(OWNER, "odd"))
    (entry,) = again.ledger.orders.values()
    assert entry.state is OrderState.CANCELED
    await again.desk.close()


async def test_a_fill_without_a_stop_gets_one_at_boot(desk: DeskAtWork) -> None:
    await desk.position()
    again = await reopened(desk, "lot_settled")
    purposes = {o.order.purpose for o in again.ledger.open_orders()}
    assert purposes == {Purpose.STOP, Purpose.TARGET}
    await again.desk.close()


async def test_a_requested_exit_goes_out_at_boot(desk: DeskAtWork) -> None:
    name = await desk.position()
    await desk.desk.close_position(OWNER, name, "enough")
    again = await reopened(desk, "exit_requested")
    assert {o.order.purpose for o in again.ledger.open_orders()} == {Purpose.OWNER_CLOSE}
    await again.desk.close()


async def test_an_open_question_is_still_open_after_a_restart(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    again = await reopened(desk, "proposal_raised")
    (open_,) = again.desk.proposals()
    assert (open_.terms, open_.short_hash) == (view.terms, view.short_hash)
    await again.desk.approve(OWNER, view.terms.id, view.short_hash)
    assert again.ledger.proposals[view.terms.id].status is ProposalStatus.APPROVED
    await again.desk.close()


async def test_a_question_whose_time_passed_is_ended_at_boot(desk: DeskAtWork) -> None:
    view = await desk.proposal()
    note = happened.AccessRefused(OWNER, "only to let time pass")
    again = await reopened(desk, "proposal_raised", 1, note, at=view.terms.expires_at)
    assert again.ledger.proposals[view.terms.id].status is ProposalStatus.EXPIRED
    await again.desk.close()


async def test_what_was_to_be_taken_at_once_is_taken_at_boot(market: Path) -> None:
    async with at_work(market, AT_ONCE) as desk:
        while not desk.ledger.proposals:
            await desk.bars()
        (record,) = desk.ledger.proposals.values()
        again = await reopened(desk, "proposal_raised")
        (same,) = again.ledger.proposals.values()
        assert replace(same, seq=0) == replace(record, seq=0)
        await again.desk.close()


async def test_what_was_to_be_taken_at_once_is_withdrawn_if_the_checks_refuse(
    market: Path,
) -> None:
    async with at_work(market, AT_ONCE) as desk:
        while not desk.ledger.proposals:
            await desk.bars()
        trip = happened.BreakerTripped("drawdown halt", "13 %", "12 %", "the owner resets it")
        again = await reopened(desk, "proposal_raised", 1, trip)
        (record,) = again.ledger.proposals.values()
        assert record.status is ProposalStatus.WITHDRAWN
        assert "drawdown halt" in record.reason
        await again.desk.close()


async def test_a_record_of_another_market_is_refused(desk: DeskAtWork) -> None:
    record = MemoryJournal(SETTINGS.hash)
    opened = (await desk.record())[0].event
    assert isinstance(opened, happened.DeskOpened)
    await record.append([replace(opened, market="kraken")], desk.engine.clock.now())
    with pytest.raises(JournalError, match="is the record of a desk on kraken"):
        await start(_file(desk), SETTINGS, record)


async def test_what_is_held_must_be_watched(desk: DeskAtWork, tmp_path: Path) -> None:
    await desk.position()
    record = MemoryJournal(SETTINGS.hash)
    for envelope in await desk.record():
        await record.append([envelope.event], envelope.at)
    other = swinging_file(tmp_path, 390, instrument="XAU-USD", price=2_000.0)
    with pytest.raises(JournalError, match="holds BTC-USD, which would not be watched"):
        await start(_file(desk), SETTINGS, record, files={"XAU-USD": other})


async def test_a_card_on_what_is_not_watched_any_more_is_withdrawn(
    desk: DeskAtWork, tmp_path: Path
) -> None:
    name = (await desk.proposal()).terms.id
    record = MemoryJournal(SETTINGS.hash)
    for envelope in await desk.record():
        await record.append([envelope.event], envelope.at)
    other = swinging_file(tmp_path, 390, instrument="XAU-USD", price=2_000.0)
    again = await start(_file(desk), SETTINGS, record, files={"XAU-USD": other})
    await again.bars(2)
    dropped = again.ledger.proposals[name]
    assert (dropped.status, dropped.reason) == (
        ProposalStatus.WITHDRAWN,
        "BTC-USD is not watched now",
    )
    await again.desk.close()


async def test_bars_of_an_absence_open_nothing(market: Path) -> None:
    async with at_work(market, AT_ONCE) as desk:
        feed = desk.engine._parts.feed
        async for event in feed.stream(desk.ledger.bars_at):
            assert isinstance(event, BarsClosed)
            await desk.engine.take(replace(event, caught_up=True))
        assert desk.ledger.proposals == {}
        cards = {s for _, s in desk.ledger.cards.values()}
        assert cards


async def test_bars_that_come_late_are_left_out(desk: DeskAtWork) -> None:
    event = await anext(desk.events)
    await desk.bars(3)
    before = desk.ledger.seq
    await desk.engine.take(event)
    assert await desk.kinds(before) == ["bar_refused"]
