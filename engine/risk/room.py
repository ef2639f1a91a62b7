"""How much the exposure limits leave for one more entry.

Refuses an unknown picture: what cannot be measured leaves no room.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal

from engine.model.instruments import Asset, Instrument
from engine.model.money import exact
from engine.model.verdicts import Refused
from engine.risk.limits import Limits
from engine.risk.picture import Exposure, RiskPicture
from engine.risk.readings import known
from engine.sizing import Room

_METALS = frozenset({Asset.GOLD, Asset.SILVER})


def room_left(picture: RiskPicture, limits: Limits, instrument: Instrument) -> Room | Refused:
    """Room under every cap, or the first number that is unknown.

    Gold and silver count as one where they move as one, and where nobody knows.
    """
    equity, cash, exposures = picture.equity_usd, picture.settled_cash_usd, picture.exposures
    if equity is None or not (equity.is_finite() and equity > 0):
        return _unknown("equity", equity)
    if cash is None or not cash.is_finite():
        return _unknown("settled cash", cash)
    if exposures is None or not all(_sound(exposure) for exposure in exposures):
        return _unknown("exposure", None)
    same = [e for e in exposures if e.instrument == instrument.symbol]
    metals = [e for e in exposures if e.asset in _METALS]
    heat = sum((e.risk_usd for e in exposures), Decimal(0)) / equity
    coupled = instrument.asset in _METALS and _move_as_one(picture, limits)
    return Room(
        instrument_frac=_left(limits.instrument_frac, same, equity),
        total_frac=_left(limits.total_frac, exposures, equity),
        pair_frac=_left(limits.pair_frac, metals, equity) if coupled else math.inf,
        heat_frac=max(0.0, float(exact(limits.heat_frac) - heat)),
        risk_frac=limits.risk_frac,
        settled_cash_usd=max(Decimal(0), cash),
    )


def exploratory_budget_left(picture: RiskPicture, limits: Limits) -> float | Refused:
    """What exploratory positions may still put at risk this week, over equity."""
    equity, used = known(picture.equity_usd), known(picture.exploratory_week_usd)
    if equity is None or equity <= 0.0:
        return _unknown("equity", picture.equity_usd)
    if used is None or used < 0.0:
        return _unknown("exploratory budget", picture.exploratory_week_usd)
    return max(0.0, limits.exploratory_week_frac - used / equity)


def _left(cap: float, exposures: Iterable[Exposure], equity: Decimal) -> float:
    used = sum((e.notional_usd for e in exposures), Decimal(0)) / equity
    return max(0.0, float(exact(cap) - used))


def _move_as_one(picture: RiskPicture, limits: Limits) -> bool:
    correlation = known(picture.metals_correlation)
    return correlation is None or correlation > limits.pair_correlation


def _sound(exposure: Exposure) -> bool:
    amounts = (exposure.notional_usd, exposure.risk_usd)
    return all(amount.is_finite() and amount >= 0 for amount in amounts)


def _unknown(what: str, value: Decimal | None) -> Refused:
    shown = "unknown" if value is None else str(value)
    return Refused(what, shown, "a known amount", "Entries resume once it is known.")
