"""Equity since the registration, and below it how far it stood under its high.

Refuses to start an axis where it flatters: drawdown is drawn from nought down.
"""

from __future__ import annotations

from itertools import accumulate

from matplotlib.ticker import FuncFormatter, MaxNLocator

from bot.charts.canvas import (
    ENTRY,
    FAINT,
    FALL,
    GRID,
    GROUND,
    SMALL,
    new_figure,
    png_of,
    time_axis,
    title,
    watermark,
)
from bot.ui.text import share, signed_share
from engine.facade import PerformanceView

_HEIGHT = 5.4
_LEFT, _WIDTH = 0.06, 0.78
_CURVE_BOTTOM, _CURVE_HEIGHT = 0.42, 0.39
_DROP_BOTTOM, _DROP_HEIGHT = 0.11, 0.22
_FLATTEST = 0.002


def render_performance(view: PerformanceView) -> bytes:
    """Equity and drawdown as PNG.

    Raises
    ------
    ValueError
        If the record has fewer than two marks.
    """
    found = view.performance
    if len(found.days) < 2:
        raise ValueError(f"an equity curve needs two marks, had {len(found.days)}")
    figure, axes = new_figure(_HEIGHT, right=_LEFT + _WIDTH, left=_LEFT)
    axes.set_position((_LEFT, _CURVE_BOTTOM, _WIDTH, _CURVE_HEIGHT))
    title(
        figure,
        f"Equity {signed_share(found.return_frac)}, drawdown {share(found.drawdown_frac)}",
        f"{found.since:%Y-%m-%d} to {found.until:%Y-%m-%d} · high-water mark dotted",
    )
    if view.market is not None:
        watermark(axes, view.market)
    at = time_axis(axes, [when for when, _ in found.days])
    values = [float(usd) for _, usd in found.days]
    peaks = list(accumulate(values, max))
    axes.plot(at, peaks, color=FAINT, lw=1.2, linestyle=":", drawstyle="steps-post")
    axes.plot(at, values, color=ENTRY, lw=2.2)
    low, high = min(values), max(peaks)
    pad = max((high - low) * 0.1, high * _FLATTEST)
    axes.set_ylim(low - pad, high + pad)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"${value:,.0f}"))
    axes.tick_params(labelbottom=False)
    below = figure.add_axes((_LEFT, _DROP_BOTTOM, _WIDTH, _DROP_HEIGHT), sharex=axes)
    below.set_facecolor(GROUND)
    drops = [value / peak - 1.0 for value, peak in zip(values, peaks, strict=True)]
    below.fill_between(at, drops, 0.0, color=FALL, alpha=0.35, lw=0)
    below.plot(at, drops, color=FALL, lw=1.4)
    below.set_ylim(min(*drops, -_FLATTEST) * 1.15, 0.0)
    below.yaxis.tick_right()
    below.yaxis.set_major_locator(MaxNLocator(3))
    below.yaxis.set_major_formatter(FuncFormatter(lambda value, _: signed_share(value, 1)))
    below.grid(visible=True, color=GRID, linewidth=0.8)
    below.tick_params(colors=FAINT, labelsize=SMALL, length=0)
    for spine in below.spines.values():
        spine.set_visible(False)
    axes.set_xlim(at[0], at[-1] + max((at[-1] - at[0]) * 0.02, 1e-4))
    return png_of(figure)
