"""Views of memos.

Refuses to leave out that there is none: a silence is shown with its reason.
"""

from __future__ import annotations

from engine.journal.ledger import Ledger
from engine.views.memos import MemoView


def memo_view(ledger: Ledger, proposal_id: str) -> MemoView | None:
    """The memo on a proposal; None where none was wanted."""
    record = ledger.memos.records.get(proposal_id)
    if record is None:
        return None
    memo, missed = record.memo, record.missed
    return MemoView(
        why=record.why,
        verdict=memo.verdict if memo else None,
        summary=memo.summary if memo else "",
        risks=memo.risks if memo else (),
        facts=memo.facts if memo else (),
        missed=missed.reason if missed else "",
        effect=record.effect,
        nats=record.nats,
    )
