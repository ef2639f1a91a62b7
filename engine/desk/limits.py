"""Limits and breakers as the guests see them.

Refuses to judge: the verdicts are those of ``engine.risk``.
"""

from __future__ import annotations

from engine.journal.ledger import ZERO, Ledger
from engine.model.instruments import Asset
from engine.risk import Finding, Limits, NotMeasured, RiskPicture, findings
from engine.risk.picture import fall
from engine.views import BreakerView, LimitView

_METALS = (Asset.GOLD, Asset.SILVER)


def breaker_views(ledger: Ledger, picture: RiskPicture, limits: Limits) -> tuple[BreakerView, ...]:
    """Every latched breaker with its number against its bound; tripped ones as they tripped."""
    views = []
    for found in findings(picture, limits):
        if not found.breaker.latched:
            continue
        trip = ledger.trips.get(found.name)
        bound = found.breaker.show(found.breaker.bound(found.look))
        views.append(
            BreakerView(
                name=found.name,
                tripped=trip is not None,
                tripped_at=trip.at if trip else None,
                value=found.breaker.show(found.reading),
                bound=trip.bound if trip else bound,
                resets=found.breaker.resets,
                state=found.state,
                why=trip.why if trip and trip.why else found.breaker.why,
                note=_note(found),
            )
        )
    return tuple(views)


def _note(found: Finding) -> str:
    if isinstance(found.reading, NotMeasured):
        return found.reading.reason
    if found.breaker.name == "drawdown kill":
        ever = fall(found.look.picture.high_water_usd, found.look.picture.equity_usd)
        return f"{found.breaker.show(ever)} below the highest equity ever"
    return ""


def limit_views(picture: RiskPicture, limits: Limits) -> tuple[LimitView, ...]:
    """Use of every exposure cap, as fractions of equity."""
    exposures = picture.exposures or ()
    equity = picture.equity_usd or ZERO
    if equity <= 0:
        return ()
    views = [
        LimitView(
            market.instrument,
            float(sum(e.notional_usd for e in exposures if e.instrument == market.instrument))
            / float(equity),
            limits.instrument_frac,
        )
        for market in picture.markets
    ]
    metals = sum(e.notional_usd for e in exposures if e.asset in _METALS)
    total = sum(e.notional_usd for e in exposures)
    heat = sum(e.risk_usd for e in exposures)
    views.append(LimitView("gold and silver", float(metals) / float(equity), limits.pair_frac))
    views.append(LimitView("everything", float(total) / float(equity), limits.total_frac))
    views.append(LimitView("heat at the stops", float(heat) / float(equity), limits.heat_frac))
    return tuple(views)
