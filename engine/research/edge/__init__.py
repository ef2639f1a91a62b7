"""The edge study: pre-registered hypotheses on recorded history, deflated for all that was tried.

Refuses to see the last fifth, to add a point to a grid after a look, and to call a drift an edge.
What is asked, and the rule that decides, stand in docs/research/edge.
"""

from __future__ import annotations

from engine.research.edge.run import EdgeStudy, run_study
from engine.research.edge.tables import page_of, study_as_json

__all__ = ["EdgeStudy", "page_of", "run_study", "study_as_json"]
