"""What is to be posted, and where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.model.actors import Actor
from engine.model.orders import Fill, Order, Purpose
from engine.model.positions import Trade
from engine.model.witnesses import Opinion
from engine.views.market import ScanView
from engine.views.places import Place
from engine.views.trading import OrderView, PositionView, ProposalView


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
    """A proposal was decided, or a memo on it came: the same card is edited.

    It loses its buttons once a decision stands.
    """

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


@dataclass(frozen=True, slots=True)
class OpinionNotice(Notice):
    """A scout is sure enough to be posted; it decides nothing.

    Attributes
    ----------
    counts : bool
        False in a replay: the opinion can never become a vote.
    """

    opinion: Opinion
    counts: bool


AnyNotice = (
    ScanNotice
    | ProposalNotice
    | DecisionNotice
    | FillNotice
    | OrderNotice
    | TradeNotice
    | DeskNotice
    | OpinionNotice
)
