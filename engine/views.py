"""What the door shows: frozen views, complete in themselves, ready to be rendered.

Refuses to compute: a view is filled in by the engine and only read by its guests.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from engine.model.actors import Actor
from engine.model.bars import Bar, Timeframe
from engine.model.orders import Fill, Order, OrderState, Purpose
from engine.model.positions import Position, Trade
from engine.model.proposals import CardKind, ProposalStatus, ProposalTerms
from engine.model.setups import Assessment, LayerReading, LayerRole
from engine.risk.findings import DeskState


class Place(StrEnum):
    """Where a post belongs."""

    RESEARCH = "research"
    EXECUTION = "execution"


@dataclass(frozen=True, slots=True)
class PostRef:
    """A message that tells of an event.

    Attributes
    ----------
    of_seq : int
        Sequence number of the event in the journal.
    """

    of_seq: int
    channel_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class MarketView:
    """What the desk watches and how.

    Attributes
    ----------
    description : str
        One line for people.
    simulated : bool
        True means that every post must say SIMULATED.
    paced : bool
        True when time is virtual (replay): a bar may take less than its length.
    """

    name: str
    description: str
    simulated: bool
    paced: bool
    timeframe: Timeframe


@dataclass(frozen=True, slots=True)
class LayerView:
    """One of the twelve layers with what it said.

    Attributes
    ----------
    number : int, 1 to 12
    title : str
        For people, for example ``Mean reversion``.
    contribution : float, nats
        Weight times log-likelihood ratio: what it moved the log-odds by.
    """

    number: int
    name: str
    title: str
    role: LayerRole
    summary: str
    reading: LayerReading
    contribution: float


@dataclass(frozen=True, slots=True)
class ScanRow:
    """One instrument in a scan.

    Attributes
    ----------
    card : CardKind or None
        None when the bar is no setup.
    sentence : str
        The number that decided, in plain words.
    change_day_frac : float
        Price against 24 hours before, as a fraction; 0 where history is too short.
    proposal_id : str
        What was raised from it; empty if nothing was.
    """

    instrument: str
    at: datetime
    price: Decimal
    change_day_frac: float
    card: CardKind | None
    sentence: str
    proposal_id: str
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class ScanView:
    """The newest look at every instrument, or at one.

    Attributes
    ----------
    seq : int
        Journal sequence of the assessment; 0 before the first bar.
    silent : tuple of str
        Witnesses that said nothing, for example ``Alpha (no model server)``.
    """

    seq: int
    at: datetime | None
    market: MarketView
    rows: tuple[ScanRow, ...]
    equity_usd: Decimal
    state: DeskState
    silent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BreakdownView:
    """How an assessment came to its number.

    Attributes
    ----------
    layers : tuple of LayerView, all twelve in order
    waterfall : tuple of (str, float), nats
        Prior first; the running sum ends at the posterior. Empty without a setup.
    terms : ProposalTerms or None
        When it was asked for by proposal.
    """

    instrument: str
    at: datetime
    price: Decimal
    assessment: Assessment
    layers: tuple[LayerView, ...]
    waterfall: tuple[tuple[str, float], ...]
    card: CardKind | None
    sentence: str
    terms: ProposalTerms | None
    market: MarketView


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line of a chart, named."""

    name: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Mark:
    """A fill on a chart: bought or sold, when and at what price."""

    at: datetime
    price: Decimal
    bought: bool


@dataclass(frozen=True, slots=True)
class ChartView:
    """Bars with the levels and fills worth drawing on them."""

    instrument: str
    timeframe: Timeframe
    bars: tuple[Bar, ...]
    levels: tuple[Level, ...]
    marks: tuple[Mark, ...]
    market: MarketView


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal with everything that became of it.

    Attributes
    ----------
    seq : int
        Journal sequence of its raising.
    asked : bool
        True when it waits for the owner; False when the paper rule took it at once.
    decided_quantity : Decimal
        What was approved, base units; 0 if it was not.
    decision_price : Decimal or None
        Market price at the decision.
    reason : str
        The owner's note or reason, or why it was withdrawn.
    price_now : Decimal or None
    post : PostRef or None
        The card in its channel, once posted.
    outcome : str
        One sentence on what followed the approval; empty before it.
    """

    seq: int
    terms: ProposalTerms
    short_hash: str
    status: ProposalStatus
    asked: bool
    assessment: Assessment
    layers_for: tuple[str, ...]
    layers_against: tuple[str, ...]
    witnesses: tuple[str, ...]
    decided_by: Actor | None
    decided_at: datetime | None
    decided_quantity: Decimal
    decision_price: Decimal | None
    reason: str
    outcome: str
    price_now: Decimal | None
    post: PostRef | None
    market: MarketView


@dataclass(frozen=True, slots=True)
class PositionView:
    """An open position at the present price.

    Attributes
    ----------
    unrealised_usd : Decimal, US dollars
        Before exit costs.
    r_now : float
        Unrealised result over the money at risk at the stop.
    guard : str
        Who guards the stop, in one sentence.
    """

    position: Position
    price_now: Decimal
    value_usd: Decimal
    unrealised_usd: Decimal
    r_now: float
    guard: str


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order and where it stands."""

    order: Order
    state: OrderState
    filled: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class BreakerView:
    """One breaker: what was measured against its bound, and what it takes to reset."""

    name: str
    tripped: bool
    tripped_at: datetime | None
    value: str
    bound: str
    resets: str


@dataclass(frozen=True, slots=True)
class LimitView:
    """One cap with its use.

    Attributes
    ----------
    used_frac, bound_frac : float, fraction of equity
    """

    name: str
    used_frac: float
    bound_frac: float


@dataclass(frozen=True, slots=True)
class PortfolioView:
    """Cash, positions and how the equity stands.

    Attributes
    ----------
    day_usd, week_usd : Decimal, US dollars
        Marked-to-market change since the UTC day and week opened.
    drawdown_frac : float in [0, 1]
        Below the high-water mark.
    equity_curve : tuple of (datetime, Decimal)
        Equity at bar closes, thinned, oldest first.
    """

    mode: str
    equity_usd: Decimal
    cash_usd: Decimal
    settled_cash_usd: Decimal
    day_usd: Decimal
    week_usd: Decimal
    total_usd: Decimal
    drawdown_frac: float
    positions: tuple[PositionView, ...]
    limits: tuple[LimitView, ...]
    equity_curve: tuple[tuple[datetime, Decimal], ...]
    market: MarketView


@dataclass(frozen=True, slots=True)
class StatusView:
    """Is it alive, what may it do, and where does the record stand."""

    mode: str
    state: DeskState
    now: datetime
    started_at: datetime
    market: MarketView
    instruments: tuple[str, ...]
    last_bars_at: datetime | None
    halted_by: Actor | None
    halted_reason: str
    halted_at: datetime | None
    breakers: tuple[BreakerView, ...]
    open_proposals: int
    open_positions: int
    open_orders: int
    equity_usd: Decimal
    cash_usd: Decimal
    journal_seq: int
    journal_hash: str
    config_hash: str
    software: str
    restarts: int
    labels: int


@dataclass(frozen=True, slots=True)
class ProfitRow:
    """Result of one UTC day."""

    day: date
    trades: int
    pnl_usd: Decimal


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One journal entry in words."""

    seq: int
    at: datetime
    kind: str
    sentence: str
    short_hash: str


@dataclass(frozen=True, slots=True)
class VerifyView:
    """Whether the chain holds.

    Attributes
    ----------
    findings : tuple of str
        Empty when every link verifies.
    """

    events: int
    head_seq: int
    head_hash: str
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be posted once, known by its journal sequence."""

    seq: int
    at: datetime
    place: Place


@dataclass(frozen=True, slots=True)
class ScanNotice(Notice):
    """A bar closed and was assessed."""

    scan: ScanView


@dataclass(frozen=True, slots=True)
class ProposalNotice(Notice):
    """A proposal was raised: post its card (with buttons if it is open and was asked)."""

    proposal: ProposalView


@dataclass(frozen=True, slots=True)
class DecisionNotice(Notice):
    """A proposal reached a final state: the same card is edited and loses its buttons."""

    proposal: ProposalView


@dataclass(frozen=True, slots=True)
class FillNotice(Notice):
    """An order was filled, wholly or in part."""

    order: Order
    fill: Fill
    position: PositionView | None


@dataclass(frozen=True, slots=True)
class OrderNotice(Notice):
    """An order was refused, lost from sight, canceled or expired."""

    order: OrderView


@dataclass(frozen=True, slots=True)
class TradeNotice(Notice):
    """A position closed: its result."""

    trade: Trade
    closed_by: Purpose
    equity_usd: Decimal


@dataclass(frozen=True, slots=True)
class DeskNotice(Notice):
    """The desk itself changed: opened, restarted, halted, resumed, breaker tripped or reset.

    Attributes
    ----------
    good : bool
        Whether it widens what the desk may do.
    """

    title: str
    sentence: str
    by: Actor | None
    good: bool


AnyNotice = (
    ScanNotice
    | ProposalNotice
    | DecisionNotice
    | FillNotice
    | OrderNotice
    | TradeNotice
    | DeskNotice
)
