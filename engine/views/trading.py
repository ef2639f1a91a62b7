"""Proposals, orders, positions and what they brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from engine.compliance.jurisdiction import NetBuys
from engine.model.actors import Actor
from engine.model.orders import Order, OrderState
from engine.model.positions import Origin, Position
from engine.model.proposals import ProposalStatus, ProposalTerms
from engine.model.setups import Assessment
from engine.model.witnesses import Opinion
from engine.views.market import MarketView
from engine.views.memos import MemoView
from engine.views.places import PostRef


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
    guard : str
        Who will guard the stop, one clause; empty where that is not known.
    scouts : tuple of Opinion
        What stood of their words when its bar closed.
    memo : MemoView or None
        What the analyzer said; None where it was not asked.
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
    guard: str = ""
    memo: MemoView | None = None
    scouts: tuple[Opinion, ...] = ()


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
class KindResult:
    """What closed trades of one kind of card brought.

    Attributes
    ----------
    origin : Origin
        Raised by the gate, to learn, or by hand: only the first speaks for the desk.
    trades, wins : int
    pnl_usd : Decimal, US dollars, after all fees
    """

    origin: Origin
    trades: int
    wins: int
    pnl_usd: Decimal


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
    results : tuple of KindResult
        What closed trades of each kind of card brought.
    net_buys : NetBuys or None
        Where the yearly cap of the owner's place stands; None where there is none.
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
    results: tuple[KindResult, ...] = ()
    net_buys: NetBuys | None = None


@dataclass(frozen=True, slots=True)
class ProfitRow:
    """Result of one UTC day, together and by kind of card."""

    day: date
    trades: int
    pnl_usd: Decimal
    kinds: tuple[KindResult, ...] = ()
