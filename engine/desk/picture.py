"""The picture that risk looks at, drawn from the ledger and the newest prices.

Refuses to fill in what is not known: an instrument that was never assessed stays unknown.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import takewhile

from engine.desk.policy import Policy
from engine.journal.holdings import EXECUTIONS_KEPT, slippage_ratio
from engine.journal.ledger import ZERO, Ledger, OrderRecord
from engine.market.sessions import open_time_between
from engine.model.bars import Timeframe
from engine.model.instruments import Asset, Calendar
from engine.model.money import exact
from engine.model.orders import OrderState, Purpose
from engine.model.positions import Position
from engine.model.setups import Assessment
from engine.risk import (
    ClockState,
    Exposure,
    MarketState,
    NotMeasured,
    OddsRecord,
    PastEntry,
    Reading,
    RiskPicture,
    Senses,
    TrippedBreaker,
    VenueState,
)

IsOpen = Callable[[Calendar, datetime], bool]

_LIVE = "live"

OWN_TIME = NotMeasured("this market keeps its own time")
NOT_ASKED = NotMeasured("the venue has not been asked")


@dataclass(frozen=True, slots=True)
class Moment:
    """The market at one instant, as far as risk is concerned.

    Attributes
    ----------
    now : datetime, aware UTC
        Instant that is judged: a bar's close, or the present.
    clock_at : datetime or None, aware UTC
        What the clock shows; None where nobody has looked.
    prices : mapping of str to Decimal, quote currency
    assessed : mapping of str to Assessment
        Newest assessment of each instrument.
    is_open : callable (calendar, instant) -> bool
    senses : mapping of str to Senses
        What is sensed of each instrument between bars.
    clock_offset_seconds : Reading, seconds
        Provable difference of the clock to the venue's.
    mismatches_count : Reading
        Balances, orders and executions in which venue and record differ.
    unread_seconds : Reading, seconds
        Since when the venue's ledger could not be read.
    correlations : mapping of (str, str) to float, in [-1, 1]
        Of the returns of pairs of instruments, in either order.
    """

    now: datetime
    prices: Mapping[str, Decimal]
    assessed: Mapping[str, Assessment]
    timeframe: Timeframe
    is_open: IsOpen
    clock_at: datetime | None = None
    senses: Mapping[str, Senses] = field(default_factory=dict)
    clock_offset_seconds: Reading = OWN_TIME
    mismatches_count: Reading = NOT_ASKED
    unread_seconds: Reading = NOT_ASKED
    correlations: Mapping[tuple[str, str], float] = field(default_factory=dict)


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
    working = ledger.open_orders()  # asked once: it passes over every order there ever was
    pending = _pending(working, ledger, policy)
    reserved = sum((exposure.notional_usd for exposure in pending), ZERO)
    day_open, week_open = opens_at(ledger, moment.now)
    return RiskPicture(
        now=moment.now,
        equity_usd=equity,
        settled_cash_usd=ledger.cash_usd - reserved - ledger.unsettled_usd(moment.now),
        day_open_equity_usd=day_open,
        week_open_equity_usd=week_open,
        high_water_usd=max(ledger.high_water_usd, equity),
        kill_high_water_usd=max(ledger.kill_high_water_usd, equity),
        halt_high_water_usd=max(ledger.halt_high_water_usd, equity),
        positions=tuple(_held(p, ledger, policy, moment) for p in ledger.positions.values()),
        pending=pending,
        entries=_entries(ledger, moment.now),
        consecutive_losses=ledger.losses_in_a_row,
        last_loss_at=ledger.last_loss_at,
        pause_ended_at=ledger.pause_ended_at,
        daily_loss_trips=_daily_trips(ledger, moment.now),
        exploratory_week_usd=ledger.exploratory_risk_usd(week_start(moment.now)),
        review_note_at=ledger.review_note_at,
        halted=ledger.halt.reason or "halted" if ledger.halt else "",
        live_after_kill=policy.mode == _LIVE and ledger.paper_only_since is not None,
        tripped=tuple(TrippedBreaker(t.name, t.at, t.value) for t in ledger.trips.values()),
        metals_correlation=_metals_correlation(policy, moment),
        clock=_clock(ledger, moment),
        venue=_venue(working, ledger, policy, moment),
        odds=OddsRecord(ledger.monitors.e_highest, ledger.monitors.cusum_highest),
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


def _held(position: Position, ledger: Ledger, policy: Policy, moment: Moment) -> Exposure:
    """A position with what its stop would cost: the way down to it, and the costs of the sale."""
    price = moment.prices.get(position.instrument, position.entry_price)
    down = max(position.entry_price - position.stop, ZERO)
    round_trip = exact(ledger.proposals[position.id].terms.costs.total_frac)
    return Exposure(
        instrument=position.instrument,
        asset=policy.instruments[position.instrument].asset,
        notional_usd=position.quantity * price,
        risk_usd=position.quantity * (down + position.stop * round_trip / 2),
    )


def _pending(working: list[OrderRecord], ledger: Ledger, policy: Policy) -> tuple[Exposure, ...]:
    waiting = []
    for record in working:
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
    # Trades stand in the order in which they closed, and none opened after that.
    recent = takewhile(lambda trade: trade.closed_at >= since, reversed(ledger.trades))
    closed = [PastEntry(t.instrument, t.opened_at) for t in recent]
    return tuple(entry for entry in (*held, *closed) if entry.at >= since)


def _daily_trips(ledger: Ledger, now: datetime) -> int:
    """Counted in the week of the trip that stands: one too many is not forgiven on Monday."""
    standing = ledger.trips.get("daily loss")
    since = week_start(standing.at if standing else now)
    return sum(name == "daily loss" and at >= since for name, at in ledger.trip_log)


def _metals_correlation(policy: Policy, moment: Moment) -> float | None:
    """Highest correlation of any gold with any silver that is watched; None where one is unknown.

    Exactly zero is what a pair without common returns answers: unknown too.
    """
    gold, silver = (
        [s for s, instrument in policy.instruments.items() if instrument.asset is asset]
        for asset in (Asset.GOLD, Asset.SILVER)
    )
    found = [
        moment.correlations.get((one, other), moment.correlations.get((other, one), 0.0))
        for one in gold
        for other in silver
    ]
    return max(found) if found and all(found) else None


def _clock(ledger: Ledger, moment: Moment) -> ClockState:
    back: Reading = NotMeasured("nobody has looked at the clock")
    if moment.clock_at is not None:
        newest = ledger.at or moment.clock_at
        back = max(0.0, (newest - moment.clock_at).total_seconds())
    return ClockState(moment.clock_offset_seconds, back)


def _venue(
    working: list[OrderRecord], ledger: Ledger, policy: Policy, moment: Moment
) -> VenueState:
    return VenueState(
        slippage_ratio=_slippage_ratio(ledger),
        rejects_count=_rejects(ledger.rejected_at, policy.limits.rejects_for),
        strange_fills_count=float(ledger.strange_fills_count),
        unanswered_count=float(sum(o.state is OrderState.UNKNOWN for o in working)),
        mismatches_count=moment.mismatches_count,
        unread_seconds=moment.unread_seconds,
    )


def _slippage_ratio(ledger: Ledger) -> Reading:
    """Mean realised over mean modelled cost of the newest trades, once there are enough."""
    seen = ledger.executions
    if len(seen) < EXECUTIONS_KEPT:
        return NotMeasured(f"{len(seen)} of {EXECUTIONS_KEPT} trades so far")
    return slippage_ratio(seen)


def _rejects(times: list[datetime], window: timedelta) -> float:
    """Most refusals within any `window`: a burst counts also when nobody looked in time."""
    ordered = sorted(times)
    counts = (
        upto - bisect_right(ordered, at - window) for upto, at in enumerate(ordered, start=1)
    )
    return float(max(counts, default=0))


def _market(symbol: str, ledger: Ledger, policy: Policy, moment: Moment) -> MarketState:
    assessment = moment.assessed.get(symbol)
    calendar = policy.instruments[symbol].calendar
    return MarketState(
        instrument=symbol,
        asset=policy.instruments[symbol].asset,
        open=moment.is_open(calendar, moment.now),
        bar_age_for=_trading_age(calendar, assessment, moment.now),
        bar_length_for=moment.timeframe.length,
        volatility_rank_frac=_diagnostic(assessment, "percentile_frac"),
        move_sigmas=_diagnostic(assessment, "last_move_sigmas"),
        calm_bars=ledger.calm_bars.get(symbol, 0),
        senses=moment.senses.get(symbol, Senses()),
    )


def _trading_age(
    calendar: Calendar, assessment: Assessment | None, now: datetime
) -> timedelta | None:
    """Trading time since the newest assessed bar; negative where it closed after `now`."""
    if assessment is None:
        return None
    if assessment.at > now:
        return now - assessment.at
    return open_time_between(calendar, assessment.at, now)


def _diagnostic(assessment: Assessment | None, name: str) -> float | None:
    if assessment is None:
        return None
    for reading in assessment.readings:
        if reading.name == "volatility":
            return reading.diagnostics.get(name)
    return None
