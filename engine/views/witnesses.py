"""What scouts said, what they did not, and what their record makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.model.witnesses import Opinion
from engine.probability.scouts import Standing
from engine.views.market import MarketView


@dataclass(frozen=True, slots=True)
class WordView:
    """The newest opinion of a scout on one instrument.

    Attributes
    ----------
    stands : bool
        Whether candidates still hear it.
    """

    opinion: Opinion
    at: datetime
    stands: bool


@dataclass(frozen=True, slots=True)
class ConfidenceView:
    """Closed votes whose confidence lay in one part of [0, 1].

    Attributes
    ----------
    said_frac, right_frac : float in [0, 1]
        Mean confidence, and how often it was right.
    """

    low: float
    high: float
    votes: int
    said_frac: float
    right_frac: float


@dataclass(frozen=True, slots=True)
class ScoutView:
    """One scout.

    Attributes
    ----------
    voter : str
        Under which its record is kept: name, prompt and model; empty before its first opinion.
    silent : str
        Why no word of it stands; empty if one does.
    opinions : int
        All it ever gave, with any model.
    abstentions : tuple of (str, int)
        Kinds of reason, the most frequent first.
    mean_seconds : float or None, real seconds
        Of an answer; None before the first.
    calls, tokens : int
        This month.
    cost_usd : Decimal, US dollars
        This month.
    standings : tuple of Standing
        Closed votes of this voter by kind of setup, and what its next vote weighs.
    confidence : tuple of ConfidenceView
        Whether its confidence keeps its word; only parts with votes.
    """

    name: str
    voter: str
    every_minutes: int
    valid_minutes: int
    silent: str
    words: tuple[WordView, ...]
    opinions: int
    abstentions: tuple[tuple[str, int], ...]
    mean_seconds: float | None
    calls: int
    tokens: int
    cost_usd: Decimal
    standings: tuple[Standing, ...]
    confidence: tuple[ConfidenceView, ...]


@dataclass(frozen=True, slots=True)
class ScoutsView:
    """All scouts.

    Attributes
    ----------
    asked : bool
        Whether there is a server to ask.
    counts : bool
        Whether opinions given now can become votes; in a replay they cannot.
    tokens_today, tokens_a_day : int
        Of this UTC day, and its cap.
    """

    scouts: tuple[ScoutView, ...]
    asked: bool
    counts: bool
    tokens_today: int
    tokens_a_day: int
    market: MarketView
