"""The verdict on one entry: every breaker, then every cap.

Refuses before it resizes, and resizes only downwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal

from engine.model.instruments import Instrument
from engine.model.money import exact, floor_to
from engine.model.proposals import CardKind
from engine.model.verdicts import Approved, Refused, Resized, Verdict
from engine.risk.findings import Finding, findings
from engine.risk.limits import Limits
from engine.risk.picture import RiskPicture
from engine.risk.readings import Sign
from engine.risk.room import exploratory_budget_left, room_left
from engine.sizing import Room

_DOWN = Context(prec=28, rounding=ROUND_FLOOR)


@dataclass(frozen=True, slots=True)
class EntryRequest:
    """An entry that asks to be made.

    Attributes
    ----------
    kind : CardKind
        Exploratory entries also keep to their weekly budget.
    price : Decimal, quote currency, > 0
        What is paid now; at a click, the price at the click.
    quantity : Decimal, base units, > 0
    stop_frac, cost_frac : float, fraction of `price`
        Loss at the stop is the sum of both.
    """

    instrument: Instrument
    kind: CardKind
    price: Decimal
    quantity: Decimal
    stop_frac: float
    cost_frac: float


def assess_entry(request: EntryRequest, picture: RiskPicture, limits: Limits) -> Verdict:
    """Approve, cut or refuse an entry; anything unknown refuses.

    Returns
    -------
    Approved, Resized or Refused
        Never more than was asked for, and always a whole number of lots when cut.
    """
    senseless = _senseless(request)
    if senseless is not None:
        return senseless
    blocked = _blocked(request.instrument.symbol, picture, limits)
    if blocked is not None:
        return blocked
    room = room_left(picture, limits, request.instrument)
    if isinstance(room, Refused):
        return room
    exploratory = request.kind is CardKind.EXPLORATORY
    budget = exploratory_budget_left(picture, limits) if exploratory else None
    if isinstance(budget, Refused):
        return budget
    return _within(request, _caps(request, room, budget, picture.equity_usd or Decimal(0)))


@dataclass(frozen=True, slots=True)
class _Cap:
    """A cap as the largest notional that it allows."""

    name: str
    notional_usd: Decimal


def _blocked(symbol: str, picture: RiskPicture, limits: Limits) -> Refused | None:
    if picture.tripped is None:
        return Refused("breakers", "unknown", "a known state", "Entries resume once it is known.")
    for found in findings(picture, limits, symbol):
        if found.blocks:
            return _refusal(found)
    known_names = {found.name for found in findings(picture, limits)}
    for tripped in picture.tripped:
        if tripped.name not in known_names:
            return Refused(tripped.name, "tripped", "armed", "The owner resets it with a reason.")
    return None


def _refusal(found: Finding) -> Refused:
    breaker = found.breaker
    if breaker.name == "halt" and found.look.picture.halted:
        return Refused("halt", f"halted: {found.look.picture.halted}", "", breaker.resets)
    if breaker.words and found.sign is Sign.BEYOND:
        return Refused(found.name, breaker.words, "", breaker.resets)
    value, bound = breaker.show(found.reading), breaker.show(breaker.bound(found.look))
    if not found.beyond and found.tripped is not None:
        value = f"tripped at {found.tripped.value} on {found.tripped.at:%Y-%m-%d %H:%M} UTC"
    return Refused(found.name, value, bound, breaker.resets)


def _senseless(request: EntryRequest) -> Refused | None:
    amounts = (request.price, request.quantity)
    if not all(amount.is_finite() and amount > 0 for amount in amounts):
        return Refused("request", f"{request.quantity} at {request.price}", "finite and above 0")
    if not (0.0 < request.stop_frac < 1.0 and 0.0 <= request.cost_frac < 1.0):
        return Refused(
            "request", f"stop {request.stop_frac}, cost {request.cost_frac}", "fractions of price"
        )
    if request.kind is CardKind.WATCH:
        return Refused("request", "a watch card", "a proposal or an exploratory card")
    return None


def _caps(
    request: EntryRequest, room: Room, budget: float | None, equity_usd: Decimal
) -> tuple[_Cap, ...]:
    loss = request.stop_frac + request.cost_frac
    fractions = {
        "instrument cap": room.instrument_frac,
        "risk at the stop": room.risk_frac / loss,
        "total exposure": room.total_frac,
        "gold and silver together": room.pair_frac,
        "heat": room.heat_frac / loss,
    }
    if budget is not None:
        fractions["weekly exploratory budget"] = budget / loss
    # A fraction above one is no cap on what is fully funded, and infinity has no decimal.
    caps = [
        _Cap(name, _DOWN.multiply(exact(min(1.0, fraction)), equity_usd))
        for name, fraction in fractions.items()
    ]
    funded = _DOWN.divide(room.settled_cash_usd, 1 + exact(request.cost_frac))
    return (*caps, _Cap("settled cash", funded))


def _within(request: EntryRequest, caps: tuple[_Cap, ...]) -> Verdict:
    asked = request.quantity * request.price
    tightest = min(caps, key=lambda cap: cap.notional_usd)
    if asked <= tightest.notional_usd:
        return Approved(request.quantity)
    value = f"{asked:.2f} USD"
    bound = f"{tightest.notional_usd:.2f} USD"
    affordable = _DOWN.divide(tightest.notional_usd, request.price)
    quantity = floor_to(affordable, request.instrument.lot)
    if quantity * request.price < max(request.instrument.min_notional_usd, Decimal("1e-12")):
        return Refused(tightest.name, value, bound, "Nothing tradable is left under this limit.")
    return Resized(quantity, tightest.name, value, bound)
