"""The table of breakers, measured: what blocks entries now, and what state the desk is in.

Refuses to reset anything; it only says who may.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.model.actors import Actor, Permission
from engine.model.verdicts import Refused
from engine.risk.limits import Limits
from engine.risk.picture import Look, RiskPicture, TrippedBreaker
from engine.risk.table import BREAKERS, Breaker, Scope


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
    value : float or None
        None is unknown.
    beyond : bool
        Whether the measure alone trips it now.
    tripped : TrippedBreaker or None
        The standing trip, if there is one.
    """

    name: str
    breaker: Breaker
    look: Look
    value: float | None
    beyond: bool
    tripped: TrippedBreaker | None

    @property
    def blocks(self) -> bool:
        """Whether entries are blocked by this row."""
        return self.beyond or self.tripped is not None


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


def check_reset(picture: RiskPicture, name: str, by: Actor, reason: str) -> Refused | None:
    """Whether `by` may reset a tripped breaker: the owner alone, and never without a reason.

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
    return None


def _find(breaker: Breaker, look: Look, standing: dict[str, TrippedBreaker]) -> Finding:
    value = breaker.measure(look)
    title = breaker.title(look.instrument)
    return Finding(
        name=title,
        breaker=breaker,
        look=look,
        value=value,
        beyond=breaker.trips(value, look.limits),
        tripped=standing.get(title),
    )
