"""The picture that risk looks at, drawn from the ledger and the newest prices.

Refuses to fill in what is not known: an instrument that was never assessed stays unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from engine.desk.policy import Policy
from engine.journal.ledger import ZERO, Ledger
from engine.model.bars import Timeframe
from engine.model.instruments import Calendar
from engine.model.orders import Purpose
from engine.model.positions import Position
from engine.model.setups import Assessment
from engine.risk import Exposure, MarketState, PastEntry, RiskPicture, TrippedBreaker

IsOpen = Callable[[Calendar, datetime], bool]


@dataclass(frozen=True, slots=True)
class Moment:
    """The market at one instant, as far as risk is concerned.

    Attributes
    ----------
    prices : mapping of str to Decimal, quote currency
    assessed : mapping of str to Assessment
        Newest assessment of each instrument.
    is_open : callable (calendar, instant) -> bool
    """

    now: datetime
    prices: Mapping[str, Decimal]
    assessed: Mapping[str, Assessment]
    timeframe: Timeframe
    is_open: IsOpen


def equity_at(ledger: Ledger, prices: Mapping[str, Decimal]) -> Decimal:
    """Cash and every position at `prices`, in US dollars."""
    held = (
        p.quantity * prices.get(p.instrument, ledger.prices.get(p.instrument, p.entry_price))
        for p in ledger.positions.values()
    )
    return ledger.cash_usd + sum(held, ZERO)


def picture_of(ledger: Ledger, policy: Policy, moment: Moment) -> RiskPicture:
    """Everything that limits and breakers are measured on, at `moment`."""
    equity = equity_at(ledger, moment.prices)
    day_open, week_open = opens_at(ledger, moment.now)
    return RiskPicture(
        now=moment.now,
        equity_usd=equity,
        settled_cash_usd=ledger.cash_usd
        - ledger.reserved_usd()
        - ledger.unsettled_usd(moment.now),
        day_open_equity_usd=day_open,
        week_open_equity_usd=week_open,
        high_water_usd=max(ledger.high_water_usd, equity),
        halt_high_water_usd=max(ledger.halt_high_water_usd, equity),
        positions=tuple(_held(p, policy, moment) for p in ledger.positions.values()),
        pending=_pending(ledger, policy),
        entries=_entries(ledger, moment.now),
        consecutive_losses=ledger.losses_in_a_row,
        last_loss_at=ledger.last_loss_at,
        daily_loss_trips=_daily_trips(ledger, moment.now),
        exploratory_week_usd=ledger.exploratory_risk_usd(week_start(moment.now)),
        review_note_at=ledger.review_note_at,
        halted=ledger.halt.reason or "halted" if ledger.halt else "",
        tripped=tuple(TrippedBreaker(t.name, t.at, t.value) for t in ledger.trips.values()),
        metals_correlation=None,
        markets=tuple(_market(s, ledger, policy, moment) for s in policy.instruments),
        invariant_attempts=len(ledger.attempts),
    )


def week_start(now: datetime) -> datetime:
    """Monday 00:00 UTC of the week of `now`."""
    monday = now.date() - timedelta(days=now.weekday())
    return datetime.combine(monday, time(), UTC)


def opens_at(ledger: Ledger, now: datetime) -> tuple[Decimal, Decimal]:
    """Equity at the open of the day and week of `now`, also before their first bar is marked."""
    marked = ledger.bars_at
    same_day = marked is not None and marked.date() == now.date()
    same_week = marked is not None and marked.isocalendar()[:2] == now.isocalendar()[:2]
    return (
        ledger.day_open_usd if same_day else ledger.equity_usd,
        ledger.week_open_usd if same_week else ledger.equity_usd,
    )


def _held(position: Position, policy: Policy, moment: Moment) -> Exposure:
    price = moment.prices.get(position.instrument, position.entry_price)
    at_risk = max(position.entry_price - position.stop, ZERO) * position.quantity
    return Exposure(
        instrument=position.instrument,
        asset=policy.instruments[position.instrument].asset,
        notional_usd=position.quantity * price,
        risk_usd=at_risk,
    )


def _pending(ledger: Ledger, policy: Policy) -> tuple[Exposure, ...]:
    waiting = []
    for record in ledger.open_orders():
        if record.order.purpose is Purpose.ENTRY:
            terms = ledger.proposals[record.order.proposal_id].terms
            left = record.order.quantity - record.filled
            waiting.append(
                Exposure(
                    instrument=record.order.instrument,
                    asset=policy.instruments[record.order.instrument].asset,
                    notional_usd=left * terms.entry,
                    risk_usd=left / terms.quantity * terms.risk_usd,
                )
            )
    return tuple(waiting)


def _entries(ledger: Ledger, now: datetime) -> tuple[PastEntry, ...]:
    since = now - timedelta(days=2)
    held = [PastEntry(p.instrument, p.opened_at) for p in ledger.positions.values()]
    closed = [PastEntry(t.instrument, t.opened_at) for t in ledger.trades]
    return tuple(entry for entry in (*held, *closed) if entry.at >= since)


def _daily_trips(ledger: Ledger, now: datetime) -> int:
    since = week_start(now)
    return sum(name == "daily loss" and at >= since for name, at in ledger.trip_log)


def _market(symbol: str, ledger: Ledger, policy: Policy, moment: Moment) -> MarketState:
    assessment = moment.assessed.get(symbol)
    calendar = policy.instruments[symbol].calendar
    return MarketState(
        instrument=symbol,
        open=moment.is_open(calendar, moment.now - timedelta(microseconds=1)),
        bar_age_for=moment.now - assessment.at if assessment else None,
        bar_length_for=moment.timeframe.length,
        volatility_rank_frac=_diagnostic(assessment, "percentile_frac"),
        move_sigmas=_diagnostic(assessment, "last_move_sigmas"),
        calm_bars=ledger.calm_bars.get(symbol, 0),
    )


def _diagnostic(assessment: Assessment | None, name: str) -> float | None:
    if assessment is None:
        return None
    for reading in assessment.readings:
        if reading.name == "volatility":
            return reading.diagnostics.get(name)
    return None
