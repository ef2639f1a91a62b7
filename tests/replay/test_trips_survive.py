"""Trips and cool-downs outlive the process: SIGKILL, real SQLite, every latched breaker."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.facade.records import verify_journal
from engine.journal.fold import fold
from engine.journal.ledger import Ledger
from engine.journal.sqlite import SqliteJournal
from engine.model import events as happened
from engine.model.actors import DESK
from engine.model.events import Event
from engine.model.verdicts import Refused
from engine.risk import BREAKERS, Limits, TrippedBreaker, assess_entry, breaker_changes
from tests.engine.test_risk_entry import NOW, calm_picture, request
from tests.kit.desk import OWNER
from tests.kit.events import OPENED, assessed, envelopes
from tests.replay.worst import worst_picture

CHILD = Path(__file__).with_name("trip_process.py")
LATCHED = {breaker.title("XAU-USD") for breaker in BREAKERS if breaker.latched}


def test_the_worst_picture_trips_every_latched_row() -> None:
    changes = breaker_changes(worst_picture(), Limits())
    assert {change.name for change in changes} == LATCHED


async def reopened(db: Path) -> Ledger:
    async with await SqliteJournal.open(db, "5" * 64) as journal:
        return fold([envelope async for envelope in journal.read()])


@pytest.mark.timeout(60)
async def test_every_trip_is_still_there_after_the_process_was_killed(tmp_path: Path) -> None:
    db = tmp_path / "executor.sqlite"
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), str(db), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        assert (await child.stdout.readline()).strip() == b"tripped"
    finally:
        child.kill()
        await child.wait()
        child._transport.close()  # type: ignore[attr-defined]
    assert verify_journal(db).ok
    ledger = await reopened(db)
    assert set(ledger.trips) == LATCHED - {"daily loss"}
    assert ledger.paper_only_since is not None
    for name, trip in ledger.trips.items():
        standing = calm_picture(tripped=(TrippedBreaker(name, trip.at, trip.value),))
        assert isinstance(assess_entry(request(), standing, Limits()), Refused), name


def _as_a_crash_leaves_it(db: Path) -> Path:
    """The files of a journal that is still open, under another name."""
    copy = db.with_name("copy.sqlite")
    for part in ("", "-wal"):
        source = Path(f"{db}{part}")
        if source.exists():
            Path(f"{copy}{part}").write_bytes(source.read_bytes())
    return copy


_names = st.sampled_from(sorted(LATCHED))
_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(happened.BreakerTripped, _names, st.just("9"), st.just("1"), st.just("Ask B.")),
    st.builds(happened.BreakerReset, _names, st.sampled_from([OWNER, DESK]), st.just("so")),
    st.builds(happened.ReviewNoted, st.just(OWNER), st.just("a bad week, and what follows")),
    st.builds(lambda equity: assessed(NOW, equity), st.integers(5_000, 15_000)),
    st.builds(happened.LimitsSet, st.just({"daily_loss_frac": 0.02}), st.just(()), st.just("c")),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(_events, max_size=25))
def test_what_is_read_from_disk_adds_up_to_what_stood_before(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event]
) -> None:
    db = tmp_path_factory.mktemp("journal") / "executor.sqlite"

    async def written() -> Ledger:
        journal = await SqliteJournal.open(db, "5" * 64)
        for event in (OPENED, *events):
            await journal.append([event], NOW, durable=True)
        after = await reopened(_as_a_crash_leaves_it(db))
        await journal.aclose()
        return after

    before = fold(envelopes([OPENED, *events], NOW))
    after = asyncio.run(written())
    for name in ("trips", "trip_log", "kill_high_water_usd", "review_note_at", "limits"):
        assert getattr(after, name) == getattr(before, name)
