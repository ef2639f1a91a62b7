"""The things that a ledger keeps one of for each: proposals, orders, halts, trips and the like.

Refuses to decide: these are records, and the fold alone writes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engine.model.actors import Actor
from engine.model.events import PlanRegistered, ReviewHeld
from engine.model.orders import OPEN_STATES, Order, OrderState, Purpose
from engine.model.proposals import ProposalStatus, ProposalTerms
from engine.model.reconciliation import Difference
from engine.model.reviews import Verdict
from engine.model.setups import Assessment
from engine.model.venue_lines import Meaning, VenueLine

ZERO = Decimal(0)


@dataclass(slots=True)
class ProposalRecord:
    """A proposal and its decision."""

    seq: int
    terms: ProposalTerms
    terms_hash: str
    assessment: Assessment
    asked: bool
    requested: bool = False
    status: ProposalStatus = ProposalStatus.OPEN
    decided_by: Actor | None = None
    decided_at: datetime | None = None
    decided_quantity: Decimal = ZERO
    decision_price: Decimal | None = None
    reason: str = ""


@dataclass(slots=True)
class OrderRecord:
    """An order and how much of it was executed.

    Attributes
    ----------
    filled : Decimal, base units
    value_usd, fees_usd : Decimal, US dollars
        Sum of price times quantity, and of fees, over its fills.
    slippage_usd : Decimal, US dollars
        What the fills cost against their reference prices.
    intended_at : datetime or None, aware UTC
        When its intent was journaled.
    """

    order: Order
    state: OrderState = OrderState.INTENDED
    filled: Decimal = ZERO
    value_usd: Decimal = ZERO
    fees_usd: Decimal = ZERO
    slippage_usd: Decimal = ZERO
    venue_id: str = ""
    reason: str = ""
    intended_at: datetime | None = field(default=None, compare=False)

    @property
    def open(self) -> bool:
        """Whether it may still be executed."""
        return self.state in OPEN_STATES


@dataclass(frozen=True, slots=True)
class Halt:
    """Who forbade entries, why and when."""

    by: Actor
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Trip:
    """A breaker that is open."""

    name: str
    value: str
    bound: str
    resets: str
    at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True)
class ExecutionCost:
    """What buying and selling one position cost beside its fees.

    Attributes
    ----------
    realised_frac : float, fraction of what it was worth at the yes
        Entry against the price at the yes; exits against their stop, target or reference price.
    modelled_frac : float, fraction of the same
        All but the fees of both legs, as its card promised.
    """

    realised_frac: float
    modelled_frac: float


@dataclass(frozen=True, slots=True)
class ExitAsked:
    """Why and since when a position is to be sold at the market."""

    purpose: Purpose
    at: datetime


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What one model took for one purpose in one month.

    Attributes
    ----------
    tokens_in, tokens_cached, tokens_out : int
        `tokens_cached` are part of `tokens_in`.
    busy_seconds : float, seconds of this machine
    """

    calls: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    cost_usd: Decimal = ZERO
    busy_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class LineRecord:
    """A line of a venue's ledger and what it was taken for when it was seen."""

    line: VenueLine
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Given:
    """Incidental interest that was given away, as the owner noted it."""

    amount_usd: Decimal
    by: Actor
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReconcileRecord:
    """The last comparison of record and account that went on record."""

    compared: str
    differences: tuple[Difference, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class UnlockRecord:
    """The owner's word that the desk may be live, and over which verdict of which plan."""

    by: Actor
    verdict: Verdict
    plan_seq: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Registration:
    """The plan in force, and when its clock began."""

    seq: int
    at: datetime
    event: PlanRegistered


@dataclass(frozen=True, slots=True)
class Look:
    """A look at the record that went on record."""

    seq: int
    at: datetime
    held: ReviewHeld
