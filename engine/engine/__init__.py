"""Orchestration: an event comes in, the desk decides, the journal holds it, then the desk acts.

Refuses to act before the journal holds the intent, and to decide anything itself: decisions are
pure functions in ``engine.desk``.
"""

from engine.engine.core import Engine
from engine.engine.parts import EngineParts

__all__ = ["Engine", "EngineParts"]
