"""JR-01 to JR-16: what every implementation of the Journal port must do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from engine.errors import JournalError
from engine.journal.chain import GENESIS
from engine.journal.memory import MemoryJournal
from engine.journal.sqlite import SqliteJournal
from engine.model.events import DeskOpened, Event, ProposalExpired
from engine.ports import Envelope, Journal
from tests.engine.journal.samples import AT, SETTINGS, halted, three_events


@pytest.fixture(params=["memory", "sqlite"])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    made: Journal = (
        MemoryJournal(SETTINGS)
        if request.param == "memory"
        else await SqliteJournal.open(tmp_path / "journal.sqlite", SETTINGS)
    )
    yield made
    await made.aclose()


async def contents(journal: Journal, after: int = 0) -> list[Envelope]:
    return [envelope async for envelope in journal.read(after)]


async def test_jr_01_an_empty_journal_has_seq_zero_and_no_events(journal: Journal) -> None:
    assert await journal.head() == (0, GENESIS)
    assert await contents(journal) == []


async def test_jr_02_append_answers_what_read_gives_back(journal: Journal) -> None:
    written = await journal.append(three_events(), AT, durable=True)
    assert await contents(journal) == list(written)
    assert [envelope.event for envelope in written] == three_events()


async def test_jr_03_seq_counts_from_one_without_holes(journal: Journal) -> None:
    for _ in range(3):
        await journal.append(three_events(), AT)
    assert [envelope.seq for envelope in await contents(journal)] == list(range(1, 10))


async def test_jr_04_each_envelope_continues_the_one_before(journal: Journal) -> None:
    await journal.append(three_events(), AT)
    written = await contents(journal)
    assert [envelope.prev_hash for envelope in written] == [
        GENESIS,
        *(envelope.hash for envelope in written[:-1]),
    ]


async def test_jr_05_head_is_the_newest_envelope(journal: Journal) -> None:
    written = await journal.append(three_events(), AT)
    assert await journal.head() == (3, written[-1].hash)


async def test_jr_06_read_after_gives_only_what_follows(journal: Journal) -> None:
    await journal.append(three_events(), AT)
    assert [envelope.seq for envelope in await contents(journal, after=2)] == [3]
    assert await contents(journal, after=3) == []


async def test_jr_07_an_envelope_carries_time_kind_version_cause_and_settings(
    journal: Journal,
) -> None:
    await journal.append([halted()], AT)
    (envelope,) = await journal.append([ProposalExpired(proposal_id="P-1")], AT, cause=1)
    told = (envelope.at, envelope.kind, envelope.version, envelope.cause, envelope.config_hash)
    assert told == (AT, "proposal_expired", 1, 1, SETTINGS)


async def test_jr_08_an_instant_is_kept_in_utc(journal: Journal) -> None:
    abroad = AT.astimezone(timezone(timedelta(hours=-5)))
    await journal.append([halted()], abroad)
    (envelope,) = await contents(journal)
    assert (envelope.at, envelope.at.tzinfo) == (AT, UTC)


def _unreadable() -> Event:
    return DeskOpened(mode="paper", market="x", simulated=True, cash_usd=float("nan"), software="")  # type: ignore[arg-type]


def _unlisted() -> Event:
    class Unlisted(Event):
        pass

    return Unlisted()


@pytest.mark.parametrize("bad", [_unreadable, _unlisted])
async def test_jr_09_one_bad_event_keeps_the_whole_batch_out(
    journal: Journal, bad: Callable[[], Event]
) -> None:
    await journal.append([halted()], AT)
    before = await journal.head()
    with pytest.raises(JournalError):
        await journal.append([halted(), bad()], AT)
    assert await journal.head() == before
    assert len(await contents(journal)) == 1


async def test_jr_10_an_append_of_nothing_writes_nothing(journal: Journal) -> None:
    assert await journal.append([], AT) == ()
    assert await journal.head() == (0, GENESIS)


async def test_jr_11_a_naive_instant_is_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="zone"):
        await journal.append([halted()], datetime(2025, 1, 1))  # noqa: DTZ001  it is the point


@pytest.mark.parametrize("cause", [-1, 1])
async def test_jr_12_a_cause_that_is_not_written_is_refused(journal: Journal, cause: int) -> None:
    with pytest.raises(ValueError, match=r"cause must be in \[0, 0\]"):
        await journal.append([halted()], AT, cause=cause)


async def test_jr_13_concurrent_appends_stay_whole_and_in_a_row(journal: Journal) -> None:
    batches = await asyncio.gather(
        *(journal.append([halted(str(number))] * 3, AT) for number in range(20))
    )
    for batch in batches:
        first = batch[0].seq
        assert [envelope.seq for envelope in batch] == [first, first + 1, first + 2]
    assert [envelope.seq for envelope in await contents(journal)] == list(range(1, 61))


async def test_jr_14_a_closed_journal_refuses_and_closes_twice(journal: Journal) -> None:
    await journal.aclose()
    await journal.aclose()
    with pytest.raises(JournalError, match="closed"):
        await journal.append([halted()], AT)


async def test_jr_15_the_hash_binds_every_part_of_the_envelope(journal: Journal) -> None:
    (one,) = await journal.append([halted("a")], AT)
    other = MemoryJournal(SETTINGS)
    hashes = {
        (await MemoryJournal(SETTINGS).append([halted("a")], AT))[0].hash,
        (await MemoryJournal(SETTINGS).append([halted("b")], AT))[0].hash,
        (await MemoryJournal("6" * 64).append([halted("a")], AT))[0].hash,
        (await other.append([halted("a")], AT + timedelta(microseconds=1)))[0].hash,
        (await other.append([halted("a")], AT))[0].hash,
    }
    assert len(hashes) == 5
    assert one.hash in hashes


async def test_jr_16_events_appended_while_reading_are_read(journal: Journal) -> None:
    await journal.append([halted()], AT)
    seen = []
    async for envelope in journal.read():
        seen.append(envelope.seq)
        if envelope.seq < 3:
            await journal.append([halted()], AT)
    assert seen == [1, 2, 3]
