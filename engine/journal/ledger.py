"""What the journal adds up to: cash, proposals, orders, positions, halts, knowledge, posts.

Refuses to change itself: only the fold (``fold.py``) writes here, one event at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engine.compliance.jurisdiction import Dealing
from engine.compliance.lines import key_of, meaning_of
from engine.costs import Drift
from engine.journal.records import (
    ZERO,
    ExecutionCost,
    ExitAsked,
    Given,
    Halt,
    LineRecord,
    Look,
    ModelUse,
    OrderRecord,
    ProposalRecord,
    ReconcileRecord,
    Registration,
    Trip,
    UnlockRecord,
)
from engine.journal.tenure import Tenure
from engine.journal.testimony import Testimony
from engine.journal.voices import Memos, SignalRecord
from engine.model.events import BarsAssessed
from engine.model.fees import FeeTier
from engine.model.orders import Fill, OrderState, Purpose, Side
from engine.model.positions import Position, Trade
from engine.model.proposals import CardKind, ProposalStatus
from engine.model.setups import Assessment, Label, SetupKind
from engine.model.venue_lines import Meaning
from engine.ports import Envelope
from engine.risk.monitors import Monitors

__all__ = [
    "ZERO",
    "ExecutionCost",
    "ExitAsked",
    "Given",
    "Halt",
    "LabelKey",
    "Ledger",
    "LineRecord",
    "Look",
    "ModelUse",
    "OrderRecord",
    "ProposalRecord",
    "ReconcileRecord",
    "Registration",
    "SignalRecord",
    "Trip",
    "UnlockRecord",
    "month_of",
]

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
    dealings_count : int
        Approvals, fills and their amendments so far.
    drift : tuple of (int, Drift or None), or None
        What approvals were found to cost in waiting, at that count (``engine/desk/costing.py``).
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
    # What was ended is passed over once and then left out, so that years of trades stay quick:
    # neither an order nor a proposal that has ended is ever open again.
    dealings_count: int = field(default=0, repr=False, compare=False)
    drift: tuple[int, Drift | None] | None = field(default=None, repr=False, compare=False)
    _undecided: list[ProposalRecord] = field(default_factory=list, repr=False, compare=False)
    _working: list[OrderRecord] = field(default_factory=list, repr=False, compare=False)
    _orders_of: dict[str, list[OrderRecord]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        self._undecided = list(self.proposals.values())
        self._working = list(self.orders.values())
        for record in self._working:
            self._orders_of.setdefault(record.order.proposal_id, []).append(record)

    def add_proposal(self, record: ProposalRecord) -> None:
        """Take a new proposal in; for the fold alone."""
        self.proposals[record.terms.id] = record
        self._undecided.append(record)

    def add_order(self, record: OrderRecord) -> None:
        """Take a new order in; for the fold alone."""
        self.orders[record.order.client_id] = record
        self._working.append(record)
        self._orders_of.setdefault(record.order.proposal_id, []).append(record)

    def open_proposals(self) -> list[ProposalRecord]:
        """Proposals that can still be decided, oldest first."""
        self._undecided = [p for p in self._undecided if p.status is ProposalStatus.OPEN]
        return list(self._undecided)

    def open_orders(self) -> list[OrderRecord]:
        """Orders that may still be executed, oldest first."""
        self._working = [o for o in self._working if o.open]
        return list(self._working)

    def in_doubt(self) -> dict[str, datetime]:
        """Orders without an answer, and when each was intended."""
        return {
            record.order.client_id: record.intended_at or record.order.created_at
            for record in self.open_orders()
            if record.state in (OrderState.INTENDED, OrderState.UNKNOWN)
        }

    def orders_of(self, position_id: str, side: Side) -> list[OrderRecord]:
        """Orders of one proposal and the position it opened, oldest first."""
        return [o for o in self._orders_of.get(position_id, ()) if o.order.side is side]

    def attempts_at(self, proposal_id: str, purpose: Purpose) -> int:
        """Orders that were ever made of a proposal for a purpose."""
        return sum(o.order.purpose is purpose for o in self._orders_of.get(proposal_id, ()))

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
