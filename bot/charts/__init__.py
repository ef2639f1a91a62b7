"""Pictures: candles with their levels, log-odds, equity, limits, performance, reliability.

Refuses to keep state: figures are made without pyplot, so that two may be drawn at once, and
matplotlib is imported at the first of them.
"""

from __future__ import annotations

from bot.charts.candles import render_chart
from bot.charts.equity import render_equity
from bot.charts.limits import render_limits
from bot.charts.performance import render_performance
from bot.charts.reliability import render_reliability
from bot.charts.waterfall import render_waterfall

__all__ = [
    "render_chart",
    "render_equity",
    "render_limits",
    "render_performance",
    "render_reliability",
    "render_waterfall",
]
