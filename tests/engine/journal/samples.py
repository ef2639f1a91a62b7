"""Small events and journals for the tests of the journal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from engine.journal.sqlite import SqliteJournal
from engine.model.actors import DESK
from engine.model.events import Event, Halted, ProposalExpired, Resumed

AT = datetime(2025, 1, 31, 9, 0, 0, 250_000, tzinfo=UTC)
SETTINGS = "5" * 64


def halted(reason: str = "asked") -> Event:
    return Halted(by=DESK, reason=reason)


def three_events() -> list[Event]:
    return [halted("first"), ProposalExpired(proposal_id="P-1"), Resumed(by=DESK, reason="third")]


async def journal_of(path: Path, count: int) -> Path:
    """A closed journal at `path` that holds `count` events."""
    async with await SqliteJournal.open(path, SETTINGS) as journal:
        for number in range(1, count + 1):
            await journal.append([halted(f"number {number}")], AT)
    return path
