"""Proposals: the exact terms that an owner's yes is bound to.

Refuses to change: terms are immutable, and their hash is what a button carries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from engine.model.canonical import digest
from engine.model.money import exact
from engine.model.orders import OrderType
from engine.model.setups import SetupKind

GAP = "stop gap"
"""Name of the cost line that only a stop pays."""


class CardKind(StrEnum):
    """The three kinds of setup card; the first two can be approved."""

    PROPOSAL = "proposal"
    EXPLORATORY = "exploratory"
    WATCH = "watch"


class ProposalStatus(StrEnum):
    """How far a proposal has come; every state but ``OPEN`` is final."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class SizeStep:
    """One factor of the size chain, in its order.

    Attributes
    ----------
    name : str
        For example ``quarter Kelly`` or ``instrument cap``.
    factor : float
        What this step multiplied the fraction by, in [0, 1] but for the first.
    fraction : float
        Notional over equity after this step.
    """

    name: str
    factor: float
    fraction: float


@dataclass(frozen=True, slots=True)
class CostLines:
    """Round-trip costs of one trade, spelled out.

    Attributes
    ----------
    fee_frac, spread_frac, slippage_frac, impact_frac : float, fraction of entry, both legs
        Slippage holds what is lost to the price step.
    drift_frac : float, fraction of entry
        Move against us while a yes is awaited.
    gap_frac : float, fraction of entry
        Expected loss beyond the stop: its chance times the gap. Part of every expected value,
        but not of `total_frac`: only a stop pays it.
    fee_tier : str
        For example ``Kraken entry tier, taker 0.40 %, 2026-11-01``.
    spread_source, drift_source : str
        Where spread and drift were read, for example ``from the book``.
    """

    fee_frac: float
    spread_frac: float
    slippage_frac: float
    fee_tier: str
    impact_frac: float = 0.0
    drift_frac: float = 0.0
    gap_frac: float = 0.0
    spread_source: str = ""
    drift_source: str = ""

    @property
    def total_frac(self) -> float:
        """All that every round trip pays, as a fraction of entry."""
        crossing = self.fee_frac + self.spread_frac + self.slippage_frac
        return crossing + self.impact_frac + self.drift_frac


@dataclass(frozen=True, slots=True)
class CostItem:
    """One line of a trade's costs in money.

    Attributes
    ----------
    usd : Decimal, US dollars
    frac : float, fraction of entry
    """

    name: str
    usd: Decimal
    frac: float


@dataclass(frozen=True, slots=True)
class ProposalTerms:
    """Everything that is approved when a proposal is approved.

    Attributes
    ----------
    entry, target, stop : Decimal, quote currency, on the tick
    quantity : Decimal, base units, on the lot
    notional_usd, risk_usd : Decimal, US dollars
        Value at entry, and loss at the stop with costs.
    size_frac : float
        Notional over equity.
    time_limit_at : datetime, aware UTC
        When an open position is closed whatever its price.
    p_mean, p_low, break_even : float in [0, 1]
    ev_mean_frac, ev_low_frac : float, fraction of entry, after costs
    expires_at : datetime, aware UTC
        After this instant nobody can approve.
    """

    id: str
    kind: CardKind
    setup_kind: SetupKind
    instrument: str
    venue: str
    order_type: OrderType
    entry: Decimal
    target: Decimal
    stop: Decimal
    quantity: Decimal
    notional_usd: Decimal
    risk_usd: Decimal
    size_frac: float
    size_steps: tuple[SizeStep, ...]
    size_set_by: str
    costs: CostLines
    p_prior: float
    p_mean: float
    p_low: float
    break_even: float
    ev_mean_frac: float
    ev_low_frac: float
    horizon_days: float
    created_at: datetime
    expires_at: datetime
    time_limit_at: datetime
    config_hash: str

    @property
    def hash(self) -> str:
        """SHA-256 of the terms, 64 hexadecimal digits.

        A field that terms have gained since is left out while it holds its default, so that the
        terms of an older record keep their hash.
        """
        return digest(self, exclude_defaults=True)

    @property
    def cost_items(self) -> tuple[CostItem, ...]:
        """The costs line by line in money, what only a stop pays last."""
        named = (
            ("fees", self.costs.fee_frac),
            ("spread", self.costs.spread_frac),
            ("slippage", self.costs.slippage_frac),
            ("impact", self.costs.impact_frac),
            ("drift", self.costs.drift_frac),
            (GAP, self.costs.gap_frac),
        )
        return tuple(CostItem(name, self._worth(frac), frac) for name, frac in named)

    @property
    def cost_usd(self) -> Decimal:
        """What every round trip pays, US dollars."""
        return self._worth(self.costs.total_frac)

    def _worth(self, frac: float) -> Decimal:
        return self.notional_usd * exact(frac)

    @property
    def short_hash(self) -> str:
        """First twelve digits of the hash: what a button carries and a card shows."""
        return self.hash[:12]
