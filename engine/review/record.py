"""What the review judges, taken out of the ledger once: trades, marks, candidates, prices.

Refuses to measure, and to mix: exploratory trades and trades by hand stand apart, and what began
before the plan was registered is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from engine.journal.holdings import execution_cost
from engine.journal.ledger import ExecutionCost, Ledger, Look, ProposalRecord, Registration
from engine.journal.tenure import DayMark, Tenure
from engine.model.events import PlanRegistered
from engine.model.positions import Origin, Trade, origin_of
from engine.model.proposals import ProposalStatus
from engine.model.setups import Label
from engine.probability.layer import FloatArray, IntArray

CALIBRATION_BREAKERS = ("overconfidence", "Brier score")
_SLOT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class JudgedTrade:
    """A closed trade with what its card promised.

    Attributes
    ----------
    risk_frac, cost_frac : float, fraction of entry
        Loss at the stop with costs, and the modelled round trip.
    open_for : timedelta
        How long its card let it be open.
    """

    trade: Trade
    risk_frac: float
    cost_frac: float
    execution: ExecutionCost
    open_for: timedelta

    @property
    def net_frac(self) -> float:
        """Result after costs, as a fraction of entry."""
        trade = self.trade
        return float(trade.pnl_usd / (trade.entry_price * trade.quantity))

    @property
    def mae_r(self) -> float:
        """Worst excursion in R units, <= 0."""
        return self.trade.mae_frac / self.risk_frac if self.risk_frac > 0.0 else 0.0

    @property
    def mfe_r(self) -> float:
        """Best excursion in R units, >= 0."""
        return self.trade.mfe_frac / self.risk_frac if self.risk_frac > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class OpenTrade:
    """A position of a proposal that is still open."""

    opened_at: datetime
    open_for: timedelta


@dataclass(frozen=True, slots=True)
class Card:
    """A card that was put before the owner, or taken at once, and what became of both.

    Attributes
    ----------
    risk_frac : float, fraction of entry
    waited_for : timedelta or None
        From the card to the yes or no; None where nobody decided, or nobody was asked.
    label : Label or None
        How its setup ended without regard to what was decided; None while it is open, and for
        setups that were no candidates.
    """

    origin: Origin
    status: ProposalStatus
    risk_frac: float
    waited_for: timedelta | None
    label: Label | None


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """Bars of one instrument since the registration.

    Attributes
    ----------
    close_at : ndarray of shape (n_bars,), int64, microseconds since 1970
    opens, closes : ndarray of shape (n_bars,), float64, quote currency
        Where only closes are recorded, a bar opens at the close before.
    """

    close_at: IntArray
    opens: FloatArray
    closes: FloatArray


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that the review judges, as of one instant.

    Attributes
    ----------
    since : datetime, aware UTC
        When the clock of the plan began.
    money_since : datetime, aware UTC
        Since when equity is of the same money: going live brings other money.
    begun_usd : Decimal, US dollars
        Equity then.
    trades : tuple of JudgedTrade
        Of proposals, opened since then and closed, in the order of their closing.
    others : tuple of JudgedTrade
        Exploratory trades and trades by hand of the same time.
    days : tuple of DayMark
        Oldest first.
    frozen : bool
        Whether every process since ran with the registered settings.
    marks, wrong_marks : int
        Equity marks that were written, and those that a replay does not come to.
    calibration_tripped : bool
        Whether a breaker of the calibration stands tripped.
    """

    now: datetime
    since: datetime
    plan_seq: int
    registered: PlanRegistered
    registrations_count: int
    money_since: datetime
    begun_usd: Decimal
    trades: tuple[JudgedTrade, ...]
    others: tuple[JudgedTrade, ...]
    still_open: tuple[OpenTrade, ...]
    cards: tuple[Card, ...]
    labels: tuple[Label, ...]
    days: tuple[DayMark, ...]
    prices: Mapping[str, PriceHistory]
    on_time: IntArray
    late_count: int
    marks: int
    wrong_marks: int
    violations_count: int
    drawdown_frac: float
    frozen: bool
    calibration_tripped: bool
    looks: tuple[Look, ...]

    @property
    def weeks(self) -> float:
        """Weeks since the registration."""
        return max((self.now - self.since) / _SLOT, 0.0)


def record_of(ledger: Ledger, now: datetime) -> Record | None:
    """What there is to judge at `now`; None where no plan is registered."""
    registered, tenure = ledger.registration, ledger.tenure
    if registered is None or tenure is None:
        return None
    other_money = ledger.mode_since is not None and ledger.mode_since > registered.at
    recent = [
        _judged(ledger, trade)
        for trade in sorted(ledger.trades, key=lambda trade: trade.closed_at)
        if trade.opened_at >= registered.at
    ]
    return Record(
        now=now,
        since=registered.at,
        plan_seq=registered.seq,
        registered=registered.event,
        registrations_count=ledger.registrations_count,
        money_since=ledger.mode_since if ledger.mode_since and other_money else registered.at,
        begun_usd=ledger.start_cash_usd if other_money else tenure.begun_usd,
        trades=tuple(each for each in recent if each.trade.origin is Origin.PROPOSAL),
        others=tuple(each for each in recent if each.trade.origin is not Origin.PROPOSAL),
        still_open=_still_open(ledger, registered),
        cards=_cards(ledger, registered),
        labels=tuple(tenure.labels),
        days=tuple(
            replace(day, open_r=dict(day.open_r), held_fracs=dict(day.held_fracs))
            for _, day in sorted(tenure.days.items())
        ),
        prices=_prices(tenure),
        on_time=np.array(tenure.on_time, dtype=np.int64),
        late_count=len(tenure.late),
        marks=tenure.marks,
        wrong_marks=tenure.wrong_marks,
        violations_count=tenure.violations_count,
        drawdown_frac=tenure.drawdown_frac,
        frozen=not tenure.strayed,
        calibration_tripped=any(name in ledger.trips for name in CALIBRATION_BREAKERS),
        looks=tuple(ledger.looks),
    )


def _judged(ledger: Ledger, trade: Trade) -> JudgedTrade:
    terms = ledger.proposals[trade.id].terms
    return JudgedTrade(
        trade=trade,
        risk_frac=_risk_frac(ledger.proposals[trade.id]),
        cost_frac=terms.costs.total_frac,
        execution=execution_cost(ledger, trade.id, trade.entry_price, trade.quantity),
        open_for=terms.time_limit_at - terms.created_at,
    )


def _risk_frac(record: ProposalRecord) -> float:
    return float(record.terms.risk_usd / record.terms.notional_usd)


def _still_open(ledger: Ledger, registered: Registration) -> tuple[OpenTrade, ...]:
    found = []
    for held in ledger.positions.values():
        record = ledger.proposals[held.id]
        ours = origin_of(held.kind, requested=record.requested) is Origin.PROPOSAL
        if ours and held.opened_at >= registered.at:
            terms = record.terms
            found.append(OpenTrade(held.opened_at, terms.time_limit_at - terms.created_at))
    return tuple(found)


def _cards(ledger: Ledger, registered: Registration) -> tuple[Card, ...]:
    return tuple(
        Card(
            origin=origin_of(record.terms.kind, requested=record.requested),
            status=record.status,
            risk_frac=_risk_frac(record),
            waited_for=_waited(record),
            label=_label_of(ledger, record),
        )
        for record in ledger.proposals.values()
        if record.terms.created_at >= registered.at
    )


def _waited(record: ProposalRecord) -> timedelta | None:
    if not record.asked or record.decided_by is None or record.decided_at is None:
        return None
    return record.decided_at - record.terms.created_at


def _label_of(ledger: Ledger, record: ProposalRecord) -> Label | None:
    setup = record.assessment.setup
    if setup is None:
        return None
    return ledger.labels.get((setup.instrument, setup.at, setup.kind))


def _prices(tenure: Tenure) -> dict[str, PriceHistory]:
    found = {}
    for instrument, seen in tenure.closes.items():
        at = np.array(seen.at, dtype=np.int64)
        price = np.array(seen.price, dtype=np.float64)
        found[instrument] = PriceHistory(at[1:], price[:-1], price[1:])
    return found
