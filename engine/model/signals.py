"""Outside calls: what somebody said an instrument would do, and how that ended.

Refuses to be a source of anything but a vote: a signal holds no size, no order and no free text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class SignalSide(StrEnum):
    """Which way the caller says the price goes; a short is a "no" here and never a trade."""

    LONG = "long"
    SHORT = "short"


class SignalVia(StrEnum):
    """How a signal came in."""

    COMMAND = "command"
    MESSAGE = "message"


class SignalOutcome(StrEnum):
    """How a call ended."""

    TARGET = "target"
    STOP = "stop"
    HORIZON = "horizon"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it was said, strictly parsed and not yet taken in.

    Attributes
    ----------
    hours : int, hours, > 0
        How long the caller gives it.
    target, stop : Decimal or None, quote currency
        Both or neither.
    link : str
        Where it was said; ``https`` and plain characters only, or empty.
    """

    instrument: str
    side: SignalSide
    hours: int
    target: Decimal | None = None
    stop: Decimal | None = None
    link: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """A call that was taken in, with the instant from which it can be held to its word.

    Attributes
    ----------
    id : str
        As ``S-1``, counted in this journal.
    who : str
        Who called, in lower case; ``discord:<id>`` where it came by message.
    heard_at, until : datetime, aware UTC
        When the desk heard it, and when the caller's horizon ends.
    counts : bool
        Whether it may vote: False where time is virtual, for whoever calls may know what came.
    """

    id: str
    who: str
    call: Call
    via: SignalVia
    heard_at: datetime
    until: datetime
    counts: bool = True


@dataclass(frozen=True, slots=True)
class SignalResult:
    """How a signal ended against recorded prices.

    Attributes
    ----------
    right : bool or None
        Whether the caller was right after costs; None where there was nothing to be right about.
    entry, leave : Decimal, quote currency
        First close after it was heard, and the price at its end.
    gross_frac : float, fraction of entry
        Move in the caller's direction.
    cost_frac : float, fraction of entry, >= 0
        Round trip of the instrument at the end.
    """

    outcome: SignalOutcome
    right: bool | None
    entry: Decimal
    leave: Decimal
    gross_frac: float
    cost_frac: float

    @property
    def net_frac(self) -> float:
        """What the call was worth after costs, as a fraction of entry."""
        return self.gross_frac - self.cost_frac
