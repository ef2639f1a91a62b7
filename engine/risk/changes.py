"""Which breakers trip and which come back, as values for the journal.

Refuses to reset what only the owner may, and to trip twice what stands tripped.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.risk.findings import Finding, findings
from engine.risk.limits import Limits
from engine.risk.picture import RiskPicture
from engine.risk.table import UNKNOWN


@dataclass(frozen=True, slots=True)
class Trip:
    """A breaker has tripped; becomes ``BreakerTripped``.

    Attributes
    ----------
    value, bound : str
        With units; `value` is ``unknown`` where a number is missing.
    resets : str
        What it takes to reset, one sentence.
    to_paper : bool
        Whether the desk must go back to paper.
    """

    name: str
    value: str
    bound: str
    resets: str
    to_paper: bool = False


@dataclass(frozen=True, slots=True)
class Reset:
    """A breaker has reset by its own rule; becomes ``BreakerReset`` by the desk."""

    name: str
    reason: str


def breaker_changes(picture: RiskPicture, limits: Limits) -> tuple[Trip | Reset, ...]:
    """What the latched breakers do now, in the order of the table.

    A breaker that only a missing number has tripped comes back once the number is known and
    within its bound, also where a real trip would wait for the owner.

    Returns
    -------
    tuple of Trip or Reset
        Empty while it is not known what stands tripped: then entries are refused anyway.
    """
    if picture.tripped is None:
        return ()
    measured = (f for f in findings(picture, limits) if f.breaker.latched)
    changes = (_change(found) for found in measured)
    return tuple(change for change in changes if change is not None)


def _change(found: Finding) -> Trip | Reset | None:
    breaker = found.breaker
    if found.tripped is None:
        if not found.beyond:
            return None
        bound = breaker.show(breaker.bound(found.look.limits))
        return Trip(found.name, breaker.show(found.value), bound, breaker.resets, breaker.to_paper)
    if found.beyond:
        return None
    if found.tripped.value == UNKNOWN:
        return Reset(found.name, f"known again: {breaker.show(found.value)}")
    rule = breaker.may_reset
    if rule is None or not rule(found.look, found.tripped):
        return None
    return Reset(found.name, f"back at {breaker.show(found.value)}: {breaker.resets}")
