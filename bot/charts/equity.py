"""The equity curve, with the high-water mark it is measured against.

Refuses to start its axis where it flatters: the frame holds the curve and nothing else.
"""

from __future__ import annotations

from itertools import accumulate

from matplotlib.ticker import FuncFormatter, MaxNLocator

from bot.charts.canvas import (
    ENTRY,
    FAINT,
    FALL,
    RISE,
    new_figure,
    png_of,
    time_axis,
    title,
    watermark,
)
from bot.ui.text import money, share, signed_money
from engine.facade import PortfolioView

_HEIGHT = 4.2
_FLATTEST = 0.002


def render_equity(portfolio: PortfolioView) -> bytes:
    """Equity over time as PNG.

    Raises
    ------
    ValueError
        If the curve has fewer than two points.
    """
    curve = portfolio.equity_curve
    if len(curve) < 2:
        raise ValueError(f"an equity curve needs two points, had {len(curve)}")
    figure, axes = new_figure(_HEIGHT, right=0.84, left=0.06)
    title(
        figure,
        f"Equity {money(portfolio.equity_usd)}  {signed_money(portfolio.total_usd)}",
        f"{share(portfolio.drawdown_frac)} below the peak (dotted) · "
        f"{curve[0][0]:%Y-%m-%d} to {curve[-1][0]:%Y-%m-%d}",
    )
    watermark(axes, portfolio.market)
    at = time_axis(axes, [when for when, _ in curve])
    values = [float(value) for _, value in curve]
    peaks = list(accumulate(values, max))
    axes.plot(at, peaks, color=FAINT, lw=1.2, linestyle=":", drawstyle="steps-post")
    axes.fill_between(at, values, peaks, color=FALL, alpha=0.18, lw=0)
    axes.plot(at, values, color=ENTRY, lw=2.2)
    axes.plot(at[-1:], values[-1:], marker="o", color=RISE if values[-1] >= values[0] else FALL)
    low, high = min(values), max(peaks)
    pad = max((high - low) * 0.1, high * _FLATTEST)
    axes.set_ylim(low - pad, high + pad)
    axes.set_xlim(at[0], at[-1] + max((at[-1] - at[0]) * 0.02, 1e-4))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"${value:,.0f}"))
    return png_of(figure)
