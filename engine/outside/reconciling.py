"""The record against its account, from outside: ``executor reconcile``.

Refuses to ask a venue beside a running desk, whose requests it would disturb: then the desk's own
last comparison is told, with its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.clock import SystemClock
from engine.config import Secrets, Settings
from engine.desk.policy import Policy, policy_of
from engine.desk.reconciling import books_by_fills, books_of, differences, whole_books_of
from engine.engine.execution import working_of
from engine.engine.reconciling import OVERLAP, compared
from engine.errors import JournalError
from engine.journal.ledger import Ledger
from engine.journal.lock import is_held
from engine.journal.reading import ledger_of
from engine.model.canonical import plain
from engine.model.reconciliation import Difference
from engine.opening.live import live_broker
from engine.opening.venues import REHEARSAL, Venues
from engine.ports import Clock

_LIVE = "live"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of a comparison.

    Attributes
    ----------
    mode : str
        Of the record: ``paper``, ``live`` or ``rehearsal``.
    compared : str
        What was laid beside the record, one clause.
    as_of : datetime, aware UTC
    differences : tuple of Difference
    """

    mode: str
    compared: str
    as_of: datetime
    differences: tuple[Difference, ...]

    @property
    def agrees(self) -> bool:
        """Whether nothing stops entries; the owner's own affairs do not."""
        return not any(each.halts for each in self.differences)

    @property
    def sentence(self) -> str:
        """The outcome in one line."""
        count = sum(each.halts for each in self.differences)
        things = "thing" if count == 1 else "things"
        verdict = f"differ in {count} {things}" if count else "agree"
        return f"Record and account {verdict}. Compared: {self.compared}."


async def reconcile_outside(
    settings: Settings, journal: Path, venues: Venues | None = None, clock: Clock | None = None
) -> Reconciled:
    """Compare the record at `journal` with its account.

    A paper desk has no account elsewhere: its cash and positions are compared with the sum of its
    own fills, which is all there is to compare.

    Parameters
    ----------
    venues : Venues or None
        How a live account is reached; None takes the environment's keys.

    Raises
    ------
    JournalError
        If there is no journal, it does not verify, or no desk has opened on it yet.
    ConfigError
        If the settings lack an instrument of the record, or a live venue's key is missing.
    BrokerError
        If a live venue does not state its account.
    """
    ledger = ledger_of(journal)
    if ledger.at is None or ledger.opened_at is None:
        raise JournalError(f"{journal}: no desk has opened on it yet; start one with --db")
    policy = policy_of(settings, _instruments(settings, ledger))
    venues = venues or Venues(Secrets())
    if ledger.mode != (REHEARSAL if venues.rehearsal else _LIVE):
        return _by_fills(ledger, policy, ledger.at)
    if is_held(journal):
        return _as_the_desk_found_it(ledger, ledger.at)
    return await _at_the_venues(settings, ledger, policy, venues, clock or SystemClock())


def reconciled_as_json(outcome: Reconciled) -> dict[str, Any]:
    """The outcome as plain JSON data; amounts and instants are text, exactly."""
    told: dict[str, Any] = plain(outcome)
    return told | {"agrees": outcome.agrees, "sentence": outcome.sentence}


def _instruments(settings: Settings, ledger: Ledger) -> tuple[str, ...]:
    """What was ever ordered, and what is watched."""
    ordered = (record.order.instrument for record in ledger.orders.values())
    return tuple(dict.fromkeys((*ordered, *ledger.assessed, *settings.desk.watch)))


def _by_fills(ledger: Ledger, policy: Policy, at: datetime) -> Reconciled:
    stated = books_by_fills(ledger, policy)
    found = differences(whole_books_of(ledger, policy), (stated,))
    told = (
        f"{len(stated.balances)} balances of the {ledger.mode} record with the sum of its "
        f"{stated.venue}; it has no account elsewhere, so there is nothing else to compare"
    )
    return Reconciled(ledger.mode, told, at, found)


def _as_the_desk_found_it(ledger: Ledger, at: datetime) -> Reconciled:
    last = ledger.reconciled
    if last is None:
        told = "nothing yet: the desk that runs has not finished its first comparison"
        return Reconciled(ledger.mode, told, at, ())
    told = f"{last.compared}; by the desk that runs now, which compares on, see /risk"
    return Reconciled(ledger.mode, told, last.at, last.differences)


async def _at_the_venues(
    settings: Settings, ledger: Ledger, policy: Policy, venues: Venues, clock: Clock
) -> Reconciled:
    traded = tuple(policy.instruments)
    broker = live_broker(settings, traded, venues, ledger, clock)
    try:
        await broker.restore(working_of(ledger))
        before = ledger.reconciled
        since = before.at if before else ledger.mode_since
        stated = await broker.statement((since or clock.now()) - OVERLAP)
    finally:
        await broker.aclose()
    now = clock.now()
    found = differences(books_of(ledger, policy, now), stated)
    return Reconciled(ledger.mode, compared(stated), now, found)
