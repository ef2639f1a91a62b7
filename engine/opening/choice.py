"""Which market a desk watches, as asked for.

Refuses nothing: whether it can be had shows when it is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

AUTO, REPLAY, SIMULATED = "auto", "replay", "simulated"
VENUES = ("kraken", "coinbase")


@dataclass(frozen=True, slots=True)
class MarketChoice:
    """Which market to watch.

    Attributes
    ----------
    source : str
        ``auto`` (Kraken where it can be reached, else simulated), ``replay``, ``simulated``,
        ``kraken`` or ``coinbase``; files in `files` mean a replay.
    files : mapping of str to Path
        Recorded history by instrument.
    speed : float, virtual seconds a real second, > 0
        Only replays and simulations can be faster than 1.
    start, until : datetime or None, aware UTC
        Part of a replay.
    hold_seconds : float, real seconds, >= 0
        How long a paced replay waits while the owner is being asked.
    books : mapping of str to Path
        Recorded order books by instrument, played beside its bars.
    """

    source: str = AUTO
    files: Mapping[str, Path] = field(default_factory=dict)
    speed: float = 1.0
    start: datetime | None = None
    until: datetime | None = None
    hold_seconds: float = 90.0
    books: Mapping[str, Path] = field(default_factory=dict)
