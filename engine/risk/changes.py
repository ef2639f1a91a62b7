"""Which breakers trip and which come back, as values for the journal.

Refuses to reset what only the owner may, and to trip twice what stands tripped.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.risk.breaker import UNKNOWN, BreakerState
from engine.risk.findings import Finding, findings
from engine.risk.limits import Limits
from engine.risk.picture import RiskPicture
from engine.risk.readings import NotMeasured, Sign


@dataclass(frozen=True, slots=True)
class Trip:
    """A breaker has tripped; becomes ``BreakerTripped``.

    Attributes
    ----------
    value, bound : str
        With units; `value` is ``unknown`` where a number is missing.
    why : str
        What it means, one sentence.
    resets : str
        What it takes to reset, one sentence.
    to_paper : bool
        Whether the desk must go back to paper.
    """

    name: str
    value: str
    bound: str
    why: str
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
    within its bound, also where a real trip would wait for the owner. If the number turns out to
    be beyond the bound, it trips for real, and its own rule holds from then on.

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
    breaker, standing = found.breaker, found.tripped
    if standing is None:
        return _trip(found) if found.state is BreakerState.TRIPPED else None
    if standing.value == UNKNOWN:
        return _after_ignorance(found)
    if found.state is not BreakerState.COOLING:
        return None
    rule = breaker.may_reset
    if rule is None or not rule(found.look, standing):
        return None
    return Reset(found.name, f"back at {breaker.show(found.reading)}: {breaker.resets}")


def _after_ignorance(found: Finding) -> Trip | Reset | None:
    if found.sign is Sign.BEYOND:
        return _trip(found)
    if found.sign is Sign.UNKNOWN:
        return None
    if isinstance(found.reading, NotMeasured):
        return Reset(found.name, f"not measured any more: {found.reading.reason}")
    return Reset(found.name, f"known again: {found.breaker.show(found.reading)}")


def _trip(found: Finding) -> Trip:
    breaker, value = found.breaker, found.reading
    why = breaker.why
    if found.sign is Sign.UNKNOWN:
        why = "A number that it needs is missing, and what is not known counts as danger."
    return Trip(
        found.name,
        breaker.show(value),
        breaker.show(breaker.bound(found.look)),
        why,
        breaker.resets,
        breaker.to_paper,
    )
