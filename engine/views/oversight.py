"""State, breakers and the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.metering.bill import Bill
from engine.model.actors import Actor
from engine.risk.breaker import BreakerState
from engine.risk.findings import DeskState
from engine.views.market import MarketView


@dataclass(frozen=True, slots=True)
class BreakerView:
    """One breaker: what was measured against its bound, and what it takes to reset.

    Attributes
    ----------
    state : BreakerState
        ``COOLING`` is back within its bound and still blocks.
    why : str
        What a trip of it means, one sentence.
    note : str
        Why it is not measured here, or what else should be known; empty if nothing.
    """

    name: str
    tripped: bool
    tripped_at: datetime | None
    value: str
    bound: str
    resets: str
    state: BreakerState = BreakerState.ARMED
    why: str = ""
    note: str = ""


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
class CostsView:
    """What running the desk costs this month, and the market that it watches."""

    bill: Bill
    market: MarketView
