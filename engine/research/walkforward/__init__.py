"""Walk-forward: choose on the past, trade the next stretch with what was chosen, stitch, repeat.

Refuses to choose on anything that touches the stretch it is judged on, and to see the last fifth.
"""

from __future__ import annotations

from engine.research.walkforward.files import WalkPlan, walk_files
from engine.research.walkforward.report import walk_as_json, write_walk
from engine.research.walkforward.walk import Fold, Walk, walk_forward

__all__ = [
    "Fold",
    "Walk",
    "WalkPlan",
    "walk_as_json",
    "walk_files",
    "walk_forward",
    "write_walk",
]
