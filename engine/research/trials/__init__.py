"""The trial log: every configuration ever tried on recorded history, and what that costs.

Refuses to forget: entries are appended and hash-chained, so that the best of many is judged as
the best of many, and an opened last fifth stays known as opened.
"""

from __future__ import annotations

from engine.research.trials.deflation import Search, chance_in_words, search_as_json, search_of
from engine.research.trials.enrolment import Enrolment
from engine.research.trials.entries import (
    DataUsed,
    Knob,
    LockOpening,
    Moments,
    Trial,
    data_used,
    moments_of,
    trial_identity,
)
from engine.research.trials.log import Logged, LogReport, TrialLog
from engine.research.trials.opening import open_lock, opening_sentence

__all__ = [
    "DataUsed",
    "Enrolment",
    "Knob",
    "LockOpening",
    "LogReport",
    "Logged",
    "Moments",
    "Search",
    "Trial",
    "TrialLog",
    "chance_in_words",
    "data_used",
    "moments_of",
    "open_lock",
    "opening_sentence",
    "search_as_json",
    "search_of",
    "trial_identity",
]
