"""One sentence for the person who has just decided something.

Refuses to claim more than the desk answered.
"""

from __future__ import annotations

from bot.ui.text import price, quantity
from engine.facade import ProposalStatus, ProposalView


def decided_sentence(proposal: ProposalView) -> str:
    """What became of a proposal by this decision."""
    terms = proposal.terms
    if proposal.status is not ProposalStatus.APPROVED:
        return f"{terms.id} is {proposal.status.value}. Nothing is bought."
    bought = quantity(proposal.decided_quantity, terms.instrument)
    at = f" at {price(proposal.decision_price)}" if proposal.decision_price else ""
    tail = f" {proposal.outcome}" if proposal.outcome else " The fill is posted when it comes."
    return f"{terms.id} approved: {bought}{at}.{tail}"
