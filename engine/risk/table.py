"""The one ordered table of breakers: the first row that blocks is the one that is told.

Refuses entries and nothing else: no row can stop an exit. The rows stand by subject in
``pace.py``, ``losses.py``, ``conduct.py`` and ``markets.py``.
"""

from __future__ import annotations

from engine.risk.breaker import UNKNOWN, Breaker, Scope
from engine.risk.conduct import CONDUCT
from engine.risk.losses import LOSSES
from engine.risk.markets import MARKETS
from engine.risk.pace import HALTS, PACE

__all__ = ["BREAKERS", "UNKNOWN", "Breaker", "Scope"]

BREAKERS: tuple[Breaker, ...] = (*HALTS, *LOSSES, *CONDUCT, *MARKETS, *PACE)
