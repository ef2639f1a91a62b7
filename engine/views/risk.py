"""Limits with their use, breakers with their state, and everything that ever stopped the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from engine.model.actors import Actor
from engine.risk.findings import DeskState
from engine.views.market import MarketView


class LimitLevel(StrEnum):
    """How much of a limit is used."""

    EASY = "easy"
    NEAR = "near"
    REACHED = "reached"
    UNKNOWN = "unknown"


class RowState(StrEnum):
    """What a breaker does now, the gravest first.

    ``COOLING`` has tripped, is within its bound again, and blocks until its rule or the owner lets
    it go; ``BLOCKING`` blocks for now without a trip on record; ``NOT_MEASURED`` has no number
    here by design, or none that the record alone can tell.
    """

    TRIPPED = "tripped"
    COOLING = "cooling"
    BLOCKING = "blocking"
    NOT_MEASURED = "not measured"
    ARMED = "armed"


@dataclass(frozen=True, slots=True)
class LimitUseView:
    """One limit with its use.

    Attributes
    ----------
    unit : str
        Of both numbers: ``fraction of equity``, ``trades``.
    used : float or None
        None is unknown; below zero where a loss limit stands in profit.
    bound : float, >= 0
    use_frac : float or None, >= 0
        Share of the bound that is used; may exceed 1.
    """

    name: str
    unit: str
    used: float | None
    bound: float
    use_frac: float | None
    level: LimitLevel


@dataclass(frozen=True, slots=True)
class BreakerRowView:
    """One breaker, what was measured, and what it takes to reset.

    Attributes
    ----------
    instrument : str
        Symbol; empty for a breaker of the whole desk.
    value, bound : str
        With units; `value` is ``unknown`` where it was not measured.
    tripped_value : str
        What was measured when it tripped; empty if it has not.
    note : str
        Why it is not measured, where that is known; else empty.
    """

    name: str
    instrument: str
    state: RowState
    value: str
    bound: str
    tripped_at: datetime | None
    tripped_value: str
    resets: str
    note: str


@dataclass(frozen=True, slots=True)
class RiskEventView:
    """A trip, a reset, a halt or a resumption, as it stands in the journal.

    Attributes
    ----------
    what : str
        ``tripped``, ``reset``, ``halted`` or ``resumed``.
    name : str
        Of the breaker; ``halt`` for halts and resumptions.
    value, bound : str
        Of a trip, with units; else empty.
    reason : str
        Why; of a trip, what it takes to reset.
    """

    seq: int
    at: datetime
    what: str
    name: str
    by: Actor
    value: str
    bound: str
    reason: str


@dataclass(frozen=True, slots=True)
class KillSwitchView:
    """The kill switch.

    Attributes
    ----------
    places : tuple of str
        What throws it: the files whose presence halts; empty where there is none.
    since : datetime or None, aware UTC, real time
    mend : str
        What releases it; empty if it is not thrown.
    """

    places: tuple[str, ...]
    thrown: bool
    reason: str
    since: datetime | None
    mend: str


@dataclass(frozen=True, slots=True)
class AccountView:
    """The last comparison of record and account that came out otherwise than the one before.

    Attributes
    ----------
    compared : str
        What was laid beside the record, one clause.
    differing, owners : tuple of str
        What stops entries, and what is the owner's own affair, one sentence each.
    """

    at: datetime
    compared: str
    differing: tuple[str, ...]
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RiskView:
    """Whether the desk may enter, what bounds it, and what has stopped it before.

    Attributes
    ----------
    as_of : datetime, aware UTC
        The desk's present; read from the record alone, the instant of its newest entry.
    market : MarketView or None
        None when it was read from the record alone: what needs a market is not measured then.
    history : tuple of RiskEventView
        Newest first, whole.
    account : AccountView or None
        The last comparison with the account; None where there was none, as on paper.
    contradictions : tuple of str
        Entries of the record that contradict it; the desk stands halted over them.
    config_hash : str
        Of the settings with which the desk last ran.
    limits_hash : str
        Of the settings whose limits are shown.
    """

    mode: str
    state: DeskState
    as_of: datetime
    market: MarketView | None
    market_name: str
    equity_usd: Decimal
    halted_by: Actor | None
    halted_reason: str
    halted_at: datetime | None
    kill_switch: KillSwitchView
    limits: tuple[LimitUseView, ...]
    breakers: tuple[BreakerRowView, ...]
    history: tuple[RiskEventView, ...]
    account: AccountView | None
    contradictions: tuple[str, ...]
    journal_seq: int
    journal_hash: str
    config_hash: str
    limits_hash: str
