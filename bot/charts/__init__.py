"""Pictures: candles with their levels, the waterfall of log-odds, the equity curve, the limits.

Refuses to keep state: figures are made without pyplot, so that two may be drawn at once, and
matplotlib is imported at the first of them.
"""

from __future__ import annotations

from bot.charts.candles import render_chart
from bot.charts.equity import render_equity
from bot.charts.limits import render_limits
from bot.charts.waterfall import render_waterfall

__all__ = ["render_chart", "render_equity", "render_limits", "render_waterfall"]
