"""Charts made ready for a card, drawn off the event loop.

Refuses to draw itself: `bot.charts` does.
"""

from __future__ import annotations

import asyncio

from bot.ui.card import Picture
from bot.ui.risk_words import foremost, limit_words
from engine.facade import (
    BreakdownView,
    Candles,
    ChartView,
    Desk,
    MarketView,
    OddsView,
    PerformanceView,
    PortfolioView,
    Refused,
    RiskView,
)


async def chart_of(desk: Desk, reference: str) -> Picture | None:
    """Chart of an instrument, or of a proposal with its levels; None where there are no bars."""
    chart = await desk.chart(reference)
    if isinstance(chart, Refused) or not chart.bars:
        return None
    return await candles_of(chart)


async def candles_of(chart: ChartView) -> Picture:
    """Candlesticks with levels and fills."""
    from bot.charts import render_chart

    png = await asyncio.to_thread(render_chart, chart)
    newest = chart.bars[-1].close if chart.bars else 0.0
    said = f"{chart.instrument} {chart.timeframe.value} candles, newest close {newest:,.2f}"
    return Picture("chart.png", png, said)


def paint(candles: Candles) -> bytes:
    """Candles without levels and fills as PNG, for scouts that look at pictures."""
    from bot.charts import render_chart

    timeframe = candles.timeframe
    return render_chart(
        ChartView(
            instrument=candles.instrument,
            timeframe=timeframe,
            bars=candles.bars,
            levels=(),
            marks=(),
            market=MarketView("", "", simulated=False, paced=False, timeframe=timeframe),
        )
    )


async def waterfall_of(breakdown: BreakdownView) -> Picture | None:
    """Log-odds from prior to posterior; None without a setup."""
    if not breakdown.waterfall:
        return None
    from bot.charts import render_waterfall

    png = await asyncio.to_thread(render_waterfall, breakdown)
    return Picture(
        "waterfall.png", png, f"{breakdown.instrument}: log-odds from prior to posterior"
    )


async def equity_of(portfolio: PortfolioView) -> Picture | None:
    """Equity over time; None before two points exist."""
    if len(portfolio.equity_curve) < 2:
        return None
    from bot.charts import render_equity

    png = await asyncio.to_thread(render_equity, portfolio)
    return Picture("equity.png", png, "Equity at bar closes")


async def limits_of(view: RiskView) -> Picture | None:
    """Use of every limit; None where there are none."""
    if not view.limits:
        return None
    from bot.charts import render_limits

    png = await asyncio.to_thread(render_limits, view)
    return Picture("limits.png", png, "; ".join(map(limit_words, foremost(view.limits))))


async def performance_of(view: PerformanceView) -> Picture | None:
    """Equity and drawdown; None before two marks exist."""
    if len(view.performance.days) < 2:
        return None
    from bot.charts import render_performance

    png = await asyncio.to_thread(render_performance, view)
    return Picture("performance.png", png, "Equity, and below it how far under its high it stood")


async def reliability_of(view: OddsView) -> Picture | None:
    """How often the target came first where the odds said so; None without a candidate."""
    if not view.odds.bins:
        return None
    from bot.charts import render_reliability

    bins = {"pipeline": view.odds.bins, "martingale": view.odds.bins_driftless}
    png = await asyncio.to_thread(render_reliability, "Live odds", bins)
    return Picture("reliability.png", png, "Share of targets met, against the odds given")
