"""Scouts: models that look at charts, numbers and headlines, and fill in a form.

Refuses to decide: a scout has weight only from its own live record.
"""

from engine.scouts.form import OpinionForm
from engine.scouts.prompts import PROMPTS
from engine.scouts.swarm import Swarm, SwarmPlan

__all__ = ["PROMPTS", "OpinionForm", "Swarm", "SwarmPlan"]
