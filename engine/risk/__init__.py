"""Whether one more entry may be made, and which breakers stand in its way (MATH.md section 4).

Refuses when it does not know: a missing or NaN number is a tripped breaker. Exits never ask here.
"""

from engine.risk.changes import Reset, Trip, breaker_changes
from engine.risk.entry import EntryRequest, assess_entry
from engine.risk.findings import DeskState, Finding, check_reset, desk_state, findings
from engine.risk.limits import Limits
from engine.risk.picture import Exposure, MarketState, PastEntry, RiskPicture, TrippedBreaker
from engine.risk.room import exploratory_budget_left, room_left
from engine.risk.table import BREAKERS, Breaker, Scope

__all__ = [
    "BREAKERS",
    "Breaker",
    "DeskState",
    "EntryRequest",
    "Exposure",
    "Finding",
    "Limits",
    "MarketState",
    "PastEntry",
    "Reset",
    "RiskPicture",
    "Scope",
    "Trip",
    "TrippedBreaker",
    "assess_entry",
    "breaker_changes",
    "check_reset",
    "desk_state",
    "exploratory_budget_left",
    "findings",
    "room_left",
]
