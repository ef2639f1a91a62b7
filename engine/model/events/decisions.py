"""Proposals and what was decided about them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.model.actors import Actor
from engine.model.events.root import Event
from engine.model.proposals import CostLines, ProposalTerms
from engine.model.setups import Assessment


@dataclass(frozen=True, slots=True)
class ProposalRaised(Event):
    """A setup passed a gate, or the owner asked for one, and became terms that can be approved.

    Attributes
    ----------
    asked : bool
        Whether it waits for the owner; else the paper rule takes it at once.
    requested : bool
        Whether the owner asked for it by hand.
    """

    terms: ProposalTerms
    terms_hash: str
    assessment: Assessment
    asked: bool
    requested: bool = False


@dataclass(frozen=True, slots=True)
class ProposalApproved(Event):
    """The owner, or the paper rule for small ones, said yes.

    Attributes
    ----------
    price : Decimal, quote currency
        Price at the click, against which everything was checked again.
    quantity : Decimal, base units
        What was approved: all of it, a half, or less where a limit had moved.
    costs : CostLines or None
        Costs at the click, after which it still had to pay; None in older records.
    """

    proposal_id: str
    terms_hash: str
    by: Actor
    price: Decimal
    quantity: Decimal
    note: str
    costs: CostLines | None = None


@dataclass(frozen=True, slots=True)
class ProposalRejected(Event):
    """The owner said no, and why."""

    proposal_id: str
    by: Actor
    reason: str


@dataclass(frozen=True, slots=True)
class ProposalExpired(Event):
    """Nobody decided in time: silence is a no."""

    proposal_id: str


@dataclass(frozen=True, slots=True)
class ProposalWithdrawn(Event):
    """The desk took the proposal back before anybody decided."""

    proposal_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ApprovalRefused(Event):
    """Somebody tried to approve and was told why not."""

    proposal_id: str
    by: Actor
    reason: str
