"""Research behind the door: recorded history studied, tried and judged, by files.

Refuses to be imported by a desk at work: it is heavy, and only a command of its own needs it.
"""

from __future__ import annotations

from engine.market.fetching import Fetched, FetchPlan
from engine.market.inspection import MENDS as DATA_MENDS
from engine.market.inspection import Inspection, inspection_as_json
from engine.research.backtest import (
    Approval,
    BacktestPlan,
    BacktestReport,
    backtest_files,
    write_backtest,
)
from engine.research.backtest import report_as_json as backtest_as_json
from engine.research.calibration import (
    CalibrationReport,
    GroupReport,
    ReliabilityBin,
    StudyPlan,
    calibrate_files,
    reliability_of,
    report_as_json,
    write_candidates,
)
from engine.research.calibration import Study as CalibrationStudy
from engine.research.datafiles import check_file, fetch_file, fetched_as_json
from engine.research.folders import require_folder, whole_files
from engine.research.sweeping import (
    SweepPlan,
    Swept,
    sweep_files,
    swept_as_json,
    write_sweep,
)
from engine.research.sweeping.report import grid_knobs
from engine.research.trials import (
    LockOpening,
    Logged,
    LogReport,
    Search,
    Trial,
    TrialLog,
    search_as_json,
    search_of,
)
from engine.research.walkforward import (
    Walk,
    WalkPlan,
    walk_as_json,
    walk_files,
    write_walk,
)
from engine.research.walkforward.report import dispersion_of
from engine.review.reading import ReadReview, ReviewFiles, read_review, review_as_json

__all__ = [
    "DATA_MENDS",
    "Approval",
    "BacktestPlan",
    "BacktestReport",
    "CalibrationReport",
    "CalibrationStudy",
    "FetchPlan",
    "Fetched",
    "GroupReport",
    "Inspection",
    "LockOpening",
    "LogReport",
    "Logged",
    "ReadReview",
    "ReliabilityBin",
    "ReviewFiles",
    "Search",
    "StudyPlan",
    "SweepPlan",
    "Swept",
    "Trial",
    "TrialLog",
    "Walk",
    "WalkPlan",
    "backtest_as_json",
    "backtest_files",
    "calibrate_files",
    "check_file",
    "dispersion_of",
    "fetch_file",
    "fetched_as_json",
    "grid_knobs",
    "inspection_as_json",
    "read_review",
    "reliability_of",
    "report_as_json",
    "require_folder",
    "review_as_json",
    "search_as_json",
    "search_of",
    "sweep_files",
    "swept_as_json",
    "walk_as_json",
    "walk_files",
    "whole_files",
    "write_backtest",
    "write_candidates",
    "write_sweep",
    "write_walk",
]
