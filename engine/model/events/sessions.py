"""A desk opens, a process takes it up, history is studied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.model.events.root import Event
from engine.model.setups import Label


@dataclass(frozen=True, slots=True)
class DeskOpened(Event):
    """The first event of a journal.

    Attributes
    ----------
    mode : str
        ``paper`` or ``live``.
    market : str
        Name of the feed.
    cash_usd : Decimal, US dollars
    """

    mode: str
    market: str
    simulated: bool
    cash_usd: Decimal
    software: str


@dataclass(frozen=True, slots=True)
class SessionStarted(Event):
    """A process took the desk up; the second and later ones are restarts.

    Attributes
    ----------
    seed : int
        Seed of the simulated market; 0 where nothing is random.
    """

    software: str
    market: str
    config_hash: str
    seed: int
    epoch_at: datetime | None


@dataclass(frozen=True, slots=True)
class HistoryStudied(Event):
    """Closed labels of the bars before the desk opened, from which the layers learn.

    Attributes
    ----------
    bars : int
        Number of bars read.
    """

    instrument: str
    first_at: datetime
    last_at: datetime
    bars: int
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class FeeTierRead(Event):
    """A venue said what it charges this account; costs are counted with it from here on.

    Attributes
    ----------
    maker_frac, taker_frac : float, fraction of notional, in [0, 0.1]
    name : str
        Name of the tier, for example ``Kraken account tier``.
    """

    venue: str
    maker_frac: float
    taker_frac: float
    name: str


@dataclass(frozen=True, slots=True)
class ModelUsed(Event):
    """A language model was called and what that took.

    Attributes
    ----------
    provider, model : str
        For example ``deepseek`` and ``deepseek-flash``.
    purpose : str
        For example ``analyzer`` or ``scout Alpha``.
    tokens_in, tokens_cached, tokens_out : int, >= 0
        Of the provider's own count; `tokens_cached` are part of `tokens_in`.
    cost_usd : Decimal, US dollars, >= 0
        By the prices of that day.
    busy_seconds : float, seconds, >= 0
        How long this machine worked on it; 0 where another machine did.
    """

    provider: str
    model: str
    purpose: str
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    cost_usd: Decimal
    busy_seconds: float = 0.0
