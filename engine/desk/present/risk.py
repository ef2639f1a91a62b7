"""Views of limits, breakers and what has stopped the desk, from a ledger and a risk picture.

Refuses to judge: the verdicts are those of ``engine.risk``. What nobody measured is told as not
measured, neither as kept nor as broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch

from engine.desk.limits import limit_views
from engine.journal.ledger import ZERO, Ledger, ReconcileRecord
from engine.model import events as happened
from engine.model.actors import DESK
from engine.model.events import Event
from engine.ports import Envelope, KillSwitch
from engine.risk import (
    BreakerState,
    DeskState,
    Finding,
    Limits,
    NotMeasured,
    RiskPicture,
    Scope,
    desk_state,
    findings,
)
from engine.risk.readings import Sign, known
from engine.views import MarketView
from engine.views.risk import (
    AccountView,
    BreakerRowView,
    KillSwitchView,
    LimitLevel,
    LimitUseView,
    RiskEventView,
    RiskView,
    RowState,
)

NEAR_FRAC = 0.75
"""Share of a limit from which its use is told as near."""

_EQUITY = "fraction of equity"
_COUNTED = {
    "daily loss": ("loss today", "fraction of equity at the day's open"),
    "weekly loss": ("loss this week", "fraction of equity at the week's open"),
    "drawdown halt": ("drawdown, halt", "fraction of the high-water mark"),
    "drawdown kill": ("drawdown, back to paper", "fraction of the high-water mark"),
    "losses in a row, pause": ("losses in a row, pause", "trades"),
    "losses in a row, halt": ("losses in a row, halt", "trades"),
    "entries today": ("entries today", "trades"),
}
_ORDER = tuple(RowState)
_UNTRIPPED = {
    Sign.WITHIN: RowState.ARMED,
    Sign.NOT_MEASURED: RowState.NOT_MEASURED,
    Sign.BEYOND: RowState.BLOCKING,
    Sign.UNKNOWN: RowState.BLOCKING,
}


@dataclass(frozen=True, slots=True)
class RiskCase:
    """Everything that a view of the risk is made from.

    Attributes
    ----------
    market : MarketView or None
        None where the record alone is read.
    limits_hash : str
        Of the settings that `limits` are from.
    """

    ledger: Ledger
    picture: RiskPicture
    limits: Limits
    limits_hash: str
    kill_switch: KillSwitch | None
    market: MarketView | None
    as_of: datetime


def risk_view(case: RiskCase) -> RiskView:
    """The whole view."""
    ledger, halt = case.ledger, case.ledger.halt
    found = findings(case.picture, case.limits)
    switch = _switch(case.kill_switch)
    state = desk_state(case.picture, case.limits)
    return RiskView(
        mode=ledger.mode,
        state=DeskState.HALTED if switch.thrown else state,
        as_of=case.as_of,
        market=case.market,
        market_name=ledger.market,
        equity_usd=case.picture.equity_usd or ZERO,
        halted_by=halt.by if halt else None,
        halted_reason=halt.reason if halt else "",
        halted_at=halt.at if halt else None,
        kill_switch=switch,
        limits=(*_exposures(case.picture, case.limits), *_losses(found)),
        breakers=_breakers(found, with_market=case.market is not None),
        history=tuple(_told(each) for each in reversed(ledger.oversight)),
        account=_account(ledger.reconciled),
        contradictions=tuple(ledger.broken),
        journal_seq=ledger.seq,
        journal_hash=ledger.head,
        config_hash=ledger.config_hash,
        limits_hash=case.limits_hash,
    )


def _account(last: ReconcileRecord | None) -> AccountView | None:
    if last is None:
        return None
    return AccountView(
        at=last.at,
        compared=last.compared,
        differing=tuple(each.sentence for each in last.differences if each.halts),
        owners=tuple(each.sentence for each in last.differences if not each.halts),
    )


def _switch(switch: KillSwitch | None) -> KillSwitchView:
    thrown = switch.look() if switch else None
    return KillSwitchView(
        places=switch.places if switch else (),
        thrown=thrown is not None,
        reason=thrown.reason if thrown else "",
        since=thrown.since if thrown else None,
        mend=thrown.mend if thrown else "",
    )


# ---- limits ------------------------------------------------------------


def _exposures(picture: RiskPicture, limits: Limits) -> Iterator[LimitUseView]:
    for cap in limit_views(picture, limits):
        yield _use(cap.name, _EQUITY, cap.used_frac, cap.bound_frac)
    equity, exposures = float(picture.equity_usd or ZERO), picture.exposures
    if equity <= 0.0 or exposures is None:
        return
    largest = max((float(each.risk_usd) for each in exposures), default=0.0) / equity
    yield _use("largest loss at one stop", _EQUITY, largest, limits.risk_frac)
    spent = picture.exploratory_week_usd
    tried = None if spent is None else float(spent) / equity
    yield _use("exploratory risk this week", _EQUITY, tried, limits.exploratory_week_frac)


def _losses(found: Iterable[Finding]) -> Iterator[LimitUseView]:
    measured = {each.breaker.name: each for each in found if each.breaker.scope is Scope.DESK}
    for name, (words, unit) in _COUNTED.items():
        if (each := measured.get(name)) is not None:
            used = None if isinstance(each.reading, NotMeasured) else known(each.reading)
            yield _use(words, unit, used, each.breaker.bound(each.look))


def _use(name: str, unit: str, used: float | None, bound: float) -> LimitUseView:
    if used is None:
        return LimitUseView(name, unit, None, bound, None, LimitLevel.UNKNOWN)
    # A bound of nothing is reached by standing still.
    use = max(used, 0.0) / bound if bound > 0.0 else 1.0
    level = LimitLevel.EASY
    if use >= NEAR_FRAC:
        level = LimitLevel.REACHED if use >= 1.0 else LimitLevel.NEAR
    return LimitUseView(name, unit, used, bound, use, level)


# ---- breakers ------------------------------------------------------------


def _breakers(found: Iterable[Finding], *, with_market: bool) -> tuple[BreakerRowView, ...]:
    rows = (
        _breaker(each, with_market=with_market) for each in found if each.breaker.name != "halt"
    )
    return tuple(sorted(rows, key=lambda row: _ORDER.index(row.state)))


def _breaker(found: Finding, *, with_market: bool) -> BreakerRowView:
    breaker, trip, reading = found.breaker, found.tripped, found.reading
    return BreakerRowView(
        name=found.name,
        instrument=found.look.instrument,
        state=_state(found, with_market=with_market),
        value=breaker.show(reading),
        bound=breaker.show(breaker.bound(found.look)),
        tripped_at=trip.at if trip else None,
        tripped_value=trip.value if trip else "",
        resets=breaker.resets,
        note=reading.reason if isinstance(reading, NotMeasured) else "",
    )


def _state(found: Finding, *, with_market: bool) -> RowState:
    if found.tripped is not None:
        cools = found.state is BreakerState.COOLING
        return RowState.COOLING if cools else RowState.TRIPPED
    if found.sign is Sign.UNKNOWN and not with_market:
        return RowState.NOT_MEASURED
    return _UNTRIPPED[found.sign]


# ---- history ------------------------------------------------------------


def _told(envelope: Envelope) -> RiskEventView:
    return _line(envelope.event, envelope)


@singledispatch
def _line(event: Event, envelope: Envelope) -> RiskEventView:
    raise TypeError(f"entry {envelope.seq}, {type(event).__name__}, stops and starts nothing")


@_line.register
def _(event: happened.Halted, envelope: Envelope) -> RiskEventView:
    return RiskEventView(
        envelope.seq, envelope.at, "halted", "halt", event.by, "", "", event.reason
    )


@_line.register
def _(event: happened.Resumed, envelope: Envelope) -> RiskEventView:
    return RiskEventView(
        envelope.seq, envelope.at, "resumed", "halt", event.by, "", "", event.reason
    )


@_line.register
def _(event: happened.BreakerTripped, envelope: Envelope) -> RiskEventView:
    return RiskEventView(
        envelope.seq,
        envelope.at,
        "tripped",
        event.name,
        DESK,
        event.value,
        event.bound,
        event.resets,
    )


@_line.register
def _(event: happened.BreakerReset, envelope: Envelope) -> RiskEventView:
    return RiskEventView(
        envelope.seq, envelope.at, "reset", event.name, event.by, "", "", event.reason
    )
