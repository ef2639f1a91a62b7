"""The analyzer: a large model that reads a proposal again before it is decided.

Refuses to decide, to enlarge and to approve: it answers with testimony that is held to the data.
"""

from engine.analyzer.asking import Analyzer, AnalyzerPlan

__all__ = ["Analyzer", "AnalyzerPlan"]
