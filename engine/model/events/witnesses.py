"""What scouts said, and when they did not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.model.events.root import Event
from engine.model.witnesses import Abstention, Opinion


@dataclass(frozen=True, slots=True)
class OpinionGiven(Event):
    """A scout spoke; what became of it nobody knew yet.

    Attributes
    ----------
    valid_until : datetime, aware UTC
        Candidates of later bars do not hear it any more.
    counts : bool
        False in a replay: the model may have read the past.
    alert : bool
        Whether it was sure enough to be posted.
    seconds : float, real seconds
        How long the answer took.
    """

    opinion: Opinion
    valid_until: datetime
    counts: bool
    alert: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class WitnessAbstained(Event):
    """A witness was asked and there is no opinion of it.

    Attributes
    ----------
    seconds : float, real seconds
    """

    abstention: Abstention
    seconds: float
