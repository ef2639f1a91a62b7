"""Sweeps: a grid of settings backtested on one machine or on a cluster, and judged as one search.

Refuses to see the last fifth, and to run a point twice.
"""

from __future__ import annotations

from engine.research.sweeping.crew import ClusterCrew, Crew, LocalCrew, crew_of
from engine.research.sweeping.files import SweepPlan, pieces_of, sweep_files
from engine.research.sweeping.grid import Grid, read_grid
from engine.research.sweeping.report import swept_as_json, write_sweep
from engine.research.sweeping.sweep import Swept, sweep

__all__ = [
    "ClusterCrew",
    "Crew",
    "Grid",
    "LocalCrew",
    "SweepPlan",
    "Swept",
    "crew_of",
    "pieces_of",
    "read_grid",
    "sweep",
    "sweep_files",
    "swept_as_json",
    "write_sweep",
]
