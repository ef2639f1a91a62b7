"""How large an order may be that moves the price against itself.

Refuses to charge an order with the impact of another, larger one: then more risk could mean a
smaller first guess, a smaller impact, and in the end a larger order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.desk.casework import Case
from engine.desk.words import expected_value_sentence
from engine.model.money import exact
from engine.model.proposals import SizeStep
from engine.model.setups import Odds
from engine.model.verdicts import Refused
from engine.sizing import Sizing

STEP = "impact of its own size"


def largest_paying(
    case: Case, size: Callable[[Case], Sizing | Refused], pays: Callable[[Odds], bool]
) -> tuple[Case, Sizing] | Refused:
    """The largest order that is no larger than the size chain allows *after its own impact*.

    Cost rises with quantity and size falls with cost, so the orders that fit are all those up to
    one largest, which is found by halving. It falls with everything with which `size` falls.

    Parameters
    ----------
    case : Case
        Costed without impact.
    size : callable
        The size chain.
    pays : callable
        Whether odds after the impact still pass the gate that the case has passed.

    Returns
    -------
    tuple of Case and Sizing, or Refused
        The case after its impact, and its size; a case of no size before impact is given back.
    """
    widest = size(case)
    if isinstance(widest, Refused):
        return widest
    if not widest.quantity:
        return case, widest
    lot = case.instrument.lot

    def fitting(lots: int) -> tuple[Case, Sizing] | None:
        dearer = case.sized(lots * lot)
        sizing = size(dearer) if pays(dearer.odds) else None
        small_enough = isinstance(sizing, Sizing) and sizing.quantity >= lots * lot
        return (dearer, sizing) if small_enough and isinstance(sizing, Sizing) else None

    good, bad = 0, int(widest.quantity / lot)
    found = fitting(bad)
    if found is not None:
        good = bad
    while bad - good > 1:
        middle = (good + bad) // 2
        answer = fitting(middle)
        good, bad, found = (middle, bad, answer) if answer else (good, middle, found)
    if found is None:
        told = expected_value_sentence(case.sized(widest.quantity).odds)
        return Refused("impact", f"{told} with the impact of {widest.quantity}", "")
    dearer, sizing = found
    return dearer, _kept(sizing, dearer, good)


def _kept(sizing: Sizing, case: Case, lots: int) -> Sizing:
    """The sizing at exactly so many lots, with the cut as its last step."""
    quantity = lots * case.instrument.lot
    if quantity == sizing.quantity:
        return sizing
    share = quantity / sizing.quantity
    fraction = sizing.fraction * float(share)
    return replace(
        sizing,
        fraction=fraction,
        quantity=quantity,
        notional_usd=quantity * exact(case.setup.entry),
        risk_usd=sizing.risk_usd * share,
        steps=(*sizing.steps, SizeStep(STEP, float(share), fraction)),
        set_by=STEP,
    )
