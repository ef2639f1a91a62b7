"""What one life is to do, as it is told to the process that lives it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from tests.crash.mortality import NEVER


class Aim(StrEnum):
    """Where a life leads: what the owner and the market do."""

    ENTER = "the entry works"
    HOLD = "the position is protected"
    WAIT = "the time is nearly up"
    CLOSE = "the owner closes"
    STOP = "the stop is reached"
    TARGET = "the target is reached"
    TIME = "the time is up"
    HALT = "halted while the entry works"


@dataclass(frozen=True, slots=True)
class Plan:
    """One life.

    Attributes
    ----------
    venue : str
        ``paper``, ``kraken`` or ``coinbase``.
    url, key, secret : str
        Where the loopback venue listens, and the key that it knows; empty on paper.
    file, db : str
        Recorded market and journal.
    end_at : int
        Number of the moment at which it dies.
    mutant : str
        A seeded violation of `tests.crash.mutants`; empty for the desk as it is.
    moments, faults : str
        Files for the names of its moments, and for what it could not live with.
    """

    venue: str
    aim: Aim
    file: str
    db: str
    faults: str
    url: str = ""
    key: str = ""
    secret: str = ""
    end_at: int = NEVER
    moments: str = ""
    mutant: str = ""

    def text(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Plan:
        """From its line."""
        plan = cls(**json.loads(text))
        return replace(plan, aim=Aim(plan.aim))
