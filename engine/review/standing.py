"""What the record has been judged as: the verdict that other rooms may rely on.

Refuses to answer from a look at another plan, and from anything that is not on record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.journal.ledger import Ledger, Look
from engine.model.reviews import Verdict


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the review stands.

    Attributes
    ----------
    verdict : Verdict or None
        None before the first look that went on record.
    since : datetime or None, aware UTC
        When the clock of the plan in force began.
    looked_at : datetime or None, aware UTC
        When the verdict was found.
    reason : str
        Of the verdict, one sentence.
    """

    verdict: Verdict | None
    since: datetime | None
    looked_at: datetime | None
    reason: str

    @property
    def goes(self) -> bool:
        """Whether the owner may unlock live over it."""
        return self.verdict in (Verdict.GO_FULL, Verdict.GO_PILOT)


def standing_of(ledger: Ledger) -> Standing:
    """The verdict in force by the plan in force.

    The newest look decides, but that a pilot granted at the one scheduled look stands until a
    look says no-go or go: no later look could grant it again. Settings that have strayed from
    the registered ones leave nothing standing.
    """
    since = ledger.registration.at if ledger.registration else None
    if not ledger.looks:
        return Standing(None, since, None, "No look at the record has been held yet.")
    if ledger.tenure is None or ledger.tenure.strayed:
        return Standing(None, since, None, "The settings are not those that were registered.")
    look = _decisive(ledger.looks)
    return Standing(look.held.verdict, since, look.at, look.held.reason)


def verdict_of(ledger: Ledger) -> Verdict | None:
    """The verdict in force; None before the first look that went on record."""
    return standing_of(ledger).verdict


def _decisive(looks: list[Look]) -> Look:
    newest = looks[-1]
    if newest.held.verdict is not Verdict.KEEP_PAPER:
        return newest
    for look in reversed(looks):
        if look.held.verdict is Verdict.NO_GO:
            return newest
        if look.held.verdict is Verdict.GO_PILOT:
            return look
    return newest
