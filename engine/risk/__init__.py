"""Whether one more entry may be made, and which breakers stand in its way (MATH.md section 4).

Refuses when it does not know: a missing or NaN number is a tripped breaker. Exits never ask here.
"""

from engine.risk.breaker import TRANSITIONS, Breaker, BreakerState, Scope
from engine.risk.changes import Reset, Trip, breaker_changes
from engine.risk.entry import EntryRequest, assess_entry
from engine.risk.findings import DeskState, Finding, check_reset, desk_state, findings
from engine.risk.limits import Limits
from engine.risk.loosening import LOOSER, Bounds, HeldBack, Looser, bounds_in_force
from engine.risk.markets import is_calm
from engine.risk.picture import Exposure, Look, PastEntry, RiskPicture, TrippedBreaker
from engine.risk.readings import NotMeasured, Reading, Sign
from engine.risk.room import exploratory_budget_left, room_left
from engine.risk.surroundings import ClockState, MarketState, OddsRecord, Senses, VenueState
from engine.risk.table import BREAKERS

__all__ = [
    "BREAKERS",
    "LOOSER",
    "TRANSITIONS",
    "Bounds",
    "Breaker",
    "BreakerState",
    "ClockState",
    "DeskState",
    "EntryRequest",
    "Exposure",
    "Finding",
    "HeldBack",
    "Limits",
    "Look",
    "Looser",
    "MarketState",
    "NotMeasured",
    "OddsRecord",
    "PastEntry",
    "Reading",
    "Reset",
    "RiskPicture",
    "Scope",
    "Senses",
    "Sign",
    "Trip",
    "TrippedBreaker",
    "VenueState",
    "assess_entry",
    "bounds_in_force",
    "breaker_changes",
    "check_reset",
    "desk_state",
    "exploratory_budget_left",
    "findings",
    "is_calm",
    "room_left",
]
