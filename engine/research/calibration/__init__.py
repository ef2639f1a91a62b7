"""The calibration study: whether the pipeline's odds keep their word on recorded history.

Refuses to look ahead and to tune: odds are those that live would have given, challengers learn
from purged past folds, and the last fifth of the history stays locked unless it is asked for.
"""

from __future__ import annotations

from engine.research.calibration.candidates import write_candidates
from engine.research.calibration.reliability import reliability_of
from engine.research.calibration.report import CalibrationReport, GroupReport, report_as_json
from engine.research.calibration.study import (
    Study,
    StudyPlan,
    calibrate_files,
    study_histories,
)
from engine.review.statistics.reliability import ReliabilityBin

__all__ = [
    "CalibrationReport",
    "GroupReport",
    "ReliabilityBin",
    "Study",
    "StudyPlan",
    "calibrate_files",
    "reliability_of",
    "report_as_json",
    "study_histories",
    "write_candidates",
]
