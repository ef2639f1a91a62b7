"""The look that all pictures share: Discord's dark, large type for a phone, a clear watermark.

Refuses system fonts: DejaVu comes with matplotlib.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from bot.ui.market import label
from engine.facade import MarketView

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GROUND = "#1b1d22"
GRID = "#2c2f37"
TEXT = "#d7dae0"
FAINT = "#8b909c"
RISE = "#3fb68b"
FALL = "#e5605e"
ENTRY = "#6c8cff"
ANCHOR = "#c9a24b"
LEVEL_COLOURS = {"entry": ENTRY, "target": RISE, "stop": FALL, "anchor": ANCHOR}

WIDTH_INCHES = 8.0
DOTS_PER_INCH = 110
# A phone shows some 330 of these 880 points: 15 points of type are read as 9 there.
SMALL, NORMAL, LARGE = 15.0, 16.0, 20.0
_HEAD_INCHES, _FOOT_INCHES = 0.98, 0.5
_MAIN_INCHES, _DETAIL_INCHES = 0.3, 0.66
_DAY_FORMATS = ["%Y", "%b %Y", "%d %b", "%H:%M", "%H:%M", "%H:%M:%S"]
_FIRST_FORMATS = ["", "%Y", "%d %b", "%d %b", "%H:%M", "%H:%M"]


def new_figure(
    height_inches: float, right: float = 0.86, left: float = 0.02
) -> tuple[Figure, Axes]:
    """An empty dark figure with one pair of axes, prices on the right.

    Parameters
    ----------
    left, right : float in [0, 1]
        Edges of the axes, as fractions of the figure's width.
    """
    figure = Figure(figsize=(WIDTH_INCHES, height_inches), dpi=DOTS_PER_INCH, facecolor=GROUND)
    FigureCanvasAgg(figure)
    bottom = _FOOT_INCHES / height_inches
    height = 1 - bottom - _HEAD_INCHES / height_inches
    axes = figure.add_axes((left, bottom, right - left, height), facecolor=GROUND)
    axes.grid(visible=True, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=FAINT, labelsize=SMALL, length=0)
    axes.tick_params(axis="x", pad=6)
    axes.yaxis.tick_right()
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure, axes


def title(figure: Figure, main: str, detail: str) -> None:
    """What is shown, at the top left, with a quieter line below."""
    height = figure.get_figheight()
    for words, down, size, colour, weight in (
        (main, _MAIN_INCHES, LARGE, TEXT, "bold"),
        (detail, _DETAIL_INCHES, SMALL, FAINT, "normal"),
    ):
        # A dollar sign is money here, never mathematics.
        figure.text(
            0.02, 1 - down / height, words, color=colour, fontsize=size, fontweight=weight,
            va="center", parse_math=False,
        )  # fmt: skip


def watermark(axes: Axes, market: MarketView, degrees: float = 0.0) -> None:
    """SIMULATED or REPLAY across the picture, where the market is not live.

    Parameters
    ----------
    degrees : float
        How far it is turned, so that level bars cannot hide it.
    """
    axes.text(
        0.5, 0.5, label(market), transform=axes.transAxes, color=TEXT, alpha=0.09,
        fontsize=46, fontweight="bold", ha="center", va="center", zorder=0,
        rotation=degrees,
    )  # fmt: skip


def time_axis(axes: Axes, at: Sequence[datetime]) -> list[float]:
    """Put instants on the horizontal axis and give them as numbers of days."""
    locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(  # type: ignore[no-untyped-call]
            locator, formats=_DAY_FORMATS, zero_formats=_FIRST_FORMATS, show_offset=False
        )
    )
    return days_of(at)


def days_of(at: Sequence[datetime]) -> list[float]:
    """Instants as matplotlib counts them."""
    return [float(date2num(each)) for each in at]  # type: ignore[no-untyped-call]


def png_of(figure: Figure) -> bytes:
    """The figure as a PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor=GROUND, pil_kwargs={"compress_level": 4})
    return buffer.getvalue()
