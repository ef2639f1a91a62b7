"""Views of proposals: the terms, the decision and what followed it.

Refuses to change anything.
"""

from __future__ import annotations

from engine.desk.present.context import Context
from engine.desk.present.layers import sides
from engine.desk.present.memos import memo_view
from engine.desk.words import CLOSED_BY, usd
from engine.journal.ledger import OrderRecord, ProposalRecord
from engine.model.orders import Side
from engine.model.proposals import ProposalStatus
from engine.model.verdicts import Refused
from engine.model.witnesses import Opinion
from engine.views import PostRef, ProposalView


class Proposals:
    """What was put before the owner.

    Parameters
    ----------
    context : Context
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger

    def all(self, *, only_open: bool) -> tuple[ProposalView, ...]:
        """Proposals, newest first."""
        records = (
            self._ledger.open_proposals() if only_open else list(self._ledger.proposals.values())
        )
        return tuple(self.view(record) for record in reversed(records))

    def one(self, proposal_id: str) -> ProposalView | Refused:
        """One proposal by its id, in any case of letters."""
        record = self._ledger.proposals.get(proposal_id.strip().upper())
        if record is None:
            return Refused(
                "proposal",
                f"there is no proposal {proposal_id!r}",
                "",
                "/proposals lists those that are open.",
            )
        return self.view(record)

    def view(self, record: ProposalRecord) -> ProposalView:
        """A proposal with its decision and what followed."""
        favour, against = sides(record.assessment)
        return ProposalView(
            seq=record.seq,
            terms=record.terms,
            short_hash=record.terms_hash[:12],
            status=record.status,
            asked=record.asked,
            assessment=record.assessment,
            layers_for=favour,
            layers_against=against,
            witnesses=self._context.silent(),
            scouts=self._heard(record),
            decided_by=record.decided_by,
            decided_at=record.decided_at,
            decided_quantity=record.decided_quantity,
            decision_price=record.decision_price,
            reason=record.reason,
            outcome=self._outcome(record),
            price_now=self._ledger.prices.get(record.terms.instrument),
            post=self._post(record.seq),
            market=self._context.market,
            guard=self._context.guards.get(record.terms.instrument, ""),
            memo=memo_view(self._ledger, record.terms.id),
        )

    def _heard(self, record: ProposalRecord) -> tuple[Opinion, ...]:
        began = record.terms.instrument, record.assessment.at
        testimony = self._ledger.testimony
        return testimony.heard.get(began) or testimony.standing(*began)

    def _post(self, seq: int) -> PostRef | None:
        place = self._ledger.posts.get(seq)
        return PostRef(seq, *place) if place else None

    def _outcome(self, record: ProposalRecord) -> str:
        if record.status is not ProposalStatus.APPROVED:
            return ""
        for trade in self._ledger.trades:
            if trade.id == record.terms.id:
                return f"Closed {CLOSED_BY[trade.closed_by]}: {usd(trade.pnl_usd)}."
        held = self._ledger.positions.get(record.terms.id)
        if held is not None:
            return f"Open: {held.quantity} bought at {held.entry_price:,.2f}."
        entry = self._entry_order(record.terms.id)
        if entry is None or entry.open:
            # A card is not drawn again when the order fills: it says what stays true.
            return "The order goes out at the next price; its fill is posted below."
        return f"The order is {entry.state.replace('_', ' ')}. {entry.reason}".rstrip()

    def _entry_order(self, proposal_id: str) -> OrderRecord | None:
        bought = self._ledger.orders_of(proposal_id, Side.BUY)
        return bought[-1] if bought else None
