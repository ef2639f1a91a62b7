"""What scouts say: opinions with their claims, or that they have none, and why.

Refuses to be more than testimony: an opinion holds no size, no order and no limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SCOUT_PURPOSE = "scout "
"""How the purpose of a scout's calls begins in the meter; its name follows."""


class Stance(StrEnum):
    """What a scout would do about an instrument; nobody can be short here."""

    LONG = "long"
    STAND_ASIDE = "stand_aside"
    EXIT = "exit"


class Pattern(StrEnum):
    """What a scout may say that it sees: nothing else is taken."""

    NONE = "none"
    EXHAUSTION = "exhaustion"
    CAPITULATION = "capitulation"
    DOUBLE_BOTTOM = "double_bottom"
    HIGHER_LOW = "higher_low"
    HAMMER = "hammer"
    OVERSTRETCHED = "overstretched"
    RANGE = "range"
    UPTREND = "uptrend"
    DOWNTREND = "downtrend"
    FALLING_KNIFE = "falling_knife"
    BAD_NEWS = "bad_news"


class LevelKind(StrEnum):
    """Prices that a scout may claim to see, each checked against the bars."""

    SUPPORT = "support"
    RESISTANCE = "resistance"
    LAST_CLOSE = "last_close"


@dataclass(frozen=True, slots=True)
class Voter:
    """Who speaks: another prompt or another model is another witness, without a record.

    Attributes
    ----------
    name : str
        Of the scout, for example ``alpha``.
    prompt : str
        Version of what it was told to do.
    model : str
        Id of the model; empty where none was found. Scouts of one model are one family: they
        share what they know, and count as such.
    """

    name: str
    prompt: str
    model: str

    @property
    def key(self) -> str:
        """Under which its record is kept.

        Examples
        --------
        >>> Voter("alpha", "1", "qwen2.5-vl-3b-instruct").key
        'alpha.1/qwen2.5-vl-3b-instruct'
        """
        return f"{self.name}.{self.prompt}/{self.model}"


@dataclass(frozen=True, slots=True)
class Claim:
    """A price that a scout says it saw.

    Attributes
    ----------
    price : float, quote currency, > 0
    """

    kind: LevelKind
    price: float


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one scout said of one instrument.

    Attributes
    ----------
    bars_at : datetime, aware UTC
        Close of the newest bar it was shown.
    confidence : float in [0, 1]
        Its own; ignored by the odds until it has proved calibrated.
    reason : str
        One sentence.
    evidence : tuple of str
        What it says it saw.
    claims : tuple of Claim
        All of them hold against the bars.
    """

    voter: Voter
    instrument: str
    bars_at: datetime
    stance: Stance
    confidence: float
    pattern: Pattern
    reason: str
    evidence: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()

    @property
    def yes(self) -> bool:
        """Its vote on a long setup: only ``long`` is a yes."""
        return self.stance is Stance.LONG


@dataclass(frozen=True, slots=True)
class Abstention:
    """A witness was asked and there is no opinion of it.

    Attributes
    ----------
    instrument : str
        Empty where it could not be asked about any.
    silence : str
        Kind of reason, one of a closed list.
    detail : str
        One clause.
    """

    voter: Voter
    instrument: str
    silence: str
    detail: str

    @property
    def reason(self) -> str:
        """Kind and detail in one clause."""
        return f"{self.silence}: {self.detail}" if self.detail else self.silence
