"""How memos change the ledger.

Refuses a memo on what was never raised, and two answers to one question.
"""

from __future__ import annotations

from engine.errors import InvariantBroken
from engine.journal.change import change, known
from engine.journal.ledger import Ledger
from engine.journal.voices import MemoRecord
from engine.model import events as happened
from engine.model.memos import MemoVerdict
from engine.ports import Envelope


@change.register
def _(event: happened.MemoAsked, ledger: Ledger, envelope: Envelope) -> None:
    known(ledger.proposals, event.proposal_id, "proposal")
    if event.proposal_id in ledger.memos.records:
        raise InvariantBroken(f"a memo on {event.proposal_id} was asked for twice")
    ledger.memos.records[event.proposal_id] = MemoRecord(event.why, envelope.at)


@change.register
def _(event: happened.MemoGiven, ledger: Ledger, envelope: Envelope) -> None:
    record = _unanswered(ledger, event.proposal_id)
    record.memo = event.memo
    proposal = ledger.proposals[event.proposal_id]
    candidate = proposal.assessment
    in_time = ledger.bars_at == candidate.at and not proposal.requested
    if in_time and event.memo.verdict is not MemoVerdict.ABSTAIN:
        # Whatever closes a bar later has seen more than the candidate, and has no vote.
        vote = event.memo.verdict is MemoVerdict.AGREE
        ledger.memos.votes[candidate.instrument, candidate.at] = (event.memo.witness, vote)


@change.register
def _(event: happened.MemoMissed, ledger: Ledger, envelope: Envelope) -> None:
    _unanswered(ledger, event.proposal_id).missed = event.missed


@change.register
def _(event: happened.MemoHeeded, ledger: Ledger, envelope: Envelope) -> None:
    record = known(ledger.memos.records, event.proposal_id, "memo on")
    if event.nats > 0.0:
        raise InvariantBroken(f"the memo on {event.proposal_id} raised odds: {event.nats:g} nats")
    record.effect, record.nats = event.effect, event.nats
    if event.successor:
        known(ledger.proposals, event.successor, "proposal")
        ledger.memos.records[event.successor] = record


@change.register
def _(event: happened.AnalyzerRested, ledger: Ledger, envelope: Envelope) -> None:
    ledger.memos.rested = event.month


def _unanswered(ledger: Ledger, proposal_id: str) -> MemoRecord:
    record = known(ledger.memos.records, proposal_id, "memo on")
    if not record.pending:
        raise InvariantBroken(f"the memo on {proposal_id} was answered twice")
    return record
