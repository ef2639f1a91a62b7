"""The fold: what the journal adds up to. Boot, replay and recovery are this one path.

Refuses to decide and to reach outside: given the same envelopes it makes the same ledger, always.
How each event changes the ledger stands in ``amendment_changes``, ``desk_changes``,
``law_changes``, ``live_changes``, ``memo_changes``, ``review_changes``, ``risk_changes``,
``trade_changes``, ``voice_changes`` and ``witness_changes``.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import InvariantBroken
from engine.journal import (
    amendment_changes,
    desk_changes,
    law_changes,
    live_changes,
    memo_changes,
    review_changes,
    risk_changes,
    trade_changes,
    voice_changes,
    witness_changes,
)
from engine.journal.change import change
from engine.journal.ledger import Ledger
from engine.model import events as happened
from engine.model.events import Event
from engine.model.orders import Purpose
from engine.model.venue_lines import Meaning
from engine.ports import Envelope

TOLD: frozenset[type[Event]] = frozenset(
    {
        happened.DeskOpened,
        happened.SessionStarted,
        happened.BarsAssessed,
        happened.ProposalRaised,
        happened.ProposalApproved,
        happened.ProposalRejected,
        happened.ProposalExpired,
        happened.ProposalWithdrawn,
        happened.OrderRejected,
        happened.OrderOutcomeUnknown,
        happened.OrderCanceled,
        happened.OrderExpired,
        happened.OrderFilled,
        happened.FillAmended,
        happened.Halted,
        happened.Resumed,
        happened.BreakerTripped,
        happened.BreakerReset,
        happened.InvariantRefused,
        happened.VenueKindClassified,
        happened.PurificationGiven,
        happened.ReviewNoted,
        happened.LimitsSet,
        happened.LiveUnlocked,
        happened.ModeChanged,
        happened.AccountReconciled,
        happened.SignalHeard,
        happened.MemoHeeded,
        happened.AnalyzerRested,
        happened.PlanRegistered,
    }
)
"""Events that are told of in a channel."""

STOPPING = (happened.Halted, happened.Resumed, happened.BreakerTripped, happened.BreakerReset)
"""Events that stop entries or allow them again."""


def fold(envelopes: Iterable[Envelope], ledger: Ledger | None = None) -> Ledger:
    """Add `envelopes` up, in order, onto `ledger` or onto an empty one.

    Raises
    ------
    InvariantBroken
        If an event contradicts the ledger: cash below zero, more sold than held, a proposal
        decided twice.
    """
    ledger = Ledger() if ledger is None else ledger
    for envelope in envelopes:
        apply(ledger, envelope)
    return ledger


def apply(ledger: Ledger, envelope: Envelope) -> None:
    """Let one envelope change `ledger`; one that contradicts it changes nothing but its place.

    Raises
    ------
    InvariantBroken
        If the event contradicts the ledger. The contradiction stays noted in the ledger, so
        that a replay of the same journal knows of it too.
    """
    try:
        change(envelope.event, ledger, envelope)
        if isinstance(envelope.event, STOPPING):
            ledger.oversight.append(envelope)
        if _is_told(ledger, envelope.event):
            _owe(ledger, envelope)
    except InvariantBroken as broken:
        ledger.broken.append(f"entry {envelope.seq}: {broken}")
        review_changes.count_violation(ledger)
        raise
    finally:
        ledger.seq, ledger.head, ledger.at = envelope.seq, envelope.hash, envelope.at


def _is_told(ledger: Ledger, event: Event) -> bool:
    if isinstance(event, happened.SessionStarted):
        return ledger.sessions > 1
    if isinstance(event, happened.OrderCanceled | happened.OrderExpired):
        # Exits come off whenever a position closes; only a lost entry is news.
        return ledger.orders[event.client_id].order.purpose is Purpose.ENTRY
    if isinstance(event, happened.VenueLineSeen):
        # The venue's trades and fees are in the fills already; what is odd is news.
        return event.meaning is not Meaning.ORDINARY
    if isinstance(event, happened.LimitsSet | happened.OpinionGiven | happened.PlanRegistered):
        return _says_it_is_news(event)
    return type(event) in TOLD


def _says_it_is_news(
    event: happened.LimitsSet | happened.OpinionGiven | happened.PlanRegistered,
) -> bool:
    """Whether an event that is often routine is not, by its own word."""
    match event:
        case happened.LimitsSet():
            return bool(event.held_back)
        case happened.OpinionGiven():
            return event.alert
        case happened.PlanRegistered():
            return bool(event.changed)


def _owe(ledger: Ledger, envelope: Envelope) -> None:
    if isinstance(envelope.event, happened.BarsAssessed):
        older = [
            seq
            for seq, owed in ledger.untold.items()
            if isinstance(owed.event, happened.BarsAssessed)
        ]
        for seq in older:
            del ledger.untold[seq]
    ledger.untold[envelope.seq] = envelope


__all__ = [
    "TOLD",
    "Ledger",
    "amendment_changes",
    "apply",
    "desk_changes",
    "fold",
    "law_changes",
    "live_changes",
    "memo_changes",
    "review_changes",
    "risk_changes",
    "trade_changes",
    "voice_changes",
    "witness_changes",
]
