"""What a row of the table of breakers is, and the states that it goes through.

Refuses to come back by anything but its own rule or the owner: the transitions are one table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from engine.risk.picture import Look, TrippedBreaker
from engine.risk.readings import NotMeasured, Reading, Sign, known

UNKNOWN = "unknown"
FRAC, COUNT = "{:z.2%}", "{:z.0f}"
OWNER_RESETS = "The owner resets it with a reason."

Measure = Callable[[Look], Reading]
ResetRule = Callable[[Look, TrippedBreaker], bool]


class Scope(StrEnum):
    """Whom a tripped breaker stops."""

    DESK = "desk"
    INSTRUMENT = "instrument"


class BreakerState(StrEnum):
    """Where a breaker stands.

    ``COOLING``: what tripped it has passed, but its reset rule, or the owner, has not yet let it
    go; entries stay blocked.
    """

    ARMED = "armed"
    TRIPPED = "tripped"
    COOLING = "cooling"


_ARMED, _TRIPPED, _COOLING = BreakerState.ARMED, BreakerState.TRIPPED, BreakerState.COOLING

TRANSITIONS: Mapping[tuple[BreakerState, Sign], BreakerState] = MappingProxyType(
    {
        (_ARMED, Sign.WITHIN): _ARMED,
        (_ARMED, Sign.NOT_MEASURED): _ARMED,
        (_ARMED, Sign.BEYOND): _TRIPPED,
        (_ARMED, Sign.UNKNOWN): _TRIPPED,
        (_TRIPPED, Sign.WITHIN): _COOLING,
        # What stops being measured has not shown that the danger is over.
        (_TRIPPED, Sign.NOT_MEASURED): _TRIPPED,
        (_TRIPPED, Sign.BEYOND): _TRIPPED,
        (_TRIPPED, Sign.UNKNOWN): _TRIPPED,
        (_COOLING, Sign.WITHIN): _COOLING,
        (_COOLING, Sign.NOT_MEASURED): _TRIPPED,
        (_COOLING, Sign.BEYOND): _TRIPPED,
        (_COOLING, Sign.UNKNOWN): _TRIPPED,
    }
)
"""What a look alone does to a breaker. ``COOLING -> ARMED`` takes its reset rule or the owner."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """One row of the table.

    Attributes
    ----------
    measure : callable (look) -> Reading
        Grows with danger; None is unknown, and unknown trips.
    bound : callable (look) -> float
    why : str
        What it means that it tripped, one sentence.
    resets : str
        What it takes to reset, one sentence.
    at_bound : bool
        Whether the bound itself already trips.
    shown : str
        Format of value and bound.
    may_reset : callable (look, tripped) -> bool, or None
        The rule by which it resets itself once its measure is within the bound; None for rows
        that only the owner resets.
    words : str
        What a row that is a yes or a no says when it blocks; empty where a number says it.
    latched : bool
        Whether a trip is journaled and stays until reset; other rows are measured anew each time.
    rebased : bool
        Whether the owner's reset begins the count anew (``engine/journal/risk_changes.py``); a
        reset of any other row that is beyond its bound would trip again at the next look.
    to_paper : bool
        Whether a trip sends the desk back to paper.
    """

    name: str
    scope: Scope
    measure: Measure
    bound: Callable[[Look], float]
    why: str
    resets: str
    shown: str = FRAC
    at_bound: bool = True
    words: str = ""
    latched: bool = True
    may_reset: ResetRule | None = None
    rebased: bool = False
    to_paper: bool = False

    def title(self, instrument: str) -> str:
        """Name of the breaker in events; rows of an instrument carry its symbol."""
        return f"{self.name} {instrument}" if self.scope is Scope.INSTRUMENT else self.name

    def sign(self, value: Reading, look: Look) -> Sign:
        """How a reading stands to the bound; a number or bound that is not finite is unknown."""
        if isinstance(value, NotMeasured):
            return Sign.NOT_MEASURED
        number, bound = known(value), known(self.bound(look))
        if number is None or bound is None:
            return Sign.UNKNOWN
        beyond = number >= bound if self.at_bound else number > bound
        return Sign.BEYOND if beyond else Sign.WITHIN

    def show(self, value: Reading) -> str:
        """A value or a bound with its unit."""
        if isinstance(value, NotMeasured):
            return Sign.NOT_MEASURED.value
        number = known(value)
        return UNKNOWN if number is None else self.shown.format(number).replace("%", " %")


def at_once(_look: Look, _tripped: TrippedBreaker) -> bool:
    """Reset as soon as the measure is back within its bound."""
    return True
