"""The waterfall: from the prior's log-odds to the posterior's, one step a layer.

Refuses to hide a step that moved nothing: it stands there, flat.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.charts.canvas import (
    ENTRY,
    FAINT,
    FALL,
    GRID,
    NORMAL,
    RISE,
    SMALL,
    TEXT,
    new_figure,
    png_of,
    title,
    watermark,
)
from bot.ui.text import clip, nats, share
from engine.facade import BreakdownView

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW_INCHES = 0.42
_MARGIN_INCHES = 1.6


def render_waterfall(breakdown: BreakdownView) -> bytes:
    """Log-odds from prior to posterior as PNG.

    Raises
    ------
    ValueError
        If there is no setup, and so nothing to fuse.
    """
    if not breakdown.waterfall:
        raise ValueError(f"{breakdown.instrument} has no setup, so there are no odds to draw")
    steps = breakdown.waterfall
    figure, axes = new_figure(_MARGIN_INCHES + _ROW_INCHES * (len(steps) + 1), 0.97, 0.38)
    odds = breakdown.assessment.odds
    ends = (
        f" · lower bound {share(odds.p_low)}, break-even {share(odds.break_even)}" if odds else ""
    )
    total = math.fsum(value for _, value in steps)
    title(
        figure,
        f"{breakdown.instrument}: {share(_chance(steps[0][1]))} to {share(_chance(total))}",
        f"log-odds in nats{ends}",
    )
    watermark(axes, breakdown.market)
    _bars(axes, steps, total)
    if odds is not None:
        even = (
            math.log(odds.break_even / (1 - odds.break_even)) if 0 < odds.break_even < 1 else None
        )
        _break_even(axes, even)
    return png_of(figure)


def _bars(axes: Axes, steps: tuple[tuple[str, float], ...], total: float) -> None:
    running, edges = 0.0, [0.0, total]
    for row, (_, value) in enumerate(steps):
        colour = ENTRY if row == 0 else RISE if value > 0 else FALL
        axes.barh(row, value, left=running, height=0.62, color=colour, zorder=3)
        axes.plot([running + value] * 2, [row - 0.31, row + 1.31], color=FAINT, lw=0.9, zorder=2)
        running += value
        edges += [running]
    axes.barh(len(steps), total, height=0.62, color=ENTRY, zorder=3)
    _rows(axes, steps, total, max(edges) - min(edges), min(edges))


def _rows(
    axes: Axes, steps: tuple[tuple[str, float], ...], total: float, span: float, low: float
) -> None:
    names = [clip(name.replace("_", " "), 24) for name, _ in steps] + ["posterior"]
    moves = [nats(value) for _, value in steps] + [nats(total)]
    wide = max(span, 0.1)
    axes.set_xlim(low - wide * 0.06, low + wide * 1.3)
    axes.set_ylim(len(steps) + 0.6, -0.6)
    axes.set_yticks(range(len(names)), names, color=TEXT, fontsize=NORMAL)
    axes.yaxis.tick_left()
    axes.tick_params(length=0)
    for row, move in enumerate(moves):
        axes.text(
            0.99, row, move, transform=axes.get_yaxis_transform(), color=TEXT,
            fontsize=NORMAL, ha="right", va="center", fontweight="bold",
        )  # fmt: skip
    axes.grid(visible=False, axis="y")
    axes.axvline(0, color=GRID, lw=2.0, zorder=1)


def _break_even(axes: Axes, at: float | None) -> None:
    if at is None:
        return
    low, high = axes.get_xlim()
    if low < at < high:
        axes.axvline(at, color=TEXT, lw=1.2, linestyle=":", zorder=4)
        axes.text(
            at, -0.5, " break-even", color=TEXT, fontsize=SMALL, va="bottom", ha="left", zorder=4
        )


def _chance(log_odds: float) -> float:
    return 0.5 * (1.0 + math.tanh(log_odds / 2.0))
