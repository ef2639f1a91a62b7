"""The bill read from a record alone: beside a running desk, or without any.

Refuses to ask what time it is: the bill stands at the newest entry of the record.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.config import Settings
from engine.errors import JournalError
from engine.journal.reading import ledger_of
from engine.metering.bill import Bill, bill_of
from engine.metering.plan import meter_plan_of
from engine.model.canonical import plain


def bill_from_journal(path: Path, settings: Settings) -> Bill:
    """The bill of the month of the newest entry in the journal at `path`.

    Raises
    ------
    JournalError
        If there is no journal, it does not verify, or no desk has opened on it yet.
    """
    ledger = ledger_of(path)
    if ledger.at is None or ledger.opened_at is None:
        raise JournalError(f"{path}: no desk has opened on it yet; start one with --db")
    return bill_of(ledger, ledger.at, meter_plan_of(settings))


def bill_as_json(bill: Bill) -> dict[str, Any]:
    """The bill as plain JSON data; money is text, exactly."""
    told: dict[str, Any] = plain(bill)
    return told | {"verdict": bill.verdict}
