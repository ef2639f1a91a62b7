"""Candlesticks with the levels of a proposal and the fills of a position.

Refuses to let labels hide one another, or a far level flatten the candles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bot.charts.canvas import (
    DOTS_PER_INCH,
    FAINT,
    FALL,
    GROUND,
    LEVEL_COLOURS,
    RISE,
    SMALL,
    TEXT,
    days_of,
    new_figure,
    png_of,
    time_axis,
    title,
    watermark,
)
from bot.ui.market import date_of
from bot.ui.text import price, signed_share
from engine.facade import Bar, ChartView, Level

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT = 5.2
_BODY = 0.36
_LABEL_GAP_POINTS = SMALL * 1.75
_FARTHEST = 1.5
"""A level farther from the candles than this many of their ranges is only named, not shown."""


def render_chart(chart: ChartView) -> bytes:
    """Candles as PNG.

    Parameters
    ----------
    chart : ChartView
        With at least one bar.

    Raises
    ------
    ValueError
        If there is no bar to draw.
    """
    if not chart.bars:
        raise ValueError(f"a chart of {chart.instrument} needs at least one bar, had none")
    figure, axes = new_figure(_HEIGHT, right=0.82)
    newest = chart.bars[-1]
    change = signed_share(newest.close / chart.bars[0].open - 1)
    title(
        figure,
        f"{chart.instrument}  {price(newest.close)}",
        f"{chart.timeframe.value} candles, {change} over {len(chart.bars)} · "
        f"{date_of(newest.close_at)}",
    )
    watermark(axes, chart.market)
    at = time_axis(axes, [bar.open_at for bar in chart.bars])
    _candles(axes, chart.bars, at, chart.timeframe.days)
    _marks(axes, chart)
    _frame(axes, chart, at)
    _levels(axes, chart)
    return png_of(figure)


def _candles(axes: Axes, bars: Sequence[Bar], at: Sequence[float], days: float) -> None:
    half = days * _BODY
    colours = [RISE if bar.close >= bar.open else FALL for bar in bars]
    wicks = [((x, bar.low), (x, bar.high)) for x, bar in zip(at, bars, strict=True)]
    axes.add_collection(LineCollection(wicks, colors=colours, linewidths=1.0))
    # A doji keeps a visible body.
    least = (max(bar.high for bar in bars) - min(bar.low for bar in bars)) / 400
    bodies = []
    for x, bar in zip(at, bars, strict=True):
        low, high = min(bar.open, bar.close), max(bar.open, bar.close, bar.open + least)
        bodies.append(((x - half, low), (x + half, low), (x + half, high), (x - half, high)))
    axes.add_collection(
        PolyCollection(bodies, facecolors=colours, edgecolors=colours, linewidths=0.4)
    )


def _marks(axes: Axes, chart: ChartView) -> None:
    first = chart.bars[0].open_at
    for mark in chart.marks:
        if mark.at < first:
            continue
        x = days_of([mark.at])
        shape, colour = ("^", RISE) if mark.bought else ("v", FALL)
        axes.plot(
            x, [float(mark.price)], marker=shape, color=colour, markersize=12,
            markeredgecolor=TEXT, markeredgewidth=1.2, linestyle="none", zorder=5,
        )  # fmt: skip


def _frame(axes: Axes, chart: ChartView, at: Sequence[float]) -> None:
    low, high = min(bar.low for bar in chart.bars), max(bar.high for bar in chart.bars)
    reach = max(high - low, high * 1e-4) * _FARTHEST
    shown = [float(level.price) for level in chart.levels]
    near = [value for value in shown if low - reach <= value <= high + reach]
    bottom, top = min([low, *near]), max([high, *near])
    pad = max(top - bottom, high * 1e-4) * 0.06
    axes.set_ylim(bottom - pad, top + pad)
    axes.set_xlim(at[0] - chart.timeframe.days, at[-1] + chart.timeframe.days * 2)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(FuncFormatter(_tick))


def _tick(value: float, _: int | None) -> str:
    shown = price(float(round(value, 8)))
    return shown.removesuffix(".00") if abs(value) >= 100 else shown


def _levels(axes: Axes, chart: ChartView) -> None:
    bottom, top = axes.get_ylim()
    height_points = axes.get_window_extent().height * 72 / DOTS_PER_INCH
    gap = _LABEL_GAP_POINTS / height_points * (top - bottom)
    inside = [level for level in chart.levels if bottom <= float(level.price) <= top]
    spread = _apart([float(level.price) for level in inside], gap, bottom + gap / 2, top - gap / 2)
    free = [at for at in axes.get_yticks() if all(abs(at - tag) > gap for tag in spread)]
    axes.set_yticks([at for at in free if bottom <= at <= top])
    for level, where in zip(inside, spread, strict=True):
        _level(axes, level, where)
    for level in chart.levels:
        if level not in inside:
            edge, sign = (top, "above") if float(level.price) > top else (bottom, "below")
            _name(axes, f"{level.name} {price(level.price)} ({sign})", edge, FAINT)


def _level(axes: Axes, level: Level, where: float) -> None:
    colour = LEVEL_COLOURS.get(level.name.split()[0].lower(), FAINT)
    style = ":" if colour == LEVEL_COLOURS["anchor"] else "--"
    axes.axhline(float(level.price), color=colour, linewidth=1.4, linestyle=style, zorder=3)
    _name(axes, level.name, where, colour)
    # The price stands on its axis, where it hides no candle.
    _name(axes, price(level.price), where, colour, on_axis=True)


def _name(axes: Axes, words: str, where: float, colour: str, *, on_axis: bool = False) -> None:
    across = 1.012 if on_axis else 0.008
    axes.annotate(
        words, (across, where), xycoords=("axes fraction", "data"), color=GROUND, fontsize=SMALL,
        fontweight="bold", ha="left", va="center", zorder=6, annotation_clip=False,
        bbox={"boxstyle": "round,pad=0.22", "facecolor": colour, "edgecolor": "none"},
    )  # fmt: skip


def _apart(wanted: Sequence[float], gap: float, lowest: float, highest: float) -> list[float]:
    """Positions as near to `wanted` as a distance of `gap` between neighbours allows."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [min(max(wanted[i], lowest), highest) for i in order]
    for i in range(1, len(placed)):
        placed[i] = max(placed[i], placed[i - 1] + gap)
    limit = highest
    for i in reversed(range(len(placed))):
        placed[i] = min(placed[i], limit)
        limit = placed[i] - gap
    result = [0.0] * len(wanted)
    for position, i in zip(placed, order, strict=True):
        result[i] = position
    return result
