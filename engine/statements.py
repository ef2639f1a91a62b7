"""Venue statements, and the reports for a scholar, on a journal file.

Refuses a journal that a desk holds open when it would have to write, and a statement that it
cannot read in full: no line is taken from it then.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path

from engine.clock import SystemClock
from engine.compliance.purification import Purification, purification
from engine.compliance.zakat import ZakatReport
from engine.config import Settings
from engine.desk.present.sharia import interest_lines
from engine.desk.zakat import ZakatChoice, zakat_of
from engine.engine.lawkeeping import line_events
from engine.engine.recorder import Recorder
from engine.errors import JournalError
from engine.journal.reading import ledger_of
from engine.journal.sqlite import SqliteJournal
from engine.model.events import Event, StatementRead, VenueLineSeen
from engine.model.venue_lines import VenueLine
from engine.model.verdicts import Refused

_NAMES = {
    "line_id": ("line_id", "txid", "id"),
    "at": ("time", "at", "date"),
    "kind": ("type", "kind"),
    "asset": ("asset", "currency"),
    "amount": ("amount",),
}
_WORTH = ("usd_value", "amountusd", "amount_usd")


@dataclass(frozen=True, slots=True)
class ImportedLines:
    """What became of a statement.

    Attributes
    ----------
    read, new : int
        Lines in the file, and those that the journal did not know.
    meanings : dict of str to int
        New lines by what they mean.
    halted : bool
        Whether a forbidden line has halted the desk.
    """

    read: int
    new: int
    meanings: dict[str, int]
    halted: bool


class _Instant:
    """A clock that stands: events of an import get one instant."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    async def sleep_until(self, at: datetime) -> None:
        self._at = max(self._at, at)


async def import_statement(
    db: Path, statement: Path, venue: str, settings: Settings, through: date | None = None
) -> ImportedLines:
    """Journal every line of `statement` that the journal at `db` does not know yet.

    Parameters
    ----------
    statement : Path
        CSV with a header: id (or txid), time, type, asset, amount, and optionally usd_value;
        Kraken's own export is read as it is.
    through : date or None
        Last day that it covers, all of it; None takes the instant of its newest line.

    Raises
    ------
    JournalError
        If either file cannot be read, or a desk holds the journal; nothing is written then.
    """
    lines = _lines_for(db, statement, venue)
    journal = await SqliteJournal.open(db, settings.hash)
    try:
        recorder = Recorder(journal)
        await recorder.replay()
        ledger = recorder.ledger
        # A replay's time is its own: what is imported into one stands where it ends.
        real = ledger.market not in ("replay", "simulated")
        now = SystemClock().now()
        recorder.clock = _Instant(max(now, ledger.at or now) if real else ledger.at or now)
        new = line_events(ledger, lines)
        events = [*_read(lines, new, venue, through, recorder.clock.now()), *new]
        await recorder.record(*events, durable=True)
    finally:
        await journal.aclose()
    meanings: dict[str, int] = {}
    for event in events:
        if isinstance(event, VenueLineSeen):
            meanings[event.meaning] = meanings.get(event.meaning, 0) + 1
    return ImportedLines(
        len(lines), sum(meanings.values()), meanings, halted=len(new) > sum(meanings.values())
    )


def _read(
    lines: Sequence[VenueLine],
    new: Sequence[Event],
    venue: str,
    through: date | None,
    now: datetime,
) -> tuple[StatementRead, ...]:
    """That the statement was read, and up to when: never beyond now."""
    if through is not None:
        end = datetime.combine(through, time.max, UTC)
        if through > now.date():
            raise JournalError(
                f"--through {through} is yet to come; give the statement's last day"
            )
    elif lines:
        end = max(line.at for line in lines)
    else:
        raise JournalError(
            "the statement has no lines: say with --through up to which day it goes"
        )
    count = sum(isinstance(event, VenueLineSeen) for event in new)
    return (StatementRead(venue.lower(), min(end, now), len(lines), count),)


def _lines_for(db: Path, statement: Path, venue: str) -> tuple[VenueLine, ...]:
    if not db.is_file():
        raise JournalError(f"{db}: no such journal; check --db")
    return tuple(read_statement(statement, venue))


def read_statement(path: Path, venue: str) -> Iterator[VenueLine]:
    """Every line of a CSV statement.

    Raises
    ------
    JournalError
        Naming the row and what it lacks.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            _require_columns(path, {name.strip().lower() for name in rows.fieldnames or ()})
            for number, row in enumerate(rows, start=2):
                named = {(name or "").strip().lower(): value for name, value in row.items()}
                yield _line(named, venue, f"{path}: row {number}")
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise JournalError(f"{path}: cannot be read: {fault}; give a CSV statement") from None


def _require_columns(path: Path, found: Collection[str]) -> None:
    """A file of something else has no lines either, and must not pass for an empty statement."""
    lacking = [
        f"{part} ({' or '.join(names)})"
        for part, names in _NAMES.items()
        if not any(name in found for name in names)
    ]
    if lacking:
        raise JournalError(
            f"{path}: its header row lacks {', '.join(lacking)}; give a whole export"
        )


def _line(row: dict[str, str], venue: str, where: str) -> VenueLine:
    found = {
        part: next((row[name].strip() for name in names if (row.get(name) or "").strip()), "")
        for part, names in _NAMES.items()
    }
    lacking = [
        f"{part} ({' or '.join(_NAMES[part])})" for part, value in found.items() if not value
    ]
    if lacking:
        raise JournalError(f"{where} lacks {', '.join(lacking)}; give a whole export")
    worth = next((row[name] for name in _WORTH if (row.get(name) or "").strip()), "")
    try:
        at = datetime.fromisoformat(found["at"])
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        amount = Decimal(found["amount"])
        usd = Decimal(worth) if worth else None
    except (ValueError, OverflowError, InvalidOperation):
        told = f"{found['at']!r}, {found['amount']!r}"
        raise JournalError(
            f"{where} has no readable time or amount: {told}; mend that row"
        ) from None
    if not amount.is_finite() or (usd is not None and not usd.is_finite()):
        raise JournalError(f"{where} has an amount that is no number; mend that row")
    return VenueLine(
        line_id=f"{venue}:{found['line_id']}",
        venue=venue,
        at=at,
        kind=found["kind"],
        asset=found["asset"],
        amount=amount,
        usd_value=usd,
    )


def zakat_of_journal(db: Path, settings: Settings, choice: ZakatChoice) -> ZakatReport | Refused:
    """What zakat on what the journal at `db` held would come to.

    Raises
    ------
    JournalError
        If the file cannot be read, or does not verify.
    """
    ledger = ledger_of(db, choice.day)
    at = ledger.at or SystemClock().now()
    return zakat_of(ledger, settings, choice, at.date())


def purification_of_journal(db: Path) -> Purification:
    """Incidental interest in the journal at `db`, and what was given away.

    Raises
    ------
    JournalError
        If the file cannot be read, or does not verify.
    """
    ledger = ledger_of(db)
    return purification(interest_lines(ledger), (given.amount_usd for given in ledger.given))
