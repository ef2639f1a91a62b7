"""The use of the foremost limits as bars: green, amber, red, with its numbers, drawn for a phone.

Refuses to draw what nobody measured as an empty bar: it is hatched, and says unknown. Colour is
never alone: a shape stands beside each number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bot.charts.canvas import (
    DOTS_PER_INCH,
    FAINT,
    FALL,
    GRID,
    GROUND,
    RISE,
    TEXT,
    png_of,
    watermark,
)
from bot.ui.risk_words import foremost, level_sign, limit_numbers, use_of
from engine.facade import LimitLevel, LimitUseView, RiskView

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AMBER = "#e0a030"
_COLOURS = {
    LimitLevel.EASY: RISE,
    LimitLevel.NEAR: AMBER,
    LimitLevel.REACHED: FALL,
    LimitLevel.UNKNOWN: FAINT,
}
# A phone shows some 330 of these 800 points: 18 points of type are read as 10 there.
_WIDTH_INCHES = 800 / DOTS_PER_INCH
_ROW_INCHES, _HEAD_INCHES, _FOOT_INCHES = 0.66, 0.66, 0.1
_NAME, _NUMBER, _TITLE = 17.5, 16.0, 19.0
_BAR_FROM, _BAR_TO, _BAR_HEIGHT = 0.03, 0.97, 0.28


def render_limits(view: RiskView) -> bytes:
    """Use of the foremost limits as PNG, the most used first.

    A taller picture would be shrunk by Discord until nobody could read it on a phone.

    Raises
    ------
    ValueError
        If there are no limits, as on a desk without equity.
    """
    if not view.limits:
        raise ValueError("there are no limits to draw")
    shown = foremost(view.limits)
    height = _HEAD_INCHES + _ROW_INCHES * len(shown) + _FOOT_INCHES
    figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=DOTS_PER_INCH, facecolor=GROUND)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), facecolor=GROUND)
    axes.set_axis_off()
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(height, 0.0)
    if view.market is not None:
        watermark(axes, view.market, degrees=30.0)
    axes.text(
        _BAR_FROM, 0.36, "Limits", color=TEXT, fontsize=_TITLE, fontweight="bold",
        va="center",
    )  # fmt: skip
    axes.text(
        _BAR_TO, 0.36, _summary(view), color=FAINT, fontsize=_NUMBER, va="center", ha="right"
    )
    for row, limit in enumerate(shown):
        _row(axes, _HEAD_INCHES + row * _ROW_INCHES, limit)
    return png_of(figure)


def _summary(view: RiskView) -> str:
    counted = {level: sum(each.level is level for each in view.limits) for level in LimitLevel}
    told = [
        f"{level_sign(level)} {counted[level]} {level.value}"
        for level in (LimitLevel.REACHED, LimitLevel.NEAR, LimitLevel.UNKNOWN)
        if counted[level]
    ]
    return " · ".join(told) or f"{level_sign(LimitLevel.EASY)} all easy"


def _row(axes: Axes, top: float, limit: LimitUseView) -> None:
    colour, line = _COLOURS[limit.level], top + 0.16
    name = f"{limit.name[:1].upper()}{limit.name[1:]}"
    axes.text(_BAR_FROM, line, name, color=TEXT, fontsize=_NAME, va="center", parse_math=False)
    numbers = limit_numbers(limit)
    axes.text(_BAR_TO, line, numbers, color=TEXT, fontsize=_NUMBER, va="center", ha="right")
    bar, width = top + 0.31, _BAR_TO - _BAR_FROM
    unknown = limit.use_frac is None
    axes.add_patch(
        Rectangle(
            (_BAR_FROM, bar),
            width,
            _BAR_HEIGHT,
            facecolor=GRID,
            edgecolor=FAINT if unknown else GRID,
            hatch="//" if unknown else None,
            lw=0,
        )
    )
    if limit.use_frac is None:
        return
    use = min(limit.use_frac, 1.0)
    axes.add_patch(Rectangle((_BAR_FROM, bar), width * use, _BAR_HEIGHT, facecolor=colour, lw=0))
    # Within the bar where it is full, after it where it is short.
    inside = use > 0.8
    axes.text(
        _BAR_FROM + width * use + (-0.012 if inside else 0.012), bar + _BAR_HEIGHT / 2,
        f"{level_sign(limit.level)} {use_of(limit)}",
        color=GROUND if inside else colour if use else FAINT, fontsize=_NUMBER - 2.5,
        fontweight="bold", va="center", ha="right" if inside else "left",
    )  # fmt: skip
