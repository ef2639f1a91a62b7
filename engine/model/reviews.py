"""The review's plan, its gates and its verdict, as they are fixed and found.

Refuses to judge: what a number must be is written down here, not whether it is so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.model.canonical import digest


class Verdict(StrEnum):
    """What the review says."""

    GO_FULL = "GO-FULL"
    GO_PILOT = "GO-PILOT"
    KEEP_PAPER = "KEEP-PAPER"
    NO_GO = "NO-GO"


class Group(StrEnum):
    """What a gate guards."""

    ENOUGH = "enough to look at"
    INTEGRITY = "integrity"
    STOP = "reasons to stop"
    FULL = "full size"
    PILOT = "pilot"


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate with its number.

    Attributes
    ----------
    value, bound : str
        With units; `value` is ``unknown`` where it could not be measured.
    passed : bool or None
        None is open: the number is not known.
    need : str
        What it would take, one sentence; empty once passed.
    """

    group: Group
    name: str
    value: str
    bound: str
    passed: bool | None
    need: str


@dataclass(frozen=True, slots=True)
class PlannedGate:
    """One gate as it was fixed before the first day."""

    group: Group
    name: str
    bound: str


@dataclass(frozen=True, slots=True)
class ReviewPlan:
    """How the record will be judged, fixed before its first day.

    Attributes
    ----------
    first_look_weeks : float, weeks
        From here on a look goes on record; before the least time it may only stop.
    least_weeks, patience_weeks : float, weeks
        Before the first there is no go, after the second there must have been one.
    least_trades : int
    design_edge_r : float, R units
        Mean result of a trade that the desk is built for; futility is measured against it.
    edge_bets, futility_bets : tuple of float, in (0, 1]
        Futility bets are chosen from the largest win that a trade can bring.
    market : str
        Name of the feed.
    real_market : bool
        False where prices are simulated or replayed.
    instruments : tuple of str
        What is watched.
    calendars : tuple of str
        When their bars exist, for uptime.
    bar_seconds : float, seconds
        Length of the bars that are to be assessed.
    backtest_r : (float, float), R units, or None
        Central 90 % of the expectancy that the backtest promised.
    gates : tuple of PlannedGate
    """

    first_look_weeks: float
    least_weeks: float
    patience_weeks: float
    least_trades: int
    design_edge_r: float
    edge_bets: tuple[float, ...]
    futility_bets: tuple[float, ...]
    market: str
    real_market: bool
    instruments: tuple[str, ...]
    calendars: tuple[str, ...]
    bar_seconds: float
    backtest_r: tuple[float, float] | None
    gates: tuple[PlannedGate, ...]

    @property
    def hash(self) -> str:
        """SHA-256 of the plan, 64 hexadecimal digits."""
        return digest(self)
