"""The table of breakers, measured: what blocks entries now, and what state the desk is in.

Refuses to reset anything; it only says who may.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.model.actors import Actor, Permission
from engine.model.verdicts import Refused
from engine.risk.breaker import TRANSITIONS, Breaker, BreakerState, Scope
from engine.risk.limits import Limits
from engine.risk.picture import Look, RiskPicture, TrippedBreaker
from engine.risk.readings import Reading, Sign
from engine.risk.table import BREAKERS


class DeskState(StrEnum):
    """Whether the desk may open positions; closing them is always allowed."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the table, measured.

    Attributes
    ----------
    name : str
        With the instrument's symbol where the row is of an instrument.
    reading : Reading
    sign : Sign
        How the reading stands to the bound.
    tripped : TrippedBreaker or None
        The standing trip, if there is one.
    """

    name: str
    breaker: Breaker
    look: Look
    reading: Reading
    sign: Sign
    tripped: TrippedBreaker | None

    @property
    def state(self) -> BreakerState:
        """Where the row stands after this look, before its reset rule is asked."""
        before = BreakerState.ARMED if self.tripped is None else BreakerState.TRIPPED
        return TRANSITIONS[before, self.sign]

    @property
    def beyond(self) -> bool:
        """Whether the measure alone trips it now; unknown does."""
        return self.sign in (Sign.BEYOND, Sign.UNKNOWN)

    @property
    def blocks(self) -> bool:
        """Whether entries are blocked by this row."""
        return self.state is not BreakerState.ARMED


def findings(picture: RiskPicture, limits: Limits, instrument: str = "") -> tuple[Finding, ...]:
    """Every row of the table measured: those of the desk, and those of one or every instrument.

    Parameters
    ----------
    instrument : str
        Symbol, or empty for every instrument in the picture.
    """
    symbols = (instrument,) if instrument else tuple(m.instrument for m in picture.markets)
    standing = {tripped.name: tripped for tripped in picture.tripped or ()}
    return tuple(
        _find(breaker, Look(picture, limits, symbol), standing)
        for breaker in BREAKERS
        for symbol in (symbols if breaker.scope is Scope.INSTRUMENT else ("",))
    )


def desk_state(picture: RiskPicture, limits: Limits) -> DeskState:
    """State of the whole desk.

    ``HALTED`` needs a person, ``REDUCING`` comes back by itself. Breakers of one instrument, and
    the day's count of entries, leave the desk ``ACTIVE``.
    """
    if picture.halted is None or picture.halted or picture.tripped is None:
        return DeskState.HALTED
    blocking = [
        found.breaker
        for found in findings(picture, limits)
        if found.breaker.scope is Scope.DESK and found.breaker.latched and found.blocks
    ]
    if any(breaker.may_reset is None for breaker in blocking):
        return DeskState.HALTED
    return DeskState.REDUCING if blocking else DeskState.ACTIVE


def check_reset(
    picture: RiskPicture, limits: Limits, name: str, by: Actor, reason: str
) -> Refused | None:
    """Whether `by` may reset a tripped breaker: the owner alone, and never without a reason.

    A reset that would trip again at the next look is refused too: it would only seem to help.

    Returns
    -------
    Refused or None
        None when the reset may be journaled.
    """
    if not by.may(Permission.DECIDE):
        return Refused("breaker reset", f"asked by {by.name}", "the owner", "Ask the owner.")
    if not reason.strip():
        return Refused("breaker reset", "no reason given", "a written reason", "Say why.")
    if picture.tripped is None or name not in {tripped.name for tripped in picture.tripped}:
        names = ", ".join(tripped.name for tripped in picture.tripped or ()) or "none"
        return Refused("breaker reset", f"{name} is not tripped", f"tripped: {names}")
    return _in_vain(picture, limits, name)


def _in_vain(picture: RiskPicture, limits: Limits, name: str) -> Refused | None:
    """Refuse a reset of what is still beyond its bound and is not counted anew by the reset."""
    found = next((f for f in findings(picture, limits) if f.name == name), None)
    if found is None or not found.beyond:
        return None
    breaker = found.breaker
    if breaker.rebased and found.sign is not Sign.UNKNOWN:
        return None
    value, bound = breaker.show(found.reading), breaker.show(breaker.bound(found.look))
    return Refused(
        "breaker reset",
        f"{name} stands at {value}",
        bound,
        f"It would trip again at once. {_what_helps(found)}",
    )


def _what_helps(found: Finding) -> str:
    if found.sign is not Sign.UNKNOWN:
        return found.breaker.resets
    return "Find out first why the number that it needs is missing."


def _find(breaker: Breaker, look: Look, standing: dict[str, TrippedBreaker]) -> Finding:
    value = breaker.measure(look)
    title = breaker.title(look.instrument)
    return Finding(
        name=title,
        breaker=breaker,
        look=look,
        reading=value,
        sign=breaker.sign(value, look),
        tripped=standing.get(title),
    )
