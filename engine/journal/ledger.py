"""What the journal adds up to: cash, proposals, orders, positions, halts, knowledge, posts.

Refuses to change itself: only the fold (``fold.py``) writes here, one event at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engine.compliance.jurisdiction import Dealing
from engine.compliance.lines import key_of, meaning_of
from engine.journal.tenure import Tenure
from engine.journal.testimony import Testimony
from engine.journal.voices import Memos, SignalRecord
from engine.model.actors import Actor
from engine.model.events import BarsAssessed, PlanRegistered, ReviewHeld
from engine.model.fees import FeeTier
from engine.model.orders import OPEN_STATES, Fill, Order, OrderState, Purpose, Side
from engine.model.positions import Position, Trade
from engine.model.proposals import CardKind, ProposalStatus, ProposalTerms
from engine.model.reconciliation import Difference
from engine.model.reviews import Verdict
from engine.model.setups import Assessment, Label, SetupKind
from engine.model.venue_lines import Meaning, VenueLine
from engine.ports import Envelope
from engine.risk.monitors import Monitors

ZERO = Decimal(0)
LabelKey = tuple[str, datetime, SetupKind]


def month_of(at: datetime) -> str:
    """The UTC month of an instant, as bills have it.

    Examples
    --------
    >>> from datetime import UTC
    >>> month_of(datetime(2026, 11, 30, 23, 59, tzinfo=UTC))
    '2026-11'
    """
    return f"{at:%Y-%m}"


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


@dataclass(slots=True)
class Ledger:
    """The whole state of a desk.

    Attributes
    ----------
    equity_usd, high_water_usd, day_open_usd, week_open_usd : Decimal, US dollars
        Marked to market at the newest bars, their maximum, and at the first bars of the present
        UTC day and ISO week.
    equity_curve : list of (datetime, Decimal)
        One point a set of bars, thinned by half whenever it outgrows its bound.
    halt_high_water_usd : Decimal, US dollars
        Highest equity since the owner last reset the drawdown halt.
    kill_high_water_usd : Decimal, US dollars
        Highest equity since the owner last reset the drawdown kill.
    paper_only_since : datetime or None
        When a kill sent the desk back to paper; resetting the breaker does not end it.
    rejected_at : list of datetime
        Refused orders since the owner last reset their breaker, the newest 100.
    strange_fills_count : int
        Fills of unknown orders since the owner last reset their breaker.
    executions : list of ExecutionCost
        Of the newest 20 trades since the owner last reset their breaker.
    monitors : Monitors
        How the odds have fared since the owner last began the monitors anew.
    limits : dict of str to float
        Limits in force as last journaled; empty in records older than that.
    limits_held_back : tuple of (name, wanted, in force)
        Looser limits that wait until nothing is open.
    pause_ended_at : datetime or None
        When the owner last reset the pause after losses in a row.
    losses_in_a_row : int
        Since the last win, or since the owner last reset their halt.
    losses_counted_from : int
        How many trades there were when the owner last reset that halt.
    fills : dict of str to Fill
        Every fill by its id, as the venue last told it.
    calm_bars : dict of str to int
        Bars in a row without a volatility alarm, by instrument.
    trip_log : list of (name, datetime)
        Every trip ever, for rules that count them.
    oversight : list of Envelope
        Every halt, resumption, trip and reset ever, oldest first.
    candidate_costs : dict of (instrument, datetime) to float, fraction of entry
        What the layers were told a trade costs where a candidate that is still open began: a
        restart has no book of that moment, and must not judge it by another cost.
    candidate_votes : dict of (instrument, datetime) to votes by witness
        Who voted how on a candidate that is still open: a restart must not forget it.
    signals : dict of str to SignalRecord
        Outside calls by their id, oldest first.
    memos : Memos
        What was asked of the analyzer, and what it said.
    fee_tiers : dict of str to FeeTier
        What venues said they charge this account.
    model_use : dict of (month, provider, model, purpose) to ModelUse
        Months as ``2026-11``, UTC.
    fees_usd : dict of str to Decimal, US dollars
        Fees of all fills, by month.
    studied : dict of str to datetime
        Where the first study of each instrument began; a restart begins there again.
    dealings : list of Dealing
        Every execution, for the yearly cap on net purchases.
    unsettled : list of (datetime, Decimal)
        Proceeds in US dollars that are not ours before that instant.
    attempts : list of (datetime, str)
        Attempts at what may never happen, since the owner last reset their breaker.
    lines : dict of str to LineRecord
        The venue's own ledger, by line id.
    kinds_said : dict of (venue, kind) to Meaning
        What the owner said of kinds that the desk did not know.
    given : list of Given
        What was given away of incidental interest.
    testimony : Testimony
        What witnesses said, and how much of it.
    mode_since : datetime or None
        When the desk's money last changed; None while it trades what it opened with.
    set_aside : dict of str to Decimal, US dollars or base units
        What was on the account when the desk went live and is the owner's.
    reconciled : ReconcileRecord or None
        The last comparison with the account that went on record in this mode.
    owners_told : set of (kind, thing)
        What was told of the owner's own orders, trades and assets.
    unlocked : UnlockRecord or None
        The owner's word for live, while it stands.
    registration : Registration or None
        The review's plan in force; None on a record older than that.
    registrations_count : int
        How often its clock was started.
    tenure : Tenure or None
        What was counted since it was registered.
    looks : list of Look
        Looks by the plan in force, oldest first.
    broken : list of str
        Entries that contradict the ledger and changed nothing; the desk stands halted over them.
    posts : dict of int to (channel id, message id)
        Which events have been told of, and where.
    untold : dict of int to Envelope
        Events that are still to be told of; of the scans only the newest.
    """

    mode: str = ""
    market: str = ""
    simulated: bool = False
    opened_at: datetime | None = None
    start_cash_usd: Decimal = ZERO
    cash_usd: Decimal = ZERO
    equity_usd: Decimal = ZERO
    high_water_usd: Decimal = ZERO
    halt_high_water_usd: Decimal = ZERO
    kill_high_water_usd: Decimal = ZERO
    paper_only_since: datetime | None = None
    rejected_at: list[datetime] = field(default_factory=list)
    strange_fills_count: int = 0
    executions: list[ExecutionCost] = field(default_factory=list)
    monitors: Monitors = field(default_factory=Monitors)
    limits: dict[str, float] = field(default_factory=dict)
    limits_held_back: tuple[tuple[str, float, float], ...] = ()
    day_open_usd: Decimal = ZERO
    week_open_usd: Decimal = ZERO
    equity_curve: list[tuple[datetime, Decimal]] = field(default_factory=list)
    sessions: int = 0
    seed: int = 0
    epoch_at: datetime | None = None
    config_hash: str = ""
    proposals: dict[str, ProposalRecord] = field(default_factory=dict)
    orders: dict[str, OrderRecord] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    trades: list[Trade] = field(default_factory=list)
    losses_in_a_row: int = 0
    losses_counted_from: int = 0
    last_loss_at: datetime | None = None
    pause_ended_at: datetime | None = None
    review_note_at: datetime | None = None
    calm_bars: dict[str, int] = field(default_factory=dict)
    exits_requested: dict[str, ExitAsked] = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)
    halt: Halt | None = None
    trips: dict[str, Trip] = field(default_factory=dict)
    trip_log: list[tuple[str, datetime]] = field(default_factory=list)
    oversight: list[Envelope] = field(default_factory=list)
    prices: dict[str, Decimal] = field(default_factory=dict)
    bars_at: datetime | None = None
    assessed: dict[str, tuple[int, Assessment]] = field(default_factory=dict)
    cards: dict[str, tuple[str, str]] = field(default_factory=dict)
    newest_scan: tuple[int, BarsAssessed] | None = None
    labels: dict[LabelKey, Label] = field(default_factory=dict)
    studied: dict[str, datetime] = field(default_factory=dict)
    candidate_costs: dict[tuple[str, datetime], float] = field(default_factory=dict)
    candidate_votes: dict[tuple[str, datetime], dict[str, bool]] = field(default_factory=dict)
    signals: dict[str, SignalRecord] = field(default_factory=dict)
    memos: Memos = field(default_factory=Memos)
    fee_tiers: dict[str, FeeTier] = field(default_factory=dict)
    model_use: dict[tuple[str, str, str, str], ModelUse] = field(default_factory=dict)
    fees_usd: dict[str, Decimal] = field(default_factory=dict)
    posts: dict[int, tuple[str, str]] = field(default_factory=dict)
    untold: dict[int, Envelope] = field(default_factory=dict)
    reports: dict[str, datetime] = field(default_factory=dict)
    dealings: list[Dealing] = field(default_factory=list)
    unsettled: list[tuple[datetime, Decimal]] = field(default_factory=list)
    attempts: list[tuple[datetime, str]] = field(default_factory=list)
    lines: dict[str, LineRecord] = field(default_factory=dict)
    kinds_said: dict[tuple[str, str], Meaning] = field(default_factory=dict)
    statements: dict[str, datetime] = field(default_factory=dict)
    given: list[Given] = field(default_factory=list)
    testimony: Testimony = field(default_factory=Testimony)
    mode_since: datetime | None = None
    set_aside: dict[str, Decimal] = field(default_factory=dict)
    reconciled: ReconcileRecord | None = None
    owners_told: set[tuple[str, str]] = field(default_factory=set)
    unlocked: UnlockRecord | None = None
    registration: Registration | None = None
    registrations_count: int = 0
    tenure: Tenure | None = None
    looks: list[Look] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    seq: int = 0
    head: str = "0" * 64
    at: datetime | None = None

    def open_proposals(self) -> list[ProposalRecord]:
        """Proposals that can still be decided, oldest first."""
        return [p for p in self.proposals.values() if p.status is ProposalStatus.OPEN]

    def open_orders(self) -> list[OrderRecord]:
        """Orders that may still be executed, oldest first."""
        return [o for o in self.orders.values() if o.open]

    def in_doubt(self) -> dict[str, datetime]:
        """Orders without an answer, and when each was intended."""
        return {
            record.order.client_id: record.intended_at or record.order.created_at
            for record in self.open_orders()
            if record.state in (OrderState.INTENDED, OrderState.UNKNOWN)
        }

    def orders_of(self, position_id: str, side: Side) -> list[OrderRecord]:
        """Orders of one proposal and the position it opened, oldest first."""
        return [
            record
            for record in self.orders.values()
            if record.order.proposal_id == position_id and record.order.side is side
        ]

    def highest_stop(self, position_id: str) -> Decimal | None:
        """Highest stop that was ever sent for a position; None before the first."""
        stops = (
            record.order.stop_price
            for record in self.orders_of(position_id, Side.SELL)
            if record.order.stop_price is not None and record.state is not OrderState.REJECTED
        )
        return max(stops, default=None)

    def reserved_usd(self) -> Decimal:
        """Cash that open entry orders may still need, in US dollars, without fees."""
        total = ZERO
        for record in self.open_orders():
            if record.order.purpose is Purpose.ENTRY:
                entry = self.proposals[record.order.proposal_id].terms.entry
                total += (record.order.quantity - record.filled) * entry
        return total

    def unsettled_usd(self, now: datetime) -> Decimal:
        """Proceeds of sales that are not ours yet at `now`, in US dollars."""
        return sum((amount for at, amount in self.unsettled if at > now), ZERO)

    def unknown_kinds(self) -> dict[tuple[str, str], int]:
        """How many lines there are of each kind that nobody can name yet."""
        counts: dict[tuple[str, str], int] = {}
        for record in self.lines.values():
            if meaning_of(record.line, self.kinds_said) is Meaning.UNKNOWN:
                key = key_of(record.line)
                counts[key] = counts.get(key, 0) + 1
        return counts

    def marked_equity_usd(self) -> Decimal:
        """Cash and every position at its newest known price, in US dollars."""
        held = sum(
            (p.quantity * self.prices.get(p.instrument, p.entry_price))
            for p in self.positions.values()
        )
        return self.cash_usd + held

    def exploratory_risk_usd(self, since: datetime) -> Decimal:
        """Money that exploratory approvals since `since` have put at risk, in US dollars."""
        return sum(
            (
                p.terms.risk_usd * p.decided_quantity / p.terms.quantity
                for p in self.proposals.values()
                if p.terms.kind is CardKind.EXPLORATORY
                and p.status is ProposalStatus.APPROVED
                and p.decided_at is not None
                and p.decided_at >= since
            ),
            start=ZERO,
        )
